/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/object_client.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/trim.h"
#include "kube/url.h"
#include "model/status.h"

#include <stdio.h>

/* Compact, and every double so that it reads back as the same one. Strings may hold \u0000, which jansson writes. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(17))
/* A server's own limit of a body (kube-client 2.12) is 3 MiB; what is above is refused there with 413, which names
 * the fault. */
#define MAX_BODY_BYTES FC_JSON_MAX_BYTES

/* Enough for a patch of a value or two. */
#define BODY_BYTES ((size_t)2048)

struct fc_object_call {
	struct fc_transport *transport;
	struct fc_request *request;
	struct fc_timer *failing; /* runs instead of a request that could not be sent */
	struct fc_error failure;
	const char *manager; /* NULL: FC_FIELD_MANAGER */
	bool write, brief;
	fc_object_done *done;
	void *user;
};

/* The call is gone before the callee hears of it, so that it may start the next one or cancel this one's handle's
 * holder. */
static void finish(struct fc_object_call *c, json_t *object, const struct fc_error *err)
{
	fc_object_done *done = c->done;
	void *user = c->user;

	free(c);
	done(user, object, err);
}

static json_t *read_answer(const struct fc_object_call *c, const struct fc_response *response, struct fc_error *err)
{
	enum fc_status_of of = c->write ? FC_STATUS_OF_WRITE : FC_STATUS_OF_READ;
	json_t *object = c->brief ? fc_decode_trimmed(response->body, response->body_bytes, FC_TRIM_OBJECT, err)
				  : fc_decode(response->body, response->body_bytes, err);

	if (!object) {
		/* It was done, but not to what: only a read can tell, as with an answer that was lost. */
		err->outcome_unknown = c->write;
		fc_error_wrap(err, "answer %d cannot be read", response->status);
		return NULL;
	}
	if (fc_status_is_failure(object))
		fc_status_error_json(response->status, object, -1, of, err);
	else if (!json_is_object(object))
		fc_error_set(err, FC_ERR_PROTOCOL, "answer %d is no object", response->status);
	else
		return object;
	json_decref(object);
	return NULL;
}

static void on_done(void *user, const struct fc_response *response)
{
	struct fc_object_call *c = user;
	struct fc_error err = FC_ERROR_INIT;

	c->request = NULL;
	if (response->error) {
		finish(c, NULL, response->error);
		return;
	}
	json_t *object = read_answer(c, response, &err);
	finish(c, object, object ? NULL : &err);
}

static void on_failing(void *user)
{
	struct fc_object_call *c = user;
	struct fc_error err = c->failure;

	c->failing = NULL;
	finish(c, NULL, &err);
}

static struct fc_object_call *call_new(struct fc_transport *t, bool write, fc_object_done *done, void *user)
{
	struct fc_object_call *c = fc_xcalloc(1, sizeof(*c));

	c->transport = t;
	c->write = write;
	c->done = done;
	c->user = user;
	c->failure = FC_ERROR_INIT;
	return c;
}

/* `failed`: c->failure says why nothing can be sent. */
static struct fc_object_call *launch(struct fc_object_call *c, const struct fc_request_options *options, bool failed)
{
	if (!failed)
		c->request = fc_transport_send(c->transport, options, &c->failure);
	/* 2.11: the caller hears of it as of every other failure, and never before it has the handle. */
	if (!c->request)
		c->failing = fc_loop_timer(fc_transport_loop(c->transport), 0, on_failing, c);
	return c;
}

/* The deadline also as `timeout`, so that the server stops working when we stop waiting. */
static int put_query(struct fc_object_call *c, struct fc_buf *path)
{
	char seconds[16];

	if (c->write)
		fc_url_query(path, "fieldManager", c->manager ?: FC_FIELD_MANAGER);
	snprintf(seconds, sizeof(seconds), "%ds", FC_OBJECT_TIMEOUT_MS / 1000);
	fc_url_query(path, "timeout", seconds);
	return path->failed ? fc_error_set(&c->failure, FC_ERR_MEMORY, "no memory for the path of a request") : 0;
}

static int put_path(struct fc_object_call *c, struct fc_buf *path, const struct fc_resource *r, const char *namespace_,
		    const char *name, const char *subresource)
{
	/* Never the collection: a name that is missing is refused like an empty one. */
	if (fc_url_object(path, r, namespace_, name ? name : "", subresource, &c->failure) < 0)
		return -1;
	return put_query(c, path);
}

/* Where an object is made. Never that of all namespaces: a server would refuse it with words that lead astray. */
static int put_collection(struct fc_object_call *c, struct fc_buf *path, const struct fc_resource *r,
			  const char *namespace_)
{
	if (r->namespaced && !(namespace_ && namespace_[0]))
		return fc_error_set(&c->failure, FC_ERR_INVALID, "%s are namespaced: a namespace is needed", r->plural);
	if (fc_url_object(path, r, namespace_, NULL, NULL, &c->failure) < 0)
		return -1;
	return put_query(c, path);
}

struct fc_object_call *fc_object_read(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
				      const char *name, fc_object_done *done, void *user)
{
	struct fc_object_call *c = call_new(t, false, done, user);
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;

	bool failed = put_path(c, &path, r, namespace_, name, NULL) < 0;
	const struct fc_request_options options = {
		.method = "GET",
		.path = fc_buf_str(&path),
		.timeout_ms = FC_OBJECT_TIMEOUT_MS,
		.on_done = on_done,
		.user = c,
	};
	return launch(c, &options, failed);
}

