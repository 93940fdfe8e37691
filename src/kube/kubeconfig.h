/* SPDX-License-Identifier: Apache-2.0 */
/* fc_kubeconfig - kubeconfig files, merged, and what one context of them says about reaching a cluster.
 * Owns:    the parsed files; an access owns copies of all it needs, key material included (overwritten when freed).
 * Threads: loading from one; a loaded kubeconfig is immutable; an access belongs to one cluster.
 * Fails:   FC_ERR_CONFIG with the file, the entry and the mend; never quotes a credential.
 * Source:  kube-client 1.1 to 1.23, 1.27 to 1.30, 1.35, 1.37 to 1.39. */
#ifndef FC_KUBECONFIG_H
#define FC_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct fc_kubeconfig;
struct fc_exec_spec;

/* Everything needed to talk to one API server. Strings are NULL where nothing was given. */
struct fc_access {
	char *server;	/* scheme://host[:port][/prefix], no trailing slash (1.9) */
	char *ca_pem;	/* inline or read from the file; NULL: the system's roots (1.10) */
	char *ca_file;	/* where it came from, to look at again (1.26) */
	char *cert_pem; /* client certificate and key (1.15) */
	char *key_pem;
	char *cert_file;
	char *key_file;
	char *token; /* inline; a token file's value wins (1.16) */
	char *token_file;
	char *username; /* Basic (1.18) */
	char *password;
	struct fc_exec_spec *exec; /* the plug-in that gives token or certificate (1.27); NULL: none */
	char **impersonate;	   /* whole header lines, NULL-terminated (1.22); NULL: nobody */
	char *tls_server_name;	   /* 1.12 */
	char *proxy_url;	   /* 1.13 */
	bool insecure;		   /* insecure-skip-tls-verify */
	bool no_compression;	   /* disable-compression */
	char *namespace_;	   /* of the context; "default" when it names none */
	_Atomic unsigned holders;  /* beside the first one */
};

/* Loads one explicit path (a missing file is an error), or with NULL by 1.3: KUBECONFIG (a list; missing files are
 * skipped), then $HOME/.kube/config. A `path` with ':' is taken as a list like KUBECONFIG. Collects the errors of
 * all files into one text. */
struct fc_kubeconfig *fc_kubeconfig_load(const char *path, struct fc_error *err) FC_MUST_CHECK;
/* The files that _load(path) would look at, in their order, whether they are there or not; NULL behind the last. The
 * caller frees each, and the list. */
char **fc_kubeconfig_files(const char *path);
/* Accesses made from it stay. NULL allowed. */
void fc_kubeconfig_free(struct fc_kubeconfig *k);

/* current-context, or NULL. */
const char *fc_kubeconfig_current(const struct fc_kubeconfig *k);
/* The names of all contexts, in the order of the files: NULL after the last. Borrowed. */
const char *fc_kubeconfig_context(const struct fc_kubeconfig *k, size_t i);

/* What a context means; files named in it are read now. An unknown context: the error lists those that exist. */
struct fc_access *fc_kubeconfig_access(const struct fc_kubeconfig *k, const char *context, struct fc_error *err)
	FC_MUST_CHECK;

/* Inside a cluster (1.37, 1.38): NULL with class FC_ERR_NOT_FOUND when not in one. */
struct fc_access *fc_access_in_cluster(struct fc_error *err) FC_MUST_CHECK;
/* Do both reach the same server as the same user in the same way? Of what lies in a file the path counts, not what
 * stood in it: whoever holds the access looks into the file again by itself. (Except for a CA that a plug-in is told:
 * the plug-in with another one is another plug-in.) */
bool fc_access_same(const struct fc_access *a, const struct fc_access *b);
/* The same access, for one more holder, who frees it too: it is never written once it was made. Any thread. */
struct fc_access *fc_access_share(struct fc_access *a);
/* With the last holder it goes; key material is overwritten first. NULL allowed. */
void fc_access_free(struct fc_access *a);

#endif
