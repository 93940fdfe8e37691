/* SPDX-License-Identifier: Apache-2.0 */
/* From the clusters that are running to those that a new set names, as rows of a table. */
#include "clusters/cluster_set_diff.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define MOST 4

struct one {
	const char *name;
	const char *server; /* the whole access, as far as is asked here */
	const char *id;	    /* as far as it is known */
	const char *region;
	enum fc_reads reads;
	const char *dialect;
};

struct row {
	const char *what;
	struct one present[MOST], next[MOST]; /* the first of each is the master */
	const char *changes;		      /* numbers of present ones begin at 10 */
	const char *refused;
};

#define AT(at_name, at_server, ...)                                   \
	{                                                             \
		.name = (at_name), .server = (at_server), __VA_ARGS__ \
	}

static const struct row rows[] = {
	{
		.what = "nothing changed",
		.present = { AT("hub", "A"), AT("edge", "B") },
		.next = { AT("hub", "A"), AT("edge", "B") },
		.changes = "",
	},
	{
		.what = "another order is no change",
		.present = { AT("hub", "A"), AT("edge", "B"), AT("lab", "C") },
		.next = { AT("hub", "A"), AT("lab", "C"), AT("edge", "B") },
		.changes = "",
	},
	{
		.what = "a new one is added",
		.present = { AT("hub", "A") },
		.next = { AT("hub", "A"), AT("edge", "B") },
		.changes = "add edge;",
	},
	{
		.what = "a missing one is removed",
		.present = { AT("hub", "A"), AT("edge", "B", .id = "id-b"), AT("lab", "C") },
		.next = { AT("hub", "A"), AT("lab", "C") },
		.changes = "remove 11;",
	},
	{
		.what = "one goes, another comes, without being each other",
		.present = { AT("hub", "A", .id = "id-a"), AT("edge", "B", .id = "id-b") },
		.next = { AT("hub", "A", .id = "id-a"), AT("lab", "C") },
		.changes = "remove 11;add lab;",
	},
	{
		.what = "unknown ids are not equal",
		.present = { AT("hub", "A"), AT("edge", "B") },
		.next = { AT("hub", "A"), AT("lab", "C") },
		.changes = "remove 11;add lab;",
	},
	{
		.what = "another name for the same access is a rename",
		.present = { AT("hub", "A"), AT("edge", "B") },
		.next = { AT("hub", "A"), AT("paris", "B") },
		.changes = "change 11 paris;",
	},
	{
		.what = "another name for the same id is a rename, and its new access is tried",
		.present = { AT("hub", "A"), AT("edge", "B", .id = "id-b") },
		.next = { AT("hub", "A"), AT("paris", "B2", .id = "id-b") },
		.changes = "change 11 paris;renew 11 paris;",
	},
	{
		.what = "each of several renamed ones is found",
		.present = { AT("hub", "A"), AT("one", "B", .id = "id-b"), AT("two", "C", .id = "id-c") },
		.next = { AT("hub", "A"), AT("deux", "C2", .id = "id-c"), AT("un", "B") },
		.changes = "change 11 un;change 12 deux;renew 12 deux;",
	},
	{
		.what = "the same access counts before the same id",
		.present = { AT("hub", "A"), AT("one", "B", .id = "id-x"), AT("two", "C", .id = "id-x") },
		.next = { AT("hub", "A"), AT("deux", "C", .id = "id-x") },
		.changes = "remove 11;change 12 deux;",
	},
	{
		.what = "a name that is still there is that cluster, wherever it leads",
		.present = { AT("hub", "A"), AT("edge", "B", .id = "id-b"), AT("lab", "C", .id = "id-c") },
		.next = { AT("hub", "A"), AT("edge", "C", .id = "id-c") },
		.changes = "remove 12;renew 11 edge;",
	},
	{
		.what = "labels and reads",
		.present = { AT("hub", "A"), AT("edge", "B", .region = "eu"), AT("lab", "C") },
		.next = { AT("hub", "A"), AT("edge", "B", .region = "us"), AT("lab", "C", .reads = FC_READS_NONE) },
		.changes = "change 11 edge;change 12 lab;",
	},
	{
		.what = "labels and access at once",
		.present = { AT("hub", "A", .region = "eu"), AT("edge", "B") },
		.next = { AT("hub", "A2", .region = "us"), AT("edge", "B") },
		.changes = "change 10 hub;renew 10 hub;",
	},
	{
		.what = "the master may be renamed",
		.present = { AT("hub", "A"), AT("edge", "B") },
		.next = { AT("centre", "A"), AT("edge", "B") },
		.changes = "change 10 centre;",
	},
	{
		.what = "a member whose dialects change leaves and joins again",
		.present = { AT("hub", "A"), AT("edge", "B", .id = "id-b"), AT("lab", "C", .dialect = "kopy") },
		.next = { AT("hub", "A"), AT("edge", "B", .id = "id-b", .dialect = "kopy"),
			  AT("lab", "C", .dialect = "kopy") },
		.changes = "remove 11;add edge;",
	},
	{
		.what = "a master whose dialects change stays: every one acts there",
		.present = { AT("hub", "A"), AT("edge", "B") },
		.next = { AT("hub", "A", .dialect = "kopy"), AT("edge", "B") },
		.changes = "change 10 hub;",
	},
	{
		.what = "a new cluster cannot become the master",
		.present = { AT("hub", "A", .id = "id-a"), AT("edge", "B") },
		.next = { AT("centre", "C"), AT("hub", "A", .id = "id-a"), AT("edge", "B2") },
		.refused = "centre would be the master in place of hub: another master needs a restart",
	},
	{
		.what = "a new cluster cannot take the master's place",
		.present = { AT("hub", "A") },
		.next = { AT("centre", "C") },
		.refused = "centre would be the master in place of hub: another master needs a restart",
	},
	{
		.what = "a member cannot become the master",
		.present = { AT("hub", "A"), AT("edge", "B") },
		.next = { AT("edge", "B"), AT("hub", "A") },
		.refused = "edge would be the master in place of hub: another master needs a restart",
	},
};

