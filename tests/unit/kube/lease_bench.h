/* SPDX-License-Identifier: Apache-2.0 */
/* lease_bench - a server of one Lease, without a network, for the tests of elections.
 * Owns:    the Lease.
 * Threads: the test's.
 * Fails:   the test, by assertion.
 * Source:  kube/lease_election.h. */
#ifndef TESTS_LEASE_BENCH_H
#define TESTS_LEASE_BENCH_H

#include "base/mem.h"
#include "json/decode.h"
#include "kube/lease.h"
#include "kube/lease_election.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define START_MS 1000000
#define WALL_MS INT64_C(1767225600000)

struct bench {
	struct fc_lease_election *e;
	int64_t now_ms, wall_ms;
	json_t *stored; /* NULL: there is none */
	unsigned version, uids;
	struct fc_lease_order last;
};

static inline struct fc_lease_election *election(const char *identity, uint64_t seed)
{
	return fc_lease_election_new(&(struct fc_lease_election_options){
		.namespace_ = "ops",
		.name = "fedcopy",
		.identity = identity,
		.timing = FC_LEASE_TIMING_DEFAULT,
		.seed = seed,
	});
}

/* --- a server of one Lease --- */

static inline void stamp(struct bench *b, const char *uid)
{
	json_t *metadata = json_object_get(b->stored, "metadata");
	char version[16];

	snprintf(version, sizeof(version), "%u", ++b->version);
	json_object_set_new(metadata, "resourceVersion", json_string(version));
	if (uid)
		json_object_set_new(metadata, "uid", json_string(uid));
}

static inline void put_in(struct bench *b, const json_t *lease)
{
	char uid[16];
	bool is_new = !b->stored;

	json_decref(b->stored);
	b->stored = json_deep_copy(lease);
	snprintf(uid, sizeof(uid), "u-%u", b->uids + is_new);
	b->uids += is_new;
	stamp(b, is_new ? uid : NULL);
}

/* Another one writes: takes it, or renews it. */
static inline void other_holds(struct bench *b, const char *identity)
{
	json_t *before = b->stored ? json_incref(b->stored) : fc_lease_new("ops", "fedcopy");
	json_t *held = fc_lease_held(before, identity, 15000, b->wall_ms);

	put_in(b, held);
	json_decref(held);
	json_decref(before);
}

/* What the server says; NULL with err. */
static inline json_t *serve(struct bench *b, const struct fc_lease_order *order, struct fc_error *err)
{
	switch (order->step) {
	case FC_LEASE_GET:
		break;
	case FC_LEASE_CREATE:
		if (b->stored) {
			fc_error_set(err, FC_ERR_EXISTS, "it is there");
			return NULL;
		}
		put_in(b, order->lease);
		break;
	case FC_LEASE_UPDATE:
		if (b->stored && strcmp(fc_json_metadata(b->stored, "resourceVersion"),
					fc_json_metadata(order->lease, "resourceVersion")) != 0) {
			fc_error_set(err, FC_ERR_CONFLICT, "somebody was faster");
			return NULL;
		}
		if (b->stored)
			put_in(b, order->lease);
		break;
	case FC_LEASE_WAIT:
	case FC_LEASE_DONE:
		fail();
	}
	if (!b->stored)
		fc_error_set(err, FC_ERR_NOT_FOUND, "it is not there");
	return json_deep_copy(b->stored);
}

#endif
