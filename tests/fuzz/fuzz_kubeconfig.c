/* SPDX-License-Identifier: Apache-2.0 */
/* kube/kubeconfig.h: the input is a kubeconfig, or two parted by a line "# next file", as in KUBECONFIG=first:second.
 * Every context's access is made; what can be used at all, a client can be opened with. ca.crt, tls.crt, tls.key and
 * token lie beside it; $CRT and $KEY stand for a certificate and its key in base64. */
#include "kube/kubeconfig.h"

#include "fuzz.h"
#include "fuzz_keys.h"
#include "json/yaml.h"
#include "kube/client.h"
#include "model/names.h"

static struct fuzz_keys keys;
static struct fc_loop *loop;

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	fuzz_keys_make(&keys);
	fuzz_write("ca.crt", keys.certificate, strlen(keys.certificate));
	fuzz_write("tls.crt", keys.certificate, strlen(keys.certificate));
	fuzz_write("tls.key", keys.key, strlen(keys.key));
	fuzz_write("token", "abc\n", 4);
	loop = fc_loop_new(NULL, NULL, NULL);
	FUZZ_CHECK(loop);
	return 0;
}

static const char *const secret_keys[] = { "token", "password", "client-key-data", "client-certificate-data" };

/* Does the secret occur in the text only where it is a credential? Then no error may hold it. */
static bool secret_is_credential(const char *text)
{
	json_auto_t *document = fc_yaml_parse(text, strlen(text), NULL);
	json_t *user;
	size_t i, credentials = 0;

	json_array_foreach(json_object_get(document, "users"), i, user)
		for (size_t k = 0; k < FC_ARRAY_LEN(secret_keys); k++)
			credentials += fuzz_count_json(json_object_get(json_object_get(user, "user"), secret_keys[k]),
						       FUZZ_SECRET);
	return credentials == fuzz_count(text, strlen(text), FUZZ_SECRET);
}

static void check_line(const char *s)
{
	for (; s && *s; s++)
		FUZZ_CHECK((unsigned char)*s >= ' ' && *s != 0x7F);
}

static void check_access(const struct fc_access *a)
{
	FUZZ_CHECK(a->server && (!strncmp(a->server, "https://", 8) || !strncmp(a->server, "http://", 7)));
	FUZZ_CHECK(a->server[strlen(a->server) - 1] != '/');
	FUZZ_CHECK(a->namespace_ && fc_name_is_label(a->namespace_));
	FUZZ_CHECK(!a->cert_pem == !a->key_pem);
	FUZZ_CHECK(!(a->insecure && a->ca_pem));
	FUZZ_CHECK(fc_access_same(a, a));
	check_line(a->server);
	check_line(a->token);
	check_line(a->username);
	check_line(a->password);
	check_line(a->tls_server_name);
	check_line(a->proxy_url);
	for (char **header = a->impersonate; header && *header; header++)
		check_line(*header);
}

static void check_refusal(const struct fc_error *err, bool hide)
{
	fuzz_check_error(err);
	FUZZ_CHECK(err->cls == FC_ERR_CONFIG || err->cls == FC_ERR_MEMORY);
	FUZZ_CHECK(!hide || !strstr(err->text, FUZZ_SECRET));
}

/* Takes over `a`. */
static void open_client(struct fc_access *a)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_client *c =
		fc_client_open(&(struct fc_client_options){ .loop = loop, .name = "a", .access = a }, &err);

	FUZZ_CHECK(c);
	fc_client_close(c);
}

static void use(const struct fc_kubeconfig *k, bool hide)
{
	struct fc_error err = FC_ERROR_INIT;
	const char *context;

	for (size_t i = 0; (context = fc_kubeconfig_context(k, i)); i++) {
		struct fc_access *a = fc_kubeconfig_access(k, context, &err), *b;
		if (!a) {
			check_refusal(&err, hide);
			continue;
		}
		check_access(a);
		b = fc_kubeconfig_access(k, context, &err);
		FUZZ_CHECK(b && fc_access_same(a, b));
		fc_access_free(b);
		if (a->exec)
			fc_access_free(a); /* nothing is run here */
		else
			open_client(a);
	}
	if (!fc_kubeconfig_current(k))
		return;
	FUZZ_CHECK(fc_kubeconfig_current(k)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FC_AUTO_FREE char *raw = fuzz_text(data, size), *text = fuzz_keys_fill(&keys, raw);
	char first[PATH_MAX], second[PATH_MAX], *more = fuzz_next_file(text);
	bool hide = secret_is_credential(text) && (!more || secret_is_credential(more));
	struct fc_error err = FC_ERROR_INIT;

	fuzz_path(first, "first");
	fuzz_path(second, "second");
	fuzz_write("first", text, strlen(text));
	if (more)
		fuzz_write("second", more, strlen(more));
	FC_AUTO_FREE char *list = fc_xasprintf("%s%s%s", first, more ? ":" : "", more ? second : "");
	struct fc_kubeconfig *k = fc_kubeconfig_load(list, &err);
	if (k)
		use(k, hide);
	else
		check_refusal(&err, hide);
	fc_kubeconfig_free(k);
	return 0;
}
