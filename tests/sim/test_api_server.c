/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_server.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static const struct api_type config_maps = { .group = "",
					     .version = "v1",
					     .plural = "configmaps",
					     .singular = "configmap",
					     .kind = "ConfigMap",
					     .namespaced = true,
					     .immutable_when = "immutable" };

static json_t *J(const char *text)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text);
	json_t *value;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(copy, JSON_DECODE_ANY, NULL);
	if (!value)
		fail_msg("no JSON: %s", text);
	return value;
}

/* The answer's status; its body is freed. */
static int ask(struct api_server *s, const char *method, const char *path, const char *body)
{
	json_t *json = body ? J(body) : NULL;
	const char *type = strcmp(method, "PATCH") != 0 ? "application/json"
			   : *body == '['		? "application/json-patch+json"
							: "application/merge-patch+json";
	struct api_answer a = api_request(s, method, path, type, false, json);

	json_decref(json);
	assert_non_null(a.body);
	api_answer_fini(&a);
	return a.status;
}

#define MAPS "/api/v1/namespaces/default/configmaps"

static void assert_event(struct api_watch *w, const char *type, const char *name)
{
	json_t *e = api_watch_next(w);
	const char *have, *who;

	if (!type) {
		assert_null(e);
		return;
	}
	assert_int_equal(json_unpack(e, "{s:s, s:{s:{s:s}}}", "type", &have, "object", "metadata", "name", &who), 0);
	assert_string_equal(have, type);
	assert_string_equal(who, name);
	json_decref(e);
}

static void test_watch_tells_of_objects_that_begin_and_cease_to_match(void **state)
{
	struct api_server *s = api_server_new(1);
	struct api_watch *w;

	(void)state;
	api_server_serve(s, &config_maps);
	assert_int_equal(ask(s, "POST", MAPS, "{'metadata':{'name':'a'}}"), 201);
	w = api_watch_open(s, "/api/v1/configmaps?labelSelector=on", true);
	assert_event(w, NULL, NULL);
	assert_int_equal(ask(s, "PATCH", MAPS "/a", "{'metadata':{'labels':{'on':'1'}}}"), 200);
	assert_int_equal(ask(s, "PATCH", MAPS "/a", "[{'op':'add','path':'/data','value':{'x':'y'}}]"), 200);
	assert_int_equal(ask(s, "PATCH", MAPS "/a", "[{'op':'remove','path':'/metadata/labels'}]"), 200);
	assert_int_equal(ask(s, "DELETE", MAPS "/a", NULL), 200);
	assert_event(w, "ADDED", "a");
	assert_event(w, "MODIFIED", "a");
	assert_event(w, "DELETED", "a");
	assert_event(w, NULL, NULL);
	assert_false(api_watch_ended(w));
	api_watch_close(w);
	api_server_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watch_tells_of_objects_that_begin_and_cease_to_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
