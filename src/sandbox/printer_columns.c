/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/printer_columns.h"

#include "base/mem.h"
#include "sandbox/age.h"
#include "sandbox/column_path.h"
#include "sandbox/table_cells.h"

#include <stdio.h>
#include <string.h>

static const char *text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member)) ?: "";
}

static json_t *definition(const json_t *column)
{
	const char *words = text(column, "description");

	return json_pack("{s:s, s:s, s:s, s:o, s:I}", "name", text(column, "name"), "type", text(column, "type"),
			 "format", text(column, "format"), "description",
			 *words ? json_string(words)
				: json_sprintf("Custom resource definition column (in JSONPath format): %s",
					       text(column, "jsonPath")),
			 "priority", json_integer_value(json_object_get(column, "priority")));
}

void sb_printer_definitions(const struct sb_type *type, json_t *out)
{
	const json_t *column;
	size_t i;

	json_array_foreach(type->columns, i, column)
		json_array_append_new(out, definition(column));
	if (json_array_size(type->columns) == 0)
		json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", "Age", "type", "date",
						     "format", "", "description", "", "priority", 0));
}

/* As Go prints a number of 64 bits: as short as it can be read back, with an exponent only from 1e21 on. */
static json_t *print_real(double value)
{
	char out[400];
	int digits = 1;

	do {
		snprintf(out, sizeof(out), "%.*g", digits, value);
	} while (strtod(out, NULL) < value || strtod(out, NULL) > value ? digits++ < 17 : false);
	if (strchr(out, 'e') && value < 1e21 && value > -1e21 && (value >= 1 || value <= -1))
		snprintf(out, sizeof(out), "%.0f", value);
	return json_string(out);
}

static json_t *as_string(const json_t *value)
{
	FC_AUTO_FREE char *words = NULL;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_incref((json_t *)(uintptr_t)value);
	case JSON_INTEGER:
		return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return print_real(json_real_value(value));
	case JSON_TRUE:
	case JSON_FALSE:
		return json_string(json_is_true(value) ? "true" : "false");
	case JSON_NULL:
		return json_string("<no value>");
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	}
	words = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
	return json_string(words);
}

static json_t *as_date(const json_t *value, int64_t now)
{
	int64_t then;

	if (!json_is_string(value))
		return json_null();
	return sb_time_parse(json_string_value(value), &then) ? sb_cell_age(value, now) : json_string("<invalid>");
}

static json_t *as_number(const json_t *value, bool integer)
{
	if (!json_is_number(value))
		return json_null();
	if (integer && json_is_real(value))
		return json_integer((json_int_t)json_real_value(value));
	return json_incref((json_t *)(uintptr_t)value);
}

static json_t *cell(const json_t *column, const json_t *object, int64_t now)
{
	struct sb_column_path *path = sb_column_path_parse(text(column, "jsonPath"));
	const json_t *value = path ? sb_column_path_get(path, object) : NULL;
	const char *type = text(column, "type");

	sb_column_path_free(path);
	if (!value)
		return json_null();
	if (strcmp(type, "string") == 0)
		return as_string(value);
	if (strcmp(type, "date") == 0)
		return as_date(value, now);
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value) ? json_incref((json_t *)(uintptr_t)value) : json_null();
	return as_number(value, strcmp(type, "integer") == 0);
}

void sb_printer_cells(const struct sb_type *type, const json_t *object, int64_t now, json_t *cells)
{
	const json_t *column;
	size_t i;

	json_array_foreach(type->columns, i, column)
		json_array_append_new(cells, cell(column, object, now));
	if (json_array_size(type->columns) == 0)
		json_array_append_new(
			cells,
			sb_cell_age(json_object_get(json_object_get(object, "metadata"), "creationTimestamp"), now));
}
