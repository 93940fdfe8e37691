/* SPDX-License-Identifier: Apache-2.0 */
/* json/path.h and the annotations of dialects/k8s_copier.c. Up to three lines: what stands in an annotation's key
 * behind `replace-`, the annotation's value, and a JSON document in which the paths are looked up. */
#include "json/path.h"

#include "dialects/dialects.h"
#include "fuzz.h"
#include "json/decode.h"

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

/* Every path can be written as JSON Pointer, which is read again as the same place. */
static void check_round_trip(const struct fc_path *path)
{
	FC_AUTO_BUF struct fc_buf pointer = FC_BUF_INIT, second = FC_BUF_INIT;
	struct fc_error err = FC_ERROR_INIT;

	FUZZ_CHECK(fc_path_len(path) >= 1 && fc_path_len(path) <= FC_PATH_MAX_SEGMENTS);
	fc_path_pointer(path, &pointer);
	FC_AUTO_PATH struct fc_path *again = fc_path_parse(fc_buf_str(&pointer), FC_PATH_IN_VALUE, &err);
	FUZZ_CHECK(again);
	FUZZ_CHECK(fc_path_compare(path, again) == FC_PATH_EQUAL && fc_path_order(path, again) == 0);
	FUZZ_CHECK(fc_path_same(path, path));
	fc_path_pointer(again, &second);
	FUZZ_CHECK(strcmp(fc_buf_str(&pointer), fc_buf_str(&second)) == 0);
	FUZZ_CHECK(!fc_path_refused_as_target(path) == !fc_path_refused_as_target(again));
}

/* What the three questions say of one place agrees, and what was put there is found there. */
static void check_in_document(const struct fc_path *path, const json_t *document)
{
	json_auto_t *copy = json_deep_copy(document);
	json_auto_t *value = json_pack("{s:i}", "put", 1);
	struct fc_path_ground ground;
	struct fc_error err = FC_ERROR_INIT;
	json_t *found = NULL;

	enum fc_path_found before = fc_path_get(path, copy, &found);
	FUZZ_CHECK((before == FC_PATH_FOUND) == (found && !json_is_null(found)));
	fc_path_survey(path, copy, &ground);
	FUZZ_CHECK(ground.present <= fc_path_len(path));
	FUZZ_CHECK((ground.present == fc_path_len(path)) == (before == FC_PATH_FOUND));
	FUZZ_CHECK(!ground.is_null || before == FC_PATH_IS_NULL);
	FUZZ_CHECK(before != FC_PATH_BLOCKED || ground.blocked);
	if (fc_path_set(path, copy, value, &err) < 0) {
		fuzz_check_error(&err);
		FUZZ_CHECK(ground.blocked && json_equal(copy, document));
		return;
	}
	FUZZ_CHECK(!ground.blocked);
	FUZZ_CHECK(fc_path_get(path, copy, &found) == FC_PATH_FOUND && found == value);
}

static void check_path(const char *text, enum fc_path_syntax syntax, const json_t *document)
{
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_PATH struct fc_path *path = fc_path_parse(text, syntax, &err);

	if (!path) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.cls == FC_ERR_INVALID || err.cls == FC_ERR_MEMORY);
		return;
	}
	check_round_trip(path);
	if (json_is_object(document))
		check_in_document(path, document);
}

/* A rule is found, well-formed or with a reason; its sentence quotes nothing of the value. */
static void check_rule(const struct fc_rule_spec *s)
{
	FUZZ_CHECK(!s->invalid_reason == !s->invalid_message);
	FUZZ_CHECK(s->invalid_reason || s->target_path);
	FUZZ_CHECK(s->invalid_reason || s->literal || (s->word && s->name && s->source_path));
	FUZZ_CHECK(s->target_path || s->key);
	if (!s->invalid_message)
		return;
	FUZZ_CHECK(s->invalid_message[0]);
	fuzz_check_text(s->invalid_message);
	FUZZ_CHECK(!strstr(s->invalid_message, FUZZ_SECRET));
}

static void check_annotation(const char *key, const char *value)
{
	FC_AUTO_FREE char *whole_key = fc_xasprintf("k8s-copier.fig.org/replace-%s", key);
	json_auto_t *object = json_pack("{s:{s:{s:s}}}", "metadata", "annotations", whole_key, value);
	struct fc_rule_specs rules = { .items = NULL };

	if (!object)
		return; /* no UTF-8: no server sends it */
	fc_dialect_k8s_copier.scan(object, &rules);
	FUZZ_CHECK(rules.count == 1);
	check_rule(&rules.items[0]);
	fc_rule_specs_fini(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FC_AUTO_FREE char *text = fuzz_text(data, size);
	char *rest = text;
	const char *key = strsep(&rest, "\n"), *value = strsep(&rest, "\n"), *source = strsep(&rest, "\n");
	json_auto_t *document = source ? fc_decode(source, strlen(source), NULL) : json_object();

	check_path(key, FC_PATH_IN_KEY, document);
	check_path(key, FC_PATH_IN_VALUE, document);
	if (value)
		check_annotation(key, value);
	return 0;
}
