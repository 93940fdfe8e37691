/* SPDX-License-Identifier: Apache-2.0 */
/* json/yaml.h: the input is the text. */
#include "json/yaml.h"

#include "fuzz.h"
#include "json/decode.h"

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

static size_t depth_of(const json_t *value)
{
	json_t *walked = (json_t *)(uintptr_t)value, *member;
	size_t deepest = 0, below;
	const char *key;

	for (size_t i = 0; i < json_array_size(value); i++) {
		below = depth_of(json_array_get(value, i));
		deepest = below > deepest ? below : deepest;
	}
	json_object_foreach(walked, key, member) {
		below = depth_of(member);
		deepest = below > deepest ? below : deepest;
	}
	return deepest + (json_is_array(value) || json_is_object(value));
}

/* Every value can be printed, and is read again as what it was. An object's text goes to the JSON parser, any other's
 * may hold characters that YAML does not allow. */
static void check_value(const json_t *value)
{
	FC_AUTO_FREE char *text = json_dumps(value, JSON_ENCODE_ANY);

	FUZZ_CHECK(text);
	FUZZ_CHECK(depth_of(value) <= FC_JSON_MAX_DEPTH);
	if (!json_is_object(value) || strlen(text) > FC_JSON_MAX_BYTES)
		return;
	struct fc_error err = FC_ERROR_INIT;
	json_auto_t *again = fc_yaml_parse(text, strlen(text), &err);
	FUZZ_CHECK(again && json_equal(value, again));
}

/* No value of the text is quoted: whatever the secret is part of. */
static void check_refusal(const struct fc_error *err)
{
	fuzz_check_error(err);
	FUZZ_CHECK(err->cls == FC_ERR_CONFIG || err->cls == FC_ERR_MEMORY);
	FUZZ_CHECK(!strstr(err->text, FUZZ_SECRET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fc_error err = FC_ERROR_INIT, err_all = FC_ERROR_INIT;
	json_auto_t *one = fc_yaml_parse((const char *)data, size, &err);
	json_auto_t *all = fc_yaml_parse_all((const char *)data, size, &err_all);

	if (!one)
		check_refusal(&err);
	if (!all)
		check_refusal(&err_all);
	/* One document is the case of all that may have no second; nothing else tells them apart. */
	FUZZ_CHECK(!one || all);
	FUZZ_CHECK(one || !all || json_array_size(all) > 1);
	for (size_t i = 0; i < json_array_size(all); i++)
		check_value(json_array_get(all, i));
	if (!one)
		return 0;
	FUZZ_CHECK(json_array_size(all) == (json_is_null(one) ? 0 : 1));
	FUZZ_CHECK(json_is_null(one) || json_equal(one, json_array_get(all, 0)));
	return 0;
}
