/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/table.h"

#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/kinds.h"
#include "sandbox/printer_columns.h"
#include "sandbox/table_cells.h"

#include <string.h>

/* Descriptions are documentation; the sandbox has none of its own. */
static json_t *definition(const char *name, const char *type, const char *format, int priority)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", name, "type", type, "format", format, "description", "",
			 "priority", priority);
}

static json_t *definitions(const struct sb_type *type)
{
	const struct sb_cells *cells = sb_cells_of(type);
	json_t *out = json_array();

	if (!cells || !cells->name_is_last)
		json_array_append_new(out, definition("Name", "string", "name", 0));
	if (type->custom)
		sb_printer_definitions(type, out);
	else if (!cells)
		json_array_append_new(out, definition("Created At", "date", "", 0));
	for (const struct sb_column *c = cells ? cells->columns : NULL; c && c->name; c++)
		json_array_append_new(out, definition(c->name, c->type, "", c->priority));
	if (cells && cells->name_is_last)
		json_array_append_new(out, definition("Name", "string", "name", 1));
	return out;
}

static void append_cells(const struct sb_type *type, const json_t *object, int64_t now, json_t *out)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *created = json_string_value(json_object_get(metadata, "creationTimestamp"));
	json_t *name = json_object_get(metadata, "name");
	const struct sb_cells *cells = sb_cells_of(type);

	name = name ? json_incref(name) : json_string("");
	if (!cells || !cells->name_is_last)
		json_array_append(out, name);
	if (type->custom)
		sb_printer_cells(type, object, now, out);
	else if (cells)
		cells->append(object, now, out);
	else
		json_array_append_new(out, json_string(created ?: "0001-01-01T00:00:00Z"));
	if (cells && cells->name_is_last)
		json_array_append(out, name);
	json_decref(name);
}

static json_t *cells_of(const struct sb_call *call, json_t *object)
{
	const struct sb_type *type = call->type;
	json_t *cells = json_array(), *stored;

	if (!type->to_stored) {
		append_cells(type, object, call->cluster->now(), cells);
		return cells;
	}
	/* Cells are made of the form that is stored. */
	stored = json_deep_copy(object);
	type->to_stored(stored);
	append_cells(type, stored, call->cluster->now(), cells);
	json_decref(stored);
	return cells;
}

static const char *api_version(const struct sb_call *call)
{
	return call->beta ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1";
}

/* What ?includeObject asks for, of that object. */
static json_t *included(const struct sb_call *call, json_t *object)
{
	const char *what = sb_call_param(call, "includeObject");

	if (strcmp(what, "None") == 0)
		return json_null();
	if (strcmp(what, "Object") == 0)
		return json_incref(object);
	return json_pack("{s:s, s:s, s:O}", "kind", "PartialObjectMetadata", "apiVersion", api_version(call),
			 "metadata", json_object_get(object, "metadata"));
}

static json_t *row(const struct sb_call *call, const struct sb_object *o)
{
	json_t *object = sb_object_json(o, call->type), *out = json_object();

	json_object_set_new(out, "cells", cells_of(call, object));
	json_object_set_new(out, "object", included(call, object));
	json_decref(object);
	return out;
}

static json_t *metadata_of(struct sb_object *const *objects, size_t count)
{
	json_t *metadata = json_object();

	if (count == 1)
		json_object_set_new(metadata, "resourceVersion",
				    json_sprintf("%llu", (unsigned long long)objects[0]->version));
	return metadata;
}

json_t *sb_table(struct sb_call *call, struct sb_object *const *objects, size_t count, const json_t *list_metadata,
		 bool columns)
{
	json_t *table = json_object(), *rows = json_array();

	json_object_set_new(table, "kind", json_string("Table"));
	json_object_set_new(table, "apiVersion", json_string(api_version(call)));
	json_object_set_new(table, "metadata",
			    list_metadata ? json_deep_copy(list_metadata) : metadata_of(objects, count));
	json_object_set_new(table, "columnDefinitions", columns ? definitions(call->type) : json_null());
	for (size_t i = 0; i < count; i++)
		json_array_append_new(rows, row(call, objects[i]));
	json_object_set_new(table, "rows", rows);
	return table;
}

int sb_table_check(struct sb_call *call)
{
	static const char *const known[] = { "", "None", "Metadata", "Object" };
	const char *what = sb_call_param(call, "includeObject");

	for (size_t i = 0; i < FC_ARRAY_LEN(known); i++)
		if (strcmp(what, known[i]) == 0)
			return 0;
	return sb_refuse_bad_request(
		call,
		"Unable to convert to Table as requested: includeObject: Invalid value: \"%s\": must "
		"be 'Metadata', 'Object', 'None', or empty",
		what);
}