static size_t how_many(const struct one *list)
{
	size_t n = 0;

	while (n < MOST && list[n].name)
		n++;
	return n;
}

static struct fc_cluster_spec spec_of(const struct one *o, bool master)
{
	struct fc_cluster_spec spec = { .info = { .name = fc_xstrdup(o->name), .master = master, .reads = o->reads } };

	spec.info.labels = o->region ? json_pack("{s:s}", "region", o->region) : NULL;
	spec.info.dialects = o->dialect ? json_pack("[s]", o->dialect) : NULL;
	spec.access = fc_xcalloc(1, sizeof(*spec.access));
	spec.access->server = fc_xstrdup(o->server);
	return spec;
}

static struct fc_cluster_set *set_of(const struct one *list)
{
	struct fc_cluster_set *s = fc_xcalloc(1, sizeof(*s));

	s->count = how_many(list);
	s->clusters = fc_xcalloc(s->count, sizeof(*s->clusters));
	for (size_t i = 0; i < s->count; i++)
		s->clusters[i] = spec_of(&list[i], i == 0);
	return s;
}

static char *write_changes(const struct fc_cluster_changes *changes, const struct fc_cluster_set *next)
{
	static const char *const words[] = { "remove", "change", "renew", "add" };
	struct fc_buf out = FC_BUF_INIT;

	for (size_t i = 0; i < changes->count; i++) {
		const struct fc_cluster_change *c = &changes->list[i];

		fc_buf_puts(&out, words[c->type]);
		if (c->type != FC_CLUSTER_ADD)
			fc_buf_printf(&out, " %u", c->no);
		if (c->type != FC_CLUSTER_REMOVE)
			fc_buf_printf(&out, " %s", next->clusters[c->index].info.name);
		fc_buf_putc(&out, ';');
	}
	return fc_buf_steal(&out);
}

static void try_row(const struct row *row)
{
	struct fc_cluster_set *old = set_of(row->present), *next = set_of(row->next);
	struct fc_cluster_present present[MOST];
	const char *ids[MOST] = { NULL };
	struct fc_cluster_changes changes;
	struct fc_error err = FC_ERROR_INIT;

	for (size_t i = 0; i < old->count; i++)
		present[i] = (struct fc_cluster_present){ .no = 10 + (fc_cluster_no)i,
							  .info = &old->clusters[i].info,
							  .access = old->clusters[i].access,
							  .id = row->present[i].id };
	for (size_t i = 0; i < next->count; i++)
		ids[i] = row->next[i].id;
	int rc = fc_cluster_set_diff(present, old->count, next, ids, &changes, &err);
	FC_AUTO_FREE char *written = write_changes(&changes, next);
	if ((rc < 0) != (row->refused != NULL) || (rc < 0 && strcmp(err.text, row->refused) != 0))
		fail_msg("%s: %s", row->what, rc < 0 ? err.text : "taken");
	if (strcmp(written, row->changes ? row->changes : "") != 0)
		fail_msg("%s: \"%s\", wanted \"%s\"", row->what, written, row->changes);
	free(changes.list);
	fc_cluster_set_free(old);
	fc_cluster_set_free(next);
}

static void test_cluster_set_diff_finds_what_each_row_says(void **state FC_UNUSED)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		try_row(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cluster_set_diff_finds_what_each_row_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
