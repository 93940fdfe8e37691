/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/discovery.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/framer.h"
#include "kube/api_aggregated.h"

#include <string.h>

/* At once, of the some forty to three hundred documents of a cluster: beside 80 watches on the connection this
 * stays below the 100 streams of the meanest servers, and an aggregated API's server behind it is not asked for all of
 * its versions in one moment. */
#define IN_PARALLEL 8
/* Each document gets one more try once all others have had theirs (3.6). */
#define ROUNDS 2
#define TRY_MS (FC_DISCOVERY_TIMEOUT_MS / ROUNDS)

enum document_state { WAITING, ASKED, READ, BROKEN };

/* One document: /api, /apis, or the resources of a group-version. */
struct document {
	struct fc_discovery *discovery;
	char *group, *version; /* NULL: a root */
	enum document_state state;
	int tries;
	bool absent; /* 404 */
	struct fc_request *request;
	/* Of a root. What comes is kept, or read as it comes where it is aggregated: all of a cluster's types in one
	 * document may be a megabyte. */
	struct fc_framer *framer; /* NULL: legacy, as far as is known */
	struct fc_buf body;
	bool aggregated; /* the document was read, and was of that kind */
	struct fc_api_versions versions;
	/* Of a group-version: entered in the table's order at the end, whatever the answers' order. */
	struct fc_api_resources resources;
	struct fc_error failure;
};

enum { CORE, GROUPS, ROOTS };

struct fc_discovery {
	struct fc_transport *transport;
	bool (*wanted)(void *user, const char *group); /* NULL: every group */
	void (*done)(void *user, struct fc_resource_table *table, const struct fc_error *err);
	void *user;
	int64_t deadline_ms;
	struct fc_timer *timer; /* first the start, then the deadline */
	bool without_core;
	struct document roots[ROOTS];
	struct document *list; /* in the order that decides; NULL before the roots are read */
	size_t count;
	size_t asked; /* in flight */
	int round;
};

static void forget_answer(struct document *d)
{
	fc_framer_free(fc_steal(&d->framer)); /* NULL allowed */
	fc_buf_fini(&d->body);
}

static void document_fini(struct document *d)
{
	fc_request_cancel(d->request); /* NULL allowed */
	forget_answer(d);
	fc_api_versions_fini(&d->versions);
	fc_api_resources_fini(&d->resources);
	free(d->group);
	free(d->version);
}

static void discovery_free(struct fc_discovery *d)
{
	fc_loop_timer_cancel(fc_transport_loop(d->transport), &d->timer);
	for (size_t i = 0; i < ROOTS; i++)
		document_fini(&d->roots[i]);
	for (size_t i = 0; i < d->count; i++)
		document_fini(&d->list[i]);
	free(d->list);
	free(d);
}

void fc_discovery_cancel(struct fc_discovery *d)
{
	if (d)
		discovery_free(d);
}

/* The handle is gone before the callee hears of it. */
static void finish(struct fc_discovery *d, struct fc_resource_table *table, const struct fc_error *err)
{
	void (*done)(void *user, struct fc_resource_table *table, const struct fc_error *err) = d->done;
	struct fc_error kept = err ? *err : FC_ERROR_INIT;
	void *user = d->user;

	discovery_free(d);
	done(user, table, err ? &kept : NULL);
}

static void enter(struct fc_resource_table *table, struct fc_api_resources *resources)
{
	for (size_t i = 0; i < resources->count; i++)
		fc_resource_table_add(table, resources->items[i]);
	resources->count = 0; /* the table has the references */
}

static void finish_with_table(struct fc_discovery *d)
{
	struct fc_resource_table *table = fc_resource_table_new();

	for (size_t i = 0; i < d->count; i++) {
		struct document *document = &d->list[i];
		if (document->state == READ)
			enter(table, &document->resources);
		else
			fc_resource_table_add_broken(table, document->group, document->version);
	}
	finish(d, table, NULL);
}

static void go_on(struct fc_discovery *d);

static bool is_core(const struct document *d)
{
	return d == &d->discovery->roots[CORE];
}

/* Of groups that nobody wants no more than the name is read. */
static int aggregated_group(void *user, const char *bytes, size_t len, struct fc_error *err)
{
	struct document *d = user;
	const struct fc_discovery *discovery = d->discovery;
	FC_AUTO_FREE char *namespace_ = NULL, *name = NULL, *version = NULL;

	if (discovery->wanted && !is_core(d) && fc_framer_find_key(bytes, len, &namespace_, &name, &version) == 0 &&
	    !discovery->wanted(discovery->user, name))
		return 0;
	return fc_api_read_aggregated(&d->versions, is_core(d), bytes, len, err);
}

/* A group of megabytes. Its resources are asked for by the legacy documents. */
static int aggregated_unreadable(void *user FC_UNUSED, const char *head FC_UNUSED, size_t len FC_UNUSED,
				 const struct fc_error *why, struct fc_error *err)
{
	*err = *why;
	return -1;
}

