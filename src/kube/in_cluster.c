/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/in_cluster.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/endpoint.h"
#include "kube/pem.h"
#include "kube/token.h"
#include "model/names.h"

#include <string.h>

static int read_server(struct fc_access *a, struct fc_error *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");

	if (!host || !host[0] || !port || !port[0])
		return fc_error_set(err, FC_ERR_NOT_FOUND,
				    "not inside a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not "
				    "both set");
	bool ipv6 = strchr(host, ':');
	FC_AUTO_FREE char *address = fc_xasprintf("https://%s%s%s:%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
	if (fc_endpoint_server(address, true, &a->server, err) < 0)
		return fc_error_wrap(err, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
	return 0;
}

/* The token is rewritten by kubelet: only its path is kept, and the value read when it is needed (1.39). */
static int read_token(const char *folder, struct fc_access *a, struct fc_error *err)
{
	char *token = NULL;

	a->token_file = fc_xasprintf("%s/token", folder);
	if (fc_token_read_file(a->token_file, &token, err) < 0) {
		if (err && err->cls != FC_ERR_MEMORY)
			err->cls = FC_ERR_CONFIG;
		return fc_error_wrap(err, "inside a cluster, but without a token of its service account");
	}
	fc_free_secret(token, strlen(token));
	return 0;
}

static int read_ca(const char *folder, struct fc_access *a, struct fc_error *err)
{
	struct fc_error why = FC_ERROR_INIT;
	size_t bytes = 0;

	a->ca_file = fc_xasprintf("%s/ca.crt", folder);
	if (fc_file_read(a->ca_file, FC_PEM_MAX_BYTES, &a->ca_pem, &bytes, &why) < 0) {
		fc_log(FC_LOG_WARN, "no CA of the cluster; trusting the system's roots", FC_KV("reason", why.text));
		free(fc_steal(&a->ca_file));
		return 0;
	}
	return fc_pem_check_certificates(a->ca_pem, err) < 0 ? fc_error_wrap(err, "%s", a->ca_file) : 0;
}

/* NULL: there is none. */
static char *namespace_of_file(const char *folder)
{
	FC_AUTO_FREE char *path = fc_xasprintf("%s/namespace", folder);
	FC_AUTO_FREE char *text = NULL;
	size_t bytes = 0;

	if (fc_file_read(path, 4096, &text, &bytes, NULL) < 0)
		return NULL;
	size_t skip = strspn(text, " \t\r\n");
	text[skip + strcspn(text + skip, " \t\r\n")] = '\0';
	return text[skip] ? fc_xstrdup(text + skip) : NULL;
}

char *fc_pod_namespace_at(const char *folder)
{
	const char *given = getenv("POD_NAMESPACE");

	return given && given[0] ? fc_xstrdup(given) : namespace_of_file(folder);
}

char *fc_pod_namespace(void)
{
	return fc_pod_namespace_at(FC_SERVICE_ACCOUNT_DIR);
}

static int read_namespace(const char *folder, struct fc_access *a, struct fc_error *err)
{
	a->namespace_ = fc_pod_namespace_at(folder);
	if (!a->namespace_)
		a->namespace_ = fc_xstrdup("default");
	if (fc_name_is_label(a->namespace_))
		return 0;
	return fc_error_set(err, FC_ERR_CONFIG,
			    "the Pod's namespace (POD_NAMESPACE, else %s/namespace) is no DNS label", folder);
}

struct fc_access *fc_access_in_cluster_at(const char *folder, struct fc_error *err)
{
	struct fc_access *a = fc_xcalloc(1, sizeof(*a));

	if (read_server(a, err) < 0 || read_token(folder, a, err) < 0 || read_ca(folder, a, err) < 0 ||
	    read_namespace(folder, a, err) < 0) {
		fc_access_free(a);
		return NULL;
	}
	return a;
}

struct fc_access *fc_access_in_cluster(struct fc_error *err)
{
	return fc_access_in_cluster_at(FC_SERVICE_ACCOUNT_DIR, err);
}
