/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/admin.h"

#include "base/clock.h"
#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/access.h"
#include "sandbox/cruelty.h"
#include "sandbox/journal.h"
#include "sandbox/store.h"

#include <jansson.h>
#include <openssl/crypto.h>

#include <string.h>

#define PATHS "see the paths of the admin endpoint in docs/sandbox.md"

/* One request: /clusters/NAME/WHAT/ID, pieces that are not there are "". */
struct order {
	const struct sb_admin *admin;
	const struct sb_request *request;
	struct sb_response *response;
	char *copy;
	const char *root, *name, *what, *id;
	struct sb_site *site;
};

/* Takes `body` over. */
static void answer(struct order *o, int status, json_t *body)
{
	char *text = json_dumps(body, JSON_INDENT(2));

	o->response->status = status;
	o->response->content_type = "application/json";
	(void)fc_buf_puts(&o->response->body, text ? text : "{}");
	(void)fc_buf_putc(&o->response->body, '\n');
	free(text);
	json_decref(body);
}

static void refuse(struct order *o, int status, const char *error, const char *mend)
{
	answer(o, status, json_pack("{s:s, s:s}", "error", error, "mend", mend));
}

static void answer_done(struct order *o)
{
	answer(o, 200, json_object());
}

static bool is_method(const struct order *o, const char *method)
{
	return strcmp(o->request->method, method) == 0;
}

static void refuse_method(struct order *o, const char *allowed)
{
	sb_response_header(o->response, "allow", allowed);
	FC_AUTO_FREE char *mend = fc_xasprintf("use %s", allowed);
	refuse(o, 405, "this path does not take that method", mend);
}

/* The body as a JSON object, the caller's; NULL: answered. */
static json_t *read_body(struct order *o)
{
	struct fc_error err = FC_ERROR_INIT;

	if (o->request->body_too_large) {
		refuse(o, 413, "the body is larger than 3 MiB", "send less");
		return NULL;
	}
	json_t *body = fc_decode_strict(o->request->body, o->request->body_len, &err);
	if (json_is_object(body))
		return body;
	refuse(o, 400, body ? "the body is no JSON object" : err.text, "send one JSON object");
	json_decref(body);
	return NULL;
}

/* --- clusters --- */

static json_t *describe(const struct sb_site *s)
{
	FC_AUTO_FREE char *url = fc_xasprintf("https://127.0.0.1:%d", sb_listener_port(s->listener));
	json_t *cruelties = sb_cruelty_list(s->cluster->cruelty);
	json_t *all = json_pack(
		"{s:s, s:s, s:s, s:b, s:I, s:I, s:I}", "name", s->cluster->name, "id", s->cluster->id, "url", url,
		"stopped", s->stopped, "connections", (json_int_t)s->service.connection_count, "resourceVersion",
		(json_int_t)sb_store_version(s->cluster->store), "cruelties", (json_int_t)json_array_size(cruelties));

	json_decref(cruelties);
	return all;
}

static void list_clusters(struct order *o)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < o->admin->site_count; i++)
		json_array_append_new(list, describe(o->admin->sites[i]));
	answer(o, 200, json_pack("{s:o}", "clusters", list));
}

static void show_cluster(struct order *o)
{
	answer(o, 200, describe(o->site));
}

/* --- cruelties --- */

static void list_cruelties(struct order *o)
{
	answer(o, 200, json_pack("{s:o}", "cruelties", sb_cruelty_list(o->site->cluster->cruelty)));
}

static void add_cruelty(struct order *o)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *rule = read_body(o);
	unsigned id;

	if (!rule)
		return;
	if (sb_cruelty_add(o->site->cluster->cruelty, rule, fc_clock_mono_ms(), &id, &err) == 0)
		answer(o, 201, json_pack("{s:I}", "id", (json_int_t)id));
	else
		refuse(o, 400, err.text, "mend the rule; docs/sandbox.md lists kinds and members");
	json_decref(rule);
}

static void remove_cruelty(struct order *o)
{
	char *end;
	unsigned long id = strtoul(o->id, &end, 10);

	if (o->id[0] >= '0' && o->id[0] <= '9' && !*end && id <= UINT32_MAX &&
	    sb_cruelty_remove(o->site->cluster->cruelty, (unsigned)id))
		answer_done(o);
	else
		refuse(o, 404, "there is no such rule", "GET the cruelties of the cluster: each has its id");
}

static void handle_cruelties(struct order *o)
{
	if (*o->id && is_method(o, "DELETE")) {
		remove_cruelty(o);
	} else if (*o->id) {
		refuse_method(o, "DELETE");
	} else if (is_method(o, "GET")) {
		list_cruelties(o);
	} else if (is_method(o, "POST")) {
		add_cruelty(o);
	} else if (is_method(o, "DELETE")) {
		sb_cruelty_clear(o->site->cluster->cruelty);
		answer_done(o);
	} else {
		refuse_method(o, "GET, POST, DELETE");
	}
}

