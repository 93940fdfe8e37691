/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the model as a whole, which no conversation with a real server shows in a short time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_server.h"
#include "api_server_types.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAPS "/api/v1/namespaces/default/configmaps"

static struct api_server *server(void)
{
	struct api_server *s = api_server_new(7);

	api_server_serve(s, &api_type_config_maps);
	return s;
}

/* JSON with single quotes, so that it can be read in C. The body of the answer is the caller's. */
static json_t *answer(struct api_server *s, int status, const char *method, const char *path, const char *body)
{
	FC_AUTO_FREE char *text = fc_xstrdup_null(body);
	const char *type = body && *body == '[' ? "application/json-patch+json" : "application/merge-patch+json";
	json_t *json = NULL;
	struct api_answer a;

	for (char *c = text; c && *c; c++)
		if (*c == '\'')
			*c = '"';
	if (text)
		assert_non_null(json = json_loads(text, JSON_DECODE_ANY, NULL));
	a = api_request(s, method, path, type, false, json);
	json_decref(json);
	assert_non_null(a.body);
	assert_int_equal(a.status, status);
	return a.body;
}

static void ask(struct api_server *s, int status, const char *method, const char *path, const char *body)
{
	json_decref(answer(s, status, method, path, body));
}

static const char *value(const struct api_server *s, const char *name)
{
	const json_t *object = api_server_object(s, "", "configmaps", "default", name);

	return json_string_value(json_object_get(json_object_get(object, "data"), "k"));
}

static uint64_t version_of(const json_t *object)
{
	const char *text = json_string_value(json_object_get(json_object_get(object, "metadata"), "resourceVersion"));

	return text ? strtoull(text, NULL, 10) : 0;
}

static struct api_watch *watch_from(struct api_server *s, uint64_t version)
{
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "?resourceVersion=%" PRIu64, version);

	return api_watch_open(s, path, false);
}

/* NULL type: nothing is told. */
static void assert_event(struct api_watch *w, const char *type)
{
	json_t *e = api_watch_next(w);

	if (type)
		assert_string_equal(json_string_value(json_object_get(e, "type")), type);
	else
		assert_null(e);
	json_decref(e);
}

static void assert_expired(struct api_watch *w)
{
	json_t *e = api_watch_next(w);
	const char *type;
	int code;

	assert_int_equal(json_unpack(e, "{s:s, s:{s:i}}", "type", &type, "object", "code", &code), 0);
	assert_string_equal(type, "ERROR");
	assert_int_equal(code, 410);
	json_decref(e);
	assert_event(w, NULL);
	assert_true(api_watch_ended(w));
}

static void test_backup_brings_back_objects_and_versions(void **state)
{
	struct api_server *s = server();
	struct api_watch *w;
	uint64_t saved;

	(void)state;
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'k':'old'}}");
	api_server_save(s);
	saved = api_server_version(s);
	w = watch_from(s, saved);
	ask(s, 200, "PATCH", MAPS "/a", "{'data':{'k':'new'}}");
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'b'}}");
	api_server_restore(s);
	assert_int_equal(api_server_version(s), saved);
	assert_string_equal(value(s, "a"), "old");
	assert_null(api_server_object(s, "", "configmaps", "default", "b"));
	assert_event(w, NULL);
	assert_true(api_watch_ended(w));
	api_watch_close(w);
	/* The backup can be used again, also when all that it held is gone. */
	ask(s, 200, "DELETE", MAPS "/a", NULL);
	api_server_restore(s);
	assert_string_equal(value(s, "a"), "old");
	api_server_free(s);
}

static void test_watch_from_a_version_that_was_restored_away_is_silent_until_it_comes_again(void **state)
{
	struct api_server *s = server();
	struct api_watch *w;
	uint64_t before;

	(void)state;
	api_server_save(s);
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'a'}}");
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'b'}}");
	before = api_server_version(s);
	api_server_restore(s);
	w = watch_from(s, before);
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'c'}}");
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'d'}}");
	assert_event(w, NULL);
	assert_false(api_watch_ended(w));
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'e'}}");
	assert_event(w, "ADDED");
	assert_event(w, NULL);
	api_watch_close(w);
	api_server_free(s);
}

static void test_forgotten_history_is_410(void **state)
{
	struct api_server *s = server();
	struct api_watch *behind, *abreast, *late;
	uint64_t first = api_server_version(s);

	(void)state;
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'a'}}");
	behind = watch_from(s, first);
	abreast = watch_from(s, api_server_version(s));
	api_server_compact(s);
	late = watch_from(s, first);
	assert_expired(behind);
	assert_expired(late);
	assert_event(abreast, NULL);
	ask(s, 200, "PATCH", MAPS "/a", "{'data':{'k':'1'}}");
	assert_event(abreast, "MODIFIED");
	api_watch_close(behind);
	api_watch_close(abreast);
	api_watch_close(late);
	api_server_free(s);
}

static void test_very_long_history_is_forgotten_from_its_beginning(void **state)
{
	struct api_server *s = server();
	struct api_watch *w = watch_from(s, api_server_version(s));

	(void)state;
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'a'}}");
	for (int i = 0; i < 40000; i++) {
		FC_AUTO_FREE char *body = fc_xasprintf("{'data':{'k':'%d'}}", i);

		ask(s, 200, "PATCH", MAPS "/a", body);
	}
	assert_string_equal(value(s, "a"), "39999");
	assert_expired(w);
	api_watch_close(w);
	w = watch_from(s, api_server_version(s) - 2);
	assert_event(w, "MODIFIED");
	assert_event(w, "MODIFIED");
	assert_event(w, NULL);
	api_watch_close(w);
	api_server_free(s);
}

