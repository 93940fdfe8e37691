/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/impersonation.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/decode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct lines {
	char **rows;
	size_t count, cap;
};

/* A line break in a value would begin a header of its own; HTTP allows no other control character either, but any byte
 * above ASCII. */
static bool fits_a_header(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7F)
			return false;
	return true;
}

static void append(struct lines *l, char *line)
{
	FC_GROW(l->rows, l->count, l->cap);
	l->rows[l->count++] = line;
}

/* libcurl sends a header without a value only where its line ends with ';' in place of ':'. */
static int add(struct lines *l, const char *header, const char *value, const char *where, struct fc_error *err)
{
	if (!fits_a_header(value))
		return fc_error_set(err, FC_ERR_CONFIG, "%s: holds a line break or another control character", where);
	append(l, value[0] ? fc_xasprintf("%s: %s", header, value) : fc_xasprintf("%s;", header));
	return 0;
}

static int no_string(const char *where, struct fc_error *err)
{
	return fc_error_set(err, FC_ERR_CONFIG, "%s: is no string (put quotes around it)", where);
}

static int get_string(const json_t *user, const char *key, const char **out, struct fc_error *err)
{
	*out = NULL;
	if (fc_json_get_string(user, key, out) == FC_JSON_WRONG_TYPE)
		return no_string(key, err);
	if (*out && !(*out)[0])
		*out = NULL;
	return 0;
}

/* NULL for one that holds a zero byte. */
static const char *whole_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static int add_groups(struct lines *l, const json_t *list, struct fc_error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *group = whole_text(json_array_get(list, i));
		FC_AUTO_FREE char *where = fc_xasprintf("as-groups[%zu]", i);
		if (!group)
			return no_string(where, err);
		if (!group[0])
			return fc_error_set(err, FC_ERR_CONFIG, "%s: is empty; remove it", where);
		if (add(l, "Impersonate-Group", group, where, err) < 0)
			return -1;
	}
	return 0;
}

/* The bytes of a header's name (RFC 9110 section 5.6.2), without the percent sign, which begins an escape. */
static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$&'*+-.^_`|~", c));
}

static char *extra_header(const char *key)
{
	struct fc_buf out = FC_BUF_INIT;

	fc_buf_puts(&out, "Impersonate-Extra-");
	for (; *key; key++) {
		if (is_plain((unsigned char)*key))
			fc_buf_putc(&out, *key);
		else
			fc_buf_printf(&out, "%%%02X", (unsigned char)*key);
	}
	return fc_buf_steal(&out);
}

static int add_extra(struct lines *l, const char *key, const json_t *values, struct fc_error *err)
{
	FC_AUTO_FREE char *header = extra_header(key);

	if (!key[0])
		return fc_error_set(err, FC_ERR_CONFIG, "as-user-extra: holds an empty name");
	if (!json_is_array(values) && !json_is_null(values))
		return fc_error_set(err, FC_ERR_CONFIG, "as-user-extra: %s: is no list of strings", key);
	for (size_t i = 0; i < json_array_size(values); i++) {
		const char *value = whole_text(json_array_get(values, i));
		FC_AUTO_FREE char *where = fc_xasprintf("as-user-extra: %s[%zu]", key, i);
		if (!value)
			return no_string(where, err);
		if (add(l, header, value, where, err) < 0)
			return -1;
	}
	return 0;
}

static int add_extras(struct lines *l, const json_t *extra, struct fc_error *err)
{
	/* Jansson 2.14 has no const iterator; this one does not write. */
	json_t *walked = (json_t *)(uintptr_t)extra;

	for (void *at = json_object_iter(walked); at; at = json_object_iter_next(walked, at))
		if (add_extra(l, json_object_iter_key(at), json_object_iter_value(at), err) < 0)
			return -1;
	return 0;
}

struct fields {
	const char *user, *uid;
	const json_t *groups, *extra;
};

static int read_fields(const json_t *user, struct fields *f, struct fc_error *err)
{
	if (get_string(user, "as", &f->user, err) < 0 || get_string(user, "as-uid", &f->uid, err) < 0)
		return -1;
	if (fc_json_get_array(user, "as-groups", &f->groups) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "as-groups: is no list of strings");
	if (fc_json_get_object(user, "as-user-extra", &f->extra) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "as-user-extra: is no mapping of lists of strings");
	const char *alone = f->uid			 ? "as-uid"
			    : json_array_size(f->groups) ? "as-groups"
			    : json_object_size(f->extra) ? "as-user-extra"
							 : NULL;
	if (alone && !f->user)
		return fc_error_set(err, FC_ERR_CONFIG, "%s: is given without as; name the user there", alone);
	return 0;
}

int fc_impersonation_read(const json_t *user, char ***out, struct fc_error *err)
{
	struct fields f = { .user = NULL };
	struct lines l = { .rows = NULL };

	*out = NULL;
	if (read_fields(user, &f, err) < 0)
		return -1;
	if (!f.user)
		return 0;
	int rc = add(&l, "Impersonate-User", f.user, "as", err);
	if (rc == 0 && f.uid)
		rc = add(&l, "Impersonate-Uid", f.uid, "as-uid", err);
	if (rc == 0)
		rc = add_groups(&l, f.groups, err);
	if (rc == 0)
		rc = add_extras(&l, f.extra, err);
	append(&l, NULL);
	if (rc < 0)
		fc_impersonation_free(l.rows);
	else
		*out = l.rows;
	return rc;
}

void fc_impersonation_free(char **lines)
{
	for (size_t i = 0; lines && lines[i]; i++)
		free(lines[i]);
	free(lines);
}
