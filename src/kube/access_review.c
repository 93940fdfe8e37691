/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/access_review.h"

#include "base/mem.h"
#include "json/decode.h"
#include "kube/object_client.h"

#include <string.h>

struct fc_access_review {
	struct fc_transport *transport;
	struct fc_object_call *call;
	char *path;
	fc_access_review_done *done;
	void *user;
};

static const struct fc_resource token_reviews = {
	.group = "authentication.k8s.io",
	.version = "v1",
	.plural = "tokenreviews",
	.kind = "TokenReview",
};
static const struct fc_resource access_reviews = {
	.group = "authorization.k8s.io",
	.version = "v1",
	.plural = "subjectaccessreviews",
	.kind = "SubjectAccessReview",
};

static void finish(struct fc_access_review *r, enum fc_access_verdict verdict, const struct fc_error *why)
{
	fc_access_review_done *done = r->done;
	void *user = r->user;

	free(r->path);
	free(r);
	done(user, verdict, why);
}

static bool is_true(const json_t *status, const char *key)
{
	return json_is_true(json_object_get(status, key));
}

static void reviewed_access(void *user, json_t *answer, const struct fc_error *err)
{
	struct fc_access_review *r = user;
	const json_t *status = json_object_get(answer, "status");
	bool allowed = is_true(status, "allowed") && !is_true(status, "denied");

	r->call = NULL;
	if (err)
		finish(r, FC_ACCESS_FAILED, err);
	else
		finish(r, allowed ? FC_ACCESS_ALLOWED : FC_ACCESS_FORBIDDEN, NULL);
	json_decref(answer);
}

/* A TokenReview calls him username, a SubjectAccessReview user. */
static json_t *question_about(const struct fc_access_review *r, const json_t *who)
{
	static const char *const same[] = { "groups", "uid", "extra" };
	json_t *spec = json_pack("{s:{s:s, s:s}}", "nonResourceAttributes", "path", r->path, "verb", "get");

	json_object_set(spec, "user", json_object_get(who, "username"));
	for (size_t i = 0; i < FC_ARRAY_LEN(same); i++)
		if (json_object_get(who, same[i]))
			json_object_set(spec, same[i], json_object_get(who, same[i]));
	return json_pack("{s:s, s:s, s:o}", "apiVersion", "authorization.k8s.io/v1", "kind", "SubjectAccessReview",
			 "spec", spec);
}

static void reviewed_token(void *user, json_t *answer, const struct fc_error *err)
{
	struct fc_access_review *r = user;
	const json_t *status = json_object_get(answer, "status");
	const json_t *who = json_object_get(status, "user");

	r->call = NULL;
	if (err) {
		finish(r, FC_ACCESS_FAILED, err);
	} else if (!is_true(status, "authenticated") || !json_is_string(json_object_get(who, "username"))) {
		finish(r, FC_ACCESS_UNKNOWN, NULL);
	} else {
		json_t *question = question_about(r, who);

		r->call = fc_object_create(r->transport, &access_reviews, NULL, question, reviewed_access, r);
		json_decref(question);
	}
	json_decref(answer);
}

struct fc_access_review *fc_access_review_start(struct fc_transport *t, const char *token, const char *path,
						fc_access_review_done *done, void *user)
{
	struct fc_access_review *r = fc_xcalloc(1, sizeof(*r));
	json_t *question = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "authentication.k8s.io/v1", "kind",
				     "TokenReview", "spec", "token", token);

	r->transport = t;
	r->path = fc_xstrdup(path);
	r->done = done;
	r->user = user;
	r->call = fc_object_create(t, &token_reviews, NULL, question, reviewed_token, r);
	json_decref(question);
	return r;
}

void fc_access_review_cancel(struct fc_access_review *r)
{
	if (!r)
		return;
	fc_object_cancel(r->call);
	free(r->path);
	free(r);
}
