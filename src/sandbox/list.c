/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/continue_token.h"
#include "sandbox/cruelty.h"
#include "sandbox/read.h"
#include "sandbox/table.h"

#include <inttypes.h>
#include <string.h>

#define TOO_OLD "The resourceVersion for the provided list is too old."

/* One list under way: what is looked through, and what of it is shown. */
struct list {
	struct sb_call *call;
	struct sb_resource *resource;
	struct sb_filter *filter;
	struct sb_list_options options;
	struct sb_continue start; /* of the token; rv 0: this is the first page */
	uint64_t version;	  /* that the list is of */
	struct sb_object *const *objects;
	size_t count;
	struct sb_object **past; /* the same, when they are of the past and this list's */
	struct sb_object **chosen;
	size_t chosen_count;
	const struct sb_object *last; /* the last one looked at */
	size_t left;		      /* how many follow it */
};

static void list_fini(struct list *l)
{
	for (size_t i = 0; l->past && i < l->count; i++)
		sb_object_unref(l->past[i]);
	free(l->past);
	free(l->chosen);
	sb_filter_free(l->filter);
	sb_continue_fini(&l->start);
}

/* --- which version --- */

static int refuse_forgotten_page(struct list *l)
{
	FC_AUTO_FREE char *token = sb_continue_encode(-1, l->start.key);
	json_t *status;

	sb_refuse_gone(l->call,
		       "The provided continue parameter is too old to display a consistent list result. You can start "
		       "a new list without the continue parameter, or use the continue token in this response to "
		       "retrieve the remainder of the results. Continuing with the provided token results in an "
		       "inconsistent list - objects that were created, modified, or deleted between the time the first "
		       "chunk was returned and now may show up in the list.");
	status = json_loadb(l->call->response->body.data, l->call->response->body.len, 0, NULL);
	json_object_set_new(json_object_get(status, "metadata"), "continue", json_string(token));
	sb_answer_json(l->call, 410, status);
	json_decref(status);
	return -1;
}

/* The objects as they were then. */
static int look_back(struct list *l, uint64_t version)
{
	if (version > sb_store_version(l->call->cluster->store))
		return sb_refuse(l->call, 500, NULL, NULL, "etcdserver: mvcc: required revision is a future revision");
	l->version = version;
	if (version < sb_store_oldest(l->resource))
		return l->start.rv ? refuse_forgotten_page(l) : sb_refuse_gone(l->call, TOO_OLD);
	if (sb_store_change_after(l->resource, version) == sb_store_change_count(l->resource))
		return 0;
	sb_store_as_of(l->resource, version, &l->past, &l->count);
	l->objects = l->past;
	return 0;
}

/* A list on purpose from the past, as a replica that lags behind would give it. */
static uint64_t stale_version(const struct list *l)
{
	const struct sb_cluster *c = l->call->cluster;
	size_t known = sb_store_change_count(l->resource);
	const struct sb_cruelty_rule *rule;
	uint64_t back;

	if (!c->cruelty || sb_cruelty_is_calm(c->cruelty))
		return 0;
	rule = sb_cruelty_strikes(c->cruelty, SB_STALE_LIST, l->call, fc_clock_mono_ms());
	if (!rule || !known)
		return 0;
	back = rule->back < 1 ? 1 : (uint64_t)rule->back;
	return back < known ? sb_store_change(l->resource, known - back - 1)->version : sb_store_oldest(l->resource);
}

static int choose_version(struct list *l)
{
	const struct sb_list_options *o = &l->options;
	uint64_t stale;

	l->version = sb_store_version(l->call->cluster->store);
	l->objects = sb_store_objects(l->resource, &l->count);
	if (l->start.rv)
		return l->start.rv < 0 ? 0 : look_back(l, (uint64_t)l->start.rv);
	if (o->number && (o->exact || (!o->not_older && o->limit)))
		return look_back(l, o->number);
	if (sb_check_version_is_past(l->call, o, !o->limit) < 0)
		return -1;
	/* Such a list comes from the server's memory, which knows no pages. */
	if (strcmp(o->version, "0") == 0)
		l->options.limit = 0;
	stale = stale_version(l);
	return stale ? look_back(l, stale) : 0;
}

static int parse(struct list *l)
{
	const char *token = sb_call_param(l->call, "continue");
	struct fc_error err = FC_ERROR_INIT;

	if (sb_list_options(l->call, &l->options) < 0)
		return -1;
	l->filter = sb_filter_new(l->call);
	if (!l->filter)
		return -1;
	if (!*token)
		return 0;
	if (l->options.number)
		return sb_refuse_bad_request(l->call, "specifying resource version is not allowed when using continue");
	if (sb_continue_decode(&l->start, token, &err) < 0)
		return sb_refuse_bad_request(l->call, "invalid continue token: continue key is not valid: %s",
					     err.text);
	return 0;
}

/* --- which objects --- */

