/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/cluster_set_parts.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/yaml.h"
#include "model/names.h"

#include <string.h>

#define MAX_FILE_BYTES ((size_t)4 * 1024 * 1024)

/* A key that may stand in a mapping. Whatever stands in no row is a slip of the pen and an error. */
struct key {
	const char *name;
};

static const struct key set_keys[] = {
	{ .name = "apiVersion" }, { .name = "kind" },	     { .name = "master" },
	{ .name = "clusters" },	  { .name = "permissions" }, { .name = NULL },
};

static const struct key cluster_keys[] = {
	{ .name = "name" },  { .name = "labels" },   { .name = "kubeconfig" }, { .name = "context" },
	{ .name = "reads" }, { .name = "dialects" }, { .name = NULL },
};

static int refuse_key(const char *name, const struct key *known, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf names = FC_BUF_INIT;

	for (; known->name; known++)
		fc_buf_printf(&names, "%s%s", names.len ? ", " : "", known->name);
	return fc_error_set(err, FC_ERR_CONFIG, "unknown key \"%s\"; the keys here are %s", name, fc_buf_str(&names));
}

static int check_keys(const json_t *object, const struct key *known, struct fc_error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		const struct key *k = known;

		(void)value;
		while (k->name && strcmp(k->name, name) != 0)
			k++;
		if (!k->name)
			return refuse_key(name, known, err);
	}
	return 0;
}

/* NULL where it is absent or null: `context:` with nothing behind it says nothing. */
static int get_string(const json_t *object, const char *key, const char **out, struct fc_error *err)
{
	*out = NULL;
	if (fc_json_get_string(object, key, out) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "%s is no string (put quotes around it)", key);
	if (*out && !(*out)[0])
		return fc_error_set(err, FC_ERR_CONFIG, "%s is empty; give a value or remove it", key);
	return 0;
}

static int check_head(const json_t *document, struct fc_error *err)
{
	static const char *const heads[][2] = { { "apiVersion", "fedcopy.dev/v1alpha1" }, { "kind", "ClusterSet" } };

	if (!json_is_object(document))
		return fc_error_set(err, FC_ERR_CONFIG, "is no cluster set: no mapping");
	for (size_t i = 0; i < FC_ARRAY_LEN(heads); i++) {
		const char *value = NULL;
		if (get_string(document, heads[i][0], &value, err) < 0)
			return -1;
		if (!value || strcmp(value, heads[i][1]) != 0)
			return fc_error_set(err, FC_ERR_CONFIG, "is no cluster set: write \"%s: %s\" at the top",
					    heads[i][0], heads[i][1]);
	}
	return check_keys(document, set_keys, err);
}

