/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/mem.h"
#include "clusters/watcher_words.h"
#include "json/decode.h"
#include "kube/informer.h"
#include "model/resource_version.h"

#include <string.h>
#include <strings.h>

/* Where CRDs may not be read, somebody may allow it; between these, at random. After an outage too: a server that
 * starts may refuse what it allows a little later. */
#define REFUSED_LEAST_MS 600000
#define REFUSED_MOST_MS 720000
/* The longest that is taken for a short name when it is not like the plural. */
#define SHORT_NAME_BYTES 5

/* A CRD as an event shows it: its name is PLURAL.GROUP. */
struct type {
	const char *name;
	size_t plural_len;
	const char *group;
	int64_t generation; /* 0: not known; counts changes of the spec, so versions and names, not of the status */
};

static bool read_name(struct type *type, const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || !dot[1])
		return false;
	type->name = name;
	type->plural_len = (size_t)(dot - name);
	type->group = dot + 1;
	return true;
}

static bool is_type_of(const struct type *type, const struct fc_resource *r)
{
	return strcmp(r->group, type->group) == 0 && strlen(r->plural) == type->plural_len &&
	       strncmp(r->plural, type->name, type->plural_len) == 0;
}

/* Could an unresolved word come to mean it? Its kind and short names are not in its metadata. */
static bool may_mean(const struct fc_watcher_word *word, const struct type *type)
{
	return !fc_resource_word_names_group(word->text) || fc_resource_word_may_mean_group(word->text, type->group);
}

/* Is its plural like the word? "policy" and "policies", "HelmRelease" and "helmreleases". */
static bool is_alike(const struct fc_watcher_word *word, const struct type *type)
{
	size_t len = strcspn(word->text, ".");

	if (len <= SHORT_NAME_BYTES)
		return true;
	return type->plural_len >= len - 1 && strncasecmp(word->text, type->name, len - 1) == 0;
}

/* Has it changed since CRDs are followed? In the first list nobody knows. */
static bool is_news(const struct fc_watcher_types *types, const char *version)
{
	if (!types->listing)
		return true;
	if (!types->since)
		return false;
	enum fc_rv_order order = fc_rv_compare(version, types->since);
	return order == FC_RV_NEWER || order == FC_RV_UNKNOWN;
}

static void note_version(struct fc_watcher_types *types, const char *version)
{
	if (!version || !*version || (types->newest && fc_rv_compare(version, types->newest) == FC_RV_OLDER))
		return;
	free(types->newest);
	types->newest = fc_xstrdup(version);
}

/* What discovery has read is of the generation that is seen first, if that is the first at all or comes with the first
 * list. A later list does not show that a CRD was deleted and made again: any change counts. */
static bool is_worth_a_look(const struct fc_watcher *w, const struct fc_watcher_word *word, const struct type *type,
			    bool news)
{
	if (!news)
		return false;
	if (w->types.listing || word->removed || type->generation == 0)
		return true;
	return word->generation ? word->generation != type->generation : type->generation > 1;
}

/* Of a word whose resource it is. */
static void own_type_changed(struct fc_watcher *w, struct fc_watcher_word *word, const struct type *type, bool news)
{
	bool look = is_worth_a_look(w, word, type, news);

	word->listed = true;
	word->removed = false;
	word->generation = type->generation;
	if (look)
		fc_watcher_discover_soon(w, word, NULL);
}

static void type_changed(struct fc_watcher *w, const struct type *type, bool news)
{
	FC_WATCHER_EACH_WORD(w, word)
	{
		if (word->resource) {
			if (is_type_of(type, word->resource))
				own_type_changed(w, word, type, news);
		} else if (word->answered && may_mean(word, type) && (news || is_alike(word, type))) {
			/* In the first list too: it may have been made after discovery had read its group. */
			fc_watcher_discover_soon(w, word, type->group);
		}
	}
}

static void type_removed(struct fc_watcher *w, const struct type *type)
{
	FC_WATCHER_EACH_WORD(w, word)
	{
		if (!word->resource || !is_type_of(type, word->resource))
			continue;
		word->removed = true;
		word->generation = 0;
		fc_watcher_discover_soon(w, word, NULL);
	}
}

static void on_list_begin(void *user)
{
	struct fc_watcher *w = user;
	struct fc_watcher_types *types = &w->types;

	types->listing = true;
	free(types->since);
	types->since = fc_xstrdup_null(types->newest);
	FC_WATCHER_EACH_WORD(w, word)
	word->listed = false;
}

