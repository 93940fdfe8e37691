/* SPDX-License-Identifier: Apache-2.0 */
#include "model/state.h"

#include <stddef.h>

struct row {
	const char *name;
	const char *help;
	bool bad;
};

/* No default row: the reference is written from this table, and a test walks it. */
static const struct row rows[FC_STATES] = {
	[FC_STATE_INVALID] = {
		.name = "Invalid",
		.help = "The rule's own text is wrong, its destination path is blocked by another type or an index out "
			"of range, or the server refused what was written (400, 413, 422); tried again when source or "
			"target changes.",
		.bad = true,
	},
	[FC_STATE_CYCLE] = {
		.name = "Cycle",
		.help = "The rule is part of a circle of rules that feed each other; every path rule on it is "
			"suspended until an edit breaks the circle.",
		.bad = true,
	},
	[FC_STATE_CLUSTER_UNREACHABLE] = {
		.name = "ClusterUnreachable",
		.help = "The cluster of the rule's source or of its target cannot be reached; tried again as soon as "
			"it answers.",
		.bad = true,
	},
	[FC_STATE_PENDING] = {
		.name = "Pending",
		.help = "The type is not served yet, the first sync is not over, a write is in flight or waits for its "
			"first retry, or the rule is paused.",
		.bad = false,
	},
	[FC_STATE_NOT_ALLOWED] = {
		.name = "NotAllowed",
		.help = "The side that would be read, or the namespace that would be written to, has not consented, or "
			"a source in another namespace does not exist.",
		.bad = true,
	},
	[FC_STATE_SOURCE_NOT_FOUND] = {
		.name = "SourceNotFound",
		.help = "The source object does not exist; the target keeps what it has.",
		.bad = false,
	},
	[FC_STATE_PATH_NOT_FOUND] = {
		.name = "PathNotFound",
		.help = "The source has no value at the path, or null, or a scalar on the way to it; the target keeps "
			"what it has.",
		.bad = false,
	},
	[FC_STATE_CONFLICT] = {
		.name = "Conflict",
		.help = "An object that fedcopy does not own, or the copy of another rule, stands at the destination "
			"and is left alone.",
		.bad = true,
	},
	[FC_STATE_FLAPPING] = {
		.name = "Flapping",
		.help = "Another writer keeps undoing the copy, more than 10 times in 60 s; the rule goes on with "
			"growing pauses.",
		.bad = true,
	},
	[FC_STATE_FORBIDDEN] = {
		.name = "Forbidden",
		.help = "The server refused a request for lack of rights: 401, or 403 by RBAC; tried again slowly, "
			"since rights may come later.",
		.bad = true,
	},
	[FC_STATE_ERROR] = {
		.name = "Error",
		.help = "A quota, a terminating namespace, a server error after three tries, an object that cannot be "
			"decoded, or the limit of deletions keeps the rule from holding.",
		.bad = true,
	},
	[FC_STATE_IN_SYNC] = {
		.name = "InSync",
		.help = "At the last state seen, the rule holds.",
		.bad = false,
	},
};

static const struct row *row_of(enum fc_state s)
{
	return (unsigned)s < FC_STATES ? &rows[s] : NULL;
}

const char *fc_state_name(enum fc_state s)
{
	const struct row *row = row_of(s);

	return row ? row->name : "Unknown";
}

const char *fc_state_help(enum fc_state s)
{
	const struct row *row = row_of(s);

	return row ? row->help : "No such state.";
}

bool fc_state_is_bad(enum fc_state s)
{
	const struct row *row = row_of(s);

	return !row || row->bad;
}
