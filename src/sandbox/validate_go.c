/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Go prints them, since the real server quotes what it refuses. */
#include "sandbox/validate_field.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One character of UTF-8 whose first byte is `*s`; control characters beyond ASCII are escaped. */
static const char *quote_wide(struct fc_buf *out, const char *s)
{
	size_t len = 1;

	if ((unsigned char)s[0] == 0xC2 && (unsigned char)s[1] < 0xA1) {
		fc_buf_printf(out, "\\u00%02x", (unsigned char)s[1]);
		return s + 2;
	}
	while (((unsigned char)s[len] & 0xC0) == 0x80)
		len++;
	fc_buf_append(out, s, len);
	return s + len;
}

void sb_go_quote(struct fc_buf *out, const char *s)
{
	static const char controls[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";

	fc_buf_putc(out, '"');
	while (*s) {
		const char *special = strchr(controls, *s);

		if ((unsigned char)*s >= 0x80) {
			s = quote_wide(out, s);
			continue;
		}
		if (special)
			fc_buf_printf(out, "\\%c", letters[special - controls]);
		else if (*s < ' ')
			fc_buf_printf(out, "\\x%02x", (unsigned char)*s);
		else if (*s == 0x7F)
			fc_buf_puts(out, "\\u007f");
		else
			fc_buf_putc(out, *s);
		s++;
	}
	fc_buf_putc(out, '"');
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void sb_go_string_map(struct fc_buf *out, const json_t *map)
{
	size_t count = json_object_size(map), i = 0;
	FC_AUTO_FREE const char **keys = fc_xcalloc(count + 1, sizeof(*keys));
	const char *key;
	json_t *value;

	fc_buf_puts(out, "map[string]string");
	if (!map) {
		fc_buf_puts(out, "(nil)");
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)map, key, value)
		keys[i++] = key;
	qsort(keys, count, sizeof(*keys), by_bytes);
	fc_buf_putc(out, '{');
	for (i = 0; i < count; i++) {
		fc_buf_puts(out, i ? ", " : "");
		sb_go_quote(out, keys[i]);
		fc_buf_putc(out, ':');
		sb_go_quote(out, sb_text(map, keys[i]));
	}
	fc_buf_putc(out, '}');
}

void sb_go_string_list(struct fc_buf *out, const json_t *list)
{
	const json_t *item;
	size_t i;

	fc_buf_puts(out, "[]string");
	if (!list) {
		fc_buf_puts(out, "(nil)");
		return;
	}
	fc_buf_putc(out, '{');
	json_array_foreach(list, i, item) {
		fc_buf_puts(out, i ? ", " : "");
		sb_go_quote(out, json_string_value(item) ?: "");
	}
	fc_buf_putc(out, '}');
}
