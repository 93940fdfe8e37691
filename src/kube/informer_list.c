/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/trim.h"
#include "kube/annotation_filter.h"
#include "kube/informer_internal.h"
#include "kube/url.h"
#include "model/status.h"

/* Every list leaves resourceVersion unset and asks for pages: it is consistent. Upstream's informers begin at
 * resourceVersion=0 (4.8), which a server answers from its cache: that may be older than what an earlier list or
 * another server already showed, and ignores the limit. Here what a list does not name counts as absent and rules and
 * copies go with it, so only a consistent list will do (4.9). */
/* A page that took too long is asked for again at half the size: bodies are what takes long, on the way here or while
 * their listener is behind. Below this size it is no question of size. */
#define LEAST_PAGE_ITEMS 16
/* What a server gives an ordinary request (2.12); sent along, so that it stops work too (2.11). */
#define PAGE_TIMEOUT_MS 60000
#define PAGE_TIMEOUT_TEXT "60s"

#define ACCEPT_METADATA "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

static void undecodable_item(struct fc_informer *i, const char *bytes, size_t len, const struct fc_error *why)
{
	FC_AUTO_FREE char *version = NULL;

	if (fc_informer_undecodable(i, bytes, len, false, why, &version) < 0)
		fc_informer_skip(i, why);
}

static int list_item(void *user, const char *bytes, size_t len, struct fc_error *err)
{
	struct fc_informer *i = user;
	struct fc_error why = FC_ERROR_INIT;

	/* Before it is decoded: of a hundred thousand objects without a rule none costs more than this look. */
	if (i->o.annotation_prefixes && !fc_annotation_filter_may_match(bytes, len, i->o.annotation_prefixes))
		return 0;

	json_t *object =
		i->o.metadata_only ? fc_decode_trimmed(bytes, len, FC_TRIM_OBJECT, &why) : fc_decode(bytes, len, &why);
	if (!object && why.cls == FC_ERR_MEMORY) {
		/* It is our fault and not the object's: the list is made again when there is memory. */
		*err = why;
		return -1;
	}
	if (object)
		fc_informer_present(i, object);
	else
		undecodable_item(i, bytes, len, &why);
	return fc_informer_unless_ending(i, 0, err);
}

static int list_unreadable(void *user, const char *head, size_t len, const struct fc_error *why, struct fc_error *err)
{
	struct fc_informer *i = user;

	undecodable_item(i, head, len, why);
	return fc_informer_unless_ending(i, 0, err);
}

static const struct fc_framer_callbacks list_framer = {
	.on_object = list_item,
	.on_unreadable = list_unreadable,
};

void fc_informer_list_begins(struct fc_informer *i)
{
	if (i->begun)
		return;
	i->begun = true;
	i->removes = true;
	i->o.callbacks->on_list_begin(i->o.user);
}

static int list_data(void *user, const char *bytes, size_t len, struct fc_error *err)
{
	struct fc_informer *i = user;
	int rc = 0;

	if (fc_informer_is_ending(i))
		return fc_informer_unless_ending(i, -1, err);
	i->received_us = fc_clock_mono_us();
	fc_informer_enter(i);
	fc_informer_list_begins(i);
	if (!fc_informer_is_ending(i))
		rc = fc_framer_feed(i->framer, bytes, len, err);
	rc = fc_informer_unless_ending(i, rc, err);
	(void)fc_informer_leave(i);
	return rc;
}

/* The page's own metadata: where the next page begins, and of which version the list is (4.3, 4.4). */
static int read_envelope(struct fc_informer *i, struct fc_error *err)
{
	size_t len;
	const char *text = fc_framer_envelope(i->framer, &len);
	json_auto_t *envelope = fc_decode(text, len, err);

	if (!envelope)
		return fc_error_wrap(err, "what surrounds the items of a list");
	if (fc_status_is_failure(envelope))
		return fc_status_error_json(200, envelope, -1, FC_STATUS_OF_READ, err);

	const char *token = fc_json_metadata(envelope, "continue");
	free(i->token);
	i->token = *token ? fc_xstrdup(token) : NULL;
	fc_informer_set_version(i, fc_json_metadata(envelope, "resourceVersion"));
	return 0;
}

static int page_ended(struct fc_informer *i, const struct fc_response *response, struct fc_error *err)
{
	struct fc_error broken = FC_ERROR_INIT;

	if (response->error) {
		*err = *response->error;
		return -1;
	}
	if (fc_framer_end(i->framer, &broken) == 0)
		return read_envelope(i, err);

	/* A 200 may still be a Status (13.2), which says more than "no items". */
	size_t len;
	const char *text = fc_framer_envelope(i->framer, &len);
	json_auto_t *body = fc_decode(text, len, NULL);
	if (body && fc_status_is_failure(body))
		return fc_status_error_json(200, body, -1, FC_STATUS_OF_READ, err);
	*err = broken;
	return -1;
}

