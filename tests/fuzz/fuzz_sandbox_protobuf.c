/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that a client sends to the sandbox in protobuf: sandbox/protobuf.h. The input is a line with the name of a
 * built-in definition, or nothing for a ConfigMap, and then the object's bytes. */
#include "sandbox/protobuf.h"

#include "fuzz.h"
#include "json/decode.h"

#define CONFIG_MAP "io.k8s.api.core.v1.ConfigMap"

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

static json_t *decode(const struct sb_schema *s, const char *bytes, size_t len)
{
	struct fc_error err = FC_ERROR_INIT;
	struct sb_envelope envelope;
	json_t *object = NULL;

	if (sb_envelope_open(&envelope, bytes, len, &err) == 0)
		object = sb_protobuf_decode(&envelope, s, envelope.kind, NULL, &err);
	sb_envelope_fini(&envelope);
	if (!object)
		fuzz_check_error(&err);
	return object;
}

/* The bytes with a field at the end that no envelope has. */
static void check_unknown_field(const struct sb_schema *s, const char *bytes, size_t len, const json_t *object)
{
	FC_AUTO_FREE char *longer = fc_xcalloc(1, len + 5);

	memcpy(longer, bytes, len);
	memcpy(longer + len, "\x9a\x06\x02xy", 5);
	json_auto_t *again = decode(s, longer, len + 5);
	FUZZ_CHECK(again && json_equal(again, object));
}

/* What came out is JSON that is read again as the same, and that the type takes or refuses in words. */
static void check_json(const struct sb_schema *s, json_t *object)
{
	FC_AUTO_FREE char *text = json_dumps(object, JSON_COMPACT);
	struct fc_error err = FC_ERROR_INIT;

	FUZZ_CHECK(text);
	json_auto_t *again = json_loads(text, JSON_ALLOW_NUL, NULL);
	FUZZ_CHECK(again);
	if (sb_schema_decode(s, object, &err) < 0) {
		FUZZ_CHECK(err.cls == FC_ERR_INVALID);
		return;
	}
	json_auto_t *twice = json_deep_copy(object);
	FUZZ_CHECK(sb_schema_decode(s, twice, &err) == 0);
	FUZZ_CHECK(json_equal(twice, object));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = memchr(data, '\n', size);
	FC_AUTO_FREE char *ref = fc_xstrndup((const char *)data, bytes ? (size_t)(bytes - (const char *)data) : 0);
	struct sb_schemas *schemas = sb_schemas_new();
	const struct sb_schema *s = sb_schemas_find(schemas, *ref ? ref : CONFIG_MAP);

	if (bytes && s && s->type == SB_OBJECT) {
		size_t len = size - (size_t)(bytes + 1 - (const char *)data);
		json_auto_t *object = decode(s, bytes + 1, len);

		if (object) {
			check_unknown_field(s, bytes + 1, len, object);
			check_json(s, object);
		}
	}
	sb_schemas_free(schemas);
	return 0;
}
