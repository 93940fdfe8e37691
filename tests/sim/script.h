/* SPDX-License-Identifier: Apache-2.0 */
/* script - what happens in a world, step by step: made from a seed, kept as a list, so that steps can be left out to
 * find the few that matter.
 * Owns:    its steps.
 * Threads: one.
 * Fails:   reading a case from a file names the line.
 * Source:  the way of shrinking is delta debugging (Zeller, Hildebrandt 2002). */
#ifndef FC_SIM_SCRIPT_H
#define FC_SIM_SCRIPT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A step's numbers choose among what there is when it is played (modulo), so that a step means something, or nothing,
 * whatever was left out before it. */
struct step {
	uint8_t kind; /* enum step_kind of world.h */
	uint32_t a, b, c, d;
};

struct script {
	uint64_t seed;	   /* of the world it begins with, and of the engines' jitter */
	unsigned dialects; /* bits of enum speaks; 0: as the seed has it, of paths and of the tests alone */
	struct step *steps;
	size_t count, cap;
};

/* What is spoken in a world; copy-test is the dialect of the tests. */
enum speaks {
	SPEAKS_PATHS = 1,
	SPEAKS_COPY_TEST = 2,
	SPEAKS_KOPY = 4,
	SPEAKS_SYNC = 8,
	SPEAKS_OBJECTS = 16,
	SPEAKS_REPLICATOR = 32
};

/* The seed's steps. */
void script_make(struct script *s, uint64_t seed);
void script_fini(struct script *s);

/* Leaves out as many steps as it can while `fails` still says so, within `tries` plays. */
void script_shrink(struct script *s, bool (*fails)(void *user, const struct script *s), void *user, unsigned tries);

/* A regression case: text, one step a line, with the steps' names. */
int script_read(struct script *s, const char *file, struct fc_error *err) FC_MUST_CHECK;
int script_write(const struct script *s, const char *file, const char *why, struct fc_error *err) FC_MUST_CHECK;

#endif
