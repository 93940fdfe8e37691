/* SPDX-License-Identifier: Apache-2.0 */
/* kube/api_documents.h, kube/api_aggregated.h and kube/discovery.h: the input is a document, or an item of the
 * aggregated one, read as each of the kinds that there are; and a Content-Type. */
#include "kube/api_documents.h"

#include "fuzz.h"
#include "kube/api_aggregated.h"
#include "kube/discovery.h"
#include "model/names.h"

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

static void check_refusal(const struct fc_error *err)
{
	fuzz_check_error(err);
	FUZZ_CHECK(err->cls == FC_ERR_PROTOCOL || err->cls == FC_ERR_LIMIT || err->cls == FC_ERR_MEMORY);
	FUZZ_CHECK(!strstr(err->text, FUZZ_SECRET));
}

/* Each once, and each can stand in a URL. */
static void check_versions(const struct fc_api_versions *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct fc_api_version *v = &list->items[i];
		FUZZ_CHECK(!v->group[0] || fc_name_is_path_segment(v->group));
		FUZZ_CHECK(fc_name_is_path_segment(v->version));
		for (size_t k = 0; k < i; k++)
			FUZZ_CHECK(strcmp(list->items[k].group, v->group) ||
				   strcmp(list->items[k].version, v->version));
	}
}

static void read_versions(const char *body, size_t len)
{
	struct fc_api_versions core = { .items = NULL }, groups = { .items = NULL };
	struct fc_error err = FC_ERROR_INIT;

	if (fc_api_read_core(&core, body, len, &err) < 0)
		check_refusal(&err);
	check_versions(&core);
	err = FC_ERROR_INIT;
	if (fc_api_read_groups(&groups, body, len, &err) < 0)
		check_refusal(&err);
	check_versions(&groups);
	fc_api_versions_fini(&core);
	fc_api_versions_fini(&groups);
}

static void read_aggregated(const char *body, size_t len, bool core)
{
	struct fc_api_versions list = { .items = NULL };
	struct fc_error err = FC_ERROR_INIT;

	if (fc_api_read_aggregated(&list, core, body, len, &err) < 0) {
		check_refusal(&err);
		FUZZ_CHECK(list.count == 0);
	}
	check_versions(&list);
	for (size_t i = 0; i < list.count; i++) {
		const struct fc_api_version *v = &list.items[i];
		FUZZ_CHECK(core == !v->group[0]);
		FUZZ_CHECK(!v->stale || v->resources.count == 0);
		for (size_t k = 0; k < v->resources.count; k++)
			FUZZ_CHECK(v->resources.items[k]->plural[0] &&
				   strcmp(v->resources.items[k]->group, v->group) == 0);
	}
	fc_api_versions_fini(&list);
}

static void read_content_type(const char *text, size_t len)
{
	FC_AUTO_FREE char *copy = fc_xstrndup(text, len);

	FUZZ_CHECK(!fc_api_is_aggregated(copy) || strcasestr(copy, FC_AGGREGATED_KIND));
}

/* A resource is found by its name; one with a dot in it, which no server has, would mean a group. */
static void check_resource(const struct fc_resource_table *table, const struct fc_resource *r)
{
	struct fc_resource *found = NULL;
	struct fc_error err = FC_ERROR_INIT;

	FUZZ_CHECK(r->plural[0] && r->kind && r->singular && r->short_names);
	FUZZ_CHECK(strcmp(r->group, "apps") == 0 && strcmp(r->version, "v1") == 0);
	if (strpbrk(r->plural, "/.") || fc_resource_word_check(r->plural, &err) < 0)
		return;
	FUZZ_CHECK(fc_resource_resolve(table, r->plural, 0, &found) == FC_RESOLVED && found);
	fc_resource_unref(found);
}

static void read_resources(const char *body, size_t len)
{
	struct fc_resource_table *table = fc_resource_table_new();
	struct fc_api_resources list = { .items = NULL };
	struct fc_error err = FC_ERROR_INIT, err_list = FC_ERROR_INIT;
	int rc = fc_discovery_read_resources(table, "apps", "v1", body, len, &err);
	int rc_list = fc_api_read_resources(&list, "apps", "v1", body, len, &err_list);

	FUZZ_CHECK(rc == rc_list);
	FUZZ_CHECK(rc == 0 || list.count == 0);
	FUZZ_CHECK(fc_resource_table_count(table) <= list.count);
	if (rc < 0)
		check_refusal(&err);
	for (size_t i = 0; i < list.count; i++)
		check_resource(table, list.items[i]);
	fc_api_resources_fini(&list);
	fc_resource_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_versions((const char *)data, size);
	read_resources((const char *)data, size);
	read_aggregated((const char *)data, size, false);
	read_aggregated((const char *)data, size, true);
	read_content_type((const char *)data, size);
	return 0;
}
