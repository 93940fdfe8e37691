/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "sandbox/read.h"
#include "sandbox/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One event in one form, kept while the watches are told of a change. */
struct sb_change_text {
	struct sb_change_text *next;
	enum sb_event event;
	enum sb_form form;
	const struct sb_type *type;
	struct sb_text *text;
};

static const char *word_of(enum sb_event event)
{
	static const char *const words[] = { "ADDED", "MODIFIED", "DELETED" };

	return words[event];
}

static struct sb_text *text_of(struct fc_buf *line)
{
	struct sb_text *text;

	fc_buf_puts(line, "}\n");
	text = sb_text_new(line->data, line->len);
	fc_buf_fini(line);
	return text;
}

static void begin(struct fc_buf *line, const char *word)
{
	fc_buf_puts(line, "{\"type\":\"");
	fc_buf_puts(line, word);
	fc_buf_puts(line, "\",\"object\":");
}

static int append(const char *bytes, size_t len, void *line)
{
	return fc_buf_append(line, bytes, len);
}

static void print_table(struct sb_call *call, struct sb_object *const *objects, size_t count, uint64_t version,
			bool columns, struct fc_buf *line)
{
	json_t *metadata = json_pack("{s:o}", "resourceVersion", json_sprintf("%" PRIu64, version));
	json_t *table = sb_table(call, objects, count, metadata, columns);

	json_dump_callback(table, append, line, JSON_COMPACT);
	json_decref(table);
	json_decref(metadata);
}

static struct sb_text *render(struct sb_call *call, enum sb_event event, struct sb_object *o, bool columns)
{
	struct fc_buf line = FC_BUF_INIT;

	begin(&line, word_of(event));
	if (call->form == SB_FORM_TABLE)
		print_table(call, &o, 1, o->version, columns, &line);
	else if (call->form == SB_FORM_METADATA)
		sb_object_print_metadata(o, &line);
	else
		sb_object_print(o, call->type, &line);
	return text_of(&line);
}

static struct sb_text *known(const struct sb_call *call, enum sb_event event, const struct sb_change *change)
{
	for (const struct sb_change_text *t = change->texts; t; t = t->next)
		if (t->event == event && t->form == call->form &&
		    (t->type == call->type || t->form == SB_FORM_METADATA))
			return sb_text_ref(t->text);
	return NULL;
}

struct sb_text *sb_event_text(struct sb_call *call, enum sb_event event, struct sb_object *o, struct sb_change *change,
			      bool columns)
{
	struct sb_change_text *t;

	if (!change || call->form == SB_FORM_TABLE)
		return render(call, event, o, columns);
	struct sb_text *text = known(call, event, change);

	if (text)
		return text;
	t = fc_xcalloc(1, sizeof(*t));
	*t = (struct sb_change_text){ .next = change->texts, .event = event, .form = call->form, .type = call->type };
	t->text = render(call, event, o, columns);
	change->texts = t;
	return sb_text_ref(t->text);
}

void sb_change_texts_free(struct sb_change *change)
{
	while (change->texts) {
		struct sb_change_text *t = change->texts;

		change->texts = t->next;
		sb_text_unref(t->text);
		free(t);
	}
}

/* The real server shows a row of an object of nothing but the version. */
static void print_empty_row(struct sb_call *call, uint64_t version, struct fc_buf *line)
{
	json_t *json = json_pack("{s:{s:n}}", "metadata", "creationTimestamp");
	struct sb_object *o = sb_object_new(json, version);

	print_table(call, &o, 1, version, false, line);
	sb_object_unref(o);
	json_decref(json);
}

struct sb_text *sb_bookmark_text(struct sb_call *call, uint64_t version, bool initial_events_end)
{
	struct fc_buf line = FC_BUF_INIT;
	bool whole = call->form == SB_FORM_FULL;

	begin(&line, "BOOKMARK");
	if (call->form == SB_FORM_TABLE) {
		print_empty_row(call, version, &line);
		return text_of(&line);
	}
	fc_buf_printf(&line,
		      "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%" PRIu64
		      "\",\"creationTimestamp\":null%s}}",
		      whole ? call->type->kind : "PartialObjectMetadata",
		      whole ? call->type->api_version : "meta.k8s.io/v1", version,
		      initial_events_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");
	return text_of(&line);
}

struct sb_text *sb_error_text(const char *message, const char *reason, int code)
{
	struct fc_buf line = FC_BUF_INIT;

	begin(&line, "ERROR");
	fc_buf_printf(&line,
		      "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":"
		      "\"%s\",\"reason\":\"%s\",\"code\":%d}",
		      message, reason, code);
	return text_of(&line);
}
