/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects/dialects.h"

#include <string.h>

const struct fc_dialect *fc_dialect_named(const char *name)
{
	for (size_t i = 0; fc_dialects[i]; i++)
		if (strcmp(fc_dialects[i]->name, name) == 0)
			return fc_dialects[i];
	return NULL;
}
