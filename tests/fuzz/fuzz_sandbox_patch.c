/* SPDX-License-Identifier: Apache-2.0 */
/* Patches that a client sends to the sandbox: json/patch_apply.h, json/merge_patch.h, sandbox/strategic.h. The input is
 * a line `j`, `m` or `s` (JSON Patch, merge, strategic), a line with the patch, and a Deployment; without one there is
 * a small one. */
#include "sandbox/strategic.h"

#include "fuzz.h"
#include "json/decode.h"
#include "json/merge_patch.h"
#include "json/patch_apply.h"

static const char usual[] =
	"{\"metadata\":{\"name\":\"a\",\"finalizers\":[\"x\",\"y\"],\"labels\":{\"a\":\"b\"}},\"spec\":{\"replicas\":1,"
	"\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":1}},\"template\":{\"spec\":{"
	"\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"ports\":[{\"containerPort\":80}],\"env\":[{\"name\":\"A\"}]},"
	"{\"name\":\"d\"}],\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}}}}";

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

/* What was applied once changes nothing the second time. */
static void check_merge(json_t *document, const json_t *patch)
{
	json_t *once = fc_merge_patch(json_incref(document), patch);
	json_t *copy = json_deep_copy(once), *twice = fc_merge_patch(json_deep_copy(once), patch);

	FUZZ_CHECK(json_equal(copy, twice));
	json_decref(once);
	json_decref(copy);
	json_decref(twice);
}

static void check_operations(json_t *document, const json_t *patch)
{
	struct fc_error err = FC_ERROR_INIT;

	if (fc_patch_apply(patch, document, &err) < 0)
		fuzz_check_error(&err);
}

/* The patch stays as it is; a patched document is decoded: it stays as it is when it is decoded again. */
static void check_strategic(const struct sb_schema *s, json_t *document, const json_t *patch)
{
	struct fc_error err = FC_ERROR_INIT;
	json_auto_t *before = json_deep_copy(patch);

	if (sb_strategic_apply(s, document, patch, &err) < 0) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.http_status == 400 || err.http_status == 422 || err.http_status == 500);
	} else {
		json_auto_t *again = json_deep_copy(document);

		FUZZ_CHECK(sb_schema_decode(s, again, &err) == 0);
		FUZZ_CHECK(json_equal(again, document));
	}
	FUZZ_CHECK(json_equal(before, patch));
}

static void check(const struct sb_schemas *schemas, char kind, const char *patch_text, const char *document_text)
{
	const struct sb_schema *s = sb_schemas_find(schemas, "io.k8s.api.apps.v1.Deployment");
	json_auto_t *patch = fc_decode(patch_text, strlen(patch_text), NULL);
	json_auto_t *document = fc_decode(document_text, strlen(document_text), NULL);
	struct fc_error err = FC_ERROR_INIT;

	if (!json_is_object(document) || !patch)
		return;
	if (sb_schema_decode(s, document, &err) < 0)
		fuzz_check_error(&err);
	else if (kind == 'm')
		check_merge(document, patch);
	else if (kind == 'j' && json_is_array(patch))
		check_operations(document, patch);
	else if (kind == 's' && json_is_object(patch))
		check_strategic(s, document, patch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FC_AUTO_FREE char *text = fuzz_text(data, size);
	char *patch = strchr(text, '\n'), *document = patch ? strchr(patch + 1, '\n') : NULL;
	struct sb_schemas *schemas;

	if (!patch)
		return 0;
	if (document)
		*document++ = '\0';
	schemas = sb_schemas_new();
	check(schemas, text[0], patch + 1, document && *document ? document : usual);
	sb_schemas_free(schemas);
	return 0;
}
