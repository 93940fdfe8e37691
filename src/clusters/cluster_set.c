/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/cluster_set.h"

#include "base/mem.h"
#include "clusters/cluster_set_parts.h"
#include "kube/endpoint.h"
#include "kube/in_cluster.h"
#include "model/names.h"

#include <string.h>
#include <sys/stat.h>

#define OWN_CLUSTER_NAME "in-cluster"

void fc_cluster_set_files_fini(struct fc_cluster_set_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct fc_cluster_set_files){ .paths = NULL };
}

static void add_file(struct fc_cluster_set_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->paths[i], path) == 0)
			return;
	FC_GROW(files->paths, files->count, files->cap);
	files->paths[files->count++] = fc_xstrdup(path);
}

int fc_cluster_set_note_file(const struct fc_cluster_set_options *options, const char *path, struct fc_error *err)
{
	struct stat st;

	if (options->files)
		add_file(options->files, path);
	if (options->again && stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return fc_error_set(err, FC_ERR_CONFIG, "%s is no regular file: it cannot be read again", path);
	return 0;
}

struct fc_cached_kubeconfig {
	char *path;
	struct fc_kubeconfig *kubeconfig;
};

/* All of them, whatever becomes of one. */
static int note_kubeconfig(const struct fc_cluster_set_options *options, const char *path, struct fc_error *err)
{
	char **files = fc_kubeconfig_files(path);
	int rc = 0;

	for (size_t i = 0; files[i]; i++) {
		if (fc_cluster_set_note_file(options, files[i], rc == 0 ? err : NULL) < 0)
			rc = -1;
		free(files[i]);
	}
	free(files);
	return rc;
}

const struct fc_kubeconfig *fc_kubeconfig_cache_get(struct fc_kubeconfig_cache *c, const char *path,
						    struct fc_error *err)
{
	const char *key = path ? path : "";

	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->rows[i].path, key) == 0)
			return c->rows[i].kubeconfig;
	if (note_kubeconfig(c->options, path, err) < 0)
		return NULL;
	struct fc_kubeconfig *k = fc_kubeconfig_load(path, err);
	if (!k)
		return NULL;
	FC_GROW(c->rows, c->count, c->cap);
	c->rows[c->count++] = (struct fc_cached_kubeconfig){ .path = fc_xstrdup(key), .kubeconfig = k };
	return k;
}

const struct fc_kubeconfig *fc_kubeconfig_of_flag(struct fc_kubeconfig_cache *c, const char *path, struct fc_error *err)
{
	const struct fc_kubeconfig *k = fc_kubeconfig_cache_get(c, path, err);

	if (!k && path && path[0])
		fc_error_wrap(err, "--kubeconfig");
	return k;
}

void fc_kubeconfig_cache_fini(struct fc_kubeconfig_cache *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->rows[i].path);
		fc_kubeconfig_free(c->rows[i].kubeconfig);
	}
	free(c->rows);
	*c = (struct fc_kubeconfig_cache){ .rows = NULL };
}

size_t fc_cluster_set_find(const struct fc_cluster_set *s, const char *name)
{
	size_t i = 0;

	while (i < s->count && strcmp(s->clusters[i].info.name, name) != 0)
		i++;
	return i;
}

struct fc_cluster_spec *fc_cluster_set_add(struct fc_cluster_set *s, const char *name)
{
	if (fc_cluster_set_find(s, name) < s->count)
		return NULL;
	s->clusters = fc_xrealloc(s->clusters, (s->count + 1) * sizeof(*s->clusters));
	struct fc_cluster_spec *spec = &s->clusters[s->count++];
	*spec = (struct fc_cluster_spec){ .info = { .name = fc_xstrdup(name), .reads = FC_READS_SAME_NAMESPACE } };
	return spec;
}

/* The label stands on the master however the set was made, so that selectors on it mean the same everywhere. */
void fc_cluster_set_mark_master(struct fc_cluster_set *s, size_t index)
{
	struct fc_cluster_info *info = &s->clusters[index].info;

	s->master = index;
	info->master = true;
	if (!info->labels)
		info->labels = json_object();
	if (json_object_set_new(info->labels, FC_MASTER_LABEL, json_string("true")) < 0)
		abort(); /* out of memory for a few bytes, as in base/mem.h */
}

struct fc_access *fc_cluster_set_own_cluster(const struct fc_cluster_set_options *options, struct fc_error *err)
{
	const char *list = getenv("KUBECONFIG"), *folder = options->service_account_dir;

