/* SPDX-License-Identifier: Apache-2.0 */
/* fc_exec_spec - the login plug-in that a kubeconfig names: what is started, with which arguments and environment.
 * Owns:    all its strings; those that may hold a secret are overwritten when freed.
 * Threads: immutable once read: any.
 * Fails:   FC_ERR_CONFIG with the field and the mend; never quotes an argument or a value of the environment.
 * Source:  kube-client 1.27 to 1.30; client.authentication.k8s.io/v1 and /v1beta1. */
#ifndef FC_EXEC_SPEC_H
#define FC_EXEC_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct fc_exec_spec {
	char *command; /* a path, or a bare name that goes through PATH when it is started (1.6) */
	char **args;   /* without the command; NULL-terminated, like env */
	char **env;    /* NAME=VALUE, added to the process's own; KUBERNETES_EXEC_INFO is the last (1.29) */
	char *api_version;
	char *install_hint; /* without control characters (1.35); NULL: none */
	/* All of the above in one piece: two plug-ins are the same where these bytes are (1.32). */
	char *key;
	size_t key_bytes;
};

/* What a plug-in is told of the cluster if its stanza has provideClusterInfo (1.30). NULL where there is nothing. */
struct fc_exec_cluster {
	const char *server; /* as the kubeconfig writes it */
	const char *tls_server_name, *proxy_url;
	const char *ca_pem; /* also where it came from a file */
	bool insecure, no_compression;
	const json_t *config; /* the cluster's extension client.authentication.k8s.io/exec (1.14) */
};

/* The stanza `exec` of a user; a relative command with a slash lies beside `kubeconfig_file`. The plug-in is told that
 * nobody sits at a terminal: this process is a daemon (1.28). */
struct fc_exec_spec *fc_exec_spec_read(const json_t *exec, const char *kubeconfig_file,
				       const struct fc_exec_cluster *cluster, struct fc_error *err) FC_MUST_CHECK;
struct fc_exec_spec *fc_exec_spec_dup(const struct fc_exec_spec *s);
/* Both may be NULL: no plug-in at all is the same as none. */
bool fc_exec_spec_same(const struct fc_exec_spec *a, const struct fc_exec_spec *b);
/* NULL allowed. */
void fc_exec_spec_free(struct fc_exec_spec *s);

#endif
