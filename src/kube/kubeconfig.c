/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/yaml.h"
#include "kube/kubeconfig_entry.h"

#include <errno.h>
#include <string.h>

/* A thousand clusters with inline certificates are about 8 MiB. */
#define MAX_FILE_BYTES ((size_t)16 * 1024 * 1024)

struct source {
	char *path;
	json_t *document; /* NULL: missing, or broken */
};

struct table {
	struct fc_kubeconfig_entry *rows;
	size_t count, cap;
};

struct fc_kubeconfig {
	struct source *sources;
	size_t source_count, source_cap;
	struct table tables[FC_KUBECONFIG_KINDS];
	const char *current; /* of the document that named it first */
	char *places;
};

static const struct {
	const char *kind, *section;
} kinds[FC_KUBECONFIG_KINDS] = {
	[FC_KUBECONFIG_CLUSTER] = { "cluster", "clusters" },
	[FC_KUBECONFIG_USER] = { "user", "users" },
	[FC_KUBECONFIG_CONTEXT] = { "context", "contexts" },
};

static bool has_source(const struct fc_kubeconfig *k, const char *path, size_t len)
{
	for (size_t i = 0; i < k->source_count; i++)
		if (strlen(k->sources[i].path) == len && memcmp(k->sources[i].path, path, len) == 0)
			return true;
	return false;
}

static void add_source(struct fc_kubeconfig *k, const char *path, size_t len)
{
	/* 1.1: empty and duplicate entries are dropped. */
	if (len == 0 || has_source(k, path, len))
		return;
	FC_GROW(k->sources, k->source_count, k->source_cap);
	k->sources[k->source_count++] = (struct source){ .path = fc_xstrndup(path, len) };
}

/* 1.1 and 1.3; the way in between, in-cluster, is the caller's: it knows no file. */
static void choose_sources(struct fc_kubeconfig *k, const char *path)
{
	const char *list = path && path[0] ? path : getenv("KUBECONFIG"), *home = getenv("HOME");

	if (!list || !list[0]) {
		FC_AUTO_FREE char *usual = fc_xasprintf("%s/.kube/config", home ? home : "");
		if (home && home[0])
			add_source(k, usual, strlen(usual));
		return;
	}
	for (;; list++) {
		size_t len = strcspn(list, ":");
		add_source(k, list, len);
		list += len;
		if (!*list)
			return;
	}
}

char **fc_kubeconfig_files(const char *path)
{
	struct fc_kubeconfig k = { .sources = NULL };

	choose_sources(&k, path);
	char **files = fc_xcalloc(k.source_count + 1, sizeof(*files));
	for (size_t i = 0; i < k.source_count; i++)
		files[i] = k.sources[i].path;
	free(k.sources);
	return files;
}

static char *join_places(const struct fc_kubeconfig *k)
{
	struct fc_buf out = FC_BUF_INIT;

	for (size_t i = 0; i < k->source_count; i++)
		fc_buf_printf(&out, "%s%s", i ? ":" : "", k->sources[i].path);
	if (k->source_count == 0)
		fc_buf_puts(&out, "neither KUBECONFIG nor HOME is set");
	return fc_buf_steal(&out);
}

const char *fc_kubeconfig_places(const struct fc_kubeconfig *k)
{
	return k->places;
}

const struct fc_kubeconfig_entry *fc_kubeconfig_find(const struct fc_kubeconfig *k, enum fc_kubeconfig_kind kind,
						     const char *name)
{
	const struct table *t = &k->tables[kind];

	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].name, name) == 0)
			return &t->rows[i];
	return NULL;
}

/* Words that another kind of file would have: somebody passed the wrong one. */
static int check_head(const json_t *document, struct fc_error *err)
{
	static const char *const heads[][2] = { { "apiVersion", "v1" }, { "kind", "Config" } };

	for (size_t i = 0; i < FC_ARRAY_LEN(heads); i++) {
		const char *value = NULL;
		enum fc_json_found found = fc_json_get_string(document, heads[i][0], &value);
		if (found == FC_JSON_ABSENT || found == FC_JSON_NULL || (found == FC_JSON_FOUND && !value[0]))
			continue;
		if (found != FC_JSON_FOUND || strcmp(value, heads[i][1]) != 0)
			return fc_error_set(err, FC_ERR_CONFIG, "is no kubeconfig: %s is not %s", heads[i][0],
					    heads[i][1]);
	}
	return 0;
}

