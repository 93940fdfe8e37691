/* SPDX-License-Identifier: Apache-2.0 */
#include "json/trim.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/decode.h"
#include "unit/json/random_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define MANAGED                                                                                                     \
	"\"managedFields\":[{\"manager\":\"a\\\"]}\",\"fieldsV1\":{\"f:data\":{\".\":{},\"f:x\":{}}}},{\"time\":\"" \
	"2026\"}]"

/* A copy without a zero behind it, for the address sanitizer. */
static json_t *trimmed(const char *text, enum fc_trim_of of, struct fc_error *err)
{
	size_t len = strlen(text);
	FC_AUTO_FREE char *bytes = fc_xcalloc(1, len ? len : 1);

	memcpy(bytes, text, len);
	return fc_decode_trimmed(bytes, len, of, err);
}

static void gives(const char *text, enum fc_trim_of of, const char *wanted)
{
	struct fc_error err = FC_ERROR_INIT;
	json_auto_t *value = trimmed(text, of, &err);
	json_auto_t *want = json_loads(wanted, JSON_DECODE_ANY, NULL);

	assert_string_equal(err.text, "");
	assert_true(json_equal(value, want));
}

static void test_trim_leaves_managed_fields_out_wherever_they_stand(void **state FC_UNUSED)
{
	gives("{\"metadata\":{" MANAGED "}}", FC_TRIM_OBJECT, "{\"metadata\":{}}");
	gives("{\"metadata\":{\"name\":\"n\"," MANAGED "},\"x\":1}", FC_TRIM_OBJECT,
	      "{\"metadata\":{\"name\":\"n\"},\"x\":1}");
	gives("{\"metadata\":{" MANAGED ",\"name\":\"n\"},\"x\":1}", FC_TRIM_OBJECT,
	      "{\"metadata\":{\"name\":\"n\"},\"x\":1}");
	gives("{\"metadata\":{\"a\":[1,{}] , \n\"managedFields\" :\t[ ] , \"name\":\"n\"}}", FC_TRIM_OBJECT,
	      "{\"metadata\":{\"a\":[1,{}],\"name\":\"n\"}}");
	gives("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"n\"," MANAGED "},\"x\":1}}", FC_TRIM_EVENT,
	      "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"n\"},\"x\":1}}");
}

static void stays(const char *text, enum fc_trim_of of)
{
	gives(text, of, text);
}

static void test_trim_leaves_what_only_looks_like_it(void **state FC_UNUSED)
{
	stays("{\"spec\":{" MANAGED "}}", FC_TRIM_OBJECT);
	stays("{" MANAGED "}", FC_TRIM_OBJECT);
	stays("{\"spec\":{\"metadata\":{" MANAGED "}}}", FC_TRIM_OBJECT);
	stays("{\"object\":{\"metadata\":{" MANAGED "}}}", FC_TRIM_OBJECT);
	stays("{\"metadata\":{" MANAGED "}}", FC_TRIM_EVENT);
	stays("{\"metadata\":[{" MANAGED "}]}", FC_TRIM_OBJECT);
	stays("{\"metadata\":{\"x\":{" MANAGED "}}}", FC_TRIM_OBJECT);
	stays("{\"metadata\":{\"managedFields\":\"[]\"}}", FC_TRIM_OBJECT);
	stays("{\"metadata\":{\"managedFields\":{}}}", FC_TRIM_OBJECT);
	stays("{\"metadata\":{\"x\":\"\\\"managedFields\\\":[]\",\"y\":\"managedFields\"}}", FC_TRIM_OBJECT);
	stays("[\"managedFields\",{\"metadata\":1}]", FC_TRIM_OBJECT);
	stays("\"managedFields\"", FC_TRIM_OBJECT);
}

