/* SPDX-License-Identifier: Apache-2.0 */
/* A plan between a test that plays the engine and a test that plays the clusters. */
#ifndef FC_TEST_PLAN_WORLD_H
#define FC_TEST_PLAN_WORLD_H

#include "base/mem.h"
#include "cli/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const struct fc_resource plan_configmaps = {
	.group = "", .version = "v1", .plural = "configmaps", .kind = "ConfigMap", .namespaced = true
};
static const struct fc_resource plan_secrets = {
	.group = "", .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true
};
static const struct fc_resource plan_deployments = { .group = "apps",
						     .version = "v1",
						     .plural = "deployments",
						     .kind = "Deployment",
						     .namespaced = true,
						     .has_status = true };
static const struct fc_resource plan_federated = { .group = "types.kubefed.io",
						   .version = "v1beta1",
						   .plural = "federatedsecrets",
						   .kind = "FederatedSecret",
						   .namespaced = true };

struct plan_world {
	struct fc_plan *plan;
	struct fc_action *sent; /* to a cluster, last */
	size_t sent_count;
};

static inline void plan_sent(void *user, struct fc_action *action)
{
	struct plan_world *w = user;

	fc_action_free(w->sent);
	w->sent = action;
	w->sent_count++;
}

static inline int plan_setup(void **state)
{
	struct plan_world *w = fc_xcalloc(1, sizeof(*w));

	w->plan = fc_plan_new(plan_sent, w);
	*state = w;
	return 0;
}

static inline int plan_teardown(void **state)
{
	struct plan_world *w = *state;

	fc_plan_free(w->plan);
	fc_action_free(w->sent);
	free(w);
	return 0;
}

/* JSON with single quotes. */
static inline json_t *plan_json_of(const char *text)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text);
	json_error_t error;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	json_t *value = json_loads(copy, JSON_DECODE_ANY, &error);
	if (!value)
		fail_msg("%s: %s", error.text, text);
	return value;
}

static inline struct fc_action *plan_action(enum fc_action_type type, fc_cluster_no cluster,
					    const struct fc_resource *r, const char *name)
{
	struct fc_actions list;
	struct fc_action *a;

	fc_actions_init(&list);
	fc_actions_add(&list, type);
	a = fc_actions_take(&list);
	a->cluster = cluster;
	a->resource = fc_resource_new(r);
	a->namespace_ = fc_xstrdup("ns");
	a->name = fc_xstrdup(name);
	a->request = 1;
	return a;
}

/* A patch that was decided on that version, of one place. */
static inline struct fc_action *plan_patch(fc_cluster_no cluster, const struct fc_resource *r, const char *name,
					   const char *version, const char *pointer, const char *value)
{
	struct fc_action *a = plan_action(FC_ACTION_PATCH, cluster, r, name);

	a->body = json_pack("[{s:s,s:s,s:s},{s:s,s:s,s:o}]", "op", "replace", "path", "/metadata/resourceVersion",
			    "value", version, "op", "add", "path", pointer, "value", plan_json_of(value));
	return a;
}

/* The cluster's answer to what was sent last: that object, or that error where there is none; what the engine is told
 * then. */
static inline struct fc_event *plan_answer(struct plan_world *w, const char *object, enum fc_error_class cls)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESULT);

	assert_non_null(w->sent);
	e->cluster = w->sent->cluster;
	e->request = w->sent->request;
	e->object = object ? plan_json_of(object) : NULL;
	if (!object)
		fc_error_set(&e->error, cls, "%s", fc_error_class_name(cls));
	return fc_plan_translate(w->plan, e);
}

/* The engine's write of an object that stands so; what the engine is told. */
static inline struct fc_event *plan_write(struct plan_world *w, struct fc_action *write, const char *object)
{
	fc_plan_execute(w->plan, write);
	return plan_answer(w, object, FC_ERR_NOT_FOUND);
}

#endif
