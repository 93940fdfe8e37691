/* SPDX-License-Identifier: Apache-2.0 */
/* play - one world of the random driver: its servers, the clusters of the set, and chance.
 * Owns:    servers and members, which its driver frees.
 * Threads: one.
 * Fails:   lose() ends the test and names the seed.
 * Source:  test_engine_random.c. */
#ifndef FC_TEST_ENGINE_PLAY_H
#define FC_TEST_ENGINE_PLAY_H

#include "servers.h"

enum { SERVERS = 7, MEMBERS = 24, FIRST_MEMBERS = 3 };

struct play {
	uint64_t seed;
	bool told;
	struct fc_random random;
	struct fc_engine *engine;
	struct server *servers[SERVERS];
	struct member members[MEMBERS];
	unsigned member_count;
	unsigned values; /* made so far */
	int64_t now_ms;
	unsigned favourite; /* the fault that this world has most of */
	bool resyncs;
	bool filling_stranger;
	bool calm; /* no more faults, no writes are awaited */
	size_t writes, reads;
};

/* Every value of the server that stands in the place of others begins so. */
#define STRANGER "stranger"

#define lose(p, fmt, ...) fail_msg("FEDCOPY_SEED=%llu: " fmt, (unsigned long long)(p)->seed, ##__VA_ARGS__)
#define tell(p, fmt, ...)                                                                       \
	do {                                                                                    \
		if ((p)->told)                                                                  \
			print_message("%lld " fmt "\n", (long long)(p)->now_ms, ##__VA_ARGS__); \
	} while (0)

static inline unsigned below(struct play *p, unsigned n)
{
	return (unsigned)(fc_random_next(&p->random) % n);
}

static inline bool chance(struct play *p, unsigned percent)
{
	return below(p, 100) < percent;
}

/* --- the set --- */

static inline struct member *living(struct play *p)
{
	struct member *m;

	do
		m = &p->members[below(p, p->member_count)];
	while (!m->alive);
	return m;
}

static inline struct member *member_of_name(struct play *p, const char *name)
{
	for (unsigned i = 0; i < p->member_count; i++)
		if (p->members[i].alive && strcmp(p->members[i].name, name) == 0)
			return &p->members[i];
	return NULL;
}

static inline bool shares_its_server(const struct play *p, const struct member *m)
{
	for (unsigned i = 0; i < p->member_count; i++)
		if (&p->members[i] != m && p->members[i].alive && p->members[i].home == m->home)
			return true;
	return false;
}

static inline struct member *member_new(struct play *p, struct server *s, const char *name)
{
	struct member *m = &p->members[p->member_count];

	m->no = (fc_cluster_no)p->member_count++;
	m->alive = true;
	m->server = m->home = s;
	snprintf(m->name, sizeof(m->name), "%s", name);
	return m;
}

#endif
