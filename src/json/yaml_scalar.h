/* SPDX-License-Identifier: Apache-2.0 */
/* fc_yaml_scalar - what one YAML scalar means: null, a boolean, a number or text.
 * Owns:    the result belongs to the caller.
 * Threads: any.
 * Fails:   with a sentence that never quotes the scalar.
 * Source:  the resolution of sigs.k8s.io/yaml (its fork of go-yaml v2), so that a manifest means here what it means
 *          to kubectl. */
#ifndef FC_YAML_SCALAR_H
#define FC_YAML_SCALAR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/error.h"

/* This very sentence, and no copy of it, is `*why` where memory was missing. */
extern const char fc_yaml_scalar_no_memory[];

/* NULL, and `*why`, when it is none that JSON can hold. */
json_t *fc_yaml_scalar(const yaml_event_t *event, const char **why) FC_MUST_CHECK;

/* The `<<` of a mapping whose value is to be merged into it. */
bool fc_yaml_scalar_is_merge(const yaml_event_t *event);

/* The text that a scalar has as a key of a JSON object; NULL, and `*why`, for null and for what is no scalar. */
char *fc_yaml_scalar_key(const json_t *value, const char **why) FC_MUST_CHECK;

#endif
