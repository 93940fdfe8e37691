/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/annotation_filter.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const char *const prefixes[] = { "k8s-copier.fig.org/", "kopy.example/", NULL };

static bool may(const char *text)
{
	/* On the heap and without a zero byte, so that a sanitizer sees every step too far. */
	size_t len = strlen(text);
	char *bytes = malloc(len ? len : 1);
	memcpy(bytes, text, len);
	bool answer = fc_annotation_filter_may_match(bytes, len, prefixes);
	free(bytes);
	return answer;
}

static bool does(const char *text)
{
	json_auto_t *object = json_loads(text, 0, NULL);

	assert_non_null(object);
	return fc_annotation_filter_match(object, prefixes);
}

static void test_text_without_the_prefix_cannot_match(void **state FC_UNUSED)
{
	assert_false(may(""));
	assert_false(may("{\"metadata\":{\"annotations\":{\"other/x\":\"say \\\"hi\\\"\\n\"}}}"));
	assert_false(may("{\"a\":\"my.k8s-copier.fig.org/\"}"));
	assert_false(may("{\"a\":\"\\\\u\"}"));
	assert_false(may("k8s-copier.fig.org/"));
}

static void test_text_with_the_prefix_or_with_escapes_may_match(void **state FC_UNUSED)
{
	assert_true(may("{\"k8s-copier.fig.org/replace-data\":1}"));
	assert_true(may("{\"x k8s-copier.fig.org/\":1,\"kopy.example/sync\":1}"));
	assert_true(may("{\"k8s-copier.fig.org\\/replace-data\":1}"));
	assert_true(may("{\"\\u006b8s-copier.fig.org/replace-data\":1}"));
	assert_true(may("{\"a\":\"\\\\\\u0041\"}"));
}

static void test_only_keys_of_annotations_match(void **state FC_UNUSED)
{
	assert_true(does("{\"metadata\":{\"annotations\":{\"k8s-copier.fig.org/replace-data\":\"\"}}}"));
	assert_true(does("{\"metadata\":{\"annotations\":{\"k8s-copier.fig.org\\/replace-data\":\"\"}}}"));
	assert_true(does("{\"metadata\":{\"annotations\":{\"a\":\"\",\"kopy.example/\":\"\"}}}"));
	assert_false(does("{\"metadata\":{\"annotations\":{\"a\":\"k8s-copier.fig.org/replace-data\"}}}"));
	assert_false(does("{\"metadata\":{\"labels\":{\"k8s-copier.fig.org/replace-data\":\"\"}}}"));
	assert_false(does("{\"metadata\":{\"annotations\":null}}"));
	assert_false(does("{\"metadata\":[]}"));
	assert_false(does("[]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_without_the_prefix_cannot_match),
		cmocka_unit_test(test_text_with_the_prefix_or_with_escapes_may_match),
		cmocka_unit_test(test_only_keys_of_annotations_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
