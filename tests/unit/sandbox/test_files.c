/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/files.h"

#include "base/file.h"
#include "base/mem.h"
#include "json/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct sb_files_cluster clusters[] = { { "hub", "t1", 1234 }, { "edge-1", "0123", 1235 } };

static char *new_folder(void)
{
	char path[] = "/tmp/test-files-XXXXXX";

	assert_non_null(mkdtemp(path));
	return fc_xstrdup(path);
}

static char *path_in(const char *folder, const char *name)
{
	return fc_xasprintf("%s/%s", folder, name);
}

/* Removes what may be in it, too; fails when there is anything else. */
static void drop_folder(char *folder)
{
	static const char *const names[] = { "kubeconfig", "clusters.yaml", "ca.crt", "admin" };

	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++) {
		FC_AUTO_FREE char *path = path_in(folder, names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
	free(folder);
}

/* The file, which nobody else may read, as YAML. */
static json_t *read_yaml(const char *folder, const char *name)
{
	FC_AUTO_FREE char *path = path_in(folder, name);
	FC_AUTO_FREE char *text = NULL;
	struct fc_error err = FC_ERROR_INIT;
	struct stat st;
	size_t len;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fc_file_read(path, 100000, &text, &len, &err), 0);
	json_t *document = fc_yaml_parse(text, len, &err);
	assert_non_null(document);
	return document;
}

static void assert_json(json_t *document, const char *expected)
{
	FC_AUTO_FREE char *text = json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, expected);
	json_decref(document);
}

static void test_the_kubeconfig_has_a_context_a_user_and_a_cluster_of_each_name(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	char *folder = new_folder();

	(void)state;
	assert_int_equal(sb_files_write_clusters(folder, "PEM", clusters, 2, &err), 0);
	assert_json(read_yaml(folder, "kubeconfig"),
		    "{\"apiVersion\":\"v1\",\"clusters\":["
		    "{\"cluster\":{\"certificate-authority-data\":\"UEVN\",\"server\":\"https://127.0.0.1:1234\"},"
		    "\"name\":\"hub\"},"
		    "{\"cluster\":{\"certificate-authority-data\":\"UEVN\",\"server\":\"https://127.0.0.1:1235\"},"
		    "\"name\":\"edge-1\"}],"
		    "\"contexts\":[{\"context\":{\"cluster\":\"hub\",\"user\":\"hub\"},\"name\":\"hub\"},"
		    "{\"context\":{\"cluster\":\"edge-1\",\"user\":\"edge-1\"},\"name\":\"edge-1\"}],"
		    "\"current-context\":\"hub\",\"kind\":\"Config\","
		    "\"users\":[{\"name\":\"hub\",\"user\":{\"token\":\"t1\"}},"
		    "{\"name\":\"edge-1\",\"user\":{\"token\":\"0123\"}}]}");
	drop_folder(folder);
}

static void test_the_first_cluster_is_the_master(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	char *folder = new_folder();

	(void)state;
	assert_int_equal(sb_files_write_clusters(folder, "PEM", clusters, 2, &err), 0);
	assert_json(read_yaml(folder, "clusters.yaml"),
		    "{\"apiVersion\":\"fedcopy.dev/v1alpha1\",\"clusters\":["
		    "{\"context\":\"hub\",\"kubeconfig\":\"kubeconfig\",\"labels\":{\"cluster-master\":\"true\"},"
		    "\"name\":\"hub\"},"
		    "{\"context\":\"edge-1\",\"kubeconfig\":\"kubeconfig\",\"name\":\"edge-1\"}],"
		    "\"kind\":\"ClusterSet\"}");
	drop_folder(folder);
}

static void test_files_of_an_earlier_run_are_replaced_and_nothing_else_is_left(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	char *folder = new_folder();

	(void)state;
	for (int port = 1; port <= 2; port++) {
		assert_int_equal(sb_files_write_clusters(folder, "PEM", clusters, 2, &err), 0);
		assert_int_equal(sb_files_write_admin(folder, port, "secret", &err), 0);
	}
	assert_json(read_yaml(folder, "admin"), "{\"token\":\"secret\",\"url\":\"https://127.0.0.1:2\"}");
	drop_folder(folder);
}

static void test_folders_are_made_where_they_are_missing(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	char *folder = new_folder();
	FC_AUTO_FREE char *above = path_in(folder, "a"), *below = path_in(folder, "a/b/");
	struct stat st;

	(void)state;
	for (int again = 0; again < 2; again++)
		assert_int_equal(sb_files_make_directory(below, &err), 0);
	assert_int_equal(stat(below, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(rmdir(below), 0);
	assert_int_equal(rmdir(above), 0);
	drop_folder(folder);
}

static void test_what_cannot_be_written_is_named(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	char *folder = new_folder();
	FC_AUTO_FREE char *file = path_in(folder, "ca.crt"), *below = path_in(folder, "ca.crt/x");

	(void)state;
	assert_int_equal(sb_files_write_clusters(folder, "PEM", clusters, 1, &err), 0);
	assert_int_equal(sb_files_make_directory(file, &err), -1);
	assert_non_null(strstr(err.text, "ca.crt is no folder: name one"));
	assert_int_equal(sb_files_make_directory(below, &err), -1);
	assert_non_null(strstr(err.text, "cannot make the folder"));
	assert_int_equal(sb_files_write_admin(below, 1, "secret", &err), -1);
	assert_non_null(strstr(err.text, "cannot write"));
	assert_non_null(strstr(err.text, "/ca.crt/x/admin"));
	drop_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_kubeconfig_has_a_context_a_user_and_a_cluster_of_each_name),
		cmocka_unit_test(test_the_first_cluster_is_the_master),
		cmocka_unit_test(test_files_of_an_earlier_run_are_replaced_and_nothing_else_is_left),
		cmocka_unit_test(test_folders_are_made_where_they_are_missing),
		cmocka_unit_test(test_what_cannot_be_written_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
