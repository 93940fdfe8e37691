/* SPDX-License-Identifier: Apache-2.0 */
/* fc_names - which strings are names in Kubernetes.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never: every function answers yes or no.
 * Source:  RFC 1123 label and subdomain as Kubernetes uses them; kube-client 2.22 for what may stand in a URL. */
#ifndef FC_NAMES_H
#define FC_NAMES_H

#include <stdbool.h>

/* Lower-case letters, digits and '-', alphanumeric at both ends, 1 to 63 bytes: namespaces, cluster names. */
bool fc_name_is_label(const char *s);
/* Labels of any length parted by dots, together 1 to 253 bytes: most object names, API groups. */
bool fc_name_is_subdomain(const char *s);
/* What every object name must be to stand in a URL: not empty, not "." or "..", no '/' and no '%', at most 253 bytes,
 * no control characters. Some kinds (RBAC) allow more than a subdomain. */
bool fc_name_is_path_segment(const char *s);
/* kube-system, kube-public, kube-node-lease: never by anything but the operator's word (design section 7). */
bool fc_name_is_system_namespace(const char *s);

#endif
