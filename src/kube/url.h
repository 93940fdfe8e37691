/* SPDX-License-Identifier: Apache-2.0 */
/* fc_url - paths and queries of API requests.
 * Owns:    nothing; appends to the caller's buffer.
 * Threads: any.
 * Fails:   FC_ERR_INTERNAL for a name that may not stand in a URL (kube-client 2.22): nothing is sent then.
 * Source:  kube-client 2.22, 2.23; RFC 3986 percent-encoding. */
#ifndef FC_URL_H
#define FC_URL_H

#include "base/buf.h"
#include "base/error.h"
#include "model/resource.h"

/* /api/v1/namespaces/ns/secrets/name/status and its like. `namespace_` NULL or "": all namespaces, or
 * cluster-scoped. `name` NULL: the collection. A named request on a namespaced resource without namespace is
 * refused. */
int fc_url_object(struct fc_buf *out, const struct fc_resource *r, const char *namespace_, const char *name,
		  const char *subresource, struct fc_error *err) FC_MUST_CHECK;

/* Appends `?key=value` or `&key=value`, the value percent-encoded. */
void fc_url_query(struct fc_buf *out, const char *key, const char *value);
/* `fieldSelector=field=value`; the signs of the selector language in the value get their backslash, as
 * apimachinery's EscapeValue does. */
void fc_url_field_selector(struct fc_buf *out, const char *field, const char *value);
void fc_url_query_number(struct fc_buf *out, const char *key, long long value);

#endif