/* --- what is done to a cluster --- */

static void set_token(struct order *o)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *entry = read_body(o);

	if (!entry)
		return;
	if (sb_access_set(o->site->cluster->access, entry, &err) == 0)
		answer_done(o);
	else
		refuse(o, 400, err.text, "mend the entry; docs/sandbox.md shows its members");
	json_decref(entry);
}

static void compact(struct order *o)
{
	sb_store_compact(o->site->cluster->store);
	answer_done(o);
}

static void restart(struct order *o)
{
	sb_site_restart(o->site);
	answer_done(o);
}

static void stop(struct order *o)
{
	sb_site_stop(o->site);
	answer_done(o);
}

static void start(struct order *o)
{
	struct fc_error err = FC_ERROR_INIT;

	if (sb_site_start(o->site, &err) == 0)
		answer_done(o);
	else
		refuse(o, 500, err.text, "free the port and try again");
}

/* Those with a number from ?since on; -1 asks for the next number alone. */
static void list_requests(struct order *o)
{
	static const char param[] = "?since=";
	const char *since = strstr(o->request->path, param);
	int64_t first = 0;
	char *end;

	if (since) {
		since += sizeof(param) - 1;
		first = strtoll(since, &end, 10);
		if (end == since || *end) {
			refuse(o, 400, "since is no number", "give the `next` of an earlier answer, or -1");
			return;
		}
	}
	answer(o, 200, sb_journal_since(o->site->cluster->journal, first));
}

static const struct {
	const char *what, *method;
	void (*act)(struct order *o);
} deeds[] = {
	{ "requests", "GET", list_requests }, { "tokens", "POST", set_token }, { "compact", "POST", compact },
	{ "restart", "POST", restart },	      { "stop", "POST", stop },	       { "start", "POST", start },
};

static void handle_deed(struct order *o)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(deeds); i++) {
		if (strcmp(deeds[i].what, o->what) != 0 || *o->id)
			continue;
		if (is_method(o, deeds[i].method))
			deeds[i].act(o);
		else
			refuse_method(o, deeds[i].method);
		return;
	}
	refuse(o, 404, "there is no such path", PATHS);
}

/* --- the way there --- */

static bool is_trusted(const struct order *o)
{
	static const char scheme[] = "Bearer ";
	const char *given = o->request->authorization;
	size_t len = strlen(o->admin->token);

	return strncmp(given, scheme, sizeof(scheme) - 1) == 0 && strlen(given) == sizeof(scheme) - 1 + len &&
	       CRYPTO_memcmp(given + sizeof(scheme) - 1, o->admin->token, len) == 0;
}

static const char *next(char **rest)
{
	const char *piece = *rest ? strsep(rest, "/") : NULL;

	return piece ? piece : "";
}

static void split_path(struct order *o)
{
	o->copy = fc_xstrdup(o->request->path);
	o->copy[strcspn(o->copy, "?")] = '\0';
	char *rest = o->copy;
	(void)next(&rest); /* what is before the first slash */
	o->root = next(&rest);
	o->name = next(&rest);
	o->what = next(&rest);
	o->id = next(&rest);
	if (rest)
		o->root = ""; /* no path has more pieces */
}

static struct sb_site *find_site(const struct sb_admin *a, const char *name)
{
	for (unsigned i = 0; i < a->site_count; i++)
		if (strcmp(a->sites[i]->cluster->name, name) == 0)
			return a->sites[i];
	return NULL;
}

static void handle_cluster(struct order *o)
{
	o->site = find_site(o->admin, o->name);
	if (!o->site)
		refuse(o, 404, "there is no such cluster", "GET /clusters lists them");
	else if (strcmp(o->what, "cruelties") == 0)
		handle_cruelties(o);
	else if (*o->what)
		handle_deed(o);
	else if (is_method(o, "GET"))
		show_cluster(o);
	else
		refuse_method(o, "GET");
}

void sb_admin_handle(void *user, const struct sb_request *request, struct sb_response *response)
{
	struct order o = { .admin = user, .request = request, .response = response };

	split_path(&o);
	if (!is_trusted(&o))
		refuse(&o, 401, "the bearer token is missing or wrong", "send the token of DIR/admin");
	else if (strcmp(o.root, "clusters") != 0)
		refuse(&o, 404, "there is no such path", PATHS);
	else if (*o.name)
		handle_cluster(&o);
	else if (is_method(&o, "GET"))
		list_clusters(&o);
	else
		refuse_method(&o, "GET");
	free(o.copy);
}
