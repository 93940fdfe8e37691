/* SPDX-License-Identifier: Apache-2.0 */
#include "model/glob.h"

#include "model/names.h"

#include <string.h>

/* Only the last `*` is ever gone back to: what an earlier one could take as well, the later one can too. So the time is
 * at most the product of both lengths, whatever the pattern. */
bool fc_glob_match(struct fc_glob pattern, const char *name)
{
	const char *p = pattern.text, *end = p + pattern.len, *star = NULL, *from = NULL;

	while (*name) {
		if (p < end && *p == '*') {
			star = p++;
			from = name;
		} else if (p < end && *p == *name) {
			p++;
			name++;
		} else if (star) {
			p = star + 1;
			name = ++from;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

bool fc_glob_match_namespace(struct fc_glob pattern, const char *namespace_)
{
	if (fc_name_is_system_namespace(namespace_) && memchr(pattern.text, '*', pattern.len))
		return false;
	return fc_glob_match(pattern, namespace_);
}

bool fc_glob_match_end(struct fc_glob pattern, const char *cluster, const char *namespace_)
{
	const char *slash = memchr(pattern.text, '/', pattern.len);
	struct fc_glob first, second;

	if (!slash)
		return false;
	first = (struct fc_glob){ pattern.text, (size_t)(slash - pattern.text) };
	second = (struct fc_glob){ slash + 1, pattern.len - first.len - 1 };
	return fc_glob_match(first, cluster) && fc_glob_match_namespace(second, namespace_);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool fc_glob_next(const char **list, struct fc_glob *pattern)
{
	while (*list && **list) {
		const char *text = *list;
		size_t len = strcspn(text, ",");

		*list = text + len + (text[len] == ',');
		for (; len && is_blank(*text); text++)
			len--;
		while (len && is_blank(text[len - 1]))
			len--;
		if (!len)
			continue;
		*pattern = (struct fc_glob){ text, len };
		return true;
	}
	return false;
}
