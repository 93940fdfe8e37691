/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/clusters_view.h"

#include "base/clock.h"
#include "base/mem.h"
#include "json/yaml_print.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum column { NAME, ROLE, LABELS, SERVER, VERSION, STATE, ROUND_TRIP, CERTIFICATE, TOKEN, REASON, COLUMNS };

static const char *const headings[COLUMNS] = {
	[NAME] = "NAME",       [ROLE] = "ROLE",	    [LABELS] = "LABELS",	 [SERVER] = "SERVER",
	[VERSION] = "VERSION", [STATE] = "STATE",   [ROUND_TRIP] = "ROUND-TRIP", [CERTIFICATE] = "CERTIFICATE",
	[TOKEN] = "TOKEN",     [REASON] = "REASON",
};

struct line {
	char *cells[COLUMNS];
};

const char *fc_clusters_state(const struct fc_clusters_row *row)
{
	return row->result->reachable ? "reachable" : "unreachable";
}

static char *labels_of(const struct fc_cluster_info *info)
{
	struct fc_buf out = FC_BUF_INIT;
	const char *key;
	json_t *value;

	json_object_foreach(info->labels, key, value)
		fc_buf_printf(&out, "%s%s=%s", out.len ? "," : "", key, json_string_value(value));
	if (!out.len)
		fc_buf_puts(&out, "-");
	return fc_buf_steal(&out);
}

/* "2027-01-31 (70d)", "2026-01-31 (ended)"; the day is enough, the other forms have the second. */
static char *end_of(int64_t end_ms, int64_t now_ms)
{
	char time[FC_RFC3339_BYTES];
	int64_t left_ms = end_ms - now_ms;

	if (end_ms == 0)
		return fc_xstrdup("-");
	fc_time_rfc3339(end_ms, time);
	if (left_ms < 0)
		return fc_xasprintf("%.10s (ended)", time);
	if (left_ms < DAY_MS)
		return fc_xasprintf("%.10s (%lldh)", time, (long long)(left_ms / (DAY_MS / 24)));
	return fc_xasprintf("%.10s (%lldd)", time, (long long)(left_ms / DAY_MS));
}

static void fill(struct line *line, const struct fc_clusters_row *row, int64_t now_ms)
{
	const struct fc_probe_result *r = row->result;

	line->cells[NAME] = fc_xstrdup(row->info->name);
	line->cells[ROLE] = fc_xstrdup(row->info->master ? "master" : "member");
	line->cells[LABELS] = labels_of(row->info);
	line->cells[SERVER] = fc_xstrdup(row->server);
	line->cells[VERSION] = fc_xstrdup(r->server_version ? r->server_version : "-");
	line->cells[STATE] = fc_xstrdup(fc_clusters_state(row));
	line->cells[ROUND_TRIP] =
		r->round_trip_us < 0 ? fc_xstrdup("-") : fc_xasprintf("%.1fms", (double)r->round_trip_us / 1000);
	line->cells[CERTIFICATE] = end_of(r->expires.certificate_ms, now_ms);
	line->cells[TOKEN] = end_of(r->expires.token_ms, now_ms);
	line->cells[REASON] = fc_xstrdup(r->reachable ? "-" : r->error.text);
}

static void put_line(struct fc_buf *out, const struct line *line, const size_t *widths)
{
	for (int c = 0; c < COLUMNS - 1; c++)
		fc_buf_printf(out, "%-*s   ", (int)widths[c], line->cells[c]);
	fc_buf_printf(out, "%s\n", line->cells[REASON]);
}