static void test_trim_says_what_is_wrong_as_fc_decode_does(void **state FC_UNUSED)
{
	const char *texts[] = {
		"{\"metadata\":{" MANAGED ",}}",
		"{\"metadata\":{" MANAGED,
		"{\"metadata\":{\"managedFields\":[{]",
		"{\"metadata\":{\"managedFields\":[}]}}",
		"{\"metadata\":{\"managedFields\":[\"",
		"{\"metadata\":{\"managedFields\":",
		"{\"metadata\":{\"managedFields\"",
		"{\"metadata\":{" MANAGED "}} x",
		/* A name in a list. */
		"{\"metadata\":[" MANAGED "]}",
		"{\"metadata\":[1," MANAGED "]}",
		"{\"metadata\":[" MANAGED ",\"a\"]}",
		"{\"metadata\":[1," MANAGED ",2]}",
		/* Commas that are missing, or too many. */
		"{\"metadata\":{\"a\":1 " MANAGED "}}",
		"{\"metadata\":{" MANAGED " \"a\":1}}",
		"{\"metadata\":{\"a\":1 " MANAGED ",\"b\":1}}",
		"{\"metadata\":{\"a\":1," MANAGED " \"b\":1}}",
		"{\"metadata\":{," MANAGED "}}",
		"{\"metadata\":{ , " MANAGED ",\"a\":1}}",
		"{\"metadata\":{\"a\":1,," MANAGED "}}",
		"{\"metadata\":{\"a\":1,," MANAGED ",\"b\":1}}",
		"{\"metadata\":{" MANAGED ",,\"a\":1}}",
		"{\"metadata\":{\"a\":" MANAGED "}}",
		"{\"metadata\":{\"a\":," MANAGED "}}",
		"{\"metadata\":{" MANAGED "]}",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		struct fc_error err = FC_ERROR_INIT, plain = FC_ERROR_INIT;

		assert_null(trimmed(texts[i], FC_TRIM_OBJECT, &err));
		assert_null(fc_decode(texts[i], strlen(texts[i]), &plain));
		assert_string_equal(err.text, plain.text);
	}
}

static void test_trim_without_memory_fails(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;

	fc_mem_fail_nth(1);
	assert_null(trimmed("{\"metadata\":{" MANAGED "}}", FC_TRIM_OBJECT, &err));
	assert_int_equal(err.cls, FC_ERR_MEMORY);
}

/* Of any document what fc_decode gives, less that member where it is a list. */
static void test_trim_of_random_documents_gives_the_rest(void **state FC_UNUSED)
{
	static const char *const names[] = { "metadata", "object", "managedFields", "x" };
	struct random r = { .state = 4711 };

	for (unsigned n = 0; n < 3000; n++) {
		json_auto_t *document = json_object();

		for (unsigned i = 0; i < 4; i++) {
			json_t *at = document, *next;

			for (unsigned depth = random_below(&r, 4); depth > 0; depth--) {
				const char *name = names[random_below(&r, 3)];
				next = json_object_get(at, name);
				if (!json_is_object(next))
					json_object_set_new(at, name, next = json_object());
				at = next;
			}
			json_object_set_new(at, names[random_below(&r, 4)], random_json(&r, 2));
		}
		FC_AUTO_FREE char *text = json_dumps(document, n % 2 ? JSON_INDENT(1) : JSON_COMPACT);
		for (enum fc_trim_of of = FC_TRIM_OBJECT; of <= FC_TRIM_EVENT; of++) {
			struct fc_error err = FC_ERROR_INIT;
			json_auto_t *value = trimmed(text, of, &err);
			json_auto_t *want = json_loads(text, 0, NULL);
			json_t *object = of == FC_TRIM_EVENT ? json_object_get(want, "object") : want;
			json_t *metadata = json_object_get(object, "metadata");

			if (json_is_array(json_object_get(metadata, "managedFields")))
				json_object_del(metadata, "managedFields");
			assert_true(json_equal(value, want));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trim_leaves_managed_fields_out_wherever_they_stand),
		cmocka_unit_test(test_trim_leaves_what_only_looks_like_it),
		cmocka_unit_test(test_trim_says_what_is_wrong_as_fc_decode_does),
		cmocka_unit_test(test_trim_without_memory_fails),
		cmocka_unit_test(test_trim_of_random_documents_gives_the_rest),
	};

	fc_decode_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
