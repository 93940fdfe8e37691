/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf/recorded.json: objects that a real kube-apiserver (1.20) gave as JSON and as protobuf, by
 * protobuf/record.py. What it answers to damaged ones stands here. */
#include "sandbox/protobuf.h"

#include "base/encode.h"
#include "protobuf_message.h"
#include "recorded.h"
#include "sandbox/protobuf_leaf.h"
#include "unit/sandbox/api_world.h"

#define CRDS "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."

static int setup(void **state)
{
	*state = world_new(100);
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* "io.k8s.api.apps.v1.Deployment" of apps/v1, Deployment */
static const struct sb_schema *schema_of(const struct world *w, const char *api_version, const char *kind)
{
	const char *slash = strchr(api_version, '/'), *version = slash ? slash + 1 : api_version;
	size_t len = strcspn(api_version, "./");
	FC_AUTO_FREE char *ref = slash ? fc_xasprintf("io.k8s.api.%.*s.%s.%s", (int)len, api_version, version, kind)
				       : fc_xasprintf("io.k8s.api.core.%s.%s", version, kind);

	return sb_schemas_find(w->schemas,
			       strcmp(kind, "CustomResourceDefinition") == 0 ? CRDS "CustomResourceDefinition" : ref);
}

static json_t *decode(const struct world *w, const char *api_version, const char *kind, const char *bytes, size_t len,
		      struct fc_error *err)
{
	const struct sb_schema *s = schema_of(w, api_version, kind);
	struct sb_envelope envelope;
	json_t *object = NULL;

	if (!s)
		fail_msg("no schema of %s %s", api_version, kind);
	if (sb_envelope_open(&envelope, bytes, len, err) == 0)
		object = sb_protobuf_decode(&envelope, s, kind, api_version, err);
	sb_envelope_fini(&envelope);
	if (object && sb_schema_decode(s, object, err) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *recorded_rows(void)
{
	json_error_t why;
	json_t *rows = json_load_file("tests/unit/sandbox/protobuf/recorded.json", 0, &why);

	if (!rows)
		fail_msg("%s", why.text);
	return rows;
}

static char *bytes_of(const json_t *row, size_t *len)
{
	char *bytes = NULL;

	assert_int_equal(fc_base64_decode(json_string_value(json_object_get(row, "bytes")), &bytes, len, NULL), 0);
	return bytes;
}

static void what_a_real_server_wrote_is_the_object_that_it_showed(void **state)
{
	json_auto_t *rows = recorded_rows();
	unsigned wrong = 0;
	size_t i, len;
	json_t *row;

	assert_true(json_array_size(rows) > 30);
	json_array_foreach(rows, i, row) {
		const json_t *object = json_object_get(row, "object");
		const char *kind = json_string_value(json_object_get(object, "kind"));
		FC_AUTO_FREE char *bytes = bytes_of(row, &len);
		struct fc_error err = FC_ERROR_INIT;
		json_auto_t *ours = decode(*state, json_string_value(json_object_get(object, "apiVersion")), kind,
					   bytes, len, &err);

		if (!ours)
			fprintf(stderr, "%s\n", err.text);
		wrong += !recorded_same(json_object_get(object, "metadata"), kind, object, ours);
	}
	assert_int_equal(wrong, 0);
}

/* Wherever it is cut off, there is an error, or a whole object before the cut; never anything of what is behind. */
static void an_object_may_end_anywhere(void **state)
{
	json_auto_t *rows = recorded_rows();
	const json_t *row = json_array_get(rows, 0), *object = json_object_get(row, "object");
	size_t len;
	FC_AUTO_FREE char *bytes = bytes_of(row, &len);
	unsigned whole = 0;

	for (size_t cut = 0; cut < len; cut++) {
		FC_AUTO_FREE char *part = fc_xcalloc(1, cut + 1);
		struct fc_error err = FC_ERROR_INIT;

		memcpy(part, bytes, cut);
		json_auto_t *ours = decode(*state, json_string_value(json_object_get(object, "apiVersion")),
					   json_string_value(json_object_get(object, "kind")), part, cut, &err);
		whole += !!ours;
		assert_true(ours || err.text[0]);
	}
	/* Behind the type, behind the message and between the two fields that follow it. */
	assert_in_range(whole, 1, 4);
}

/* --- messages written here --- */

static void put_metadata(struct fc_buf *out, const char *name)
{
	struct fc_buf metadata = FC_BUF_INIT;

	put_text(&metadata, 1, name);
	put_message(out, 1, &metadata);
}

static void put_entry(struct fc_buf *out, uint32_t field, const char *key, const char *value)
{
	struct fc_buf entry = FC_BUF_INIT;

	if (key)
		put_text(&entry, 1, key);
	if (value)
		put_text(&entry, 2, value);
	put_message(out, field, &entry);
}

/* The ConfigMap or other object that a message is; `expected`: of JSON with ' for ", or the error. */
static void check_message(const struct world *w, const char *api_version, const char *kind, struct fc_buf *message,
			  const char *expected)
{
	FC_AUTO_BUF struct fc_buf bytes = FC_BUF_INIT;
	struct sb_envelope envelope;
	struct fc_error err = FC_ERROR_INIT;

	put_envelope(&bytes, "", "", message);
	assert_int_equal(sb_envelope_open(&envelope, fc_buf_str(&bytes), bytes.len, &err), 0);
	json_auto_t *object = sb_protobuf_decode(&envelope, schema_of(w, api_version, kind), kind, api_version, &err);
	sb_envelope_fini(&envelope);
	if (*expected != '{') {
		assert_null(object);
		assert_string_equal(err.text, expected);
		return;
	}
	json_auto_t *wanted = json_of(expected);
	if (!recorded_same(wanted, kind, wanted, object))
		fail_msg("%s", err.text);
}

static void fields_that_nobody_knows_are_passed_over(void **state)
{
	struct fc_buf message = FC_BUF_INIT;

	put_number(&message, 98, 7);
	put_metadata(&message, "a");
	put_text(&message, 99, "young");
	put_text(&message, 256 + 1, "no metadata");
	put_varint(&message, 99 << 3 | SB_WIRE_GROUP);
	put_text(&message, 1, "no metadata either");
	put_varint(&message, 99 << 3 | SB_WIRE_GROUP_END);
	check_message(*state, "v1", "ConfigMap", &message, "{'metadata':{'name':'a'}}");
}

static void maps_are_entries_of_which_the_last_one_counts(void **state)
{
	struct fc_buf message = FC_BUF_INIT;

	put_entry(&message, 2, "a", "1");
	put_entry(&message, 2, "a", "2");
	put_entry(&message, 2, "b", NULL);
	put_entry(&message, 2, NULL, "c");
	put_entry(&message, 3, "d", "\xff");
	put_entry(&message, 3, "e", NULL);
	check_message(*state, "v1", "ConfigMap", &message,
		      "{'data':{'a':'2','b':'','':'c'},'binaryData':{'d':'/w==','e':''}}");
}

/* What was cut in two is one again, as every decoder of protobuf has it. */
static void a_message_that_comes_twice_goes_on(void **state)
{
	struct fc_buf message = FC_BUF_INIT, metadata = FC_BUF_INIT;

	put_metadata(&message, "a");
	put_text(&metadata, 3, "ns");
	put_message(&message, 1, &metadata);
	check_message(*state, "v1", "ConfigMap", &message, "{'metadata':{'name':'a','namespace':'ns'}}");
}

/* spec.template.spec of a Deployment */
static void put_pod(struct fc_buf *out, struct fc_buf *pod)
{
	struct fc_buf template = FC_BUF_INIT, spec = FC_BUF_INIT;

	put_message(&template, 2, pod);
	put_message(&spec, 3, &template);
	put_message(out, 2, &spec);
}

static void a_list_of_numbers_may_be_packed(void **state)
{
	struct fc_buf message = FC_BUF_INIT, pod = FC_BUF_INIT, context = FC_BUF_INIT;

	put_bytes(&context, 4, "\x01\x02\xac\x02", 4);
	put_number(&context, 4, (uint64_t)-9);
	put_message(&pod, 14, &context);
	put_pod(&message, &pod);
	check_message(*state, "apps/v1", "Deployment", &message,
		      "{'spec':{'template':{'spec':{'securityContext':{'supplementalGroups':[1,2,300,-9]}}}}}");
}

static void numbers_are_as_wide_as_their_type(void **state)
{
	struct fc_buf message = FC_BUF_INIT, spec = FC_BUF_INIT;

	put_number(&spec, 1, (UINT64_C(1) << 33) + 81);
	put_number(&spec, 5, (uint64_t)-3);
	put_number(&spec, 7, 2);
	put_message(&message, 2, &spec);
	check_message(*state, "apps/v1", "Deployment", &message,
		      "{'spec':{'replicas':81,'minReadySeconds':-3,'paused':true}}");
}

/* A volume's source is a message of its own; JSON has its members beside the name. */
static void what_go_embeds_is_on_one_level(void **state)
{
	struct fc_buf message = FC_BUF_INIT, pod = FC_BUF_INIT, volume = FC_BUF_INIT, source = FC_BUF_INIT,
		      path = FC_BUF_INIT;

	put_text(&path, 1, "/x");
	put_message(&source, 1, &path);
	put_message(&volume, 2, &source);
	put_text(&volume, 1, "v");
	put_message(&pod, 1, &volume);
	put_pod(&message, &pod);
	check_message(*state, "apps/v1", "Deployment", &message,
		      "{'spec':{'template':{'spec':{'volumes':[{'hostPath':{'path':'/x'},'name':'v'}]}}}}");
}

static void damage_in_a_message_is_named(void **state)
{
	struct fc_buf message = FC_BUF_INIT, entry = FC_BUF_INIT;

	put_number(&message, 1, 5);
	check_message(*state, "v1", "ConfigMap", &message, "proto: wrong wireType = 0 for field ObjectMeta");
	put_varint(&message, 2);
	put_varint(&message, 0);
	check_message(*state, "v1", "ConfigMap", &message, "proto: ConfigMap: illegal tag 0 (wire type 2)");
	put_varint(&message, 99 << 3 | SB_WIRE_GROUP_END);
	check_message(*state, "v1", "ConfigMap", &message, "proto: ConfigMap: wiretype end group for non-group");
	put_entry(&message, 2, "a", "\xff");
	check_message(*state, "v1", "ConfigMap", &message, "a text that is not UTF-8");
	put_bytes(&entry, 1, "a\0b", 3);
	put_message(&message, 2, &entry);
	check_message(*state, "v1", "ConfigMap", &message, "a key of a map has a zero byte in it");
}

/* A JSON schema that says "not" so often. */
static json_t *nested(const struct world *w, unsigned levels, struct fc_error *err)
{
	struct fc_buf message = FC_BUF_INIT;
	FC_AUTO_BUF struct fc_buf bytes = FC_BUF_INIT;
	struct sb_envelope envelope;

	while (levels--) {
		struct fc_buf outer = FC_BUF_INIT;

		put_message(&outer, 28, &message);
		message = outer;
	}
	put_envelope(&bytes, "", "", &message);
	assert_int_equal(sb_envelope_open(&envelope, fc_buf_str(&bytes), bytes.len, err), 0);
	json_t *object =
		sb_protobuf_decode(&envelope, sb_schemas_find(w->schemas, CRDS "JSONSchemaProps"), "", "", err);
	sb_envelope_fini(&envelope);
	return object;
}

static void a_message_is_no_deeper_than_json(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	json_auto_t *deep = nested(*state, SB_PROTOBUF_MAX_DEPTH - 1, &err);

	assert_non_null(deep);
	assert_null(nested(*state, SB_PROTOBUF_MAX_DEPTH, &err));
	assert_int_equal(err.cls, FC_ERR_LIMIT);
}

/* --- requests --- */

static int ask_bytes(struct world *w, const char *method, const char *path, const struct fc_buf *bytes)
{
	struct sb_request request = { .method = method,
				      .path = path,
				      .accept = "application/vnd.kubernetes.protobuf,application/json",
				      .content_type = SB_PROTOBUF_TYPE,
				      .authorization = "Bearer t",
				      .if_none_match = "",
				      .user_agent = "test/1",
				      .body = fc_buf_str(bytes),
				      .body_len = bytes->len };
	struct sb_response response = SB_RESPONSE_INIT;

	sb_api_handle(w->c, &request, &response);
	json_decref(w->body);
	w->body = json_loadb(fc_buf_str(&response.body), response.body.len, 0, NULL);
	w->status = response.status;
	sb_response_fini(&response);
	return w->status;
}

/* A ConfigMap `a` with that data, as an object of that type. */
static int send_map(struct world *w, const char *method, const char *path, const char *api_version, const char *kind,
		    const char *value)
{
	FC_AUTO_BUF struct fc_buf bytes = FC_BUF_INIT;
	struct fc_buf message = FC_BUF_INIT;

	put_metadata(&message, "a");
	put_entry(&message, 2, "k", value);
	put_envelope(&bytes, api_version, kind, &message);
	return ask_bytes(w, method, path, &bytes);
}

static void objects_are_created_and_changed(void **state)
{
	struct world *w = *state;

	assert_int_equal(send_map(w, "POST", MAPS, "v1", "ConfigMap", "v"), 201);
	is_at(w, "kind", "ConfigMap");
	is_at(w, "data.k", "v");
	assert_int_equal(send_map(w, "PUT", MAPS "/a", "", "", "w"), 200);
	is_at(w, "apiVersion", "v1");
	is_at(w, "data.k", "w");
	assert_int_equal(send_map(w, "PATCH", MAPS "/a", "v1", "ConfigMap", "w"), 415);
}

static void an_object_of_another_type_is_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(send_map(w, "POST", MAPS, "v1", "Secret", "v"), 400);
	is_at(w, "message",
	      "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): "
	      "unknown conversion");
	assert_int_equal(send_map(w, "POST", MAPS, "v2", "ConfigMap", "v"), 400);
	is_at(w, "message",
	      "ConfigMap in version \"v2\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is registered for "
	      "version \"v2\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"");
}

static void what_is_no_object_is_shown(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *words;
	} rows[] = {
		{ "", 0, "empty data (<empty>)" },
		{ "k8s", 4, "empty body (6b387300)" },
		{ "garbage", 7,
		  "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] "
		  "(67617262616765)" },
		{ "k8s\0\x08\x05", 6, "proto: wrong wireType = 0 for field TypeMeta (6b3873000805)" },
		{ "k8s\0\x0a\x02\x08\x03", 8, "proto: wrong wireType = 0 for field APIVersion (6b3873000a020803)" },
		{ "k8s\0\x02\0", 6, "proto: Unknown: illegal tag 0 (wire type 2) (6b3873000200)" },
		{ "k8s\0\x0a\x0f\x0a\x02v1\x12\x09"
		  "ConfigMap\x12\x0d\x0a\x03\x0a\x01"
		  "b\x12\x06\x0a\x01",
		  33, "unexpected EOF (6b3873000a0f0a0276311209436f6e6669674d6170120d0a030a01621206 ...)" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		const struct fc_buf bytes = { .data = (char *)(uintptr_t)rows[i].bytes, .len = rows[i].len };
		FC_AUTO_FREE char *words = fc_xasprintf(
			"the object provided is unrecognized (must be of type ConfigMap): %s", rows[i].words);

		assert_int_equal(ask_bytes(*state, "POST", MAPS, &bytes), 400);
		is_at(*state, "message", words);
	}
}

static void a_broken_message_is_refused(void **state)
{
	FC_AUTO_BUF struct fc_buf bytes = FC_BUF_INIT;
	struct fc_buf message = FC_BUF_INIT;

	put_varint(&message, 1 << 3 | 2);
	put_varint(&message, 5);
	put_envelope(&bytes, "v1", "ConfigMap", &message);
	assert_int_equal(ask_bytes(*state, "POST", MAPS, &bytes), 400);
	is_at(*state, "message", "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: unexpected EOF");
}

/* --- what kubectl 1.37 sent --- */

static const char config_map[] = "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhwKEgoCenoSABoAIgAqADIAOABCABIGCgF4EgExGgAiAA==";
static const char deployment[] =
	"azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Er4BCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEowBCAESDAoKCgNhcHASA3dlYhpy"
	"ChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViElISNAoBeBIPZXhhbXBsZS5jb20veDoxKgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCi"
	"AQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=";
static const char service[] =
	"azhzAAoNCgJ2MRIHU2VydmljZRJlChsKAW4SABoAIgAqADIAOABCAFoICgNhcHASAW4SQgoeCgc4MC1odHRwEgNUQ1AYUCIKCAEQABoEaHR0cCgA"
	"EggKA2FwcBIBbhoAIghOb2RlUG9ydDoAQgBSAFoAYABoABoCCgAaACIA";
static const char secret[] = "azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAWESAWIaABoAIgA=";
static const char cron_job[] =
	"azhzAAoTCghiYXRjaC92MRIHQ3JvbkpvYhKPAQoRCgFjEgAaACIAKgAyADgAQgASeAoGQGRhaWx5GgAqbAoRCgFjEgAaACIAKgAyADgAQgASVzJV"
	"ChAKABIAGgAiACoAMgA4AEIAEkESGgoBYxIBaSoAQgBqAHIAgAEAiAEAkAEAogEAGglPbkZhaWx1cmUyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIB"
	"ABoAGgAiAA==";

static int post_base64(struct world *w, const char *path, const char *text)
{
	struct fc_buf bytes = FC_BUF_INIT;

	assert_int_equal(fc_base64_decode(text, &bytes.data, &bytes.len, NULL), 0);
	ask_bytes(w, "POST", path, &bytes);
	free(bytes.data);
	return w->status;
}

static void what_kubectl_creates_is_what_it_meant(void **state)
{
	struct world *w = *state;

	assert_int_equal(post_base64(w, MAPS, config_map), 201);
	is_at(w, "data", "{\"x\":\"1\"}");
	is_at(w, "metadata.namespace", "default");
	assert_int_equal(post_base64(w, "/api/v1/namespaces/default/secrets", secret), 201);
	is_at(w, "data", "{\"a\":\"Yg==\"}");
	is_at(w, "type", "Opaque");
	assert_int_equal(post_base64(w, "/api/v1/namespaces/default/services", service), 201);
	is_at(w, "spec.ports.0.targetPort", "http");
	is_at(w, "spec.ports.0.port", "80");
	is_at(w, "spec.selector", "{\"app\":\"n\"}");
	is_at(w, "spec.type", "NodePort");
	assert_int_equal(post_base64(w, "/apis/apps/v1/namespaces/default/deployments", deployment), 201);
	is_at(w, "spec.replicas", "1");
	is_at(w, "spec.selector.matchLabels", "{\"app\":\"web\"}");
	is_at(w, "spec.template.spec.containers.0.image", "example.com/x:1");
	is_at(w, "spec.template.spec.containers.0.ports.0.containerPort", "80");
	assert_int_equal(post_base64(w, "/apis/batch/v1/namespaces/default/cronjobs", cron_job), 201);
	is_at(w, "spec.schedule", "@daily");
	is_at(w, "spec.jobTemplate.spec.template.spec.restartPolicy", "OnFailure");
}

/* --- deletion --- */

static int drop(struct world *w, const char *kind, const char *field_4, const char *uid)
{
	FC_AUTO_BUF struct fc_buf bytes = FC_BUF_INIT;
	struct fc_buf message = FC_BUF_INIT, preconditions = FC_BUF_INIT;

	put_text(&message, 4, field_4);
	if (uid) {
		put_text(&preconditions, 1, uid);
		put_message(&message, 2, &preconditions);
	}
	put_envelope(&bytes, "apps/v1", kind, &message);
	return ask_bytes(w, "DELETE", MAPS "/a", &bytes);
}

static void options_of_a_deletion_are_taken(void **state)
{
	struct world *w = *state;

	make(w, "a", "");
	assert_int_equal(drop(w, "DeleteOptions", "Odd", NULL), 422);
	assert_int_equal(drop(w, "DeleteOptions", "Background", "another"), 409);
	assert_int_equal(drop(w, "ConfigMap", "Background", NULL), 500);
	is_at(w, "message",
	      "no kind \"ConfigMap\" is registered for version \"apps/v1\" in scheme "
	      "\"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"");
	assert_int_equal(drop(w, "DeleteOptions", "Foreground", NULL), 200);
}

static void custom_resources_have_no_protobuf(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		ask(w, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", JSON,
		    "{\"metadata\":{\"name\":\"ws.example.com\"},\"spec\":{\"group\":\"example.com\",\"scope\":"
		    "\"Namespaced\",\"names\":{\"plural\":\"ws\",\"kind\":\"W\"},\"versions\":[{\"name\":\"v1\","
		    "\"served\":true,\"storage\":true,\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}}]}}"),
		201);
	assert_int_equal(send_map(w, "POST", "/apis/example.com/v1/namespaces/default/ws", "example.com/v1", "W", ""),
			 415);
	w->accept = SB_PROTOBUF_TYPE;
	assert_int_equal(get(w, MAPS), 406);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_real_server_wrote_is_the_object_that_it_showed, setup, teardown),
		cmocka_unit_test_setup_teardown(an_object_may_end_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(fields_that_nobody_knows_are_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(maps_are_entries_of_which_the_last_one_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_that_comes_twice_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_of_numbers_may_be_packed, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_are_as_wide_as_their_type, setup, teardown),
		cmocka_unit_test_setup_teardown(what_go_embeds_is_on_one_level, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_in_a_message_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_is_no_deeper_than_json, setup, teardown),
		cmocka_unit_test_setup_teardown(objects_are_created_and_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(an_object_of_another_type_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_object_is_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_message_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_kubectl_creates_is_what_it_meant, setup, teardown),
		cmocka_unit_test_setup_teardown(options_of_a_deletion_are_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(custom_resources_have_no_protobuf, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