/* The first that is looked at behind the pages before: a token's key is without the namespace that was asked for. */
static size_t first_of_page(const struct list *l)
{
	FC_AUTO_FREE char *key = fc_xstrdup(l->start.key);
	const char *ns = l->call->ns, *name = key;
	size_t at;

	if (!*ns && l->call->type->namespaced) {
		char *slash = strchr(key, '/');

		ns = key;
		name = slash ? slash + 1 : "";
		if (slash)
			*slash = '\0';
	}
	at = sb_objects_lower_bound(l->objects, l->count, ns, name);
	return at + (l->start.behind && at < l->count && strcmp(l->objects[at]->ns, ns) == 0 &&
		     strcmp(l->objects[at]->name, name) == 0);
}

static void choose(struct list *l)
{
	size_t at, stop, cap = 0;

	sb_filter_range(l->filter, l->objects, l->count, &at, &stop);
	if (l->start.rv)
		at = first_of_page(l);

	for (; at < stop; at++) {
		if (l->options.limit && l->chosen_count == (size_t)l->options.limit)
			break;
		l->last = l->objects[at];
		if (!sb_filter_matches(l->filter, l->objects[at]))
			continue;
		FC_GROW(l->chosen, l->chosen_count, cap);
		l->chosen[l->chosen_count++] = l->objects[at];
	}
	l->left = at < stop ? stop - at : 0;
}

/* --- the answer --- */

static char *next_token(const struct list *l)
{
	FC_AUTO_FREE char *key = NULL;

	if (!l->left)
		return NULL;
	key = *l->call->ns || !*l->last->ns ? fc_xstrdup(l->last->name)
					    : fc_xasprintf("%s/%s", l->last->ns, l->last->name);
	return sb_continue_encode((int64_t)l->version, key);
}

/* What is left is counted only where nothing is selected. */
static json_t *metadata(const struct list *l)
{
	FC_AUTO_FREE char *token = next_token(l);
	json_t *m = json_pack("{s:o}", "resourceVersion", json_sprintf("%" PRIu64, l->version));

	if (token)
		json_object_set_new(m, "continue", json_string(token));
	else if (l->call->type->custom && l->call->form == SB_FORM_FULL)
		json_object_set_new(m, "continue", json_string(""));
	if (token && sb_filter_is_empty(l->filter) && l->call->form != SB_FORM_METADATA)
		json_object_set_new(m, "remainingItemCount", json_integer((json_int_t)l->left));
	return m;
}

static void print_items(const struct list *l, struct fc_buf *out)
{
	bool bare = l->call->form == SB_FORM_METADATA;

	/* A list of nothing but metadata is not made before there is something to put into it. */
	if (bare && !l->chosen_count) {
		fc_buf_puts(out, "null");
		return;
	}
	fc_buf_putc(out, '[');
	for (size_t i = 0; i < l->chosen_count; i++) {
		if (i)
			fc_buf_putc(out, ',');
		if (bare)
			sb_object_print_metadata(l->chosen[i], out);
		else
			sb_object_print_item(l->chosen[i], l->call->type, out);
	}
	fc_buf_putc(out, ']');
}

static void answer_table(const struct list *l, const json_t *list_metadata)
{
	json_t *table = sb_table(l->call, l->chosen, l->chosen_count, list_metadata, true);

	sb_answer_json(l->call, 200, table);
	json_decref(table);
}

static void answer_text(const struct list *l, const json_t *list_metadata)
{
	struct fc_buf *out = &l->call->response->body;
	FC_AUTO_FREE char *text = json_dumps(list_metadata, JSON_COMPACT);

	if (l->call->form == SB_FORM_METADATA)
		fc_buf_puts(out, "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\"");
	else
		fc_buf_printf(out, "{\"kind\":\"%s\",\"apiVersion\":\"%s\"", l->call->type->list_kind,
			      l->call->type->api_version);
	fc_buf_puts(out, ",\"metadata\":");
	fc_buf_puts(out, text);
	fc_buf_puts(out, ",\"items\":");
	print_items(l, out);
	fc_buf_puts(out, "}\n");
	l->call->response->status = 200;
	sb_answer_text_is_json(l->call);
}

static int run(struct list *l)
{
	if (parse(l) < 0)
		return -1;
	l->resource = sb_call_resource(l->call);
	if (choose_version(l) < 0)
		return -1;
	choose(l);
	return 0;
}

static void answer(const struct list *l)
{
	json_t *list_metadata = metadata(l);

	if (l->call->form == SB_FORM_TABLE)
		answer_table(l, list_metadata);
	else
		answer_text(l, list_metadata);
	json_decref(list_metadata);
}

int sb_handle_list(struct sb_call *call)
{
	struct list l = { .call = call };
	int result = run(&l);

	if (result == 0)
		answer(&l);
	list_fini(&l);
	return result;
}

int sb_handle_list_of(struct sb_call *call, struct sb_object ***out, size_t *count)
{
	struct list l = { .call = call };
	int result = run(&l);

	if (result == 0) {
		answer(&l);
		for (size_t i = 0; i < l.chosen_count; i++)
			sb_object_ref(l.chosen[i]);
		*count = l.chosen_count;
		*out = fc_steal(&l.chosen);
	}
	list_fini(&l);
	return result;
}
