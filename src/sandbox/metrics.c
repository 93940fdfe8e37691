/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/metrics.h"

#include "base/hash.h"
#include "base/mem.h"
#include "sandbox/store.h"

#include <ctype.h>
#include <string.h>

/* A series, keyed by its labels as they are printed. */
struct series {
	char *labels;
	int64_t value;
	UT_hash_handle hh;
};

struct sb_metrics {
	struct series *requests, *watches;
};

struct sb_metrics *sb_metrics_new(void)
{
	return fc_xcalloc(1, sizeof(struct sb_metrics));
}

static void free_all(struct series **all)
{
	struct series *s, *after;

	HASH_ITER(hh, *all, s, after) {
		HASH_DEL(*all, s);
		free(s->labels);
		free(s);
	}
}

void sb_metrics_free(struct sb_metrics *m)
{
	if (!m)
		return;
	free_all(&m->requests);
	free_all(&m->watches);
	free(m);
}

static void add(struct series **all, char *labels, int change)
{
	struct series *s;

	HASH_FIND_STR(*all, labels, s);
	if (!s) {
		s = fc_xcalloc(1, sizeof(*s));
		s->labels = labels;
		HASH_ADD_KEYPTR(hh, *all, s->labels, strlen(s->labels), s);
	} else {
		free(labels);
	}
	s->value += change;
}

/* "LIST", "WATCH", "APPLY"; a document's is its method. What nobody serves is counted under one name, so that strangers
 * cannot make series without end. */
static char *verb_of(const struct sb_call *call)
{
	const char *word = sb_call_is_resource(call) ? sb_verb_name(call->verb) : call->request->method;
	char type[64];
	char *verb;

	if (call->type && call->verb == SB_VERB_CREATE)
		word = "post";
	else if (call->type && call->verb == SB_VERB_UPDATE)
		word = "put";
	sb_call_content_type(call, type, sizeof(type));
	if (call->type && call->verb == SB_VERB_PATCH && strcmp(type, "application/apply-patch+yaml") == 0)
		word = "apply";
	verb = fc_xstrdup(word);
	for (char *c = verb; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return verb;
}

static const char *scope_of(const struct sb_call *call)
{
	if (!call->type)
		return "";
	if (*call->name)
		return "resource";
	return *call->ns ? "namespace" : "cluster";
}

void sb_metrics_count(struct sb_metrics *m, const struct sb_call *call, int status)
{
	const struct sb_type *type = call->type;
	FC_AUTO_FREE char *verb = verb_of(call);
	const char *content = call->response->content_type ?: "";

	add(&m->requests,
	    fc_xasprintf("code=\"%d\",component=\"apiserver\",contentType=\"%.*s\",dry_run=\"%s\",group=\"%s\","
			 "resource=\"%s\",scope=\"%s\",subresource=\"%s\",verb=\"%s\",version=\"%s\"",
			 status, (int)strcspn(content, "; "), content,
			 strcmp(sb_call_param(call, "dryRun"), "All") == 0 ? "All" : "", type ? type->group : "",
			 type ? type->plural : "", scope_of(call), type ? call->subresource : "", verb,
			 type ? type->version : ""),
	    1);
}

void sb_metrics_watch(struct sb_metrics *m, const struct sb_type *type, int change)
{
	add(&m->watches,
	    fc_xasprintf("group=\"%s\",kind=\"%s\",version=\"%s\"", type->group, type->kind, type->version), change);
}

static void print(const struct series *all, const char *name, const char *kind, const char *help, struct fc_buf *out)
{
	fc_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
	for (const struct series *s = all; s; s = s->hh.next)
		fc_buf_printf(out, "%s{%s} %lld\n", name, s->labels, (long long)s->value);
}

void sb_metrics_print(const struct sb_metrics *m, const struct sb_cluster *c, struct fc_buf *out)
{
	print(m->requests, "apiserver_request_total", "counter",
	      "Requests answered, by verb, dry run, group, version, resource, scope, subresource, type of content and code.",
	      out);
	print(m->watches, "apiserver_registered_watchers", "gauge", "Watches that are open, by type.", out);
	fc_buf_puts(out, "# HELP etcd_object_counts Objects that are stored, by resource.\n"
			 "# TYPE etcd_object_counts gauge\n");
	for (size_t i = 0; i < sb_types_count(c->types); i++) {
		const struct sb_type *type = sb_types_at(c->types, i);
		const struct sb_resource *r;

		/* Once for each resource, under its storage version. */
		if (strcmp(type->version, type->storage_version) != 0 || strcmp(type->group, type->storage_group) != 0)
			continue;
		r = sb_store_resource(c->store, type->storage_group, type->plural);
		fc_buf_printf(out, "etcd_object_counts{resource=\"%s%s%s\"} %zu\n", type->plural,
			      *type->group ? "." : "", type->group, sb_store_count(r));
	}
}
