/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cluster_selection.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "model/names.h"
#include "model/selector.h"

struct fc_cluster_selection {
	bool all;
	char **names;
	size_t count, cap;
	struct fc_selector *selector; /* NULL: names */
};

/* Letters, digits, '-' and blanks around commas: no selector but a list of names. A name with a blank inside
 * (`region in`) is a selector's. */
static bool is_list_of_words(const char *text)
{
	bool ended = false, any = false;

	for (const char *c = text; *c; c++) {
		if (*c == ',') {
			ended = any = false;
		} else if (isspace((unsigned char)*c)) {
			ended = any;
		} else if (ended || strchr("=!()/", *c)) {
			return false;
		} else {
			any = true;
		}
	}
	return true;
}

static char *trimmed(const char *begin, size_t len)
{
	while (len > 0 && isspace((unsigned char)begin[0]))
		begin++, len--;
	while (len > 0 && isspace((unsigned char)begin[len - 1]))
		len--;
	return fc_xstrndup(begin, len);
}

static int parse_names(struct fc_cluster_selection *s, const char *text, struct fc_error *err)
{
	for (const char *at = text;;) {
		size_t len = strcspn(at, ",");
		char *name = trimmed(at, len);

		FC_GROW(s->names, s->count, s->cap);
		s->names[s->count++] = name;
		if (!fc_name_is_label(name))
			return fc_error_set(err, FC_ERR_INVALID, "'%s' cannot be the name of a cluster", name);
		if (at[len] == '\0')
			return 0;
		at += len + 1;
	}
}

struct fc_cluster_selection *fc_cluster_selection_parse(const char *text, struct fc_error *err)
{
	struct fc_cluster_selection *s = fc_xcalloc(1, sizeof(*s));
	FC_AUTO_FREE char *whole = trimmed(text, strlen(text));
	int rc = 0;

	if (strcmp(whole, "*") == 0) {
		s->all = true;
	} else if (is_list_of_words(whole)) {
		rc = parse_names(s, whole, err);
	} else {
		s->selector = fc_selector_parse(whole, err);
		rc = s->selector ? 0 : -1;
	}
	if (rc == 0)
		return s;
	fc_cluster_selection_free(s);
	return NULL;
}

void fc_cluster_selection_free(struct fc_cluster_selection *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		free(s->names[i]);
	free(s->names);
	fc_selector_free(s->selector);
	free(s);
}

bool fc_cluster_selection_takes(const struct fc_cluster_selection *s, const char *name, const json_t *labels)
{
	if (s->all)
		return true;
	if (s->selector)
		return fc_selector_matches(s->selector, labels);
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->names[i], name) == 0)
			return true;
	return false;
}
