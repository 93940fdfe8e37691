/* SPDX-License-Identifier: Apache-2.0 */
/* model/namespace_pattern.h, and the annotations of dialects/replicator_words.h. Up to three lines: a list of
 * namespaces and patterns, a namespace, and a value of replicate-to. */
#include "model/namespace_pattern.h"

#include "dialects/replicator_want.h"
#include "fuzz.h"

#include <time.h>

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The same answer each time, and soon: a second is a thousand times what the longest takes, sanitizers included. */
static void check_match(const struct fc_namespace_pattern *p, const char *name)
{
	const char *why = name, *again = name;
	double begin = cpu_seconds();
	bool fits = fc_namespace_pattern_matches(p, name, &why);

	FUZZ_CHECK(cpu_seconds() - begin < 1);
	FUZZ_CHECK(fits == fc_namespace_pattern_matches(p, name, &again) && why == again);
	FUZZ_CHECK(!fits || !why);
	if (why)
		fuzz_check_text(why);
	if (fc_namespace_pattern_is_literal(p))
		FUZZ_CHECK(fits == (strcmp(fc_namespace_pattern_text(p), name) == 0) && !why);
}

/* As it was written it is admitted again, and alone. */
static void check_pattern(const struct fc_namespace_pattern *p, const char *name)
{
	const char *text = fc_namespace_pattern_text(p);
	struct fc_error err = FC_ERROR_INIT;
	struct fc_namespace_pattern *again = fc_namespace_pattern_parse(text, strlen(text), &err);

	FUZZ_CHECK(again && strlen(text) <= FC_NAMESPACE_PATTERN_MAX_BYTES);
	FUZZ_CHECK(fc_namespace_pattern_is_literal(p) == fc_namespace_pattern_is_name(text, strlen(text)));
	check_match(p, name);
	/* The longest name there is, of letters that the pattern has itself. */
	char longest[64];
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = text[0] >= 'a' && text[0] <= 'z' ? text[0] : 'a';
	longest[sizeof(longest) - 1] = '\0';
	check_match(p, longest);
	fc_namespace_pattern_unref(again);
}

static void check_list(const char *list, const char *name)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_namespace_patterns *all = fc_namespace_patterns_parse(list, &err);
	struct fc_namespace_patterns *valid = fc_namespace_patterns_parse_valid(list);
	size_t count = fc_namespace_patterns_count(valid);

	if (!all) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.cls == FC_ERR_INVALID || err.cls == FC_ERR_MEMORY);
	} else {
		FUZZ_CHECK(fc_namespace_patterns_count(all) == count);
		FUZZ_CHECK(fc_namespace_patterns_match(all, name, NULL) ==
			   fc_namespace_patterns_match(valid, name, NULL));
	}
	FUZZ_CHECK(count <= FC_NAMESPACE_PATTERNS_MAX);
	for (size_t i = 0; i < count && i < 20; i++)
		check_pattern(fc_namespace_patterns_at(valid, i), name);
	fc_namespace_patterns_unref(all);
	fc_namespace_patterns_unref(valid);
}

/* Inert with a sentence, or with a want set that holds each of its paths. */
static void check_object(const char *list, const char *to)
{
	json_auto_t *object =
		json_pack("{s:{s:s,s:s,s:{s:s,s:s}}}", "metadata", "namespace", "source-ns", "name", "source",
			  "annotations", "r/replicate-to", to, "r/replicate-to-namespaces", list);
	struct fc_replicator_vocabulary words;
	struct fc_replicator_object read;
	struct fc_replicator_want want;

	if (!object)
		return; /* no UTF-8: no server sends it */
	fc_replicator_vocabulary_init(&words, "r");
	fc_replicator_object_read(&words, object, &read);
	FUZZ_CHECK(!read.inert_reason == !read.inert_message);
	if (read.inert_reason)
		fuzz_check_text(read.inert_message);
	if (fc_replicator_want_read(&read, &want, NULL) == 0) {
		FUZZ_CHECK(!read.inert_reason && want.count <= FC_REPLICATOR_WANT_MAX);
		for (size_t i = 0; i < want.count && i < 100; i++)
			FUZZ_CHECK(!want.items[i].namespace_ ||
				   fc_replicator_want_holds(&want, want.items[i].namespace_, want.items[i].name));
		FUZZ_CHECK(!fc_replicator_want_holds(&want, "source-ns", "source"));
		fc_replicator_want_fini(&want);
	}
	fc_replicator_object_fini(&read);
	fc_replicator_vocabulary_fini(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FC_AUTO_FREE char *text = fuzz_text(data, size);
	char *rest = text;
	const char *list = strsep(&rest, "\n"), *name = strsep(&rest, "\n"), *to = strsep(&rest, "\n");

	check_list(list, name ? name : "team-1");
	if (to)
		check_object(list, to);
	return 0;
}