static const struct fc_framer_callbacks aggregated_framer = {
	.on_object = aggregated_group,
	.on_unreadable = aggregated_unreadable,
};

static int on_root_data(void *user, const char *bytes, size_t len, struct fc_error *err)
{
	struct document *d = user;

	if (!d->framer && !d->body.len && fc_api_is_aggregated(fc_request_content_type(d->request)))
		d->framer = fc_framer_new(FC_FRAMER_LIST, &aggregated_framer, d);
	if (d->framer)
		return fc_framer_feed(d->framer, bytes, len, err);
	d->body.limit = FC_JSON_MAX_BYTES;
	if (fc_buf_append(&d->body, bytes, len) == 0)
		return 0;
	if (len > d->body.limit - d->body.len)
		return fc_error_set(err, FC_ERR_LIMIT, "the answer is larger than %zu bytes", d->body.limit);
	return fc_error_set(err, FC_ERR_MEMORY, "no memory for an answer");
}

static int end_aggregated(struct document *d, struct fc_error *err)
{
	size_t len;

	if (fc_framer_end(d->framer, err) < 0)
		return -1;
	const char *text = fc_framer_envelope(d->framer, &len);
	json_auto_t *envelope = fc_decode(text, len, err);
	const char *kind = "";
	if (!envelope)
		return -1;
	(void)fc_json_get_string(envelope, "kind", &kind);
	if (strcmp(kind, FC_AGGREGATED_KIND) != 0)
		return fc_error_set(err, FC_ERR_PROTOCOL, "the answer is no " FC_AGGREGATED_KIND);
	d->aggregated = true;
	return 0;
}

static int take(struct document *d, const struct fc_response *response, struct fc_error *err)
{
	if (d->group)
		return fc_api_read_resources(&d->resources, d->group, d->version, response->body, response->body_bytes,
					     err);
	if (d->framer)
		return end_aggregated(d, err);
	if (is_core(d))
		return fc_api_read_core(&d->versions, fc_buf_str(&d->body), d->body.len, err);
	return fc_api_read_groups(&d->versions, fc_buf_str(&d->body), d->body.len, err);
}

static void on_done(void *user, const struct fc_response *response)
{
	struct document *d = user;
	d->request = NULL;
	/* A root may be absent (3.2). A group-version that is advertised and not there is just coming or going: what it
	 * holds is not served, which is another thing than not known. */
	d->absent = response->status == 404;
	d->discovery->asked--;
	d->state = READ;
	d->failure = FC_ERROR_INIT;
	if (response->error)
		d->failure = *response->error;
	if (!d->absent && (response->error || take(d, response, &d->failure) < 0)) {
		d->state = BROKEN;
		fc_api_versions_fini(&d->versions);
	}
	forget_answer(d);
	go_on(d->discovery);
}

static void put_path(const struct document *d, struct fc_buf *path)
{
	if (!d->group)
		fc_buf_puts(path, is_core(d) ? "/api" : "/apis");
	else if (d->group[0])
		fc_buf_printf(path, "/apis/%s/%s", d->group, d->version);
	else
		fc_buf_printf(path, "/api/%s", d->version);
}

static void ask(struct document *document)
{
	struct fc_discovery *d = document->discovery;
	int64_t left_ms = d->deadline_ms - fc_clock_mono_ms();
	/* The first try must leave time for the second. */
	int64_t timeout_ms = left_ms < TRY_MS ? left_ms : TRY_MS;
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;

	put_path(document, &path);
	const struct fc_request_options options = {
		.method = "GET",
		.path = fc_buf_str(&path),
		/* An aggregated document that could not be had is one that the second try does without. */
		.accept = !document->group && document->tries == 0 ? FC_ACCEPT_AGGREGATED : NULL,
		.timeout_ms = timeout_ms > 0 ? timeout_ms : 1,
		.on_data = document->group ? NULL : on_root_data,
		.on_done = on_done,
		.user = document,
	};
	document->tries++;
	document->failure = FC_ERROR_INIT;
	document->request = fc_transport_send(d->transport, &options, &document->failure);
	document->state = document->request ? ASKED : BROKEN;
	d->asked += document->request != NULL;
}

/* Asks what waits, as far as there is room; in the second round also what broke in the first. */
static void ask_next(struct fc_discovery *d, struct document *list, size_t count)
{
	for (size_t i = 0; i < count && d->asked < IN_PARALLEL; i++)
		if (list[i].state == WAITING || (list[i].state == BROKEN && list[i].tries < d->round))
			ask(&list[i]);
}

/* `told`: its resources came with it. What is stale then is not asked for: its server does not answer the API server
 * either, and would not within this discovery's time. */
static void append(struct fc_discovery *d, struct fc_api_versions *versions, bool told)
{
	for (size_t i = 0; i < versions->count; i++) {
		struct fc_api_version *v = &versions->items[i];
		if (d->wanted && !d->wanted(d->user, v->group))
			continue;
		struct document *document = &d->list[d->count++];
		*document = (struct document){ .discovery = d,
					       .group = fc_steal(&v->group),
					       .version = fc_steal(&v->version) };
		if (!told)
			continue;
		document->state = v->stale ? BROKEN : READ;
		document->tries = ROUNDS;
		document->resources = v->resources;
		v->resources = (struct fc_api_resources){ .items = NULL };
	}
}

