/* SPDX-License-Identifier: Apache-2.0 */
/* fc_yaml - YAML (and so JSON) text to JSON values.
 * Owns:    the result belongs to the caller.
 * Threads: any.
 * Fails:   FC_ERR_CONFIG with line and column and what was found there; never quotes a value (kubeconfigs hold
 *          secrets).
 * Source:  libyaml; scalars as Kubernetes' own tools read them (sigs.k8s.io/yaml: YAML 1.1 words for plain scalars,
 *          so yes/no/on/off are booleans; quoted scalars are strings); anchors, aliases and `<<` merge keys are
 *          resolved, with a limit on the expansion; duplicate keys are an error; keys that are no strings become
 *          their text. Limits: 16 MiB of text, 128 levels. */
#ifndef FC_YAML_H
#define FC_YAML_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* One document; more than one is an error. An empty text gives json null. */
json_t *fc_yaml_parse(const char *text, size_t len, struct fc_error *err) FC_MUST_CHECK;

/* All documents as a JSON array; empty ones are left out. */
json_t *fc_yaml_parse_all(const char *text, size_t len, struct fc_error *err) FC_MUST_CHECK;

#endif