/* The part of a label's key behind the '/', and any value that is not empty: 63 bytes, alphanumeric at both ends. */
static bool is_label_word(const char *s)
{
	static const char alphanumeric[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char inside[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = strlen(s);

	return len >= 1 && len <= 63 && strspn(s, inside) == len && strchr(alphanumeric, s[0]) &&
	       strchr(alphanumeric, s[len - 1]);
}

static bool is_label_key(const char *s)
{
	const char *slash = strchr(s, '/');

	if (!slash)
		return is_label_word(s);
	FC_AUTO_FREE char *prefix = fc_xstrndup(s, (size_t)(slash - s));
	return fc_name_is_subdomain(prefix) && is_label_word(slash + 1);
}

/* A label that no selector could name would be a trap. */
static int check_label(const char *key, const json_t *value, struct fc_error *err)
{
	const char *text = json_string_value(value);

	if (!text)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "labels: the value of %s is no string (put quotes around it: %s: \"true\")", key,
				    key);
	if (!is_label_key(key))
		return fc_error_set(err, FC_ERR_CONFIG, "labels: \"%s\" can be no key of a label", key);
	if (text[0] && !is_label_word(text))
		return fc_error_set(err, FC_ERR_CONFIG,
				    "labels: the value of %s can be no value of a label (letters, digits, '-', '_', "
				    "'.', at most 63)",
				    key);
	if (strcmp(key, FC_MASTER_LABEL) == 0 && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return fc_error_set(err, FC_ERR_CONFIG, "labels: %s is neither \"true\" nor \"false\"", key);
	return 0;
}

static int read_labels(const json_t *entry, struct fc_cluster_info *info, struct fc_error *err)
{
	const json_t *labels = NULL;
	const char *key;
	json_t *value;

	if (fc_json_get_object(entry, "labels", &labels) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "labels is no mapping, as in labels: {region: eu}");
	if (!labels)
		return 0;
	json_object_foreach((json_t *)(uintptr_t)labels, key, value)
		if (check_label(key, value, err) < 0)
			return -1;
	info->labels = json_deep_copy(labels);
	return info->labels ? 0 : fc_error_set(err, FC_ERR_MEMORY, "no memory for the labels");
}

static int read_reads(const json_t *entry, struct fc_cluster_info *info, struct fc_error *err)
{
	static const struct {
		const char *word;
		enum fc_reads reads;
	} words[] = {
		{ "same-namespace", FC_READS_SAME_NAMESPACE },
		{ "consented", FC_READS_CONSENTED },
		{ "none", FC_READS_NONE },
	};
	const char *word;

	if (get_string(entry, "reads", &word, err) < 0)
		return -1;
	for (size_t i = 0; word && i < FC_ARRAY_LEN(words); i++)
		if (strcmp(words[i].word, word) == 0) {
			info->reads = words[i].reads;
			return 0;
		}
	if (!word)
		return 0;
	return fc_error_set(err, FC_ERR_CONFIG, "reads: \"%s\" is none of same-namespace, consented and none", word);
}

static int check_dialect(const char *name, const char *const *known, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf names = FC_BUF_INIT;

	for (const char *const *k = known; k && *k; k++) {
		if (strcmp(*k, name) == 0)
			return 0;
		fc_buf_printf(&names, "%s%s", names.len ? ", " : "", *k);
	}
	return known ? fc_error_set(err, FC_ERR_CONFIG, "dialects: there is no \"%s\"; those that exist are %s", name,
				    fc_buf_str(&names))
		     : 0;
}

static int read_dialects(const json_t *entry, const char *const *known, struct fc_cluster_info *info,
			 struct fc_error *err)
{
	const json_t *list = NULL;
	json_t *name;
	size_t i;

	if (fc_json_get_array(entry, "dialects", &list) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "dialects is no list, as in dialects: [kopy]");
	json_array_foreach(list, i, name) {
		if (!json_is_string(name))
			return fc_error_set(err, FC_ERR_CONFIG, "dialects[%zu] is no string, as in dialects: [kopy]",
					    i);
		if (check_dialect(json_string_value(name), known, err) < 0)
			return -1;
	}
	if (json_array_size(list) == 0)
		return 0;
	info->dialects = json_deep_copy(list);
	return info->dialects ? 0 : fc_error_set(err, FC_ERR_MEMORY, "no memory for the dialects");
}

static int read_cluster(struct fc_cluster_set *s, const json_t *entry, const char *const *dialects,
			struct fc_error *err)
{
	const char *name, *unused;

	if (!json_is_object(entry))
		return fc_error_set(err, FC_ERR_CONFIG, "is no mapping, as in {name: edge-1, context: edge-1}");
	if (check_keys(entry, cluster_keys, err) < 0 || get_string(entry, "name", &name, err) < 0)
		return -1;
	if (!name)
		return fc_error_set(err, FC_ERR_CONFIG, "has no name");
	if (!fc_name_is_label(name))
		return fc_error_set(err, FC_ERR_CONFIG,
				    "the name is no DNS label (lower-case letters, digits, '-', at most 63)");
	struct fc_cluster_spec *spec = fc_cluster_set_add(s, name);
	if (!spec)
		return fc_error_set(err, FC_ERR_CONFIG, "clusters[%zu] has that name too; give each cluster its own",
				    fc_cluster_set_find(s, name));
	if (get_string(entry, "context", &unused, err) < 0 || get_string(entry, "kubeconfig", &unused, err) < 0)
		return -1;
	if (read_labels(entry, &spec->info, err) < 0 || read_reads(entry, &spec->info, err) < 0)
		return -1;
	return read_dialects(entry, dialects, &spec->info, err);
}

/* Says at which cluster of the list: by its place, and by its name where it has one. */
static int at_cluster(size_t i, const json_t *entry, struct fc_error *err)
{
	const char *name = json_string_value(json_object_get(entry, "name"));

	if (name && name[0])
		return fc_error_wrap(err, "clusters[%zu] (%s)", i, name);
	return fc_error_wrap(err, "clusters[%zu]", i);
}

static int read_clusters(struct fc_cluster_set *s, const json_t *document, const char *const *dialects,
			 const json_t **list, struct fc_error *err)
{
	if (fc_json_get_array(document, "clusters", list) != FC_JSON_FOUND || json_array_size(*list) == 0)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "clusters: is no list, or an empty one; name at least the master in it");
	for (size_t i = 0; i < json_array_size(*list); i++) {
		const json_t *entry = json_array_get(*list, i);
		if (read_cluster(s, entry, dialects, err) < 0)
			return at_cluster(i, entry, err);
	}
	return 0;
}

static const char *master_label(const struct fc_cluster_set *s, size_t i)
{
	return json_string_value(json_object_get(s->clusters[i].info.labels, FC_MASTER_LABEL));
}

static bool is_labelled(const struct fc_cluster_set *s, size_t i)
{
	const char *label = master_label(s, i);

	return label && strcmp(label, "true") == 0;
}

/* The cluster that `master: NAME` names, with which every label must agree. */
static int elect_by_name(struct fc_cluster_set *s, const char *name, struct fc_error *err)
{
	size_t named = fc_cluster_set_find(s, name);

	if (named == s->count)
		return fc_error_set(err, FC_ERR_CONFIG, "master: no cluster of this file is called \"%s\"", name);
	if (master_label(s, named) && !is_labelled(s, named))
		return fc_error_set(err, FC_ERR_CONFIG,
				    "master: is \"%s\", but that one is labelled %s: \"false\"; remove one of them",
				    name, FC_MASTER_LABEL);
	for (size_t i = 0; i < s->count; i++)
		if (i != named && is_labelled(s, i))
			return fc_error_set(err, FC_ERR_CONFIG,
					    "two masters: \"%s\" by master:, \"%s\" by its label %s; remove one of "
					    "them",
					    name, s->clusters[i].info.name, FC_MASTER_LABEL);
	fc_cluster_set_mark_master(s, named);
	return 0;
}

static int elect_by_label(struct fc_cluster_set *s, struct fc_error *err)
{
	size_t master = s->count;

	for (size_t i = 0; i < s->count; i++) {
		if (!is_labelled(s, i))
			continue;
		if (master < s->count)
			return fc_error_set(err, FC_ERR_CONFIG,
					    "two masters: \"%s\" and \"%s\" are labelled %s: \"true\"; leave it on "
					    "exactly one",
					    s->clusters[master].info.name, s->clusters[i].info.name, FC_MASTER_LABEL);
		master = i;
	}
	if (master == s->count)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "no master: give exactly one cluster the label %s: \"true\", or write \"master: "
				    "NAME\" at the top",
				    FC_MASTER_LABEL);
	fc_cluster_set_mark_master(s, master);
	return 0;
}