	if ((options->kubeconfig && options->kubeconfig[0]) || (list && list[0] && !options->in_cluster_only)) {
		fc_error_set(err, FC_ERR_NOT_FOUND, "a kubeconfig is given");
		return NULL;
	}
	return folder ? fc_access_in_cluster_at(folder, err) : fc_access_in_cluster(err);
}

/* What a flag, or the current context, says of one cluster. */
struct choice {
	const char *origin; /* for errors: "--member edge-1" */
	const char *flag;   /* "--master", "--member": for the mend */
	char *name;
	const char *context;
};

/* A name that could stand before `context`, for the example in an error. */
static void suggest_name(const char *context, char out[64])
{
	size_t len = 0;

	for (; *context && len < 40; context++) {
		char c = *context >= 'A' && *context <= 'Z' ? (char)(*context | 0x20) : *context;
		bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (fits)
			out[len++] = c;
		else if (len && out[len - 1] != '-')
			out[len++] = '-';
	}
	while (len && out[len - 1] == '-')
		len--;
	out[len] = '\0';
	if (!len)
		memcpy(out, "edge-1", sizeof("edge-1"));
}

static int refuse_name(const struct choice *c, const char *context, struct fc_error *err)
{
	char name[64];

	suggest_name(context, name);
	return fc_error_set(err, FC_ERR_USAGE,
			    "%s: a context that is no DNS label (lower-case letters, digits, '-', at most 63) needs a "
			    "name before it, for example %s %s=%s",
			    c->origin, c->flag, name, context);
}

/* [NAME=]CONTEXT. A name holds no '=', so the first one ends it; contexts may hold some. */
static int parse_choice(struct choice *c, const char *text, struct fc_error *err)
{
	const char *equals = strchr(text, '=');

	c->context = text;
	if (equals) {
		c->name = fc_xstrndup(text, (size_t)(equals - text));
		c->context = equals + 1;
	} else {
		c->name = fc_xstrdup(text);
	}
	if (!c->context[0] || !c->name[0])
		return fc_error_set(err, FC_ERR_USAGE, "%s: give [NAME=]CONTEXT, for example %s edge-1=my-context",
				    c->origin, c->flag);
	if (fc_name_is_label(c->name))
		return 0;
	if (!equals)
		return refuse_name(c, text, err);
	return fc_error_set(err, FC_ERR_USAGE,
			    "%s: \"%s\" before the '=' is no DNS label (lower-case letters, digits, '-', at most 63); "
			    "give %s NAME=CONTEXT, for example %s edge-1=my-context",
			    c->origin, c->name, c->flag, c->flag);
}

static bool has_context(const struct fc_kubeconfig *k, const char *context)
{
	const char *name;

	for (size_t i = 0; (name = fc_kubeconfig_context(k, i)); i++)
		if (strcmp(name, context) == 0)
			return true;
	return false;
}

static int add_choice(struct fc_cluster_set *s, const struct choice *c, const struct fc_kubeconfig *k,
		      struct fc_error *err)
{
	struct fc_cluster_spec *spec = fc_cluster_set_add(s, c->name);

	if (!spec)
		return fc_error_set(err, FC_ERR_USAGE,
				    "%s: another cluster is called \"%s\" already; give each another name, as in %s "
				    "NAME=%s, and note that without --master the current context is the master",
				    c->origin, c->name, c->flag, c->context);
	spec->access = fc_kubeconfig_access(k, c->context, err);
	if (spec->access)
		return 0;
	/* A context that is not there is the flag's fault; one that cannot be used is the file's. */
	if (err && !has_context(k, c->context))
		err->cls = FC_ERR_USAGE;
	return fc_error_wrap(err, "%s", c->origin);
}

static int add_flag(struct fc_cluster_set *s, const char *flag, const char *text, const char *kubeconfig,
		    struct fc_kubeconfig_cache *cache, struct fc_error *err)
{
	FC_AUTO_FREE char *origin = fc_xasprintf("%s %s", flag, text);
	struct choice c = { .origin = origin, .flag = flag };

	int rc = parse_choice(&c, text, err);
	if (rc == 0) {
		const struct fc_kubeconfig *k = fc_kubeconfig_of_flag(cache, kubeconfig, err);
		rc = k ? add_choice(s, &c, k, err) : -1;
	}
	free(c.name);
	return rc;
}

