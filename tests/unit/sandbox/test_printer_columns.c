/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of a custom object, as a real kube-apiserver (1.20) fills them. */
#include "sandbox/printer_columns.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static const char object_text[] =
	"{\"kind\":\"Col\",\"metadata\":{\"name\":\"c0\",\"labels\":{\"a\":\"b\"},\"creationTimestamp\":"
	"\"2026-11-22T12:00:00Z\"},\"spec\":{\"m\":{\"a\":\"q\",\"x.y\":1},\"emptym\":{},\"l\":[\"p\",\"q\",{\"k\":2}],"
	"\"n\":7,\"f\":1.5,\"f2\":1e25,\"big\":123456789012,\"t\":true,\"s\":\"str\",\"when\":\"2026-01-01T00:00:00Z\","
	"\"nul\":null,\"deep\":\"D\",\"html\":\"<a&b>\"},\"status\":{\"conditions\":[{\"type\":\"X\",\"status\":\"no\"},"
	"{\"type\":\"Ready\",\"status\":\"True\"}]}}";

static void test_each_cell_is_what_the_real_server_puts_there(void **state FC_UNUSED)
{
	static const struct {
		const char *type, *path, *cell;
	} rows[] = {
		{ "string", ".spec.m", "\"{\\\"a\\\":\\\"q\\\",\\\"x.y\\\":1}\"" },
		{ "string", ".spec.l", "\"[\\\"p\\\",\\\"q\\\",{\\\"k\\\":2}]\"" },
		{ "string", ".spec.n", "\"7\"" },
		{ "string", ".spec.f", "\"1.5\"" },
		{ "string", ".spec.t", "\"true\"" },
		{ "integer", ".spec.f", "1" },
		{ "integer", ".spec.s", "null" },
		{ "number", ".spec.n", "7" },
		{ "number", ".spec.f", "1.5" },
		{ "boolean", ".spec.t", "true" },
		{ "boolean", ".spec.s", "null" },
		{ "date", ".spec.s", "\"<invalid>\"" },
		{ "date", ".spec.when", "\"325d\"" },
		{ "date", ".metadata.creationTimestamp", "\"0s\"" },
		{ "string", ".status.conditions[?(@.type==\"Ready\")].status", "\"True\"" },
		{ "string", ".status.conditions[?(@.type=='Nope')].status", "null" },
		{ "string", ".spec.m['x.y']", "null" },
		{ "string", ".spec.m['a']", "\"q\"" },
		{ "string", ".spec.m.x\\.y", "\"1\"" },
		{ "string", ".spec.m.*", "\"q\"" },
		{ "string", ".spec.m[*]", "null" },
		{ "string", ".spec.l[0]", "\"p\"" },
		{ "string", ".spec.l[-1]", "\"{\\\"k\\\":2}\"" },
		{ "string", ".spec.l[*]", "\"p\"" },
		{ "string", ".spec.l[1:2]", "\"q\"" },
		{ "string", ".spec.l[9]", "null" },
		{ "string", ".spec.l[?(@.k>1)].k", "\"2\"" },
		{ "string", ".spec.nul", "\"<no value>\"" },
		{ "string", "..deep", "\"D\"" },
		{ "string", ".spec.big", "\"123456789012\"" },
		{ "string", ".spec.f2", "\"1e+25\"" },
		{ "string", ".spec.emptym", "\"{}\"" },
		{ "string", ".metadata.labels.a", "\"b\"" },
		{ "string", ".metadata.annotations.x", "null" },
		{ "string", ".spec.n.deeper", "null" },
		{ "string", ".spec.html", "\"<a&b>\"" },
		{ "integer", ".spec.when", "null" },
		{ "string", ".spec.a[", "null" },
	};
	json_t *object = json_loads(object_text, 0, NULL);

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_t *columns =
			json_pack("[{s:s, s:s, s:s}]", "name", "c", "type", rows[i].type, "jsonPath", rows[i].path);
		struct sb_type type = { .columns = columns };
		json_t *cells = json_array();
		FC_AUTO_FREE char *cell = NULL;

		sb_printer_cells(&type, object, INT64_C(1795348800) * 1000000000, cells);
		cell = json_dumps(json_array_get(cells, 0), JSON_ENCODE_ANY);
		if (strcmp(cell, rows[i].cell) != 0)
			fail_msg("%s: %s, not %s", rows[i].path, cell, rows[i].cell);
		json_decref(cells);
		json_decref(columns);
	}
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_cell_is_what_the_real_server_puts_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
