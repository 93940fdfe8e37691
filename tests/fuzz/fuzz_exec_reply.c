/* SPDX-License-Identifier: Apache-2.0 */
/* kube/exec_credential.h: the input is what a credential plug-in wrote, read for each apiVersion that it could have
 * been asked in. */
#include "kube/exec_credential.h"

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

static const char *const versions[] = { "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly as long as the input: nothing says that a zero follows it. */
	for (size_t i = 0; i < FC_ARRAY_LEN(versions); i++) {
		struct fc_exec_credential credential = { 0 };
		struct fc_error err = FC_ERROR_INIT;

		if (fc_exec_credential_parse((const char *)data, size, versions[i], &credential, &err) < 0) {
			fuzz_check_error(&err);
			/* Whatever a plug-in writes may be a credential. */
			FUZZ_CHECK(!strstr(err.text, FUZZ_SECRET));
		}
		fc_exec_credential_fini(&credential);
	}
	return 0;
}