/* The access is nobody else's yet. */
static int place_server(struct fc_cluster_spec *spec, const struct fc_cluster_set_options *options,
			struct fc_error *err)
{
	const char *list = getenv("KUBECONFIG");
	char *server;

	if (!options->server || !(options->kubeconfig || (list && list[0])))
		return 0;
	if (fc_endpoint_server(options->server, spec->access->ca_pem || spec->access->cert_pem, &server, err) < 0)
		return fc_error_wrap(err, "--master");
	free(spec->access->server);
	spec->access->server = server;
	return 0;
}

static int add_current_context(struct fc_cluster_set *s, const struct fc_cluster_set_options *options,
			       struct fc_kubeconfig_cache *cache, struct fc_error *err)
{
	struct choice c = { .origin = "the current context as master", .flag = "--master" };
	const struct fc_kubeconfig *k = fc_kubeconfig_of_flag(cache, options->kubeconfig, err);
	char made[64];

	if (!k)
		return -1;
	c.context = fc_kubeconfig_current(k);
	if (!c.context)
		return fc_error_set(err, FC_ERR_USAGE,
				    "no cluster is given, and no kubeconfig with a current context was found; give "
				    "--clusters FILE, or --master CONTEXT and --kubeconfig FILE");
	if (!fc_name_is_label(c.context) && !options->any_context)
		return refuse_name(&c, c.context, err);
	suggest_name(c.context, made);
	c.name = fc_xstrdup(fc_name_is_label(c.context) ? c.context : made);
	int rc = add_choice(s, &c, k, err);
	free(c.name);
	return rc == 0 ? place_server(&s->clusters[0], options, err) : -1;
}

/* No --master: kube-client 1.3. */
static int add_default_master(struct fc_cluster_set *s, const struct fc_cluster_set_options *options,
			      struct fc_kubeconfig_cache *cache, struct fc_error *err)
{
	struct fc_error why = FC_ERROR_INIT;
	struct fc_access *access = fc_cluster_set_own_cluster(options, &why);

	if (!access && why.cls == FC_ERR_NOT_FOUND && !(options->in_cluster_only && !options->kubeconfig))
		return add_current_context(s, options, cache, err);
	if (!access && why.cls == FC_ERR_NOT_FOUND)
		return fc_error_set(err, FC_ERR_USAGE, "%s; give --kube-config FILE", why.text);
	if (!access) {
		if (err)
			*err = why;
		return -1;
	}
	struct fc_cluster_spec *spec = fc_cluster_set_add(s, OWN_CLUSTER_NAME);
	if (!spec) /* cannot be: it is the first */
		abort();
	spec->access = access;
	return 0;
}

static int read_flags(struct fc_cluster_set *s, const struct fc_cluster_set_options *options,
		      struct fc_kubeconfig_cache *cache, struct fc_error *err)
{
	int rc = options->master ? add_flag(s, "--master", options->master, options->kubeconfig, cache, err)
				 : add_default_master(s, options, cache, err);

	if (rc < 0)
		return -1;
	fc_cluster_set_mark_master(s, 0);
	for (size_t i = 0; i < options->member_count; i++)
		if (add_flag(s, "--member", options->members[i], options->kubeconfig, cache, err) < 0)
			return -1;
	return 0;
}

struct fc_cluster_set *fc_cluster_set_load(const struct fc_cluster_set_options *options, struct fc_error *err)
{
	struct fc_kubeconfig_cache cache = { .options = options };
	struct fc_cluster_set *s;
	int rc;

	if (options->file && (options->master || options->member_count)) {
		fc_error_set(err, FC_ERR_USAGE, "--clusters and %s exclude each other; name the clusters in one place",
			     options->master ? "--master" : "--member");
		return NULL;
	}
	s = fc_xcalloc(1, sizeof(*s));
	if (options->file)
		rc = fc_cluster_set_read_file(s, options, &cache, err);
	else
		rc = read_flags(s, options, &cache, err);
	fc_kubeconfig_cache_fini(&cache);
	if (rc == 0)
		return s;
	fc_cluster_set_free(s);
	return NULL;
}

void fc_cluster_set_free(struct fc_cluster_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		fc_cluster_info_fini(&s->clusters[i].info);
		fc_access_free(s->clusters[i].access);
	}
	free(s->clusters);
	fc_permissions_unref(s->permissions);
	free(s);
}
