/* SPDX-License-Identifier: Apache-2.0 */
/* sb_table_cells - the columns of a type, and what an object has in them.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never; a cell that cannot be read is null.
 * Source:  Tables of a real server, type by type. */
#ifndef FC_SANDBOX_TABLE_CELLS_H
#define FC_SANDBOX_TABLE_CELLS_H

#include <jansson.h>
#include <stdint.h>

#include "sandbox/types.h"

struct sb_column {
	const char *name, *type;
	int priority; /* 0: shown always; 1: with -o wide */
};
/* A kind that has columns of its own. */
struct sb_cells {
	const char *group, *kind;
	const struct sb_column *columns; /* behind the name, ended by one without a name */
	/* Appends a cell for each; the object is in the form that it is stored in. */
	void (*append)(const json_t *object, int64_t now, json_t *cells);
	bool name_is_last; /* of Events */
};
/* NULL: name and time of creation. */
const struct sb_cells *sb_cells_of(const struct sb_type *type);

/* "5m" since that time, "<unknown>" without one. */
json_t *sb_cell_age(const json_t *time, int64_t now);

#endif
