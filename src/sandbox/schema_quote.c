/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Go prints them with %v and %#v, since the real server quotes what it refuses. */
#include "sandbox/schema_impl.h"

#include "base/mem.h"
#include "sandbox/validate_field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fewest digits that give the number back, with an exponent where it is far from one. */
static void quote_real(struct fc_buf *out, double number)
{
	char text[64];
	int digits = 1;

	do {
		snprintf(text, sizeof(text), "%.*e", digits - 1, number);
	} while (strtod(text, NULL) != number && digits++ < 17);
	int exponent = atoi(strchr(text, 'e') + 1);
	if (exponent < -4 || exponent >= 21)
		fc_buf_puts(out, text);
	else
		fc_buf_printf(out, "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 0, number);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **sb_schema_sorted_names(const json_t *object)
{
	const char **names = fc_xcalloc(json_object_size(object) + 1, sizeof(*names));
	const char *name;
	json_t *value;
	size_t count = 0;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
		names[count++] = name;
	qsort(names, count, sizeof(*names), by_bytes);
	return names;
}

static void quote_object(struct fc_buf *out, const json_t *object)
{
	FC_AUTO_FREE const char **names = sb_schema_sorted_names(object);

	fc_buf_puts(out, "map[string]interface {}{");
	for (size_t i = 0; names[i]; i++) {
		fc_buf_puts(out, i ? ", " : "");
		sb_go_quote(out, names[i]);
		fc_buf_putc(out, ':');
		const json_t *value = json_object_get(object, names[i]);
		if (json_is_null(value))
			fc_buf_puts(out, "interface {}(nil)");
		else
			sb_schema_quote(out, value);
	}
	fc_buf_putc(out, '}');
}

static void quote_array(struct fc_buf *out, const json_t *array)
{
	size_t i;
	json_t *value;

	fc_buf_puts(out, "[]interface {}{");
	json_array_foreach(array, i, value) {
		fc_buf_puts(out, i ? ", " : "");
		if (json_is_null(value))
			fc_buf_puts(out, "interface {}(nil)");
		else
			sb_schema_quote(out, value);
	}
	fc_buf_putc(out, '}');
}

void sb_schema_quote(struct fc_buf *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		quote_object(out, value);
		break;
	case JSON_ARRAY:
		quote_array(out, value);
		break;
	case JSON_STRING:
		sb_go_quote(out, json_string_value(value));
		break;
	case JSON_INTEGER:
		fc_buf_printf(out, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		quote_real(out, json_real_value(value));
		break;
	case JSON_NULL:
		fc_buf_puts(out, "\"null\"");
		break;
	default:
		fc_buf_puts(out, json_is_true(value) ? "true" : "false");
	}
}