static void on_object(void *user, json_t *object, int64_t received_us)
{
	struct fc_watcher *w = user;
	const char *version = fc_json_metadata(object, "resourceVersion");
	json_t *generation = json_object_get(json_object_get(object, "metadata"), "generation");
	struct type type = { .generation = json_integer_value(generation) };

	(void)received_us;
	if (read_name(&type, fc_json_metadata(object, "name")))
		type_changed(w, &type, is_news(&w->types, version));
	note_version(&w->types, version);
	json_decref(object);
}

static void on_gone(void *user, const char *namespace_, const char *name, const char *resource_version)
{
	struct fc_watcher *w = user;
	struct type type = { .generation = 0 };

	(void)namespace_;
	if (read_name(&type, name))
		type_removed(w, &type);
	note_version(&w->types, resource_version);
}

static void on_unreadable(void *user, const char *namespace_, const char *name, const char *resource_version,
			  const struct fc_error *why)
{
	struct fc_watcher *w = user;
	struct type type = { .generation = 0 };

	(void)namespace_;
	(void)why;
	if (read_name(&type, name))
		type_changed(w, &type, is_news(&w->types, resource_version));
}

/* One that was seen before and is not named went while nobody looked. */
static void on_list_end(void *user, bool removes)
{
	struct fc_watcher *w = user;

	w->types.listing = false;
	FC_WATCHER_EACH_WORD(w, word)
	{
		if (!removes || word->listed || !word->resource || word->generation == 0)
			continue;
		word->removed = true;
		word->generation = 0;
		fc_watcher_discover_soon(w, word, NULL);
	}
}

static void unfollow(struct fc_watcher *w)
{
	struct fc_watcher_types *types = &w->types;

	if (types->informer)
		fc_informer_stop(types->informer);
	types->informer = NULL;
	free(types->since);
	free(types->newest);
	types->since = types->newest = NULL;
	types->listing = false;
}

static void try_again(void *user)
{
	struct fc_watcher *w = user;

	w->types.timer = NULL;
	fc_watcher_types_adjust(w);
}

/* It is stopped: an informer would ask every minute for what is seldom given, on a thousand clusters. */
static void on_failed(void *user, const struct fc_error *why)
{
	struct fc_watcher *w = user;
	struct fc_watcher_types *types = &w->types;

	if (why->cls != FC_ERR_FORBIDDEN && why->cls != FC_ERR_NOT_SERVED && why->cls != FC_ERR_NOT_FOUND)
		return;
	if (!types->told)
		fc_log(FC_LOG_INFO,
		       "new types are found by looking from time to time, since their definitions cannot be read",
		       FC_KV("cluster", w->name), FC_KV("reason", why->text));
	types->told = true;
	unfollow(w);
	types->timer =
		fc_loop_timer(w->loop, fc_random_between(&w->random, REFUSED_LEAST_MS, REFUSED_MOST_MS), try_again, w);
}

static void on_resumed(void *user)
{
	(void)user;
}

static void follow(struct fc_watcher *w)
{
	static const struct fc_resource crds = {
		.group = "apiextensions.k8s.io",
		.version = "v1",
		.plural = "customresourcedefinitions",
		.kind = "CustomResourceDefinition",
	};
	static const struct fc_informer_callbacks callbacks = {
		.on_list_begin = on_list_begin,
		.on_object = on_object,
		.on_gone = on_gone,
		.on_unreadable = on_unreadable,
		.on_list_end = on_list_end,
		.on_failed = on_failed,
		.on_resumed = on_resumed,
	};
	struct fc_resource *resource = fc_resource_new(&crds);

	w->types.informer = fc_informer_start(&(struct fc_informer_options){
		.transport = w->transport,
		.resource = resource,
		.metadata_only = true,
		.metrics = w->o.metrics,
		.random = &w->random,
		.callbacks = &callbacks,
		.user = w,
	});
	fc_resource_unref(resource);
}

/* Not before the first answer: most clusters are asked for built-in types only. */
static bool needs_types(const struct fc_watcher_word *word)
{
	if (!word->answered)
		return false;
	return fc_watcher_word_wants(word) || !fc_resource_group_is_builtin(word->resource->group);
}

void fc_watcher_types_adjust(struct fc_watcher *w)
{
	struct fc_watcher_types *types = &w->types;
	bool needed = false;

	FC_WATCHER_EACH_WORD(w, word)
	needed = needed || needs_types(word);
	if (!needed)
		fc_watcher_types_stop(w);
	else if (!types->informer && !types->timer && w->connection.elsewhere == FC_WATCHER_HERE)
		follow(w);
}

void fc_watcher_types_up(struct fc_watcher *w)
{
	/* From a first list: whoever answers now may know other versions, and every word is looked at anyway. */
	fc_watcher_types_stop(w);
	fc_watcher_types_adjust(w);
}

void fc_watcher_types_stop(struct fc_watcher *w)
{
	unfollow(w);
	fc_loop_timer_cancel(w->loop, &w->types.timer);
}
