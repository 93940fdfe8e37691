/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/kinds.h"

#include "sandbox/validate_field.h"

/* Of a reference to a Secret the name alone is kept. */
static void clean(json_t *object)
{
	json_t *reference;
	size_t i;

	json_array_foreach(json_object_get(object, "secrets"), i, reference) {
		json_t *name = json_object_get(reference, "name");
		json_t *kept = json_object();

		if (name)
			json_object_set(kept, "name", name);
		json_object_clear(reference);
		json_object_update(reference, kept);
		json_decref(kept);
	}
}

static void prepare_create(struct sb_call *call, json_t *object)
{
	(void)call;
	clean(object);
}

static void prepare_update(struct sb_call *call, const json_t *old, json_t *object, bool status_only)
{
	(void)call;
	(void)old;
	(void)status_only;
	clean(object);
}

const struct sb_kind sb_kind_service_account = {
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
};
