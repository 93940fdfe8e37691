/* SPDX-License-Identifier: Apache-2.0 */
/* sb_faults - what is wrong with a name, a key, a label value, an address, as kube-apiserver words it.
 * Owns:    nothing; every text is static.
 * Threads: any.
 * Fails:   never: a good value has no faults.
 * Source:  RFC 1123, RFC 1035; the Kubernetes pages on object names and on labels. */
#ifndef FC_SANDBOX_VALIDATE_NAMES_H
#define FC_SANDBOX_VALIDATE_NAMES_H

#include <stdbool.h>

#define SB_MAX_FAULTS 6

/* In the order in which the real server tells them. */
struct sb_faults {
	const char *text[SB_MAX_FAULTS];
	unsigned count;
};
#define SB_FAULTS_INIT ((struct sb_faults){ .count = 0 })

/* Each adds the faults of `s` to `out`. */
typedef void sb_faults_fn(const char *s, struct sb_faults *out);
sb_faults_fn sb_faults_subdomain;      /* RFC 1123 labels parted by dots: most names */
sb_faults_fn sb_faults_label;	       /* an RFC 1123 label: Namespaces, containers, volumes */
sb_faults_fn sb_faults_dns1035;	       /* the same that begins with a letter: Services */
sb_faults_fn sb_faults_path_segment;   /* not ".", "..", no '/', no '%': RBAC */
sb_faults_fn sb_faults_path_prefix;    /* the same for the beginning of a name */
sb_faults_fn sb_faults_qualified_name; /* [prefix/]name: keys of labels, annotations, resources */
sb_faults_fn sb_faults_label_value;
sb_faults_fn sb_faults_config_key; /* of ConfigMaps and Secrets: becomes the name of a file */
sb_faults_fn sb_faults_env_name;
sb_faults_fn sb_faults_port_name; /* of containers: RFC 6335 */
sb_faults_fn sb_faults_ip;
sb_faults_fn sb_faults_http_header;

/* As `check` sees the beginning that metadata.generateName is: a hyphen at its end is no fault. */
void sb_faults_of_prefix(sb_faults_fn *check, const char *prefix, struct sb_faults *out);
bool sb_faults_none(sb_faults_fn *check, const char *s);

#endif
