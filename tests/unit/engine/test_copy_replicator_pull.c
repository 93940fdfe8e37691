/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect k8s-replicator in the engine: objects that pull their data from others. The numbers are those of
 * docs/k8s-replicator.md. */
#include "replicator.h"

#define BOOKS "'" R "replicated-from-version':'5','" R "replicated-from-allowed':'.*'"

/* home/src with permission for all, and a/copy that was filled from it. */
static struct copies *with_pull(const char *source, const char *target)
{
	struct copies *c = replicator_new();

	replicator_map(c, "home", "src", source, "1");
	replicator_map(c, "a", "copy", target, NULL);
	assert_filled(c, "a", "copy", "1");
	c->reads = c->writes = 0;
	c->told[0] = '\0';
	return c;
}

static void test_k8s_replicator_b09_b12_a_permitted_pull_is_one_write_with_its_books(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	c->writes = c->reads = 0;
	replicator_map(c, "a", "copy", FROM("home/src") ",'note':'n'", NULL);
	assert_filled(c, "a", "copy", "1");
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-from-allowed"), ".*");
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-from-origin"), "home/src");
	assert_int_equal(strlen(replicator_word(c, "a", "copy", "replicated-at")), strlen("2026-01-02T03:04:05Z"));
	assert_string_equal(copies_annotation(copies_object(c, HUB, "ConfigMap", "a", "copy"), "note"), "n");
	assert_int_equal(c->writes, 1);
	assert_string_equal(copies_state(c, "/a/copy"), "InSync/InSync");
	copies_free(c);
}

static void test_k8s_replicator_b13_b24_a_change_of_the_source_is_one_write_and_no_read(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	replicator_edit(c, "home", "src", "{'data':{'a':'2','b':'x'},'binaryData':{'c':'AAE='}}");
	assert_filled(c, "a", "copy", "2");
	assert_int_equal(c->writes, 1);
	assert_int_equal(c->reads, 0);
	replicator_edit(c, "home", "src", "{'data':null,'binaryData':null}");
	assert_filled(c, "a", "copy", "(none)");
	assert_null(json_object_get(copies_object(c, HUB, "ConfigMap", "a", "copy"), "binaryData"));
	assert_int_equal(c->writes, 2);
	copies_free(c);
}

/* home/src is deleted by fedcopy itself: nobody pushes it. Its server answers with a Status, which is no source. */
static void test_k8s_replicator_b13_the_answer_to_a_deletion_is_no_source(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	c->late_echo = true;
	replicator_annotate(c, "home", "src", "replicated-by", "'other/none'");
	copies_wait(c, 1000);
	assert_null(copies_object(c, HUB, "ConfigMap", "home", "src"));
	assert_cleared(c, "a", "copy");
	/* The new version in its books, the deletion, the clearing. */
	assert_int_equal(c->writes, 3);
	copies_free(c);
}

/* One request at a time: the second of two copies waits in line, and nothing is to be done for its path. */
static void test_k8s_replicator_b09_a_pull_in_line_keeps_its_place_beside_a_path_at_rest(void **state)
{
	static const char *const places[] = { "a", "b" };
	struct copies *c = replicator_new();

	(void)state;
	c->max_in_flight = 1;
	copies_restart(c);
	replicator_map(c, "home", "src", ALLOWED, "1");
	for (size_t i = 0; i < FC_ARRAY_LEN(places); i++) {
		replicator_map(c, places[i], "plain", "", "p");
		replicator_map(c, places[i], "copy",
			       FROM("home/src") "," WORLD_RULE("data.z", "configmap:plain:data.a"), NULL);
	}
	copies_wait(c, 5000);
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	copies_wait(c, 5000);
	for (size_t i = 0; i < FC_ARRAY_LEN(places); i++)
		assert_filled(c, places[i], "copy", "2");
	copies_free(c);
}

static void test_k8s_replicator_b24_d13_data_edited_by_hand_stays_until_the_books_or_the_source_change(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	replicator_edit(c, "a", "copy", "{'data':{'a':'mine'}}");
	assert_value(c, "a", "copy", "mine");
	assert_int_equal(c->writes, 0);
	replicator_annotate(c, "a", "copy", "replicated-from-version", "null");
	assert_filled(c, "a", "copy", "1");
	replicator_annotate(c, "a", "copy", "replicated-from-version", "'1'");
	assert_filled(c, "a", "copy", "1");
	assert_int_equal(c->writes, 2);
	copies_free(c);
}

