/* SPDX-License-Identifier: Apache-2.0 */
/* Custom resources that ask for copies: the source is another object, copies bear the custom resource's name,
 * finalizers stand on it and on its copies, and its status says how it stands. */
#include "copies.h"

#define ORDER "order.test/"
#define ORDER_FINALIZER ORDER "finalizer"

/* --- the dialect: spec {source, namespace, to: [NAMESPACE], finalizer} --- */

static const char *const bearers[] = { "copyorders", NULL };
static const char *const kinds[] = { "configmaps", NULL };
static const char *const prefixes[] = { ORDER, NULL };
static const char *const no_annotations[] = { NULL };
static const char *const labels[] = { ORDER "namespace", ORDER "name", NULL };
static const char *const finalizers[] = { ORDER_FINALIZER, NULL };

static const char *text(const json_t *spec, const char *member)
{
	return json_string_value(json_object_get(spec, member));
}

static void scan(const struct fc_dialect *d, const json_t *object, struct fc_copy_specs *out)
{
	const json_t *spec = json_object_get(object, "spec");
	struct fc_copy_spec *s = fc_copy_specs_add(out);
	json_t *to;
	size_t i;

	(void)d;
	s->text = fc_digest_json(spec);
	s->word = fc_xstrdup(text(spec, "word") ? text(spec, "word") : "configmaps");
	s->finalizer = ORDER_FINALIZER;
	s->name = fc_xstrdup(text(spec, "source") ? text(spec, "source") : "");
	s->namespace_ = fc_xstrdup_null(text(spec, "namespace"));
	s->copy_name = fc_xstrdup_null(text(spec, "as"));
	json_array_foreach(json_object_get(spec, "to"), i, to)
		fc_copy_spec_add_name(s, json_string_value(to));
	if (s->name[0])
		return;
	s->invalid_reason = "NoSource";
	s->invalid_message = fc_xstrdup("spec.source is missing");
}

static enum fc_copy_wish desired(const struct fc_copy_spec *rule, const json_t *source,
				 const struct fc_copy_place *place, json_t **wanted, const char **why)
{
	(void)rule;
	(void)why;
	*wanted = json_pack("{s:O*, s:{}}", "data", json_object_get(source, "data"), "metadata");
	if (place->own) {
		json_t *metadata = json_object_get(*wanted, "metadata");

		json_object_set_new(
			metadata, "labels",
			json_pack("{s:s, s:s}", labels[0], place->bearer_namespace, labels[1], place->bearer_name));
		json_object_set_new(metadata, "finalizers", json_pack("[s]", ORDER_FINALIZER));
	}
	return FC_COPY_WANTED;
}

static bool consents(const struct fc_copy_spec *rule, const char *bearer_namespace, const struct fc_resource *r)
{
	(void)r;
	return !rule->namespace_ || strcmp(rule->namespace_, bearer_namespace) == 0;
}

static bool mark(const struct fc_dialect *d, const json_t *object, struct fc_copy_mark *out)
{
	const char *ns = fc_marks_label(object, labels[0]), *name = fc_marks_label(object, labels[1]);

	(void)d;
	if (!ns || !name)
		return false;
	out->rule_namespace = fc_xstrdup(ns);
	out->rule_name = fc_xstrdup(name);
	return true;
}

static enum fc_copy_end ends(unsigned flags, enum fc_copy_reason why)
{
	(void)flags;
	(void)why;
	return FC_COPY_DELETE;
}

static json_t *status(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count)
{
	json_int_t well = 0;

	(void)bearer;
	for (size_t i = 0; i < count; i++) {
		if (outcomes[i].passing)
			return NULL;
		well += outcomes[i].state == FC_STATE_IN_SYNC && outcomes[i].namespace_;
	}
	return json_pack("{s:I, s:s}", "well", well, "first", count ? outcomes[0].reason : "");
}

static const struct fc_copy_dialect orders = {
	.bearers = bearers,
	.bodies = true,
	.copies = kinds,
	.mark_labels = labels,
	.mark_annotations = no_annotations,
	.finalizers = finalizers,
	.prefixes = prefixes,
	.scan = scan,
	.desired = desired,
	.consents = consents,
	.mark = mark,
	.ends = ends,
	.status = status,
};
static const struct fc_dialect order_dialect = { .name = "orders", .annotation_prefixes = prefixes, .copy = &orders };

static const struct api_type order_type = {
	.group = "example.com",
	.version = "v1",
	.plural = "copyorders",
	.singular = "copyorder",
	.kind = "CopyOrder",
	.namespaced = true,
	.status = true,
	.generation = true,
};

/* --- the world --- */

static struct copies *orders_new(bool not_all_allowed)
{
	struct copies *c = copies_make_servers();