void fc_informer_list_complete(struct fc_informer *i)
{
	bool removes = i->removes;

	i->begun = i->unlimited = i->in_pages = false;
	i->page_items = FC_INFORMER_PAGE_ITEMS;
	i->failed = FC_ERR_NONE;
	i->refusals = 0;
	if (removes)
		fc_key_set_replace(&i->passed, &i->listed);
	else
		fc_key_set_merge(&i->passed, &i->listed);
	i->o.callbacks->on_list_end(i->o.user, removes);
}

/* The transport has gone to other credentials or another address, and ended what was under way: no failure. The same
 * page again; the first one begins a list anew, since it may be another list now. */
static void list_interrupted(struct fc_informer *i)
{
	if (!i->token)
		i->begun = false;
	fc_informer_go(i, FC_INFORMER_LIST, 0);
}

/* Anew from the first page: pages of two lists do not make one. `listed` stays, since its objects were passed on. */
void fc_informer_list_failed(struct fc_informer *i, const struct fc_error *why)
{
	bool token_too_old = why->cls == FC_ERR_GONE && i->token && !i->unlimited;

	free(i->token);
	i->token = NULL;
	i->begun = false;
	/* One page of everything that failed too is no way either; in pages, more may be had of it next time. */
	i->unlimited = token_too_old;
	if (why->cls == FC_ERR_TIMEOUT && i->page_items > LEAST_PAGE_ITEMS)
		i->page_items = i->page_items / 2 > LEAST_PAGE_ITEMS ? i->page_items / 2 : LEAST_PAGE_ITEMS;
	if (token_too_old) {
		/* The list takes longer than the server keeps a version: in one page it cannot happen again (4.5). The
		 * framer holds one object of it at a time all the same. */
		fc_informer_count(i, FC_METRIC_WATCH_RESTARTS, "continue-expired");
		fc_informer_go(i, FC_INFORMER_LIST, 0);
		return;
	}
	fc_informer_fail(i, FC_INFORMER_LIST, why,
			 why->cls == FC_ERR_FORBIDDEN || why->cls == FC_ERR_NOT_SERVED || why->cls == FC_ERR_NOT_FOUND);
}

static void watch_next(struct fc_informer *i)
{
	fc_informer_go(i, FC_INFORMER_WATCH, 0);
	fc_informer_list_complete(i);
}

static void list_done(void *user, const struct fc_response *response)
{
	struct fc_informer *i = user;
	struct fc_error err = FC_ERROR_INIT;

	i->request = NULL;
	fc_informer_enter(i);
	if (!fc_informer_is_ending(i)) {
		bool failed = page_ended(i, response, &err) < 0;
		fc_informer_drop_framer(i);
		if (failed && err.cls == FC_ERR_CANCELLED)
			list_interrupted(i);
		else if (failed)
			fc_informer_list_failed(i, &err);
		else if (i->token)
			fc_informer_go(i, FC_INFORMER_LIST, 0);
		else
			watch_next(i);
	}
	(void)fc_informer_leave(i);
}

static int page_url(const struct fc_informer *i, struct fc_buf *out, struct fc_error *err)
{
	if (fc_informer_url(i, out, err) < 0)
		return -1;
	if (!i->unlimited)
		fc_url_query_number(out, "limit", i->page_items);
	if (i->token)
		fc_url_query(out, "continue", i->token);
	fc_url_query(out, "timeout", PAGE_TIMEOUT_TEXT);
	/* Cut off it would ask for something else. */
	return out->failed ? fc_error_set(err, FC_ERR_MEMORY, "no memory for the path of a request") : 0;
}

void fc_informer_list_page(struct fc_informer *i)
{
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;
	struct fc_error err = FC_ERROR_INIT;

	if (page_url(i, &path, &err) == 0) {
		i->framer = fc_framer_new(FC_FRAMER_LIST, &list_framer, i);
		i->request = fc_transport_send(i->o.transport,
					       &(struct fc_request_options){
						       .method = "GET",
						       .path = fc_buf_str(&path),
						       .accept = i->o.metadata_only ? ACCEPT_METADATA : NULL,
						       .timeout_ms = PAGE_TIMEOUT_MS,
						       .on_data = list_data,
						       .on_done = list_done,
						       .user = i,
					       },
					       &err);
	}
	if (!i->request) {
		fc_informer_drop_framer(i);
		fc_informer_list_failed(i, &err);
	}
}