static void test_k8s_replicator_b06_what_is_not_permitted_is_cleared(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	replicator_annotate(c, "home", "src", "replication-allowed", "'false'");
	assert_cleared(c, "a", "copy");
	assert_string_equal(copies_state(c, "/a/copy"), "NotAllowed/NotAllowed");
	assert_int_equal(c->writes, 1);
	replicator_annotate(c, "home", "src", "replication-allowed", "'true'");
	assert_filled(c, "a", "copy", "1");
	replicator_annotate(c, "home", "src", "replication-allowed-namespaces", "'b,c-.*'");
	assert_cleared(c, "a", "copy");
	replicator_annotate(c, "home", "src", "replication-allowed-namespaces", "'[a-b],c'");
	assert_filled(c, "a", "copy", "1");
	replicator_annotate(c, "home", "src", "replication-allowed", "null");
	replicator_annotate(c, "home", "src", "replication-allowed-namespaces", "null");
	assert_cleared(c, "a", "copy");
	copies_free(c);
}

static void test_k8s_replicator_b06_b16_what_a_user_put_in_before_any_replication_is_never_wiped(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", "", "1");
	replicator_map(c, "home", "near", FROM("src"), "mine");
	replicator_map(c, "a", "copy", FROM("home/src"), "mine");
	replicator_map(c, "a", "alone", FROM("home/missing"), "mine");
	copies_wait(c, 5000);
	assert_value(c, "home", "near", "mine");
	assert_value(c, "a", "copy", "mine");
	assert_value(c, "a", "alone", "mine");
	/* The same words, whether there is such a source or not. */
	assert_string_equal(copies_state(c, "/a/copy"), "NotAllowed/NotAllowed");
	assert_string_equal(copies_state(c, "/a/alone"), "NotAllowed/NotAllowed");
	assert_string_equal(copies_state(c, "/home/near"), "NotAllowed/NotAllowed");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b20_b27_bad_input_without_its_source_a_target_is_cleared_until_it_comes_back(
	void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src") "," ONCE);

	(void)state;
	replicator_delete(c, "home", "src");
	assert_cleared(c, "a", "copy");
	assert_int_equal(c->writes, 1);
	copies_wait(c, 60000);
	assert_int_equal(c->writes, 1);
	replicator_map(c, "home", "src", ALLOWED, "2");
	assert_filled(c, "a", "copy", "2");
	copies_free(c);
}

static void test_k8s_replicator_b16_bad_input_what_only_copies_elsewhere_bear_says_nothing_of_one_at_home(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "a", "copy", FROM("home/src") ",'fedcopy.dev/origin-state':'{}'", NULL);
	assert_filled(c, "a", "copy", "1");
	replicator_delete(c, "home", "src");
	assert_cleared(c, "a", "copy");
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b28_nothing_is_cleared_before_a_read_has_said_that_the_source_is_gone(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	c->fail_reads = FC_ERR_FORBIDDEN;
	c->fail_space = "home";
	replicator_delete(c, "home", "src");
	copies_wait(c, 60000);
	assert_value(c, "a", "copy", "1");
	c->fail_reads = FC_ERR_NONE;
	copies_wait(c, 600000);
	assert_cleared(c, "a", "copy");
	copies_free(c);
}

static void test_k8s_replicator_b16_the_brake_counts_what_is_cleared_because_its_source_is_gone(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	for (int i = 0; i < 12; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("copy-%d", i);

		replicator_map(c, "a", name, FROM("home/src"), NULL);
	}
	c->max_deletes = 10;
	copies_restart(c);
	replicator_delete(c, "home", "src");
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 10);
	copies_free(c);
}

static void test_k8s_replicator_b29_a_restart_in_sync_writes_nothing(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	replicator_map(c, "b", "cleared", FROM("other/missing"), NULL);
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	assert_filled(c, "a", "copy", "1");
	assert_string_equal(copies_state(c, "/a/copy"), "InSync/InSync");
	copies_free(c);
}

