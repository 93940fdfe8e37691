/* SPDX-License-Identifier: Apache-2.0 */
/* kube/exec_credential.h: the input is what a credential plug-in wrote, read for each apiVersion that it could have
 * been asked in; $CRT and $KEY stand for a certificate and its key, as a string of JSON has them. */
#include "kube/exec_credential.h"

#include "fuzz.h"
#include "fuzz_keys.h"

static struct fuzz_keys keys;

/* Without the quotes. */
static char *as_json(const char *text)
{
	json_auto_t *value = json_string(text);
	FC_AUTO_FREE char *quoted = json_dumps(value, JSON_ENCODE_ANY);

	return fc_xstrndup(quoted + 1, strlen(quoted) - 2);
}

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	fuzz_keys_make(&keys);
	free(keys.certificate_word);
	free(keys.key_word);
	keys.certificate_word = as_json(keys.certificate);
	keys.key_word = as_json(keys.key);
	return 0;
}

static const char *const versions[] = { "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1" };

static void parse(const char *text, size_t len, const char *version)
{
	struct fc_exec_credential credential = { 0 };
	struct fc_error err = FC_ERROR_INIT;

	if (fc_exec_credential_parse(text, len, version, &credential, &err) < 0) {
		fuzz_check_error(&err);
		/* Whatever a plug-in writes may be a credential. */
		FUZZ_CHECK(!strstr(err.text, FUZZ_SECRET));
	} else {
		FUZZ_CHECK(credential.token || credential.cert_pem);
		FUZZ_CHECK(!credential.cert_pem == !credential.key_pem);
		if (credential.token)
			fuzz_check_text(credential.token);
	}
	fc_exec_credential_fini(&credential);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FC_AUTO_FREE char *raw = fuzz_text(data, size), *text = fuzz_keys_fill(&keys, raw);

	for (size_t i = 0; i < FC_ARRAY_LEN(versions); i++) {
		/* As it came, zeroes inside and none behind it; and with the pair. */
		parse((const char *)data, size, versions[i]);
		parse(text, strlen(text), versions[i]);
	}
	return 0;
}
