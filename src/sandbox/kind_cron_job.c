/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/kinds.h"

#include "base/mem.h"
#include "sandbox/cron_schedule.h"
#include "sandbox/pod_template.h"
#include "sandbox/validate_selector.h"

#include <string.h>

/* What is added to the names of Jobs takes eleven of the 63 characters. */
#define NAME_MAX_BYTES 52

static void defaults(json_t *object)
{
	json_t *spec = sb_need_object(object, "spec"), *template = sb_need_object(spec, "jobTemplate");

	sb_need_object(object, "status");
	sb_set_default(spec, "schedule", json_string(""));
	if (!*sb_text(spec, "concurrencyPolicy"))
		json_object_set_new(spec, "concurrencyPolicy", json_string("Allow"));
	sb_set_default(spec, "suspend", json_false());
	sb_set_default(spec, "successfulJobsHistoryLimit", json_integer(3));
	sb_set_default(spec, "failedJobsHistoryLimit", json_integer(1));
	sb_set_default(sb_need_object(template, "metadata"), "creationTimestamp", json_null());
	sb_default_pod_template(sb_need_object(sb_need_object(template, "spec"), "template"));
}

static void prepare_create(struct sb_call *call, json_t *object)
{
	(void)call;
	json_object_set_new(object, "status", json_object());
}

static void prepare_update(struct sb_call *call, const json_t *old, json_t *object, bool status_only)
{
	(void)call;
	sb_keep_member(object, status_only ? "spec" : "status", old);
}

static void validate_schedule(const json_t *spec, struct sb_causes *causes)
{
	const char *schedule = sb_text(spec, "schedule");
	FC_AUTO_FREE char *fault = sb_cron_schedule_fault(schedule);

	if (!*schedule)
		sb_required(causes, SB_FIELD("spec.schedule"), "");
	else if (fault)
		sb_invalid(causes, SB_FIELD("spec.schedule"), schedule, "%s", fault);
}

static void check_numbers(const json_t *object, const char *const *members, const struct sb_field *at,
			  struct sb_causes *causes)
{
	for (; *members; members++)
		sb_check_not_negative(causes, SB_CHILD(at, *members), json_object_get(object, *members));
}

static void validate_selector(const json_t *job, struct sb_causes *causes)
{
	const json_t *selector = json_object_get(job, "selector");
	FC_AUTO_BUF struct fc_buf go = FC_BUF_INIT;

	if (selector) {
		sb_go_label_selector(&go, selector);
		sb_invalid_raw(causes, SB_FIELD("spec.jobTemplate.spec.selector"), fc_buf_str(&go),
			       "`selector` will be auto-generated");
	}
	if (json_is_true(json_object_get(job, "manualSelector")))
		sb_cause(causes, "FieldValueNotSupported", "spec.jobTemplate.spec.manualSelector",
			 "Unsupported value: true: supported values: \"nil\", \"false\"");
}

static void validate_job(const json_t *job, struct sb_causes *causes)
{
	static const char *const numbers[] = {
		"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", NULL
	};
	static const char *const policies[] = { "OnFailure", "Never", NULL };
	const struct sb_field *at = SB_FIELD("spec.jobTemplate.spec"), *template_at = SB_CHILD(at, "template");
	const struct sb_field *policy_at = SB_CHILD(SB_CHILD(template_at, "spec"), "restartPolicy");
	const json_t *template = json_object_get(job, "template");
	const char *policy = sb_text(json_object_get(template, "spec"), "restartPolicy");

	validate_selector(job, causes);
	check_numbers(job, numbers, at, causes);
	sb_validate_pod_template(template, template_at, causes);
	if (strcmp(policy, "Always") == 0)
		sb_required(causes, policy_at, "valid values: \"OnFailure\", \"Never\"");
	else if (!sb_is_one_of(policy, policies))
		sb_not_supported(causes, policy_at, policy, policies);
}

static void validate_spec(const json_t *spec, struct sb_causes *causes)
{
	static const char *const deadline[] = { "startingDeadlineSeconds", NULL };
	static const char *const limits[] = { "successfulJobsHistoryLimit", "failedJobsHistoryLimit", NULL };
	static const char *const policies[] = { "Allow", "Forbid", "Replace", NULL };
	const struct sb_field *at = SB_FIELD("spec");

	validate_schedule(spec, causes);
	check_numbers(spec, deadline, at, causes);
	sb_check_word(causes, SB_CHILD(at, "concurrencyPolicy"), sb_text(spec, "concurrencyPolicy"), policies);
	validate_job(json_object_get(json_object_get(spec, "jobTemplate"), "spec"), causes);
	check_numbers(spec, limits, at, causes);
}

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const char *name = sb_text(json_object_get(object, "metadata"), "name");

	if (old && strcmp(call->subresource, "status") == 0)
		return;
	validate_spec(json_object_get(object, "spec"), causes);
	if (!old && strlen(name) > NAME_MAX_BYTES)
		sb_invalid(causes, SB_FIELD("metadata.name"), name, "must be no more than %d characters",
			   NAME_MAX_BYTES);
}

const struct sb_kind sb_kind_cron_job = {
	.defaults = defaults,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.validate = validate,
};
