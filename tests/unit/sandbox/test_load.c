/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/load.h"

#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/api.h"
#include "sandbox/read.h"
#include "sandbox/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- a cluster that notes what is asked of it, and serves four types; Widgets only once they are defined --- */

struct noted {
	struct sb_cluster cluster; /* its types are this struct */
	struct fc_buf requests;	   /* a line each */
	bool has_widgets;
	const char *existing; /* a name that is taken */
	const char *refused;  /* a name that is refused */
};

static const struct sb_type types[] = {
	{ .group = "",
	  .version = "v1",
	  .api_version = "v1",
	  .kind = "Namespace",
	  .plural = "namespaces",
	  .has_status = true },
	{ .group = "",
	  .version = "v1",
	  .api_version = "v1",
	  .kind = "ConfigMap",
	  .plural = "configmaps",
	  .namespaced = true },
	{ .group = "apiextensions.k8s.io",
	  .version = "v1",
	  .api_version = "apiextensions.k8s.io/v1",
	  .kind = "CustomResourceDefinition",
	  .plural = "customresourcedefinitions",
	  .has_status = true },
	{ .group = "acme.io",
	  .version = "v2",
	  .api_version = "acme.io/v2",
	  .kind = "Widget",
	  .plural = "widgets",
	  .namespaced = true,
	  .has_status = true },
};

const struct sb_type *sb_types_of_kind(const struct sb_types *t, const char *group, const char *version,
				       const char *kind)
{
	const struct noted *n = (const void *)t;

	for (size_t i = 0; i < FC_ARRAY_LEN(types); i++)
		if (strcmp(types[i].group, group) == 0 && strcmp(types[i].version, version) == 0 &&
		    strcmp(types[i].kind, kind) == 0)
			return n->has_widgets || strcmp(kind, "Widget") != 0 ? &types[i] : NULL;
	return NULL;
}

const struct sb_type *sb_type_ref(const struct sb_type *type)
{
	return type;
}

void sb_type_unref(const struct sb_type *type FC_UNUSED)
{
}

void sb_watch_close(struct sb_watch *w FC_UNUSED)
{
}

static void answer(struct sb_response *response, int status, const char *message, const char *body)
{
	response->status = status;
	if (message)
		(void)fc_buf_printf(&response->body, "{\"kind\":\"Status\",\"message\":\"%s\"}", message);
	else
		(void)fc_buf_puts(&response->body, body);
}

void sb_api_handle(struct sb_cluster *c, const struct sb_request *r, struct sb_response *response)
{
	struct noted *n = FC_CONTAINER_OF(c, struct noted, cluster);
	json_t *body = json_loads(r->body, 0, NULL);

	assert_string_equal(r->authorization, "Bearer secret");
	assert_string_equal(r->content_type, "application/json");
	assert_int_equal(r->body_len, strlen(r->body));
	assert_non_null(body);
	const char *name = fc_json_metadata(body, "name");
	(void)fc_buf_printf(&n->requests, "%s %s %s\n", r->method, r->path, name);
	if (strstr(r->path, "/customresourcedefinitions"))
		n->has_widgets = true;
	if (n->refused && strcmp(name, n->refused) == 0)
		answer(response, 422, "it is wrong", NULL);
	else if (n->existing && strcmp(name, n->existing) == 0 && strcmp(r->method, "POST") == 0)
		answer(response, 409, "it exists", NULL);
	else
		answer(response, 201, NULL, r->body);
	json_decref(body);
}

/* --- files --- */

struct folder {
	char path[64];
	char *files[8];
	unsigned count;
};

static void make_folder(struct folder *f)
{
	*f = (struct folder){ .path = "/tmp/test-load-XXXXXX" };
	assert_non_null(mkdtemp(f->path));
}

static const char *put(struct folder *f, const char *name, const char *text)
{
	char *path = fc_xasprintf("%s/%s", f->path, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	f->files[f->count++] = path;
	return path;
}

static void drop(struct folder *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		assert_int_equal(unlink(f->files[i]), 0);
		free(f->files[i]);
	}
	assert_int_equal(rmdir(f->path), 0);
}

static int load(struct noted *n, const char *path, struct fc_error *err)
{
	n->cluster.types = (void *)n;
	*err = FC_ERROR_INIT;
	fc_buf_clear(&n->requests);
	return sb_load(&n->cluster, "secret", path, err);
}

