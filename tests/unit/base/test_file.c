/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A file of its own for each test, gone again at once: read by way of its descriptor. */
struct temp {
	int fd;
	char path[64];
};

static struct temp temp_with(const void *bytes, size_t len)
{
	char name[] = "/tmp/fedcopy-test-XXXXXX";
	struct temp t = { .fd = mkstemp(name) };

	assert_true(t.fd >= 0);
	unlink(name);
	assert_int_equal(write(t.fd, bytes, len), (ssize_t)len);
	snprintf(t.path, sizeof(t.path), "/proc/self/fd/%d", t.fd);
	return t;
}

static void test_file_reads_all_bytes_and_adds_a_zero(void **state FC_UNUSED)
{
	struct temp t = temp_with("a\0b\n", 4);
	FC_AUTO_FREE char *out = NULL;
	size_t len;

	assert_int_equal(fc_file_read(t.path, 4, &out, &len, NULL), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(out, "a\0b\n", 5);
	close(t.fd);
}

static void test_file_empty_is_an_empty_string(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *out = NULL;
	size_t len = 9;

	assert_int_equal(fc_file_read("/dev/null", 10, &out, &len, NULL), 0);
	assert_int_equal(len, 0);
	assert_string_equal(out, "");
}

static void test_file_over_the_limit_is_refused(void **state FC_UNUSED)
{
	struct temp t = temp_with("12345", 5);
	struct fc_error err = FC_ERROR_INIT;
	char *out = NULL;
	size_t len;

	assert_int_equal(fc_file_read(t.path, 4, &out, &len, &err), -1);
	assert_int_equal(err.cls, FC_ERR_LIMIT);
	assert_null(out);
	assert_non_null(strstr(err.text, t.path));
	close(t.fd);
}

static void test_file_without_a_size_is_read_to_its_end(void **state FC_UNUSED)
{
	const size_t bytes = 20000; /* several growings, and less than a pipe holds */
	FC_AUTO_FREE char *sent = fc_xcalloc(bytes, 1);
	FC_AUTO_FREE char *out = NULL;
	struct fc_error err = FC_ERROR_INIT;
	char path[64];
	size_t len;
	int ends[2];

	memset(sent, 'p', bytes);
	for (size_t limit = bytes; limit >= bytes - 1; limit--) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], sent, bytes), (ssize_t)bytes);
		close(ends[1]);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
		int rc = fc_file_read(path, limit, limit == bytes ? &out : &(char *){ NULL }, &len, &err);
		assert_int_equal(rc, limit == bytes ? 0 : -1);
		close(ends[0]);
	}
	assert_memory_equal(out, sent, bytes);
	assert_int_equal(err.cls, FC_ERR_LIMIT);
}

static void test_file_missing_names_the_path_and_the_reason(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	char *out = NULL;
	size_t len;

	assert_int_equal(fc_file_read("/nowhere/kubeconfig", 10, &out, &len, &err), -1);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_string_equal(err.text, "cannot open /nowhere/kubeconfig: No such file or directory");
}

static void test_file_folder_is_refused(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	char *out = NULL;
	size_t len;

	assert_int_equal(fc_file_read("/tmp", 10, &out, &len, &err), -1);
	assert_int_equal(err.sys_errno, EISDIR);
	assert_null(out);
}

static void test_file_without_memory_fails(void **state FC_UNUSED)
{
	struct temp t = temp_with("x", 1);
	struct fc_error err = FC_ERROR_INIT;
	char *out = NULL;
	size_t len;

	fc_mem_fail_nth(1);
	assert_int_equal(fc_file_read(t.path, 10, &out, &len, &err), -1);
	fc_mem_fail_nth(0);
	assert_int_equal(err.cls, FC_ERR_MEMORY);
	assert_null(out);
	close(t.fd);
}

static void check_beside(const char *base, const char *path, const char *expected)
{
	FC_AUTO_FREE char *out = fc_path_beside(base, path);

	assert_string_equal(out, expected);
}

static void test_file_path_beside_is_below_the_folder_of_the_base(void **state FC_UNUSED)
{
	check_beside("/etc/fedcopy/clusters.yaml", "kubeconfig", "/etc/fedcopy/kubeconfig");
	check_beside("/etc/fedcopy/clusters.yaml", "/root/kubeconfig", "/root/kubeconfig");
	check_beside("conf/clusters.yaml", "../ca.crt", "conf/../ca.crt");
	check_beside("clusters.yaml", "ca.crt", "ca.crt");
	check_beside("/clusters.yaml", "ca.crt", "/ca.crt");
	check_beside(NULL, "ca.crt", "ca.crt");
	check_beside("/etc/x", "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_reads_all_bytes_and_adds_a_zero),
		cmocka_unit_test(test_file_empty_is_an_empty_string),
		cmocka_unit_test(test_file_over_the_limit_is_refused),
		cmocka_unit_test(test_file_without_a_size_is_read_to_its_end),
		cmocka_unit_test(test_file_missing_names_the_path_and_the_reason),
		cmocka_unit_test(test_file_folder_is_refused),
		cmocka_unit_test(test_file_without_memory_fails),
		cmocka_unit_test(test_file_path_beside_is_below_the_folder_of_the_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
