/* SPDX-License-Identifier: Apache-2.0 */
#include "json/framer.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* NULL stands for what must not be found. */
static void finds(const char *text, size_t len, const char *namespace_, const char *name, const char *version)
{
	/* A copy without a zero behind it, for the address sanitizer. */
	FC_AUTO_FREE char *bytes = fc_xcalloc(1, len ? len : 1);
	FC_AUTO_FREE char *found_namespace = NULL;
	FC_AUTO_FREE char *found_name = NULL;
	FC_AUTO_FREE char *found_version = NULL;

	memcpy(bytes, text, len);
	assert_int_equal(fc_framer_find_key(bytes, len, &found_namespace, &found_name, &found_version), name ? 0 : -1);
	assert_string_equal(found_namespace ? found_namespace : "none", namespace_ ? namespace_ : "none");
	assert_string_equal(found_name ? found_name : "none", name ? name : "none");
	assert_string_equal(found_version ? found_version : "none", version ? version : "none");
}

static void finds_in(const char *text, const char *namespace_, const char *name, const char *version)
{
	finds(text, strlen(text), namespace_, name, version);
}

#define EVENT                                                                                                       \
	"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"name\":\"no\"},"      \
	"\"name\" : \"n\",\"namespace\":\"ns\",\"ownerReferences\":[{\"name\":\"no\"}],\"resourceVersion\":\"7\"}," \
	"\"spec\":{\"metadata\":{\"name\":\"no\"}}}}"

static void test_framer_find_key_in_an_object_and_in_an_event(void **state FC_UNUSED)
{
	finds_in(EVENT, "ns", "n", "7");
	finds_in("{\"metadata\":{\"namespace\":\"ns\",\"name\":\"n\",\"resourceVersion\":\"7\"}}", "ns", "n", "7");
	finds_in("{\"spec\":{\"name\":\"no\"},\"metadata\":{\"name\":\"n\"}}", NULL, "n", NULL);
	finds_in("{\"object\":{\"metadata\":{\"name\":\"no\"}},\"metadata\":{\"name\":\"n\"}}", NULL, "n", NULL);
}

static void test_framer_find_key_is_not_misled(void **state FC_UNUSED)
{
	finds_in("{\"metadata\":{\"labels\":{\"name\":\"no\"}}}", NULL, NULL, NULL);
	finds_in("{\"metadata\":[\"name\",\"no\",{\"name\":\"no\"}]}", NULL, NULL, NULL);
	finds_in("{\"metadata\":{\"name\":[\"no\"],\"namespace\":{\"name\":\"no\"}}}", NULL, NULL, NULL);
	finds_in("{\"spec\":{\"object\":{\"metadata\":{\"name\":\"no\"}}}}", NULL, NULL, NULL);
	finds_in("{\"metadata\":{\"name\":5,\"uid\":\"no\"}}", NULL, NULL, NULL);
	finds_in("[{\"metadata\":{\"name\":\"no\"}}]", NULL, NULL, NULL);
	finds_in("{\"x\":\"\\\"metadata\\\":{\\\"name\\\":\\\"no\\\"}\"}", NULL, NULL, NULL);
	finds_in("\"name\"", NULL, NULL, NULL);
	finds_in("]]}}", NULL, NULL, NULL);
	finds_in("", NULL, NULL, NULL);
}

static void test_framer_find_key_passes_over_any_depth(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "{\"a\":");
	for (int i = 0; i < 100000; i++)
		fc_buf_puts(&text, i % 2 ? "[" : "{\"metadata\":");
	for (int i = 100000; i-- > 0;)
		fc_buf_puts(&text, i % 2 ? "]" : "}");
	fc_buf_puts(&text, ",\"metadata\":{\"name\":\"n\"}}");
	finds(text.data, text.len, NULL, "n", NULL);
}

static void test_framer_find_key_in_a_text_cut_off_anywhere(void **state FC_UNUSED)
{
	static const char text[] = EVENT;
	size_t name_at = (size_t)(strstr(text, "\"n\"") + 3 - text);
	size_t namespace_at = (size_t)(strstr(text, "\"ns\"") + 4 - text);
	size_t version_at = (size_t)(strstr(text, "\"7\"") + 3 - text);
	for (size_t len = 0; len <= strlen(text); len++)
		finds(text, len, len >= namespace_at ? "ns" : NULL, len >= name_at ? "n" : NULL,
		      len >= version_at ? "7" : NULL);
}

static void test_framer_find_key_reads_escapes(void **state FC_UNUSED)
{
	finds_in("{\"metadata\":{\"name\":\"\\u006e\\\"x\"}}", NULL, "n\"x", NULL);
	finds_in("{\"metadata\":{\"name\":\"broken\\x\"}}", NULL, NULL, NULL);
	finds_in("{\"metadata\":{\"name\":\"cut\\u0000off\"}}", NULL, NULL, NULL);
	finds_in("{\"metadata\":{\"name\":\"cut\\", NULL, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framer_find_key_in_an_object_and_in_an_event),
		cmocka_unit_test(test_framer_find_key_is_not_misled),
		cmocka_unit_test(test_framer_find_key_passes_over_any_depth),
		cmocka_unit_test(test_framer_find_key_in_a_text_cut_off_anywhere),
		cmocka_unit_test(test_framer_find_key_reads_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
