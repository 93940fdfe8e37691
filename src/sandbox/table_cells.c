/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/table_cells.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/age.h"

#include <ctype.h>
#include <string.h>

/* --- reading --- */

static const json_t *at(const json_t *object, const char *first, const char *second)
{
	const json_t *value = json_object_get(object, first);

	return second ? json_object_get(value, second) : value;
}

static const char *text(const json_t *object, const char *first, const char *second)
{
	return json_string_value(at(object, first, second)) ?: "";
}

static json_int_t integer(const json_t *object, const char *first, const char *second)
{
	return json_integer_value(at(object, first, second));
}

static size_t members(const json_t *value)
{
	return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

/* --- writing --- */

static void add_text(json_t *cells, const char *words)
{
	json_array_append_new(cells, json_string(words) ?: json_null());
}

static void add_number(json_t *cells, json_int_t n)
{
	json_array_append_new(cells, json_integer(n));
}

/* Takes the buffer's text; `otherwise` when it is empty. */
static void add_buffer(json_t *cells, struct fc_buf *b, const char *otherwise)
{
	add_text(cells, b->len ? fc_buf_str(b) : otherwise);
	fc_buf_fini(b);
}

json_t *sb_cell_age(const json_t *time, int64_t now)
{
	const char *words = json_string_value(time);
	char age[32];
	int64_t then;

	if (!words || !sb_time_parse(words, &then))
		return json_string("<unknown>");
	sb_age_print(now - then, age);
	return json_string(age);
}

static void add_age(json_t *cells, const json_t *object, int64_t now)
{
	json_array_append_new(cells, sb_cell_age(at(object, "metadata", "creationTimestamp"), now));
}

static void add_joined(struct fc_buf *out, const char *separator, const char *word)
{
	fc_buf_printf(out, "%s%s", out->len ? separator : "", word);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of members or texts of items, sorted; the caller frees the array. */
static const char **sorted(const json_t *value, size_t *count)
{
	const char **words = fc_xcalloc(members(value) + 1, sizeof(*words)), *name;
	size_t n = 0, i;
	const json_t *item;
	json_t *member;

	json_array_foreach(value, i, item)
		words[n++] = json_string_value(item) ?: "";
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
		words[n++] = name;
	qsort(words, n, sizeof(*words), by_text);
	*count = n;
	return words;
}

/* "a=1,b=2" */
static void print_map(struct fc_buf *out, const json_t *map)
{
	size_t n;
	const char **names = sorted(map, &n);

	for (size_t i = 0; i < n; i++)
		fc_buf_printf(out, "%s%s=%s", i ? "," : "", names[i],
			      json_string_value(json_object_get(map, names[i])) ?: "");
	free(names);
}

/* --- core --- */

static void append_config_map(const json_t *object, int64_t now, json_t *cells)
{
	json_int_t data = (json_int_t)members(at(object, "data", NULL));

	add_number(cells, data + (json_int_t)members(at(object, "binaryData", NULL)));
	add_age(cells, object, now);
}

static void append_secret(const json_t *object, int64_t now, json_t *cells)
{
	add_text(cells, text(object, "type", NULL));
	add_number(cells, (json_int_t)members(at(object, "data", NULL)));
	add_age(cells, object, now);
}

static void append_service_account(const json_t *object, int64_t now, json_t *cells)
{
	add_number(cells, (json_int_t)members(at(object, "secrets", NULL)));
	add_age(cells, object, now);
}

static void append_namespace(const json_t *object, int64_t now, json_t *cells)
{
	add_text(cells, text(object, "status", "phase"));
	add_age(cells, object, now);
}

/* Addresses that a load balancer has given, each once and sorted. */
static void print_ingress(struct fc_buf *out, const json_t *object)
{
	const json_t *ingress = json_object_get(at(object, "status", "loadBalancer"), "ingress"), *entry;
	json_t *set = json_object();
	const char **words;
	size_t i, n;

	json_array_foreach(ingress, i, entry) {
		const char *ip = text(entry, "ip", NULL), *host = text(entry, "hostname", NULL);

		if (*ip || *host)
			json_object_set_new(set, *ip ? ip : host, json_true());
	}
	words = sorted(set, &n);
	for (i = 0; i < n; i++)
		add_joined(out, ",", words[i]);
	free(words);
	json_decref(set);
}

static void add_external_ip(json_t *cells, const json_t *object)
{
	const char *type = text(object, "spec", "type");
	const json_t *list = at(object, "spec", "externalIPs"), *ip;
	struct fc_buf out = FC_BUF_INIT;
	size_t i;

	if (strcmp(type, "ExternalName") == 0) {
		add_text(cells, text(object, "spec", "externalName"));
		return;
	}
	if (strcmp(type, "LoadBalancer") == 0)
		print_ingress(&out, object);
	json_array_foreach(list, i, ip)
		add_joined(&out, ",", json_string_value(ip) ?: "");
	add_buffer(cells, &out, strcmp(type, "LoadBalancer") == 0 ? "<pending>" : "<none>");
}

static void add_ports(json_t *cells, const json_t *object)
{
	const json_t *ports = at(object, "spec", "ports"), *port;
	struct fc_buf out = FC_BUF_INIT;
	size_t i;

	json_array_foreach(ports, i, port) {
		fc_buf_printf(&out, "%s%d", i ? "," : "", (int)integer(port, "port", NULL));
		if (integer(port, "nodePort", NULL) > 0)
			fc_buf_printf(&out, ":%d", (int)integer(port, "nodePort", NULL));
		fc_buf_printf(&out, "/%s", text(port, "protocol", NULL));
	}
	add_buffer(cells, &out, "<none>");
}

static void append_service(const json_t *object, int64_t now, json_t *cells)
{
	const char *ip = json_string_value(json_array_get(at(object, "spec", "clusterIPs"), 0)) ?: "";
	struct fc_buf selector = FC_BUF_INIT;

	add_text(cells, text(object, "spec", "type"));
	add_text(cells, *ip ? ip : "<none>");
	add_external_ip(cells, object);
	add_ports(cells, object);
	add_age(cells, object, now);
	print_map(&selector, at(object, "spec", "selector"));
	add_buffer(cells, &selector, "<none>");
}

/* --- Events --- */

static const json_t *either(const json_t *a, const json_t *b)
{
	return json_is_string(a) ? a : b;
}

static void add_object(json_t *cells, const json_t *event)
{
	FC_AUTO_FREE char *kind = fc_xstrdup(text(event, "involvedObject", "kind")), *words = NULL;
	const char *name = text(event, "involvedObject", "name");

	for (char *c = kind; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	words = *name ? fc_xasprintf("%s/%s", kind, name) : fc_xstrdup(kind);
	add_text(cells, words);
}

static void add_source(json_t *cells, const json_t *event)
{
	const char *component = text(event, "source", "component"), *host = text(event, "source", "host");
	struct fc_buf out = FC_BUF_INIT;

	if (!*component)
		component = text(event, "reportingComponent", NULL);
	if (!*host)
		host = text(event, "reportingInstance", NULL);
	fc_buf_printf(&out, *host ? "%s, %s" : "%s", component, host);
	add_buffer(cells, &out, "");
}

static void add_trimmed(json_t *cells, const char *words)
{
	static const char blanks[] = " \t\r\n\v\f";
	FC_AUTO_FREE char *copy = fc_xstrdup(words + strspn(words, blanks));
	size_t len = strlen(copy);

	while (len && strchr(blanks, copy[len - 1]))
		copy[--len] = '\0';
	add_text(cells, copy);
}

static void append_event(const json_t *event, int64_t now, json_t *cells)
{
	const json_t *series = at(event, "series", NULL);
	const json_t *first = either(at(event, "firstTimestamp", NULL), at(event, "eventTime", NULL));
	const json_t *last = either(at(event, "lastTimestamp", NULL), first);
	json_int_t count = integer(event, "count", NULL) ?: 1;

	if (json_is_object(series)) {
		last = at(series, "lastObservedTime", NULL);
		count = integer(series, "count", NULL) + 1;
	}
	json_array_append_new(cells, sb_cell_age(last, now));
	add_text(cells, text(event, "type", NULL));
	add_text(cells, text(event, "reason", NULL));
	add_object(cells, event);
	add_text(cells, text(event, "involvedObject", "fieldPath"));
	add_source(cells, event);
	add_trimmed(cells, text(event, "message", NULL));
	json_array_append_new(cells, sb_cell_age(first, now));
	add_number(cells, count);
}

/* --- what has a template of Pods --- */

static void add_containers(json_t *cells, const json_t *pod)
{
	const json_t *containers = json_object_get(pod, "containers"), *c;
	struct fc_buf names = FC_BUF_INIT, images = FC_BUF_INIT;
	size_t i;

	json_array_foreach(containers, i, c) {
		add_joined(&names, ",", text(c, "name", NULL));
		add_joined(&images, ",", text(c, "image", NULL));
	}
	add_buffer(cells, &names, "");
	add_buffer(cells, &images, "");
}

/* What one requirement reads, "a in (b,c)"; the caller frees. */
static char *print_expression(const json_t *expression)
{
	const char *key = text(expression, "key", NULL), *how = text(expression, "operator", NULL);
	struct fc_buf out = FC_BUF_INIT;
	const char **values;
	size_t n;

	if (strcmp(how, "Exists") == 0)
		return fc_xstrdup(key);
	if (strcmp(how, "DoesNotExist") == 0)
		return fc_xasprintf("!%s", key);
	fc_buf_printf(&out, "%s %s (", key, strcmp(how, "In") == 0 ? "in" : "notin");
	values = sorted(json_object_get(expression, "values"), &n);
	for (size_t i = 0; i < n; i++)
		fc_buf_printf(&out, "%s%s", i ? "," : "", values[i]);
	free(values);
	fc_buf_putc(&out, ')');
	return fc_buf_steal(&out);
}

struct requirement {
	const char *key;
	size_t order;
	char *words;
};

static int by_key(const void *a, const void *b)
{
	const struct requirement *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static size_t read_selector(const json_t *selector, struct requirement *out)
{
	const json_t *expressions = json_object_get(selector, "matchExpressions"), *e;
	json_t *labels = json_object_get(selector, "matchLabels"), *value;
	const char *key;
	size_t n = 0, i;

	json_object_foreach(labels, key, value) {
		out[n] = (struct requirement){ .key = key, .order = n };
		out[n++].words = fc_xasprintf("%s=%s", key, json_string_value(value) ?: "");
	}
	json_array_foreach(expressions, i, e) {
		out[n] = (struct requirement){ .key = text(e, "key", NULL), .order = n };
		out[n++].words = print_expression(e);
	}
	return n;
}

static void add_selector(json_t *cells, const json_t *selector)
{
	size_t count = members(json_object_get(selector, "matchLabels")) +
		       members(json_object_get(selector, "matchExpressions"));
	struct requirement *list = fc_xcalloc(count + 1, sizeof(*list));
	struct fc_buf out = FC_BUF_INIT;

	count = read_selector(selector, list);
	qsort(list, count, sizeof(*list), by_key);
	for (size_t i = 0; i < count; i++) {
		add_joined(&out, ",", list[i].words);
		free(list[i].words);
	}
	free(list);
	add_buffer(cells, &out, "<none>");
}

static void append_deployment(const json_t *object, int64_t now, json_t *cells)
{
	FC_AUTO_FREE char *ready = fc_xasprintf("%d/%d", (int)integer(object, "status", "readyReplicas"),
						(int)integer(object, "spec", "replicas"));

	add_text(cells, ready);
	add_number(cells, integer(object, "status", "updatedReplicas"));
	add_number(cells, integer(object, "status", "availableReplicas"));
	add_age(cells, object, now);
	add_containers(cells, json_object_get(at(object, "spec", "template"), "spec"));
	add_selector(cells, at(object, "spec", "selector"));
}

static void append_cron_job(const json_t *object, int64_t now, json_t *cells)
{
	const json_t *job = json_object_get(at(object, "spec", "jobTemplate"), "spec");
	const json_t *last = at(object, "status", "lastScheduleTime");

	add_text(cells, text(object, "spec", "schedule"));
	add_text(cells, json_is_true(at(object, "spec", "suspend")) ? "True" : "False");
	add_number(cells, (json_int_t)members(at(object, "status", "active")));
	json_array_append_new(cells, json_is_string(last) ? sb_cell_age(last, now) : json_string("<none>"));
	add_age(cells, object, now);
	add_containers(cells, at(job, "template", "spec"));
	add_selector(cells, json_object_get(job, "selector"));
}

/* --- others --- */

static void append_lease(const json_t *object, int64_t now, json_t *cells)
{
	add_text(cells, text(object, "spec", "holderIdentity"));
	add_age(cells, object, now);
}

static void add_subjects(json_t *cells, const json_t *object, const char *kind)
{
	const json_t *subjects = at(object, "subjects", NULL), *s;
	struct fc_buf out = FC_BUF_INIT;
	size_t i;

	json_array_foreach(subjects, i, s) {
		if (strcmp(text(s, "kind", NULL), kind) != 0)
			continue;
		if (strcmp(kind, "ServiceAccount") == 0)
			fc_buf_printf(&out, "%s%s/%s", out.len ? ", " : "", text(s, "namespace", NULL),
				      text(s, "name", NULL));
		else
			add_joined(&out, ", ", text(s, "name", NULL));
	}
	add_buffer(cells, &out, "");
}

static void append_binding(const json_t *object, int64_t now, json_t *cells)
{
	FC_AUTO_FREE char *role =
		fc_xasprintf("%s/%s", text(object, "roleRef", "kind"), text(object, "roleRef", "name"));

	add_text(cells, role);
	add_age(cells, object, now);
	add_subjects(cells, object, "User");
	add_subjects(cells, object, "Group");
	add_subjects(cells, object, "ServiceAccount");
}

#define S "string"
static const struct sb_column config_map_columns[] = { { "Data", S, 0 }, { "Age", S, 0 }, { NULL, NULL, 0 } };
static const struct sb_column secret_columns[] = {
	{ "Type", S, 0 }, { "Data", S, 0 }, { "Age", S, 0 }, { NULL, NULL, 0 }
};
static const struct sb_column account_columns[] = { { "Secrets", S, 0 }, { "Age", S, 0 }, { NULL, NULL, 0 } };
static const struct sb_column namespace_columns[] = { { "Status", S, 0 }, { "Age", S, 0 }, { NULL, NULL, 0 } };
static const struct sb_column lease_columns[] = { { "Holder", S, 0 }, { "Age", S, 0 }, { NULL, NULL, 0 } };
static const struct sb_column service_columns[] = { { "Type", S, 0 },	     { "Cluster-IP", S, 0 },
						    { "External-IP", S, 0 }, { "Port(s)", S, 0 },
						    { "Age", S, 0 },	     { "Selector", S, 1 },
						    { NULL, NULL, 0 } };
static const struct sb_column event_columns[] = { { "Last Seen", S, 0 }, { "Type", S, 0 },	 { "Reason", S, 0 },
						  { "Object", S, 0 },	 { "Subobject", S, 1 },	 { "Source", S, 1 },
						  { "Message", S, 0 },	 { "First Seen", S, 1 }, { "Count", S, 1 },
						  { NULL, NULL, 0 } };
static const struct sb_column deployment_columns[] = { { "Ready", S, 0 },      { "Up-to-date", S, 0 },
						       { "Available", S, 0 },  { "Age", S, 0 },
						       { "Containers", S, 1 }, { "Images", S, 1 },
						       { "Selector", S, 1 },   { NULL, NULL, 0 } };
static const struct sb_column cron_job_columns[] = {
	{ "Schedule", S, 0 }, { "Suspend", "boolean", 0 }, { "Active", "integer", 0 }, { "Last Schedule", S, 0 },
	{ "Age", S, 0 },      { "Containers", S, 1 },	   { "Images", S, 1 },	       { "Selector", S, 1 },
	{ NULL, NULL, 0 }
};
static const struct sb_column binding_columns[] = {
	{ "Role", S, 0 }, { "Age", S, 0 }, { "Users", S, 1 }, { "Groups", S, 1 }, { "ServiceAccounts", S, 1 },
	{ NULL, NULL, 0 }
};
#undef S

static const struct sb_cells all_cells[] = {
	{ "", "ConfigMap", config_map_columns, append_config_map, false },
	{ "", "Secret", secret_columns, append_secret, false },
	{ "", "ServiceAccount", account_columns, append_service_account, false },
	{ "", "Namespace", namespace_columns, append_namespace, false },
	{ "", "Service", service_columns, append_service, false },
	{ "", "Event", event_columns, append_event, true },
	{ "events.k8s.io", "Event", event_columns, append_event, true },
	{ "apps", "Deployment", deployment_columns, append_deployment, false },
	{ "batch", "CronJob", cron_job_columns, append_cron_job, false },
	{ "coordination.k8s.io", "Lease", lease_columns, append_lease, false },
	{ "rbac.authorization.k8s.io", "RoleBinding", binding_columns, append_binding, false },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", binding_columns, append_binding, false },
};

const struct sb_cells *sb_cells_of(const struct sb_type *type)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(all_cells) && !type->custom; i++)
		if (strcmp(all_cells[i].kind, type->kind) == 0 && strcmp(all_cells[i].group, type->group) == 0)
			return &all_cells[i];
	return NULL;
}