/* Of servers of two releases behind one address one may answer so and the other not: the one document is then not all
 * that the other would be (3.2). */
static bool is_aggregated(const struct fc_discovery *d)
{
	for (size_t i = 0; i < ROOTS; i++)
		if (!d->roots[i].aggregated && !d->roots[i].absent && !(i == CORE && d->without_core))
			return false;
	return true;
}

static void begin_list(struct fc_discovery *d)
{
	size_t count = d->roots[CORE].versions.count + d->roots[GROUPS].versions.count;
	bool told = is_aggregated(d);

	d->list = fc_xcalloc(count, sizeof(*d->list));
	append(d, &d->roots[CORE].versions, told);
	append(d, &d->roots[GROUPS].versions, told);
	d->round = 1;
}

static bool is_broken(const struct document *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].state == BROKEN)
			return true;
	return false;
}

/* With both roots at hand; true when there is a list to go on with. */
static bool roots_read(struct fc_discovery *d)
{
	for (size_t i = 0; i < ROOTS; i++) {
		struct fc_error err = d->roots[i].failure;
		if (d->roots[i].state == READ)
			continue;
		fc_error_wrap(&err, "discovery: %s", i == CORE ? "/api" : "/apis");
		finish(d, NULL, &err);
		return false;
	}
	/* A second try does not ask for the aggregated form, so its answer says nothing of what the server can. */
	if (d->roots[GROUPS].aggregated || d->roots[GROUPS].tries < ROUNDS)
		fc_transport_saw_discovery(d->transport, d->roots[GROUPS].aggregated);
	if (d->roots[CORE].versions.count + d->roots[GROUPS].versions.count > 0 ||
	    (d->wanted && d->roots[GROUPS].aggregated) || (d->without_core && !d->roots[GROUPS].absent))
		return true;
	struct fc_error err = FC_ERROR_INIT;
	fc_error_set(&err, FC_ERR_PROTOCOL,
		     "discovery: neither /api nor /apis names a version; is this a Kubernetes API server?");
	finish(d, NULL, &err);
	return false;
}

/* The one place that decides what comes next; may free `d`. */
static void go_on(struct fc_discovery *d)
{
	for (;;) {
		struct document *list = d->list ? d->list : d->roots;
		size_t count = d->list ? d->count : (size_t)ROOTS;
		ask_next(d, list, count);
		if (d->asked > 0)
			return;
		if (is_broken(list, count) && d->round < ROUNDS) {
			d->round++;
			continue;
		}
		if (d->list) {
			finish_with_table(d);
			return;
		}
		if (!roots_read(d))
			return;
		begin_list(d);
	}
}

static void on_deadline(void *user)
{
	struct fc_discovery *d = user;
	struct fc_error err = FC_ERROR_INIT;

	d->timer = NULL;
	if (d->list) {
		finish_with_table(d);
		return;
	}
	fc_error_set(&err, FC_ERR_TIMEOUT, "discovery: /api and /apis not answered within %d s",
		     FC_DISCOVERY_TIMEOUT_MS / 1000);
	finish(d, NULL, &err);
}

static void on_start(void *user)
{
	struct fc_discovery *d = user;

	d->timer = fc_loop_timer(fc_transport_loop(d->transport), FC_DISCOVERY_TIMEOUT_MS, on_deadline, d);
	d->without_core = d->wanted && !d->wanted(d->user, "");
	if (d->without_core)
		d->roots[CORE].state = READ;
	go_on(d);
}

struct fc_discovery *fc_discovery_start(struct fc_transport *t,
					void (*done)(void *user, struct fc_resource_table *table,
						     const struct fc_error *err),
					void *user)
{
	return fc_discovery_start_some(t, NULL, done, user);
}

struct fc_discovery *fc_discovery_start_some(struct fc_transport *t, bool (*wanted)(void *user, const char *group),
					     void (*done)(void *user, struct fc_resource_table *table,
							  const struct fc_error *err),
					     void *user)
{
	struct fc_discovery *d = fc_xcalloc(1, sizeof(*d));

	d->transport = t;
	d->wanted = wanted;
	d->done = done;
	d->user = user;
	d->deadline_ms = fc_clock_mono_ms() + FC_DISCOVERY_TIMEOUT_MS;
	d->round = 1;
	for (size_t i = 0; i < ROOTS; i++)
		d->roots[i].discovery = d;
	d->timer = fc_loop_timer(fc_transport_loop(t), 0, on_start, d);
	return d;
}

int fc_discovery_read_resources(struct fc_resource_table *t, const char *group, const char *version, const char *body,
				size_t len, struct fc_error *err)
{
	struct fc_api_resources resources = { .items = NULL };

	int rc = fc_api_read_resources(&resources, group, version, body, len, err);
	enter(t, &resources);
	fc_api_resources_fini(&resources);
	return rc;
}
