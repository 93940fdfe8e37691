/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/faults.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/call.h"
#include "sandbox/cruelty.h"

/* Whom rules are asked about: a request as the API understands it, or (NULL) a connection. */
struct victim {
	struct sb_cruelty *cruelty;
	struct sb_call *call;
	struct sb_response unsent; /* a call has one; nobody fills it */
	struct sb_call parsed;
	int64_t now_ms;
};

/* False: there is nothing to ask. */
static bool victim_init(struct victim *v, struct sb_cluster *cluster, const struct sb_request *request)
{
	if (!cluster || !cluster->cruelty || sb_cruelty_is_calm(cluster->cruelty))
		return false;
	*v = (struct victim){ .cruelty = cluster->cruelty, .unsent = SB_RESPONSE_INIT, .now_ms = fc_clock_mono_ms() };
	if (!request)
		return true;
	v->call = &v->parsed;
	v->parsed = (struct sb_call){ .cluster = cluster, .request = request, .response = &v->unsent };
	sb_call_parse(v->call);
	return true;
}

static void victim_fini(struct victim *v)
{
	if (v->call)
		sb_call_fini(v->call);
	sb_response_fini(&v->unsent);
}

static const struct sb_cruelty_rule *strikes(struct victim *v, enum sb_cruelty_kind kind)
{
	return sb_cruelty_strikes(v->cruelty, kind, v->call, v->now_ms);
}

void sb_faults_of_connection(struct sb_cluster *cluster, struct sb_connection_faults *out)
{
	struct victim v;

	*out = (struct sb_connection_faults){ 0 };
	if (!victim_init(&v, cluster, NULL))
		return;
	const struct sb_cruelty_rule *refused = strikes(&v, SB_REFUSED_CONNECTION);
	if (refused) {
		out->refused = true;
		/* One that ends after so many times would have nobody to count. */
		out->closed = refused->share >= 1 && refused->count < 0;
	} else {
		out->other_certificate = strikes(&v, SB_OTHER_CERTIFICATE) != NULL;
		const struct sb_cruelty_rule *few = strikes(&v, SB_FEW_STREAMS);
		out->streams = few && few->streams > 0 ? (uint32_t)few->streams : 0;
	}
	victim_fini(&v);
}

/* The first that strikes, in this order; the others are not asked, and not counted. */
static const struct {
	enum sb_cruelty_kind kind;
	enum sb_fault_end end;
} ends[] = {
	{ SB_RESET_BEFORE, SB_END_RESET },
	{ SB_REFUSED_STREAM, SB_END_REFUSED },
	{ SB_HANG, SB_END_HANG },
	{ SB_RESET_AFTER, SB_END_RESET_AFTER },
};

void sb_faults_of_request(struct sb_cluster *cluster, const struct sb_request *request, struct sb_request_faults *out)
{
	struct victim v;

	*out = (struct sb_request_faults){ 0 };
	if (!victim_init(&v, cluster, request))
		return;
	const struct sb_cruelty_rule *latency = strikes(&v, SB_LATENCY);
	out->wait_ms = latency ? sb_cruelty_jitter(v.cruelty, latency) : 0;
	for (size_t i = 0; i < FC_ARRAY_LEN(ends) && out->end == SB_END_WELL; i++)
		if (strikes(&v, ends[i].kind))
			out->end = ends[i].end;
	if (out->end == SB_END_WELL) {
		out->goaway = strikes(&v, SB_GOAWAY) != NULL;
		const struct sb_cruelty_rule *slow = strikes(&v, SB_SLOW_BYTES);
		out->bytes_per_second = slow ? slow->bytes_per_second : 0;
	}
	victim_fini(&v);
}

void sb_faults_of_line(struct sb_cluster *cluster, const struct sb_request *request, enum sb_piece piece,
		       struct sb_line_faults *out)
{
	struct victim v;

	*out = (struct sb_line_faults){ 0 };
	if (!victim_init(&v, cluster, request))
		return;
	out->silent = strikes(&v, SB_SILENT_WATCH) != NULL;
	out->gone = !out->silent && strikes(&v, SB_GONE_WATCH);
	out->cut = !out->silent && !out->gone && strikes(&v, SB_CUT_WATCH);
	if (!out->silent && !out->gone && !out->cut) {
		const struct sb_cruelty_rule *late = strikes(&v, SB_LATE_EVENT);
		out->late_ms = late ? late->ms : 0;
		out->doubled = piece == SB_PIECE_EVENT && strikes(&v, SB_DOUBLED_EVENT);
		out->skipped = piece == SB_PIECE_BOOKMARK && strikes(&v, SB_SKIPPED_BOOKMARK);
	}
	victim_fini(&v);
}