static void test_k8s_replicator_b29_what_was_missed_is_made_up_for_after_a_restart(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	replicator_map(c, "home", "two", ALLOWED, "2");
	replicator_map(c, "b", "two", FROM("home/two"), NULL);
	copies_down(c, HUB);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_patch(c, HUB, "ConfigMap", "home", "two", "{'data':{'a':'3'}}");
	c->down[HUB] = false;
	copies_restart(c);
	assert_cleared(c, "a", "copy");
	assert_value(c, "b", "two", "3");
	assert_int_equal(c->writes, 2);
	copies_free(c);
}

static void test_k8s_replicator_b08_a_once_replica_is_filled_once_and_again_for_another_version(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src") "," ONCE);

	(void)state;
	/* B11: it breaks loops. */
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-from-origin"), "(none)");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_value(c, "a", "copy", "1");
	assert_int_equal(c->writes, 0);
	replicator_annotate(c, "home", "src", "replicate-once-version", "'v2'");
	assert_filled(c, "a", "copy", "2");
	assert_string_equal(replicator_word(c, "a", "copy", "replicate-once-version"), "v2");
	replicator_edit(c, "home", "src", "{'data':{'a':'3'}}");
	assert_value(c, "a", "copy", "2");
	replicator_annotate(c, "a", "copy", "replicate-once", "null");
	assert_filled(c, "a", "copy", "3");
	copies_free(c);
}

static void test_k8s_replicator_b09_d01_permissions_of_a_once_replica_are_kept_current(void **state)
{
	struct copies *c = with_pull(ALLOWED "," ONCE, FROM("home/src"));

	(void)state;
	replicator_edit(c, "home", "src",
			"{'data':{'a':'2'},'metadata':{'annotations':{'" R "replication-allowed-namespaces':'a'}}}");
	assert_value(c, "a", "copy", "1");
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-from-allowed"), "a");
	assert_int_equal(c->writes, 1);
	copies_free(c);
}

static void test_k8s_replicator_b25_a_chain_needs_permission_at_each_link_and_clears_behind_a_broken_one(void **state)
{
	struct copies *c = with_pull(ALLOWED_IN("a,b"), FROM("home/src") "," ALLOWED);

	(void)state;
	replicator_map(c, "b", "end", FROM("a/copy"), NULL);
	assert_value(c, "b", "end", "1");
	assert_string_equal(replicator_word(c, "b", "end", "replicated-from-origin"), "home/src");
	assert_string_equal(replicator_word(c, "b", "end", "replicated-from-allowed"), "a,b");
	replicator_map(c, "other", "end", FROM("a/copy"), NULL);
	assert_value(c, "other", "end", "(none)");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_value(c, "b", "end", "2");
	replicator_delete(c, "home", "src");
	assert_cleared(c, "a", "copy");
	assert_cleared(c, "b", "end");
	replicator_map(c, "home", "src", ALLOWED_IN("a,b"), "3");
	assert_value(c, "b", "end", "3");
	copies_free(c);
}

/* Its books say who may pull on, and no more that it was filled: what it gave is taken back. */
static void test_k8s_replicator_b09_b25_what_a_cleared_link_gave_is_cleared(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "a", "link", FROM("home/src") "," ALLOWED, NULL);
	replicator_map(c, "b", "end", FROM("a/link"), NULL);
	assert_filled(c, "a", "link", "1");
	assert_value(c, "b", "end", "1");
	/* Nothing is pulled from an inert one, so the link stays as it is. */
	replicator_annotate(c, "home", "src", "replicate-x", "''");
	replicator_annotate(c, "a", "link", "replicated-from-version", "null");
	copies_wait(c, 1000);
	assert_string_equal(replicator_word(c, "a", "link", "replicated-from-allowed"), ".*");
	assert_cleared(c, "b", "end");
	assert_string_equal(copies_state(c, "/b/end"), "SourceNotFound/SourceCleared");
	copies_free(c);
}