static void assert_requests(struct noted *n, const char *path, const char *expected)
{
	struct fc_error err;

	if (load(n, path, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(fc_buf_str(&n->requests), expected);
}

static void assert_refused(struct noted *n, const char *path, const char *words)
{
	FC_AUTO_FREE char *expected = fc_xasprintf("%s%s", path, words);
	struct fc_error err;

	assert_int_equal(load(n, path, &err), -1);
	assert_string_equal(err.text, expected);
}

#define FIXTURE()               \
	struct noted n = { 0 }; \
	struct folder f;        \
	(void)state;            \
	make_folder(&f)

#define DROP()                            \
	do {                              \
		drop(&f);                 \
		fc_buf_fini(&n.requests); \
	} while (0)

static void test_definitions_come_first_then_namespaces_then_the_rest_by_file(void **state)
{
	FIXTURE();

	put(&f, "b.yaml",
	    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: third, namespace: team}\n---\n"
	    "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n---\n---\n"
	    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.acme.io}\n");
	put(&f, "a.json",
	    "{\"apiVersion\": \"acme.io/v2\", \"kind\": \"Widget\", \"metadata\": {\"name\": \"first\"}}");
	put(&f, "a.yml",
	    "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: second}}\n");
	put(&f, "notes.txt", "nothing: [for us");
	put(&f, ".hidden.yaml", "nothing: [for us");
	assert_requests(&n, f.path,
			"POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions widgets.acme.io\n"
			"POST /api/v1/namespaces team\n"
			"POST /apis/acme.io/v2/namespaces/default/widgets first\n"
			"POST /api/v1/namespaces/default/configmaps second\n"
			"POST /api/v1/namespaces/team/configmaps third\n");
	DROP();
}

static void test_what_exists_is_replaced(void **state)
{
	FIXTURE();

	n.existing = "default";
	const char *path = put(&f, "a.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n");
	assert_requests(&n, path, "POST /api/v1/namespaces default\nPUT /api/v1/namespaces/default default\n");
	DROP();
}

static void test_a_status_is_written_where_the_type_has_one(void **state)
{
	FIXTURE();

	const char *path =
		put(&f, "a.yaml",
		    "apiVersion: acme.io/v2\nkind: Widget\nmetadata: {name: w}\nstatus: {phase: Ready}\n---\n"
		    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
		    "metadata: {name: widgets.acme.io}\nstatus: {conditions: []}\n---\n"
		    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\nstatus: {odd: true}\n");
	assert_requests(&n, path,
			"POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions widgets.acme.io\n"
			"POST /apis/acme.io/v2/namespaces/default/widgets w\n"
			"PUT /apis/acme.io/v2/namespaces/default/widgets/w/status w\n"
			"POST /api/v1/namespaces/default/configmaps c\n");
	DROP();
}

static void test_what_a_file_says_that_cannot_be_loaded_is_named(void **state)
{
	FIXTURE();

	const char *path = put(&f, "a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n");
	n.refused = "bad";
	assert_refused(&n, path, ": ConfigMap bad: it is wrong");
	path = put(&f, "b.yaml", "apiVersion: acme.io/v2\nkind: Widget\nmetadata: {name: w}\n");
	assert_refused(&n, path, ": no Widget of acme.io/v2 is served; load its CustomResourceDefinition with it");
	path = put(&f, "c.yaml", "kind: ConfigMap\n");
	assert_refused(&n, path, ": a document is no object with apiVersion and kind");
	path = put(&f, "d.yaml", "- 1\n");
	assert_refused(&n, path, ": a document is no object with apiVersion and kind");
	assert_int_equal(n.requests.len, 0);
	path = put(&f, "e.yaml", "a: [\n");
	struct fc_error err;
	assert_int_equal(load(&n, path, &err), -1);
	assert_non_null(strstr(err.text, "/e.yaml: "));
	assert_int_equal(load(&n, "/tmp/there/is/none", &err), -1);
	assert_non_null(strstr(err.text, "cannot read /tmp/there/is/none"));
	DROP();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definitions_come_first_then_namespaces_then_the_rest_by_file),
		cmocka_unit_test(test_what_exists_is_replaced),
		cmocka_unit_test(test_a_status_is_written_where_the_type_has_one),
		cmocka_unit_test(test_what_a_file_says_that_cannot_be_loaded_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
