/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/url.h"

#include "model/names.h"

#include <stdio.h>
#include <string.h>

/* RFC 3986 section 2.3: the only bytes that mean the same in every place of a URL, encoded or not. */
static bool is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

static void put_encoded(struct fc_buf *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (is_unreserved(*c)) {
			fc_buf_putc(out, (char)*c);
			continue;
		}
		const char code[] = { '%', digits[*c >> 4], digits[*c & 0xF] };
		fc_buf_append(out, code, sizeof(code));
	}
}

static void put_segment(struct fc_buf *out, const char *segment)
{
	fc_buf_putc(out, '/');
	put_encoded(out, segment);
}

static int check_segment(const char *what, const char *segment, struct fc_error *err)
{
	if (fc_name_is_path_segment(segment))
		return 0;
	return fc_error_set(err, FC_ERR_INTERNAL, "no request was made: this %s may not stand in a URL", what);
}

/* The group, version and plural are the server's own words, and checked like everybody else's. */
static int check_resource(const struct fc_resource *r, struct fc_error *err)
{
	if (r->group[0] && check_segment("API group", r->group, err) < 0)
		return -1;
	if (check_segment("API version", r->version, err) < 0)
		return -1;
	return check_segment("resource", r->plural, err);
}

static int check_place(const struct fc_resource *r, const char *namespace_, const char *name, const char *subresource,
		       struct fc_error *err)
{
	if (namespace_ && check_segment("namespace", namespace_, err) < 0)
		return -1;
	if (name && check_segment("name", name, err) < 0)
		return -1;
	if (subresource && check_segment("subresource", subresource, err) < 0)
		return -1;
	if (subresource && !name)
		return fc_error_set(err, FC_ERR_INTERNAL, "no request was made: a subresource of %s without a name",
				    r->plural);
	if (name && r->namespaced && !namespace_)
		return fc_error_set(err, FC_ERR_INTERNAL, "no request was made: one of %s without its namespace",
				    r->plural);
	if (namespace_ && !r->namespaced)
		return fc_error_set(err, FC_ERR_INTERNAL, "no request was made: %s have no namespace", r->plural);
	return 0;
}

int fc_url_object(struct fc_buf *out, const struct fc_resource *r, const char *namespace_, const char *name,
		  const char *subresource, struct fc_error *err)
{
	if (namespace_ && !namespace_[0])
		namespace_ = NULL;
	if (check_resource(r, err) < 0 || check_place(r, namespace_, name, subresource, err) < 0)
		return -1;
	fc_buf_puts(out, r->group[0] ? "/apis" : "/api");
	if (r->group[0])
		put_segment(out, r->group);
	put_segment(out, r->version);
	if (namespace_) {
		fc_buf_puts(out, "/namespaces");
		put_segment(out, namespace_);
	}
	put_segment(out, r->plural);
	if (name)
		put_segment(out, name);
	if (subresource)
		put_segment(out, subresource);
	return out->failed ? fc_error_set(err, FC_ERR_MEMORY, "no memory for the path of a request") : 0;
}

void fc_url_query(struct fc_buf *out, const char *key, const char *value)
{
	/* A `?` of a name stands encoded in the path, so the first plain one begins the query. */
	fc_buf_putc(out, strchr(fc_buf_str(out), '?') ? '&' : '?');
	put_encoded(out, key);
	fc_buf_putc(out, '=');
	put_encoded(out, value);
}

void fc_url_field_selector(struct fc_buf *out, const char *field, const char *value)
{
	FC_AUTO_BUF struct fc_buf selector = FC_BUF_INIT;

	fc_buf_printf(&selector, "%s=", field);
	for (const char *c = value; *c; c++) {
		if (strchr("\\,=", *c))
			fc_buf_putc(&selector, '\\');
		fc_buf_putc(&selector, *c);
	}
	fc_url_query(out, "fieldSelector", fc_buf_str(&selector));
}

void fc_url_query_number(struct fc_buf *out, const char *key, long long value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", value);
	fc_url_query(out, key, digits);
}
