/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of k8s-replicator's pure parts share: JSON in single quotes, and objects by their annotations.
 * Owns:    a struct thing its JSON, words and reading.
 * Threads: one.
 * Fails:   by a failed test.
 * Source:  systems/k8s-replicator.md. */
#ifndef FC_TESTS_REPLICATOR_H
#define FC_TESTS_REPLICATOR_H

#include "base/mem.h"
#include "dialects/replicator_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static inline json_t *json_of(const char *quoted)
{
	FC_AUTO_FREE char *text = fc_xstrdup(quoted);
	json_t *value;

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (!value)
		fail_msg("%s", quoted);
	return value;
}

/* An object that was read. */
struct thing {
	struct fc_replicator_vocabulary words;
	json_t *json;
	struct fc_replicator_object read;
};

/* `key` is NAMESPACE/NAME; `annotations` are members in single quotes, '@' in front of a word is the prefix. */
static inline void thing_init(struct thing *t, const char *key, const char *version, const char *annotations)
{
	FC_AUTO_FREE char *text = fc_xcalloc(strlen(annotations) + 1, 32);
	const char *slash = strchr(key, '/');

	for (char *to = text; *annotations; annotations++)
		to = *annotations == '@' ? stpcpy(to, "k8s-replicator/") : (*to = *annotations, to + 1);
	FC_AUTO_FREE char *whole =
		fc_xasprintf("{'metadata':{'namespace':'%.*s','name':'%s','resourceVersion':'%s','annotations':{%s}}}",
			     (int)(slash - key), key, slash + 1, version, text);
	fc_replicator_vocabulary_init(&t->words, "k8s-replicator");
	t->json = json_of(whole);
	fc_replicator_object_read(&t->words, t->json, &t->read);
}

static inline void thing_fini(struct thing *t)
{
	fc_replicator_object_fini(&t->read);
	fc_replicator_vocabulary_fini(&t->words);
	json_decref(t->json);
}

#endif