static void test_k8s_replicator_b26_loops_change_nothing(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "a", "one", FROM("b/two") "," ALLOWED, "1");
	replicator_map(c, "b", "two", FROM("a/one") "," ALLOWED, "2");
	replicator_map(c, "b", "self", FROM("self") "," ALLOWED, "3");
	copies_wait(c, 5000);
	assert_value(c, "a", "one", "1");
	assert_value(c, "b", "two", "2");
	assert_value(c, "b", "self", "3");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b26_a_source_that_comes_to_pull_from_its_replica_stays(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src") "," ALLOWED);

	(void)state;
	/* Without books it counts as cleared, and clears who pulls from it. */
	replicator_annotate(c, "home", "src", "replicate-from", "'a/copy'");
	copies_wait(c, 5000);
	assert_value(c, "home", "src", "1");
	assert_cleared(c, "a", "copy");
	copies_down(c, HUB);
	copies_make(c, HUB, "ConfigMap", "b", "x",
		    "'annotations':{" FROM("a/x") "," ALLOWED "," BOOKS ",'" R "replicated-from-origin':'a/x'}",
		    "'data':{'a':'1'}");
	copies_make(c, HUB, "ConfigMap", "a", "x", "'annotations':{" FROM("b/x") "," ALLOWED "," BOOKS "}",
		    "'data':{'a':'mine'}");
	c->down[HUB] = false;
	copies_restart(c);
	assert_value(c, "a", "x", "mine");
	assert_string_equal(copies_state(c, "/a/x"), "Cycle/Loop");
	copies_free(c);
}

static void test_k8s_replicator_b01_b02_bad_input_an_inert_object_does_nothing_and_nothing_is_done_to_it(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	replicator_annotate(c, "home", "src", "replicate-form", "'x'");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_value(c, "a", "copy", "1");
	assert_int_equal(c->writes, 0);
	assert_string_equal(copies_state(c, "/a/copy"), "NotAllowed/NotAllowed");
	replicator_annotate(c, "home", "src", "replicate-form", "null");
	assert_filled(c, "a", "copy", "2");
	replicator_annotate(c, "a", "copy", "replicate-once", "'maybe'");
	replicator_edit(c, "home", "src", "{'data':{'a':'3'}}");
	assert_value(c, "a", "copy", "2");
	assert_string_equal(copies_state(c, ""), "Invalid/MalformedAnnotation");
	copies_free(c);
}

static void test_k8s_replicator_d04_bad_input_a_malformed_source_clears_nothing(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	replicator_annotate(c, "a", "copy", "replicate-from", "'home/src/x'");
	copies_wait(c, 5000);
	assert_value(c, "a", "copy", "1");
	assert_string_equal(copies_state(c, ""), "Invalid/MalformedAnnotation");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b23_without_replicate_from_data_and_books_stay(void **state)
{
	struct copies *c = with_pull(ALLOWED, FROM("home/src"));

	(void)state;
	replicator_annotate(c, "a", "copy", "replicate-from", "null");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_value(c, "a", "copy", "1");
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-from-origin"), "home/src");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static const json_t *secret(struct copies *c, const char *ns, const char *name)
{
	return copies_object(c, HUB, "Secret", ns, name);
}

static const char *secret_value(struct copies *c, const char *ns, const char *name, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(secret(c, ns, name), "data"), key));

	return text ? text : "(none)";
}

static void test_k8s_replicator_d05_d17_bad_input_secrets_of_two_types_and_immutable_targets_are_conflicts(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	copies_make(c, HUB, "Secret", "home", "s", "'annotations':{" ALLOWED "}", "'type':'x','data':{'a':'MQ=='}");
	copies_make(c, HUB, "Secret", "a", "s", "'annotations':{" FROM("home/s") "}", "'type':'y'");
	copies_make(c, HUB, "Secret", "b", "s", "'annotations':{" FROM("home/s") "}",
		    "'type':'x','immutable':true,'data':{'a':'Mg=='}");
	copies_settle(c);
	copies_wait(c, 60000);
	assert_string_equal(secret_value(c, "a", "s", "a"), "(none)");
	assert_string_equal(secret_value(c, "b", "s", "a"), "Mg==");
	assert_int_equal(c->writes, 0);
	assert_string_equal(copies_state(c, "/a/s"), "Conflict/Unfit");
	assert_string_equal(copies_state(c, "/b/s"), "Conflict/Unfit");
	copies_free(c);
}