static int elect(struct fc_cluster_set *s, const json_t *document, struct fc_error *err)
{
	const char *name;

	if (get_string(document, "master", &name, err) < 0)
		return -1;
	return name ? elect_by_name(s, name, err) : elect_by_label(s, err);
}

/* Every part of a list lies beside the cluster set file unless it is absolute. A list cut short, or an empty one, would
 * lead to other clusters, so without memory there is none. */
static char *kubeconfig_beside(const char *file, const char *list, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	for (;; list++) {
		size_t len = strcspn(list, ":");
		FC_AUTO_FREE char *part = fc_xstrndup(list, len);
		FC_AUTO_FREE char *path = fc_path_beside(file, part);
		fc_buf_puts(&out, path);
		list += len;
		if (!*list)
			break;
		fc_buf_putc(&out, ':');
	}
	if (!out.failed)
		return fc_buf_steal(&out);
	fc_error_set(err, FC_ERR_MEMORY, "no memory for the list of its kubeconfig files");
	return NULL;
}

static struct fc_access *access_by_context(const struct fc_cluster_spec *spec, const json_t *entry,
					   const struct fc_cluster_set_options *options,
					   struct fc_kubeconfig_cache *cache, struct fc_error *err)
{
	const char *list = json_string_value(json_object_get(entry, "kubeconfig"));
	const char *context = json_string_value(json_object_get(entry, "context"));
	FC_AUTO_FREE char *path = list ? kubeconfig_beside(options->file, list, err) : NULL;
	if (list && !path)
		return NULL;
	const struct fc_kubeconfig *k = list ? fc_kubeconfig_cache_get(cache, path, err)
					     : fc_kubeconfig_of_flag(cache, options->kubeconfig, err);