static char *body_new(size_t bytes, struct fc_error *err)
{
	char *text = fc_try_realloc(NULL, bytes);

	if (!text)
		fc_error_set(err, FC_ERR_MEMORY, "no memory for a body");
	return text;
}

/* Most bodies fit into the first buffer. A longer one has been measured by that and is written into just enough: a
 * buffer that grows would leave copies of a secret behind in freed memory. */
static char *dump(const json_t *value, size_t *bytes, struct fc_error *err)
{
	char *text = body_new(BODY_BYTES, err);

	if (!text)
		return NULL;
	*bytes = json_dumpb(value, text, BODY_BYTES, DUMP_FLAGS);
	if (*bytes > 0 && *bytes <= BODY_BYTES)
		return text;
	fc_free_secret(text, BODY_BYTES);
	if (*bytes == 0 || *bytes > MAX_BODY_BYTES) {
		fc_error_set(err, FC_ERR_LIMIT, "a body of more than %u bytes, or one that cannot be written as JSON",
			     MAX_BODY_BYTES);
		return NULL;
	}
	text = body_new(*bytes, err);
	if (!text || json_dumpb(value, text, *bytes, DUMP_FLAGS) == *bytes)
		return text;
	fc_free_secret(text, *bytes);
	fc_error_set(err, FC_ERR_INTERNAL, "a body changed while it was written");
	return NULL;
}

/* What a write sends, and to where. */
struct write {
	const char *method, *content_type;
	const struct fc_resource *resource;
	const char *namespace_, *name, *subresource;
	bool collection;     /* there is no name yet */
	const char *manager; /* NULL: FC_FIELD_MANAGER */
	bool force;	     /* of an apply */
	const json_t *body;
};

static struct fc_object_call *send_write(struct fc_transport *t, const struct write *w, fc_object_done *done,
					 void *user)
{
	struct fc_object_call *c = call_new(t, true, done, user);
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;
	size_t bytes = 0;

	c->manager = w->manager;
	bool failed = (w->collection ? put_collection(c, &path, w->resource, w->namespace_)
				     : put_path(c, &path, w->resource, w->namespace_, w->name, w->subresource)) < 0;
	if (!failed && w->force)
		fc_url_query(&path, "force", "true");
	char *body = failed ? NULL : dump(w->body, &bytes, &c->failure);
	const struct fc_request_options options = {
		.method = w->method,
		.path = fc_buf_str(&path),
		.content_type = w->content_type,
		.body = body,
		.body_bytes = bytes,
		.timeout_ms = FC_OBJECT_TIMEOUT_MS,
		.on_done = on_done,
		.user = c,
	};
	return launch(c, &options, failed || !body);
}

struct fc_object_call *fc_object_patch(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
				       const char *name, const char *subresource, const json_t *patch,
				       fc_object_done *done, void *user)
{
	const struct write w = {
		.method = "PATCH",
		.content_type = "application/json-patch+json",
		.resource = r,
		.namespace_ = namespace_,
		.name = name,
		.subresource = subresource,
		.body = patch,
	};

	return send_write(t, &w, done, user);
}

void fc_object_brief(struct fc_object_call *c)
{
	c->brief = true;
}

struct fc_object_call *fc_object_apply(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
				       const char *name, const json_t *object, const char *manager, bool force,
				       fc_object_done *done, void *user)
{
	const struct write w = {
		.method = "PATCH",
		/* JSON is YAML too. */
		.content_type = "application/apply-patch+yaml",
		.resource = r,
		.namespace_ = namespace_,
		.name = name,
		.body = object,
		.manager = manager,
		.force = force,
	};

	return send_write(t, &w, done, user);
}

struct fc_object_call *fc_object_replace(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
					 const char *name, const json_t *object, fc_object_done *done, void *user)
{
	const struct write w = {
		.method = "PUT",
		.content_type = "application/json",
		.resource = r,
		.namespace_ = namespace_,
		.name = name,
		.body = object,
	};

	return send_write(t, &w, done, user);
}

struct fc_object_call *fc_object_create(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
					const json_t *object, fc_object_done *done, void *user)
{
	const struct write w = {
		.method = "POST",
		.content_type = "application/json",
		.resource = r,
		.namespace_ = namespace_,
		.collection = true,
		.body = object,
	};

	return send_write(t, &w, done, user);
}

struct fc_object_call *fc_object_delete(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
					const char *name, const char *uid, const char *version, fc_object_done *done,
					void *user)
{
	/* Dependents go as they would by kubectl (8.14). */
	json_t *options =
		json_pack("{s:s, s:s, s:s, s:{s:s*, s:s*}}", "apiVersion", "v1", "kind", "DeleteOptions",
			  "propagationPolicy", "Background", "preconditions", "uid", uid, "resourceVersion", version);
	const struct write w = {
		.method = "DELETE",
		.content_type = "application/json",
		.resource = r,
		.namespace_ = namespace_,
		.name = name,
		.body = options,
	};
	struct fc_object_call *c = send_write(t, &w, done, user);

	json_decref(options);
	return c;
}

void fc_object_cancel(struct fc_object_call *c)
{
	if (!c)
		return;
	fc_request_cancel(c->request);
	fc_loop_timer_cancel(fc_transport_loop(c->transport), &c->failing);
	free(c);
}