/* The same name before row `end` of this list (1.5). */
static bool named_before(const json_t *list, size_t end, const char *name)
{
	for (size_t i = 0; i < end; i++) {
		const char *other = json_string_value(json_object_get(json_array_get(list, i), "name"));
		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static int add_row(struct fc_kubeconfig *k, enum fc_kubeconfig_kind kind, const struct source *s, const json_t *list,
		   size_t i, struct fc_error *err)
{
	const json_t *row = json_array_get(list, i), *body = NULL;
	const char *name = NULL, *section = kinds[kind].section, *word = kinds[kind].kind;
	struct table *t = &k->tables[kind];

	if (!json_is_object(row))
		return fc_error_set(err, FC_ERR_CONFIG, "%s[%zu] is no mapping with name and %s", section, i, word);
	if (fc_json_get_string(row, "name", &name) != FC_JSON_FOUND || !name[0])
		return fc_error_set(err, FC_ERR_CONFIG,
				    "%s[%zu] has no name that is a string (put quotes around a number)", section, i);
	if (fc_json_get_object(row, word, &body) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "%s \"%s\": %s is no mapping", word, name, word);
	if (named_before(list, i, name))
		return fc_error_set(err, FC_ERR_CONFIG, "%s \"%s\" stands there twice; rename or remove one", word,
				    name);
	/* 1.4: of several files the first one that defines a name wins with the whole entry. */
	if (fc_kubeconfig_find(k, kind, name))
		return 0;
	FC_GROW(t->rows, t->count, t->cap);
	t->rows[t->count++] = (struct fc_kubeconfig_entry){ .kind = word, .name = name, .file = s->path, .body = body };
	return 0;
}

static int add_section(struct fc_kubeconfig *k, enum fc_kubeconfig_kind kind, const struct source *s,
		       struct fc_error *err)
{
	const json_t *list = NULL;

	switch (fc_json_get_array(s->document, kinds[kind].section, &list)) {
	case FC_JSON_WRONG_TYPE:
		return fc_error_set(err, FC_ERR_CONFIG, "%s is no list", kinds[kind].section);
	case FC_JSON_FOUND:
		break;
	default:
		return 0;
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		if (add_row(k, kind, s, list, i, err) < 0)
			return -1;
	return 0;
}

static int add_document(struct fc_kubeconfig *k, const struct source *s, struct fc_error *err)
{
	const char *current = NULL;

	if (json_is_null(s->document))
		return 0; /* 1.5: an empty file is an empty config */
	if (!json_is_object(s->document))
		return fc_error_set(err, FC_ERR_CONFIG, "is no kubeconfig: no mapping");
	if (check_head(s->document, err) < 0)
		return -1;
	for (int kind = 0; kind < FC_KUBECONFIG_KINDS; kind++)
		if (add_section(k, kind, s, err) < 0)
			return -1;
	if (fc_json_get_string(s->document, "current-context", &current) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "current-context is no string (put quotes around a number)");
	if (!k->current && current && current[0])
		k->current = current;
	return 0;
}

/* 1 when the file is missing and may be. */
static int read_source(struct source *s, bool must_exist, struct fc_error *err)
{
	struct fc_error why = FC_ERROR_INIT;
	char *text = NULL;
	size_t bytes = 0;

	if (fc_file_read(s->path, MAX_FILE_BYTES, &text, &bytes, &why) < 0) {
		if (!must_exist && (why.sys_errno == ENOENT || why.sys_errno == ENOTDIR))
			return 1;
		*err = why;
		return -1;
	}
	s->document = fc_yaml_parse(text, bytes, err);
	fc_free_secret(text, bytes);
	return s->document ? 0 : fc_error_wrap(err, "%s", s->path);
}

/* What is wrong with them, in one text; a text that there was no memory for is no reason to go on. */
static int refuse_sources(const struct fc_kubeconfig *k, const struct fc_buf *faults, bool no_memory,
			  struct fc_error *err)
{
	if (faults->failed)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory to tell what is wrong with %s", k->places);
	return fc_error_set(err, no_memory ? FC_ERR_MEMORY : FC_ERR_CONFIG, "%s", fc_buf_str(faults));
}

/* Every file is looked at, so that one run names every broken one (1.2). Returns how many were there, -1 when one is
 * broken. */
static int read_sources(struct fc_kubeconfig *k, bool must_exist, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf faults = FC_BUF_INIT;
	bool no_memory = false;
	int found = 0;

	for (size_t i = 0; i < k->source_count; i++) {
		struct source *s = &k->sources[i];
		struct fc_error why = FC_ERROR_INIT;
		int rc = read_source(s, must_exist, &why);
		if (rc == 0 && add_document(k, s, &why) < 0)
			rc = fc_error_wrap(&why, "%s", s->path);
		if (rc < 0)
			fc_buf_printf(&faults, "%s%s", faults.len ? "; " : "", why.text);
		no_memory = no_memory || why.cls == FC_ERR_MEMORY;
		found += rc == 0;
	}
	return faults.len || faults.failed ? refuse_sources(k, &faults, no_memory, err) : found;
}

struct fc_kubeconfig *fc_kubeconfig_load(const char *path, struct fc_error *err)
{
	struct fc_kubeconfig *k = fc_xcalloc(1, sizeof(*k));
	bool explicit_path = path && path[0];

	choose_sources(k, path);
	k->places = join_places(k);
	int found = read_sources(k, explicit_path && !strchr(path, ':'), err);
	if (found == 0 && explicit_path)
		found = fc_error_set(err, FC_ERR_CONFIG, "none of these kubeconfig files exists: %s", k->places);
	if (found < 0) {
		fc_kubeconfig_free(k);
		return NULL;
	}
	if (found == 0)
		fc_log(FC_LOG_WARN, "no kubeconfig file found", FC_KV("looked_at", k->places));
	return k;
}

void fc_kubeconfig_free(struct fc_kubeconfig *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->source_count; i++) {
		free(k->sources[i].path);
		json_decref(k->sources[i].document);
	}
	for (int kind = 0; kind < FC_KUBECONFIG_KINDS; kind++)
		free(k->tables[kind].rows);
	free(k->sources);
	free(k->places);
	free(k);
}

const char *fc_kubeconfig_current(const struct fc_kubeconfig *k)
{
	return k->current;
}

const char *fc_kubeconfig_context(const struct fc_kubeconfig *k, size_t i)
{
	const struct table *t = &k->tables[FC_KUBECONFIG_CONTEXT];

	return i < t->count ? t->rows[i].name : NULL;
}