	return k ? fc_kubeconfig_access(k, context ? context : spec->info.name, err) : NULL;
}

/* A master with neither kubeconfig nor context may be the cluster in which this process runs (kube-client 1.3). A
 * member never is: two names for one cluster is what a forgotten kubeconfig would make of it. */
static int open_cluster(struct fc_cluster_spec *spec, const json_t *entry, const struct fc_cluster_set_options *options,
			struct fc_kubeconfig_cache *cache, struct fc_error *err)
{
	struct fc_error why = FC_ERROR_INIT;
	bool named = json_is_string(json_object_get(entry, "kubeconfig")) ||
		     json_is_string(json_object_get(entry, "context"));

	if (spec->info.master && !named) {
		spec->access = fc_cluster_set_own_cluster(options, &why);
		if (spec->access)
			return 0;
		if (why.cls != FC_ERR_NOT_FOUND) {
			if (err)
				*err = why;
			return -1;
		}
	}
	spec->access = access_by_context(spec, entry, options, cache, err);
	return spec->access ? 0 : -1;
}

static int read_document(struct fc_cluster_set *s, const json_t *document, const struct fc_cluster_set_options *options,
			 struct fc_kubeconfig_cache *cache, struct fc_error *err)
{
	const json_t *list = NULL;

	if (check_head(document, err) < 0 || read_clusters(s, document, options->dialects, &list, err) < 0 ||
	    elect(s, document, err) < 0)
		return -1;
	s->permissions = fc_permissions_read(json_object_get(document, "permissions"), err);
	if (!s->permissions)
		return -1;
	for (size_t i = 0; i < s->count; i++) {
		const json_t *entry = json_array_get(list, i);
		if (open_cluster(&s->clusters[i], entry, options, cache, err) < 0)
			return at_cluster(i, entry, err);
	}
	return 0;
}

int fc_cluster_set_read_file(struct fc_cluster_set *s, const struct fc_cluster_set_options *options,
			     struct fc_kubeconfig_cache *cache, struct fc_error *err)
{
	char *text = NULL;
	size_t bytes = 0;

	if (fc_cluster_set_note_file(options, options->file, err) < 0)
		return fc_error_wrap(err, "--clusters");
	if (fc_file_read(options->file, MAX_FILE_BYTES, &text, &bytes, err) < 0) {
		if (err && err->cls == FC_ERR_LIMIT)
			err->cls = FC_ERR_CONFIG; /* a file of that size is another file: wrong use, not a failure */
		return fc_error_wrap(err, "--clusters");
	}
	json_t *document = fc_yaml_parse(text, bytes, err);
	free(text);
	if (!document)
		return fc_error_wrap(err, "%s", options->file);
	int rc = read_document(s, document, options, cache, err);
	json_decref(document);
	return rc < 0 ? fc_error_wrap(err, "%s", options->file) : 0;
}
