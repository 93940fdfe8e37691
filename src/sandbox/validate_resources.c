/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const of_containers[] = { "cpu", "ephemeral-storage", "memory", NULL };
static const char *const standard[] = { "cpu",
					"memory",
					"ephemeral-storage",
					"requests.cpu",
					"requests.memory",
					"requests.ephemeral-storage",
					"limits.cpu",
					"limits.memory",
					"limits.ephemeral-storage",
					"pods",
					"resourcequotas",
					"services",
					"replicationcontrollers",
					"secrets",
					"configmaps",
					"persistentvolumeclaims",
					"storage",
					"requests.storage",
					"services.nodeports",
					"services.loadbalancers",
					NULL };

/* --- quantities, in the canonical form that decoding brings them into --- */

static const struct {
	const char *suffix;
	double factor;
} suffixes[] = {
	{ "", 1 },	  { "n", 1e-9 },    { "u", 1e-6 },    { "m", 1e-3 },	{ "k", 1e3 },	  { "M", 1e6 },
	{ "G", 1e9 },	  { "T", 1e12 },    { "P", 1e15 },    { "E", 1e18 },	{ "Ki", 0x1p10 }, { "Mi", 0x1p20 },
	{ "Gi", 0x1p30 }, { "Ti", 0x1p40 }, { "Pi", 0x1p50 }, { "Ei", 0x1p60 },
};

/* As a number: exact for what containers ask for. */
static long double value_of(const char *text)
{
	char *end;
	long double number = strtold(text, &end);

	for (size_t i = 0; i < FC_ARRAY_LEN(suffixes); i++)
		if (strcmp(end, suffixes[i].suffix) == 0)
			return number * (long double)suffixes[i].factor;
	return number;
}

/* --- names --- */

static bool is_huge(const char *name)
{
	return strncmp(name, "hugepages-", 10) == 0;
}

static bool is_native(const char *name)
{
	return !strchr(name, '/') || strstr(name, "kubernetes.io/");
}

static bool is_extended(const char *name)
{
	FC_AUTO_FREE char *quota = fc_xasprintf("requests.%s", name);

	return !is_native(name) && strncmp(name, "requests.", 9) != 0 &&
	       sb_faults_none(sb_faults_qualified_name, quota);
}

static void validate_name(const char *name, const struct sb_field *at, struct sb_causes *causes)
{
	bool good = sb_faults_none(sb_faults_qualified_name, name);

	sb_check(causes, at, name, sb_faults_qualified_name);
	if (good && !strchr(name, '/') && !sb_is_one_of(name, standard) && !is_huge(name))
		sb_invalid(causes, at, name, "must be a standard resource type or fully qualified");
	if (!strchr(name, '/') && !sb_is_one_of(name, of_containers) && !is_huge(name))
		sb_invalid(causes, at, name, "must be a standard resource for containers");
	else if (!is_native(name) && !is_extended(name))
		sb_invalid(causes, at, name, "doesn't follow extended resource name standard");
}

/* --- values --- */

/* As Go prints the struct of "1500m": whole thousandths alone get here. */
static void invalid_fraction(const char *text, long double value, const struct sb_field *at, struct sb_causes *causes)
{
	FC_AUTO_FREE char *go = fc_xasprintf("resource.Quantity{i:resource.int64Amount{value:%lld, scale:-3}, "
					     "d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:\"%s\", "
					     "Format:\"DecimalSI\"}",
					     (long long)(value * 1000), text);

	sb_invalid_raw(causes, at, go, "must be an integer");
}

static void validate_value(const char *name, const char *text, const struct sb_field *at, struct sb_causes *causes)
{
	long double value = value_of(text);

	if (value < 0)
		sb_invalid(causes, at, text, "must be greater than or equal to 0");
	if (is_extended(name) && value != (long double)(long long)value)
		invalid_fraction(text, value, at, causes);
}

static void validate_request(const char *name, const char *text, const json_t *limits, const struct sb_field *at,
			     struct sb_causes *causes)
{
	const char *limit = json_string_value(json_object_get(limits, name));
	bool overcommit = is_native(name) && !is_huge(name);

	if (!limit && !overcommit)
		sb_required(causes, SB_CHILD(at, "limits"), "Limit must be set for non overcommitable resources");
	if (!limit)
		return;
	if (!overcommit && value_of(text) != value_of(limit))
		sb_invalid(causes, SB_CHILD(at, "requests"), text, "must be equal to %s limit", name);
	else if (overcommit && value_of(text) > value_of(limit))
		sb_invalid(causes, SB_CHILD(at, "requests"), text, "must be less than or equal to %s limit", name);
}

struct seen {
	bool huge, cpu_or_memory;
};

static void validate_list(const json_t *list, const struct sb_field *at, struct seen *seen, struct sb_causes *causes)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)list, name, value) {
		validate_name(name, SB_KEY(at, name), causes);
		validate_value(name, json_string_value(value) ?: "0", SB_KEY(at, name), causes);
		seen->huge |= is_huge(name);
		seen->cpu_or_memory |= strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0;
	}
}

void sb_validate_resources(const json_t *resources, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *limits = json_object_get(resources, "limits");
	json_t *requests = json_object_get(resources, "requests"), *value;
	struct seen seen = { false, false };
	const char *name;

	validate_list(limits, SB_CHILD(at, "limits"), &seen, causes);
	validate_list(requests, SB_CHILD(at, "requests"), &seen, causes);
	json_object_foreach(requests, name, value)
		validate_request(name, json_string_value(value) ?: "0", limits, at, causes);
	if (seen.huge && !seen.cpu_or_memory)
		sb_forbidden(causes, at, "HugePages require cpu or memory");
}
