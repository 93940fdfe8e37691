/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/lease.h"

#include "base/clock.h"
#include "json/decode.h"

#include <stdlib.h>
#include <string.h>

/* The API has 32 bits for it. */
#define MOST_SECONDS INT32_MAX

static const json_t *spec_of(const json_t *lease)
{
	const json_t *spec = NULL;

	return fc_json_get_object(lease, "spec", &spec) == FC_JSON_FOUND ? spec : NULL;
}

int fc_lease_check(const json_t *lease, struct fc_error *err)
{
	const json_t *spec = NULL;
	const char *kind = "", *holder;
	json_int_t number;

	(void)fc_json_get_string(lease, "kind", &kind);
	if (strcmp(kind, "Lease") != 0)
		return fc_error_set(err, FC_ERR_PROTOCOL, "the answer is no Lease");
	if (fc_json_get_object(lease, "spec", &spec) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_PROTOCOL, "the Lease's spec is no object");
	if (fc_json_get_string(spec, "holderIdentity", &holder) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_PROTOCOL, "the Lease's holderIdentity is no string");
	if (fc_json_get_integer(spec, "leaseDurationSeconds", &number) == FC_JSON_WRONG_TYPE ||
	    fc_json_get_integer(spec, "leaseTransitions", &number) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_PROTOCOL,
				    "the Lease's leaseDurationSeconds or leaseTransitions is no whole number");
	return 0;
}

const char *fc_lease_holder(const json_t *lease)
{
	const char *holder = "";

	(void)fc_json_get_string(spec_of(lease), "holderIdentity", &holder);
	return holder;
}

int64_t fc_lease_duration_ms(const json_t *lease)
{
	json_int_t seconds = 0;

	(void)fc_json_get_integer(spec_of(lease), "leaseDurationSeconds", &seconds);
	if (seconds < 0)
		return 0;
	return (seconds < MOST_SECONDS ? seconds : MOST_SECONDS) * 1000;
}

bool fc_lease_same(const json_t *a, const json_t *b)
{
	const json_t *a_spec = spec_of(a), *b_spec = spec_of(b);

	if (strcmp(fc_json_metadata(a, "uid"), fc_json_metadata(b, "uid")) != 0)
		return false;
	return a_spec == b_spec || (a_spec && b_spec && json_equal(a_spec, b_spec));
}

json_t *fc_lease_new(const char *namespace_, const char *name)
{
	json_t *lease = json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "coordination.k8s.io/v1", "kind", "Lease",
				  "metadata", "namespace", namespace_, "name", name);

	if (!lease)
		abort(); /* out of memory for a few bytes, as in base/mem.h */
	return lease;
}

/* A copy with a spec that may be written; it is read by others where it is. */
static json_t *copy_of(const json_t *lease, json_t **spec)
{
	json_t *copy = json_deep_copy(lease);

	*spec = json_object_get(copy, "spec");
	if (!json_is_object(*spec)) {
		*spec = json_object();
		if (json_object_set_new(copy, "spec", *spec) < 0)
			abort();
	}
	return copy;
}

static json_t *micro_time(int64_t wall_ms)
{
	char text[FC_RFC3339_BYTES];

	fc_time_rfc3339_micro(wall_ms, text);
	return json_string(text);
}

static void set(json_t *spec, const char *member, json_t *value)
{
	if (json_object_set_new(spec, member, value) < 0)
		abort();
}

/* 9.6: one more than before whenever somebody else begins, who held it last or whether anybody did. */
static json_int_t transitions(const json_t *lease, bool goes_on)
{
	json_int_t count = 0;
	enum fc_json_found found = fc_json_get_integer(spec_of(lease), "leaseTransitions", &count);

	if (goes_on || !spec_of(lease))
		return count;
	return found == FC_JSON_FOUND && count >= INT32_MAX ? count : count + 1;
}

json_t *fc_lease_held(const json_t *lease, const char *identity, int64_t duration_ms, int64_t wall_ms)
{
	bool goes_on = strcmp(fc_lease_holder(lease), identity) == 0;
	json_int_t count = transitions(lease, goes_on);
	json_t *spec, *copy = copy_of(lease, &spec);

	set(spec, "holderIdentity", json_string(identity));
	set(spec, "leaseDurationSeconds", json_integer((duration_ms + 999) / 1000));
	if (!goes_on)
		set(spec, "acquireTime", micro_time(wall_ms));
	set(spec, "renewTime", micro_time(wall_ms));
	set(spec, "leaseTransitions", json_integer(count));
	return copy;
}

json_t *fc_lease_released(const json_t *lease, int64_t wall_ms)
{
	json_t *spec, *copy = copy_of(lease, &spec);

	set(spec, "holderIdentity", json_string(""));
	set(spec, "leaseDurationSeconds", json_integer(1));
	set(spec, "acquireTime", micro_time(wall_ms));
	set(spec, "renewTime", micro_time(wall_ms));
	return copy;
}