static void test_lagging_list_shows_what_was(void **state)
{
	struct api_server *s = server();
	json_t *list, *items;
	uint64_t then;

	(void)state;
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'k':'1'}}");
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'b'}}");
	then = api_server_version(s);
	ask(s, 200, "PATCH", MAPS "/a", "{'data':{'k':'2'}}");
	ask(s, 200, "DELETE", MAPS "/b", NULL);
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'c'}}");
	api_server_lag(s, 3);
	list = answer(s, 200, "GET", MAPS "?resourceVersion=0", NULL);
	items = json_object_get(list, "items");
	assert_int_equal(version_of(list), then);
	assert_int_equal(json_array_size(items), 2);
	assert_string_equal(json_string_value(json_object_get(json_object_get(json_array_get(items, 0), "data"), "k")),
			    "1");
	assert_int_equal(version_of(json_array_get(items, 1)), then);
	json_decref(list);
	list = answer(s, 200, "GET", MAPS, NULL);
	assert_int_equal(json_array_size(json_object_get(list, "items")), 2);
	assert_int_equal(version_of(list), api_server_version(s));
	json_decref(list);
	api_server_free(s);
}

static uint64_t bookmark(struct api_watch *w)
{
	json_t *e = api_watch_bookmark(w);
	uint64_t version = version_of(json_object_get(e, "object"));

	assert_string_equal(json_string_value(json_object_get(e, "type")), "BOOKMARK");
	json_decref(e);
	return version;
}

static void test_bookmark_never_passes_what_is_still_to_be_told(void **state)
{
	struct api_server *s = server();
	struct api_watch *w = watch_from(s, api_server_version(s));
	uint64_t before;

	(void)state;
	ask(s, 201, "POST", "/api/v1/namespaces", "{'metadata':{'name':'other'}}");
	before = api_server_version(s);
	assert_int_equal(bookmark(w), before);
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'a'}}");
	assert_int_equal(bookmark(w), before);
	assert_event(w, "ADDED");
	assert_int_equal(bookmark(w), before + 1);
	assert_event(w, NULL);
	api_watch_close(w);
	api_server_free(s);
}

static void test_type_that_is_withdrawn_takes_its_objects_with_it(void **state)
{
	struct api_server *s = server();
	struct api_watch *w = watch_from(s, api_server_version(s));

	(void)state;
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'a'}}");
	api_server_withdraw(s, &api_type_config_maps);
	ask(s, 404, "GET", MAPS "/a", NULL);
	ask(s, 404, "GET", MAPS, NULL);
	assert_event(w, "ADDED");
	assert_event(w, "DELETED");
	assert_event(w, NULL);
	assert_true(api_watch_ended(w));
	api_server_serve(s, &api_type_config_maps);
	ask(s, 404, "GET", MAPS "/a", NULL);
	ask(s, 201, "POST", MAPS, "{'metadata':{'name':'a'}}");
	assert_event(w, NULL);
	api_watch_close(w);
	api_server_free(s);
}

static void test_namespace_waits_for_what_finalizers_hold(void **state)
{
	struct api_server *s = server();

	(void)state;
	ask(s, 201, "POST", "/api/v1/namespaces", "{'metadata':{'name':'n'}}");
	ask(s, 201, "POST", "/api/v1/namespaces/n/configmaps",
	    "{'metadata':{'name':'held','finalizers':['example.com/hold']}}");
	ask(s, 201, "POST", "/api/v1/namespaces/n/configmaps", "{'metadata':{'name':'free'}}");
	assert_false(api_server_run_controllers(s));
	ask(s, 200, "DELETE", "/api/v1/namespaces/n", NULL);
	assert_true(api_server_run_controllers(s));
	assert_true(api_server_run_controllers(s));
	assert_false(api_server_run_controllers(s));
	ask(s, 404, "GET", "/api/v1/namespaces/n/configmaps/free", NULL);
	ask(s, 200, "GET", "/api/v1/namespaces/n", NULL);
	ask(s, 200, "PATCH", "/api/v1/namespaces/n/configmaps/held", "{'metadata':{'finalizers':null}}");
	assert_true(api_server_run_controllers(s));
	ask(s, 404, "GET", "/api/v1/namespaces/n", NULL);
	assert_false(api_server_run_controllers(s));
	api_server_free(s);
}

static void test_servers_of_one_seed_are_equal_and_of_another_are_not(void **state)
{
	struct api_server *a = api_server_new(1), *b = api_server_new(1), *c = api_server_new(2);

	(void)state;
	assert_string_equal(api_server_id(a), api_server_id(b));
	assert_string_not_equal(api_server_id(a), api_server_id(c));
	assert_int_equal(strlen(api_server_id(a)), 36);
	api_server_free(a);
	api_server_free(b);
	api_server_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_brings_back_objects_and_versions),
		cmocka_unit_test(test_watch_from_a_version_that_was_restored_away_is_silent_until_it_comes_again),
		cmocka_unit_test(test_forgotten_history_is_410),
		cmocka_unit_test(test_very_long_history_is_forgotten_from_its_beginning),
		cmocka_unit_test(test_lagging_list_shows_what_was),
		cmocka_unit_test(test_bookmark_never_passes_what_is_still_to_be_told),
		cmocka_unit_test(test_type_that_is_withdrawn_takes_its_objects_with_it),
		cmocka_unit_test(test_namespace_waits_for_what_finalizers_hold),
		cmocka_unit_test(test_servers_of_one_seed_are_equal_and_of_another_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