	fc_engine_free(c->w.engine);
	c->dialects[2] = &order_dialect;
	c->not_all_allowed = not_all_allowed;
	c->w.engine = copies_engine(c);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		api_server_serve(c->servers[i], &order_type);
		copies_space(c, i, "home", "");
		copies_space(c, i, "a", "");
		copies_space(c, i, "b", "");
	}
	copies_start(c);
	copies_make(c, HUB, "ConfigMap", "home", "src", "", "'data':{'a':'1'}");
	return c;
}

static struct api_answer order_request(struct copies *c, const char *method, const char *body)
{
	json_t *object = body ? J("%s", body) : NULL;
	struct api_answer a = api_request(
		c->servers[HUB], method,
		strcmp(method, "POST") == 0 ? "/apis/example.com/v1/namespaces/home/copyorders"
					    : "/apis/example.com/v1/namespaces/home/copyorders/o",
		strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json", false, object);

	json_decref(object);
	assert_true(a.status < 300);
	return a;
}

static void order(struct copies *c, const char *method, const char *body)
{
	struct api_answer a = order_request(c, method, body);

	api_answer_fini(&a);
	copies_settle(c);
}

static const json_t *order_object(struct copies *c)
{
	return api_server_object(c->servers[HUB], "example.com", "copyorders", "home", "o");
}

#define ORDER_OF(spec) "{'apiVersion':'example.com/v1','kind':'CopyOrder','metadata':{'name':'o'},'spec':{" spec "}}"

static json_int_t well(struct copies *c)
{
	return json_integer_value(json_object_get(json_object_get(order_object(c), "status"), "well"));
}

static void test_custom_resource_copies_its_source_and_says_so_in_its_status(void **state)
{
	struct copies *c = orders_new(false);

	(void)state;
	order(c, "POST", ORDER_OF("'source':'src','to':['a','b']"));
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_int_equal(well(c), 2);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "b", "src"), "2");
	/* The status is true before and after. */
	assert_int_equal(c->writes, 2);
	assert_int_equal(c->reads, 0);
	assert_int_equal(well(c), 2);
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_invalid_custom_resource_says_why(void **state)
{
	struct copies *c = orders_new(false);

	(void)state;
	order(c, "POST", ORDER_OF("'to':['a','b']"));
	assert_string_equal(json_string_value(json_object_get(json_object_get(order_object(c), "status"), "first")),
			    "NoSource");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_deleted_custom_resource_takes_its_copies_along_and_is_not_counted(void **state)
{
	struct copies *c = orders_new(false);

	(void)state;
	c->max_deletes = -1;
	copies_restart(c);
	order(c, "POST", ORDER_OF("'source':'src','to':['a','b']"));
	assert_int_equal(json_array_size(json_object_get(json_object_get(order_object(c), "metadata"), "finalizers")),
			 1);
	order(c, "DELETE", NULL);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "(absent)");
	assert_null(order_object(c));
	assert_string_equal(copies_value(c, HUB, "home", "src"), "1");
	copies_free(c);
}

static void test_source_that_goes_takes_copies_along_after_a_read_and_brings_them_back(void **state)
{
	struct copies *c = orders_new(false);

	(void)state;
	order(c, "POST", ORDER_OF("'source':'src','to':['a']"));
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "SourceNotFound/SourceNotFound");
	copies_make(c, HUB, "ConfigMap", "home", "src", "", "'data':{'a':'2'}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	copies_free(c);
}

static void test_source_that_is_being_deleted_takes_copies_along_once_and_is_counted(void **state)
{
	struct copies *c = orders_new(false);

	(void)state;
	c->max_deletes = 1;
	copies_restart(c);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'finalizers':['x/y']}}");
	order(c, "POST", ORDER_OF("'source':'src','to':['a','b']"));
	assert_int_equal(well(c), 2);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	copies_wait(c, 5000);
	/* The brake has let one go. */
	assert_true((copies_object(c, HUB, "ConfigMap", "a", "src") != NULL) !=
		    (copies_object(c, HUB, "ConfigMap", "b", "src") != NULL));
	c->max_deletes = 50;
	copies_restart(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	/* An edit of the custom resource brings none back. */
	c->writes = c->reads = 0;
	order(c, "PATCH", "{'metadata':{'annotations':{'x':'y'}}}");
	order(c, "PATCH", "{'metadata':{'labels':{'x':'y'}}}");
	copies_wait(c, 60000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_in_range(c->reads, 0, 2);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_finalizer_waits_for_copies_of_a_type_that_only_the_order_names(void **state)
{
	struct copies *c = orders_new(false);
	struct fc_copy_dialect any = orders;
	struct fc_dialect dialect = { .name = "orders", .annotation_prefixes = prefixes, .copy = &any };
	struct api_answer deleted;

	(void)state;
	any.copies = NULL;
	/* Nobody else looks at Secrets. */
	c->dialects[1] = &dialect;
	c->dialects[2] = NULL;
	copies_restart(c);
	copies_make(c, HUB, "Secret", "home", "src", "", "'data':{'a':'MQ=='}");
	order(c, "POST",
	      "{'apiVersion':'example.com/v1','kind':'CopyOrder','metadata':{'name':'o','annotations':"
	      "{'fedcopy.dev/clusters':'edge-1'}},'spec':{'source':'src','to':['a'],'word':'secrets'}}");
	assert_non_null(copies_object(c, EDGE1, "Secret", "a", "src"));
	deleted = order_request(c, "DELETE", NULL);
	api_answer_fini(&deleted);
	copies_restart(c);
	assert_null(copies_object(c, HUB, "Secret", "a", "src"));
	assert_null(copies_object(c, EDGE1, "Secret", "a", "src"));
	assert_null(order_object(c));
	copies_free(c);
}

static void test_edited_order_moves_its_copies(void **state)
{
	struct copies *c = orders_new(false);

	(void)state;
	order(c, "POST", ORDER_OF("'source':'src','to':['a']"));
	order(c, "PATCH", "{'spec':{'to':['b'],'as':'renamed'}}");
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "b", "renamed"), "1");
	copies_free(c);
}

