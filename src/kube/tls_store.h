/* SPDX-License-Identifier: Apache-2.0 */
/* fc_tls_store - the CA and the client certificate in force for a cluster, from wherever they come, kept fresh.
 * Owns:    the PEM texts: those in force, and those before them, which may still be in use (overwritten when freed).
 * Threads: the cluster's thread.
 * Fails:   a file that cannot be read, or does not fit its other half, leaves what is in force, and is logged once.
 * Source:  kube-client 1.15, 1.25, 1.26, 1.34. Private to credentials.c. */
#ifndef FC_TLS_STORE_H
#define FC_TLS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "kube/kubeconfig.h"

/* `before` is kept until the next change: a handle that is at its end may read it still. */
struct fc_tls_text {
	char *now, *before;
};

struct fc_tls_store {
	const struct fc_access *access; /* borrowed; its files are looked at */
	struct fc_tls_text ca, cert, key;
	bool ca_failing, pair_failing; /* the last look at the files; said once */
};

/* Begins with what the access has read. */
void fc_tls_store_init(struct fc_tls_store *s, const struct fc_access *access);
void fc_tls_store_fini(struct fc_tls_store *s);

/* Do any of the texts lie in files? */
bool fc_tls_store_has_files(const struct fc_tls_store *s);
/* Reads the files; true: what is in force is another than before. Inline texts stay (1.25). */
bool fc_tls_store_look(struct fc_tls_store *s);

/* Is this the certificate with its key in force? Both may be NULL. */
bool fc_tls_store_has_pair(const struct fc_tls_store *s, const char *cert_pem, const char *key_pem);
/* Puts copies of these, which must fit together, or NULL, in force. */
void fc_tls_store_set_pair(struct fc_tls_store *s, const char *cert_pem, const char *key_pem);

#endif
