/* SPDX-License-Identifier: Apache-2.0 */
#include "model/object_key.h"

#include "base/mem.h"

char *fc_object_key_text(const char *cluster, const struct fc_resource *r, const char *namespace_, const char *name)
{
	FC_AUTO_FREE char *resource = fc_resource_name(r);

	return fc_xasprintf("%s/%s/%s/%s", cluster, resource, namespace_ ? namespace_ : "", name);
}