static void test_copy_with_a_finalizer_that_somebody_deletes_is_let_go_and_made_again(void **state)
{
	struct copies *c = orders_new(false);
	char uid[64];

	(void)state;
	order(c, "POST", ORDER_OF("'source':'src','to':['a']"));
	snprintf(uid, sizeof(uid), "%s", fc_json_metadata(copies_object(c, HUB, "ConfigMap", "a", "src"), "uid"));
	copies_delete(c, HUB, "ConfigMap", "a", "src");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_not_equal(fc_json_metadata(copies_object(c, HUB, "ConfigMap", "a", "src"), "uid"), uid);
	copies_free(c);
}

static void test_copies_elsewhere_name_the_custom_resource(void **state)
{
	struct copies *c = orders_new(false);
	const json_t *copy;

	(void)state;
	order(c, "POST",
	      "{'apiVersion':'example.com/v1','kind':'CopyOrder','metadata':{'name':'o','annotations':"
	      "{'fedcopy.dev/clusters':'edge-1'}},'spec':{'source':'src','to':['a']}}");
	copy = copies_object(c, EDGE1, "ConfigMap", "a", "src");
	assert_string_equal(copies_annotation(copy, "fedcopy.dev/origin-rule"), "orders/home/o");
	assert_null(fc_marks_label(copy, labels[0]));
	assert_null(json_object_get(json_object_get(copy, "metadata"), "finalizers"));
	order(c, "DELETE", NULL);
	copies_wait(c, 5000);
	assert_null(copies_object(c, EDGE1, "ConfigMap", "a", "src"));
	copies_free(c);
}

static void test_source_in_a_namespace_that_does_not_consent_is_not_copied(void **state)
{
	struct copies *c = orders_new(true);

	(void)state;
	copies_make(c, HUB, "ConfigMap", "b", "secretive", "", "'data':{'a':'hidden'}");
	order(c, "POST", ORDER_OF("'source':'secretive','namespace':'b','to':['a']"));
	copies_wait(c, 5000);
	assert_string_equal(copies_state(c, "hub/configmaps/a/secretive"), "NotAllowed/NotAllowed");
	assert_string_equal(copies_value(c, HUB, "a", "secretive"), "(absent)");
	copies_patch(c, HUB, "ConfigMap", "b", "secretive",
		     "{'metadata':{'annotations':{'fedcopy.dev/allow-namespaces':'a'}}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "secretive"), "hidden");
	/* Consent withdrawn: copying stops, what was copied stays. */
	copies_patch(c, HUB, "ConfigMap", "b", "secretive",
		     "{'metadata':{'annotations':{'fedcopy.dev/allow-namespaces':null}},'data':{'a':'later'}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "secretive"), "hidden");
	assert_string_equal(copies_state(c, "hub/configmaps/a/secretive"), "NotAllowed/NotAllowed");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_custom_resource_copies_its_source_and_says_so_in_its_status),
		cmocka_unit_test(test_invalid_custom_resource_says_why),
		cmocka_unit_test(test_deleted_custom_resource_takes_its_copies_along_and_is_not_counted),
		cmocka_unit_test(test_source_that_goes_takes_copies_along_after_a_read_and_brings_them_back),
		cmocka_unit_test(test_source_that_is_being_deleted_takes_copies_along_once_and_is_counted),
		cmocka_unit_test(test_finalizer_waits_for_copies_of_a_type_that_only_the_order_names),
		cmocka_unit_test(test_edited_order_moves_its_copies),
		cmocka_unit_test(test_copy_with_a_finalizer_that_somebody_deletes_is_let_go_and_made_again),
		cmocka_unit_test(test_copies_elsewhere_name_the_custom_resource),
		cmocka_unit_test(test_source_in_a_namespace_that_does_not_consent_is_not_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
