/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/clusters_view.h"

#include "base/mem.h"
#include "json/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* 2026-01-31T12:00:00Z */
#define NOW_MS INT64_C(1769860800000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static char hub[] = "hub", edge[] = "edge-1", id[] = "u-1", server_version[] = "v1.20.2";

struct fleet {
	struct fc_cluster_info infos[2];
	struct fc_probe_result results[2];
	struct fc_clusters_row rows[2];
};

static void fleet_make(struct fleet *f)
{
	*f = (struct fleet){
		.infos = { { .name = hub, .master = true, .labels = json_pack("{s:s}", "region", "eu") },
			   { .name = edge } },
		.results = { { .reachable = true,
			       .error = FC_ERROR_INIT,
			       .id = id,
			       .server_version = server_version,
			       .round_trip_us = 1234,
			       .expires = { .certificate_ms = NOW_MS + 14 * DAY_MS,
					    .token_ms = NOW_MS + 5 * 3600000 } },
			     { .error = FC_ERROR_INIT, .round_trip_us = -1 } },
	};
	fc_error_set(&f->results[1].error, FC_ERR_NETWORK, "Connection refused");
	for (int i = 0; i < 2; i++)
		f->rows[i] =
			(struct fc_clusters_row){ &f->infos[i], i ? "https://b:6443" : "https://a", &f->results[i] };
}

static void fleet_drop(struct fleet *f)
{
	json_decref(f->infos[0].labels);
}

static void test_clusters_view_table_has_a_line_for_each_with_the_reason_last(void **state FC_UNUSED)
{
	struct fleet f;
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fleet_make(&f);
	fc_clusters_table(f.rows, 2, NOW_MS, &out);
	assert_string_equal(
		fc_buf_str(&out),
		"NAME     ROLE     LABELS      SERVER           VERSION   STATE         ROUND-TRIP   CERTIFICATE        "
		"TOKEN             REASON\n"
		"hub      master   region=eu   https://a        v1.20.2   reachable     1.2ms        2026-02-14 (14d)   "
		"2026-01-31 (5h)   -\n"
		"edge-1   member   -           https://b:6443   -         unreachable   -            -                  "
		"-                 Connection refused\n");
	fleet_drop(&f);
}

static void test_clusters_view_json_and_yaml_say_the_same(void **state FC_UNUSED)
{
	struct fleet f;
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_BUF struct fc_buf json = FC_BUF_INIT, yaml = FC_BUF_INIT;

	fleet_make(&f);
	assert_int_equal(fc_clusters_json(f.rows, 2, &json, &err), 0);
	assert_int_equal(fc_clusters_yaml(f.rows, 2, &yaml, &err), 0);
	json_auto_t *a = json_loads(fc_buf_str(&json), 0, NULL), *b = fc_yaml_parse(yaml.data, yaml.len, &err);
	assert_true(json_equal(a, b));
	const json_t *first = json_array_get(json_object_get(a, "items"), 0);
	const json_t *second = json_array_get(json_object_get(a, "items"), 1);
	assert_string_equal(json_string_value(json_object_get(first, "certificateExpires")),
			    "2026-02-14T12:00:00.000Z");
	assert_string_equal(json_string_value(json_object_get(first, "id")), "u-1");
	assert_string_equal(json_string_value(json_object_get(second, "state")), "unreachable");
	assert_string_equal(json_string_value(json_object_get(second, "reason")), "Connection refused");
	assert_true(json_is_null(json_object_get(second, "roundTripMilliseconds")));
	fleet_drop(&f);
}

static void test_clusters_view_warns_14_days_before_a_credential_ends_and_after(void **state FC_UNUSED)
{
	struct fleet f;
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fleet_make(&f);
	fc_clusters_warnings(f.rows, 2, NOW_MS, &out);
	/* The certificate has exactly 14 days. */
	assert_string_equal(fc_buf_str(&out),
			    "warning: cluster hub: the token ends at 2026-01-31T17:00:00.000Z; renew it\n");
	fc_buf_clear(&out);
	fc_clusters_warnings(f.rows, 2, NOW_MS + 1, &out);
	assert_non_null(strstr(fc_buf_str(&out), "the client certificate ends at 2026-02-14T12:00:00.000Z"));
	fc_buf_clear(&out);
	fc_clusters_warnings(f.rows, 2, NOW_MS + DAY_MS, &out);
	assert_non_null(strstr(fc_buf_str(&out), "the token ended at 2026-01-31T17:00:00.000Z"));
	fleet_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clusters_view_table_has_a_line_for_each_with_the_reason_last),
		cmocka_unit_test(test_clusters_view_json_and_yaml_say_the_same),
		cmocka_unit_test(test_clusters_view_warns_14_days_before_a_credential_ends_and_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