void fc_clusters_table(const struct fc_clusters_row *rows, size_t count, int64_t now_ms, struct fc_buf *out)
{
	struct line *lines = fc_xcalloc(count + 1, sizeof(*lines));
	size_t widths[COLUMNS] = { 0 };

	for (int c = 0; c < COLUMNS; c++)
		lines[0].cells[c] = fc_xstrdup(headings[c]);
	for (size_t i = 0; i < count; i++)
		fill(&lines[i + 1], &rows[i], now_ms);
	for (size_t i = 0; i <= count; i++) {
		for (int c = 0; c < COLUMNS; c++) {
			size_t width = strlen(lines[i].cells[c]);
			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	for (size_t i = 0; i <= count; i++) {
		put_line(out, &lines[i], widths);
		for (int c = 0; c < COLUMNS; c++)
			free(lines[i].cells[c]);
	}
	free(lines);
}

static void set_text(json_t *item, const char *key, const char *text)
{
	json_object_set_new(item, key, text ? json_string(text) : json_null());
}

static void set_time(json_t *item, const char *key, int64_t wall_ms)
{
	char time[FC_RFC3339_BYTES];

	if (wall_ms)
		fc_time_rfc3339(wall_ms, time);
	set_text(item, key, wall_ms ? time : NULL);
}

static json_t *item_of(const struct fc_clusters_row *row)
{
	const struct fc_probe_result *r = row->result;
	json_t *item = json_object();

	set_text(item, "name", row->info->name);
	set_text(item, "role", row->info->master ? "master" : "member");
	json_object_set_new(item, "labels", row->info->labels ? json_deep_copy(row->info->labels) : json_object());
	set_text(item, "server", row->server);
	set_text(item, "version", r->server_version);
	set_text(item, "id", r->id);
	set_text(item, "state", fc_clusters_state(row));
	set_text(item, "reason", r->reachable ? NULL : r->error.text);
	json_object_set_new(item, "roundTripMilliseconds",
			    r->round_trip_us < 0 ? json_null() : json_real((double)r->round_trip_us / 1000));
	set_time(item, "certificateExpires", r->expires.certificate_ms);
	set_time(item, "tokenExpires", r->expires.token_ms);
	return item;
}

static json_t *list_of(const struct fc_clusters_row *rows, size_t count)
{
	json_t *items = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(items, item_of(&rows[i]));
	return json_pack("{s:s, s:s, s:o}", "apiVersion", "fedcopy.dev/v1alpha1", "kind", "ClusterList", "items",
			 items);
}

int fc_clusters_json(const struct fc_clusters_row *rows, size_t count, struct fc_buf *out, struct fc_error *err)
{
	json_auto_t *list = list_of(rows, count);
	FC_AUTO_FREE char *text = list ? json_dumps(list, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;

	if (!text)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory to write JSON");
	fc_buf_printf(out, "%s\n", text);
	return 0;
}

int fc_clusters_yaml(const struct fc_clusters_row *rows, size_t count, struct fc_buf *out, struct fc_error *err)
{
	json_auto_t *list = list_of(rows, count);

	return list ? fc_yaml_print(list, out, err) : fc_error_set(err, FC_ERR_MEMORY, "no memory to write YAML");
}

static void warn(const struct fc_clusters_row *row, const char *what, int64_t end_ms, int64_t now_ms,
		 struct fc_buf *out)
{
	char time[FC_RFC3339_BYTES];

	if (end_ms == 0 || end_ms - now_ms >= FC_CLUSTERS_WARN_MS)
		return;
	fc_time_rfc3339(end_ms, time);
	fc_buf_printf(out, "warning: cluster %s: the %s %s at %s; renew it\n", row->info->name, what,
		      end_ms < now_ms ? "ended" : "ends", time);
}

/* A token that is good for less than two weeks from the beginning is renewed by whoever hands it out: a file that is
 * rewritten, a plug-in. What is warned of is its end, and whether somebody cares for it cannot be seen. */
void fc_clusters_warnings(const struct fc_clusters_row *rows, size_t count, int64_t now_ms, struct fc_buf *out)
{
	for (size_t i = 0; i < count; i++) {
		warn(&rows[i], "client certificate", rows[i].result->expires.certificate_ms, now_ms, out);
		warn(&rows[i], "token", rows[i].result->expires.token_ms, now_ms, out);
	}
}