static void test_k8s_replicator_b17_a_cleared_secret_holds_what_its_type_asks_for(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	copies_make(c, HUB, "Secret", "home", "s", "'annotations':{" ALLOWED "}",
		    "'type':'kubernetes.io/tls','data':{'tls.crt':'MQ==','tls.key':'Mg=='}");
	copies_make(c, HUB, "Secret", "a", "s", "'annotations':{" FROM("home/s") "}",
		    "'type':'kubernetes.io/tls','data':{'tls.crt':'','tls.key':''}");
	copies_settle(c);
	assert_string_equal(secret_value(c, "a", "s", "tls.key"), "Mg==");
	copies_delete(c, HUB, "Secret", "home", "s");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(secret_value(c, "a", "s", "tls.key"), "");
	assert_string_equal(secret_value(c, "a", "s", "tls.crt"), "");
	copies_free(c);
}

static void test_k8s_replicator_d06_tokens_are_never_a_source(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	copies_make(c, HUB, "Secret", "home", "s", "'annotations':{" ALLOWED "}",
		    "'type':'bootstrap.kubernetes.io/token','data':{'a':'MQ=='}");
	copies_make(c, HUB, "Secret", "a", "s", "'annotations':{" FROM("home/s") "}",
		    "'type':'bootstrap.kubernetes.io/token'");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(secret_value(c, "a", "s", "a"), "(none)");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_d16_a_source_that_is_being_deleted_counts_as_deleted(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", "'finalizers':['example.com/f'],'annotations':{" ALLOWED "}",
		    "'data':{'a':'1'}");
	replicator_map(c, "a", "copy", FROM("home/src"), NULL);
	assert_filled(c, "a", "copy", "1");
	replicator_delete(c, "home", "src");
	assert_cleared(c, "a", "copy");
	copies_free(c);
}

static void test_k8s_replicator_permissions_a_pull_from_a_system_namespace_is_denied_and_cleared(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	copies_space(c, HUB, "kube-system-not", "");
	replicator_map(c, "kube-system", "src", ALLOWED, "1");
	replicator_map(c, "a", "copy", FROM("kube-system/src"), NULL);
	copies_wait(c, 5000);
	assert_value(c, "a", "copy", "(none)");
	assert_string_equal(copies_state(c, "/a/copy"), "NotAllowed/NotAllowed");
	copies_free(c);
}

#define TEST(name) cmocka_unit_test(test_k8s_replicator_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(b09_b12_a_permitted_pull_is_one_write_with_its_books),
		TEST(b13_b24_a_change_of_the_source_is_one_write_and_no_read),
		TEST(b13_the_answer_to_a_deletion_is_no_source),
		TEST(b09_a_pull_in_line_keeps_its_place_beside_a_path_at_rest),
		TEST(b24_d13_data_edited_by_hand_stays_until_the_books_or_the_source_change),
		TEST(b06_what_is_not_permitted_is_cleared),
		TEST(b06_b16_what_a_user_put_in_before_any_replication_is_never_wiped),
		TEST(b20_b27_bad_input_without_its_source_a_target_is_cleared_until_it_comes_back),
		TEST(b16_bad_input_what_only_copies_elsewhere_bear_says_nothing_of_one_at_home),
		TEST(b28_nothing_is_cleared_before_a_read_has_said_that_the_source_is_gone),
		TEST(b16_the_brake_counts_what_is_cleared_because_its_source_is_gone),
		TEST(b29_a_restart_in_sync_writes_nothing),
		TEST(b29_what_was_missed_is_made_up_for_after_a_restart),
		TEST(b08_a_once_replica_is_filled_once_and_again_for_another_version),
		TEST(b09_d01_permissions_of_a_once_replica_are_kept_current),
		TEST(b25_a_chain_needs_permission_at_each_link_and_clears_behind_a_broken_one),
		TEST(b09_b25_what_a_cleared_link_gave_is_cleared),
		TEST(b26_loops_change_nothing),
		TEST(b26_a_source_that_comes_to_pull_from_its_replica_stays),
		TEST(b01_b02_bad_input_an_inert_object_does_nothing_and_nothing_is_done_to_it),
		TEST(d04_bad_input_a_malformed_source_clears_nothing),
		TEST(b23_without_replicate_from_data_and_books_stay),
		TEST(d05_d17_bad_input_secrets_of_two_types_and_immutable_targets_are_conflicts),
		TEST(b17_a_cleared_secret_holds_what_its_type_asks_for),
		TEST(d06_tokens_are_never_a_source),
		TEST(d16_a_source_that_is_being_deleted_counts_as_deleted),
		TEST(permissions_a_pull_from_a_system_namespace_is_denied_and_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
