/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/lease_keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/random.h"
#include "json/decode.h"
#include "kube/event_recorder.h"
#include "kube/lease.h"
#include "kube/lease_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The last Event goes out before the thread ends, or never. */
#define LAST_EVENT_MS 1000
#define LAST_EVENT_LOOK_MS 20
/* The mend must not be what is cut off. */
#define REASON_CHARS "340"

struct fc_lease_keeper {
	struct fc_lease_keeper_options o;
	char *cluster, *namespace_, *name, *identity;
	struct fc_random random;
	struct fc_loop *loop;
	struct fc_lease_client *client;
	struct fc_lease_election *election;
	struct fc_event_recorder *recorder;
	struct fc_timer *timer;
	enum fc_lease_phase phase; /* that was acted on */
	enum fc_lease_step asked;  /* the request under way */
	int64_t ended_ms;	   /* when there was nothing more to do but for Events; 0: not yet */
	bool has_led;
	bool went_well; /* the last request, and nothing is under way */
	/* Of looks and of writes: a bit per class of failure that was logged since the last success. */
	uint32_t told[2];
	pthread_t thread;
	bool started;

	/* From other threads, and to them. */
	_Atomic(struct fc_access *) new_access;
	atomic_bool release_asked;
	_Atomic int64_t until_ms; /* it may act; 0: it may not */
	pthread_mutex_t lock;	  /* guards what follows */
	struct fc_lease_status status;
};

_Static_assert(FC_ERR_CLASSES <= 32, "a bit of `told` for each class");

static void step(struct fc_lease_keeper *k);

/* --- who --- */

char *fc_lease_identity(void)
{
	struct fc_random r = { .state = fc_random_seed() };
	uint64_t high = fc_random_next(&r), low = fc_random_next(&r) ^ fc_random_seed();
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	/* RFC 4122, version 4: random but for six bits. */
	high = (high & ~UINT64_C(0xf000)) | 0x4000;
	low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	return fc_xasprintf("%s_%08x-%04x-%04x-%04x-%012llx", host, (unsigned)(high >> 32),
			    (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
			    (unsigned long long)(low & 0xffffffffffff));
}

/* --- what others see --- */

static void publish(struct fc_lease_keeper *k, const struct fc_error *why)
{
	const json_t *lease = fc_lease_election_lease(k->election);

	pthread_mutex_lock(&k->lock);
	k->status.leading = k->phase == FC_LEASE_LEADING;
	k->status.looked = k->status.looked || !why;
	k->status.error = why ? *why : FC_ERROR_INIT;
	snprintf(k->status.holder, sizeof(k->status.holder), "%s", fc_lease_holder(lease));
	pthread_mutex_unlock(&k->lock);
}

void fc_lease_keeper_status(struct fc_lease_keeper *k, struct fc_lease_status *out)
{
	int64_t hung_ms = k->o.timing.lease_ms - k->o.timing.deadline_ms + FC_LEASE_TOLERANCE_MS;
	int64_t until_ms = atomic_load(&k->until_ms);

	pthread_mutex_lock(&k->lock);
	*out = k->status;
	pthread_mutex_unlock(&k->lock);
	out->hung = until_ms && fc_clock_boot_ms() > until_ms + hung_ms;
}

bool fc_lease_keeper_may_act(const struct fc_lease_keeper *k)
{
	return fc_clock_boot_ms() < atomic_load(&k->until_ms);
}

static void set_metric(struct fc_lease_keeper *k, bool leading)
{
	fc_metrics_set(k->o.metrics, FC_METRIC_LEADER, leading, FC_LABELS(k->name));
}

/* --- Events --- */

static void record(struct fc_lease_keeper *k, const char *action, const char *what)
{
	const json_t *lease = fc_lease_election_lease(k->election);
	struct fc_event_record *r = fc_event_record_new();
	FC_AUTO_FREE char *text = fc_xasprintf("%s %s", k->identity, what);

	r->type = FC_RECORD_NORMAL;
	r->reason = "LeaderElection";
	r->action = action;
	r->note = fc_event_note(text, "");
	r->regarding.api_version = fc_xstrdup("coordination.k8s.io/v1");
	r->regarding.kind = fc_xstrdup("Lease");
	r->regarding.namespace_ = fc_xstrdup(k->namespace_);
	r->regarding.name = fc_xstrdup(k->name);
	r->regarding.uid = fc_xstrdup(fc_json_metadata(lease, "uid"));
	r->regarding.resource_version = fc_xstrdup(fc_json_metadata(lease, "resourceVersion"));
	r->wall_ms = fc_clock_wall_ms();
	fc_event_recorder_record(k->recorder, r);
}

static void make_recorder(struct fc_lease_keeper *k)
{
	k->recorder = fc_event_recorder_new(&(struct fc_event_recorder_options){
		.transport = fc_lease_client_transport(k->client), .random = &k->random, .instance = k->identity });
}

static void on_moved(void *user)
{
	struct fc_lease_keeper *k = user;

	fc_event_recorder_free(k->recorder);
	make_recorder(k);
}

/* --- what becomes of it --- */

static void elected(struct fc_lease_keeper *k)
{
	k->has_led = true;
	set_metric(k, true);
	fc_log(FC_LOG_INFO, "leader election: this process leads", FC_KV("cluster", k->cluster),
	       FC_KV("namespace", k->namespace_), FC_KV("lease", k->name), FC_KV("identity", k->identity));
	record(k, "Acquire", "became leader");
	k->o.on_elected(k->o.user);
}

static void lost(struct fc_lease_keeper *k)
{
	set_metric(k, false);
	k->o.on_lost(k->o.user, fc_lease_election_why(k->election));
}

static void given_back(struct fc_lease_keeper *k)
{
	bool still_held = strcmp(fc_lease_holder(fc_lease_election_lease(k->election)), k->identity) == 0;

	set_metric(k, false);
	if (!k->has_led)
		return;
	fc_log(still_held ? FC_LOG_WARN : FC_LOG_INFO,
	       still_held ? "leader election: the Lease could not be given back, it will run out"
			  : "leader election: the Lease was given back",
	       FC_KV("cluster", k->cluster), FC_KV("namespace", k->namespace_), FC_KV("lease", k->name));
	record(k, "Release", "stopped leading");
}

/* The permission to act is withdrawn before anybody is told, and given before anybody is told. */
static void follow_phase(struct fc_lease_keeper *k)
{
	enum fc_lease_phase phase = fc_lease_election_phase(k->election);
	bool leads = phase == FC_LEASE_LEADING;

	atomic_store(&k->until_ms, leads ? fc_lease_election_until_ms(k->election) : 0);
	if (phase == k->phase)
		return;
	k->phase = phase;
	publish(k, NULL);
	if (leads)
		elected(k);
	else if (phase == FC_LEASE_LOST)
		lost(k);
	else if (phase == FC_LEASE_ENDED)
		given_back(k);
}

static void on_timer(void *user)
{
	struct fc_lease_keeper *k = user;

	k->timer = NULL;
	step(k);
}

static void wait(struct fc_lease_keeper *k, int64_t delay_ms)
{
	/* A machine may sleep for longer than a timer thinks: what is due then is seen a second later at most. */
	fc_loop_timer_cancel(k->loop, &k->timer);
	k->timer = fc_loop_timer(k->loop, delay_ms < 1000 ? delay_ms : 1000, on_timer, k);
}

static void end(struct fc_lease_keeper *k)
{
	int64_t now_ms = fc_clock_mono_ms();

	if (!k->ended_ms)
		k->ended_ms = now_ms;
	if (fc_event_recorder_counts(k->recorder).queued == 0 || now_ms - k->ended_ms >= LAST_EVENT_MS)
		fc_loop_stop(k->loop);
	else
		wait(k, LAST_EVENT_LOOK_MS);
}

static void ask(struct fc_lease_keeper *k, const struct fc_lease_order *order)
{
	bool leads = k->phase == FC_LEASE_LEADING || k->phase == FC_LEASE_RELEASING;

	k->asked = order->step;
	k->went_well = false;
	/* A leader that must look has not got through by what it knew (11.5). */
	if (leads && order->step == FC_LEASE_GET)
		fc_metrics_add(k->o.metrics, FC_METRIC_LEADER_SLOW_PATH, 1, FC_LABELS(k->name));
	fc_lease_client_send(k->client, order);
}

static void step(struct fc_lease_keeper *k)
{
	struct fc_lease_order order;

	for (;;) {
		int64_t now_ms = fc_clock_boot_ms();

		order = fc_lease_election_next(k->election, now_ms, fc_clock_wall_ms());
		follow_phase(k);
		if (order.step == FC_LEASE_DONE) {
			end(k);
			return;
		}
		if (order.step == FC_LEASE_WAIT) {
			/* A look that went well says nothing yet where a write must follow. */
			if (k->went_well)
				publish(k, NULL);
			k->went_well = false;
			wait(k, order.at_ms > now_ms ? order.at_ms - now_ms : 0);
			return;
		}
		ask(k, &order);
	}
}

/* --- answers --- */

static char *mend_for(const struct fc_lease_keeper *k, const struct fc_error *why)
{
	switch (why->cls) {
	case FC_ERR_FORBIDDEN:
		return fc_xasprintf(
			"; allow its user get, create and update of leases.coordination.k8s.io in namespace %s",
			k->namespace_);
	case FC_ERR_NOT_FOUND:
		return fc_xasprintf("; create namespace %s, or choose another one for the Lease", k->namespace_);
	case FC_ERR_UNAUTHORIZED:
		return fc_xstrdup("; renew the credentials that its kubeconfig entry names");
	case FC_ERR_NOT_SERVED:
		return fc_xstrdup("; only Kubernetes from 1.14 on knows Leases");
	default:
		return fc_xstrdup("");
	}
}

/* Somebody else was faster, or nobody has made it yet: that is how an election goes. */
static bool is_a_failure(const struct fc_lease_keeper *k, const struct fc_error *why)
{
	if (why->cls == FC_ERR_CONFLICT || why->cls == FC_ERR_EXISTS)
		return false;
	return why->cls != FC_ERR_NOT_FOUND || k->asked == FC_LEASE_CREATE;
}

static void explain(const struct fc_lease_keeper *k, const struct fc_error *why, struct fc_error *out)
{
	static const char *const doing[] = {
		[FC_LEASE_GET] = "look at", [FC_LEASE_CREATE] = "create", [FC_LEASE_UPDATE] = "update"
	};
	FC_AUTO_FREE char *mend = mend_for(k, why);

	*out = *why;
	snprintf(out->text, sizeof(out->text), "cannot %s the Lease: %." REASON_CHARS "s%s", doing[k->asked], why->text,
		 mend);
}

static uint32_t *told_of(struct fc_lease_keeper *k)
{
	return &k->told[k->asked != FC_LEASE_GET];
}

static void tell(struct fc_lease_keeper *k, const struct fc_error *why)
{
	bool leads = k->phase == FC_LEASE_LEADING, grave = leads || why->cls == FC_ERR_FORBIDDEN;
	uint32_t bit = UINT32_C(1) << why->cls, *told = told_of(k);

	if (!(*told & bit))
		fc_log(grave ? FC_LOG_ERROR : FC_LOG_WARN,
		       leads ? "leader election: the Lease cannot be renewed, trying until the deadline"
			     : "leader election: no part can be taken in it yet",
		       FC_KV("cluster", k->cluster), FC_KV("namespace", k->namespace_), FC_KV("lease", k->name),
		       FC_KV("reason", why->text));
	*told |= bit;
}

static void tell_holder(struct fc_lease_keeper *k, const json_t *lease)
{
	const char *holder = fc_lease_holder(lease);

	if (*holder && strcmp(holder, k->identity) != 0 && strcmp(holder, k->status.holder) != 0)
		fc_log(FC_LOG_INFO, "leader election: another process leads, waiting", FC_KV("cluster", k->cluster),
		       FC_KV("namespace", k->namespace_), FC_KV("lease", k->name), FC_KV("leader", holder));
}

static void on_done(void *user, json_t *lease, const struct fc_error *why)
{
	struct fc_lease_keeper *k = user;
	struct fc_error err;

	if (lease)
		tell_holder(k, lease);
	fc_lease_election_answered(k->election, fc_clock_boot_ms(), lease, why);
	if (lease || !is_a_failure(k, why)) {
		*told_of(k) = 0;
		k->went_well = true;
	} else {
		explain(k, why, &err);
		tell(k, &err);
		publish(k, &err);
	}
	step(k);
}

/* --- the thread --- */

static void take_orders(void *user)
{
	struct fc_lease_keeper *k = user;
	struct fc_access *access = atomic_exchange(&k->new_access, NULL);

	if (access)
		fc_lease_client_renew(k->client, access);
	if (atomic_load(&k->release_asked))
		fc_lease_election_release(k->election, fc_clock_boot_ms());
	step(k);
}

static void *run(void *user)
{
	struct fc_lease_keeper *k = user;

	step(k);
	fc_loop_run(k->loop);
	return NULL;
}

struct fc_lease_keeper *fc_lease_keeper_new(const struct fc_lease_keeper_options *options, struct fc_error *err)
{
	struct fc_lease_keeper *k = fc_xcalloc(1, sizeof(*k));

	k->o = *options;
	k->cluster = fc_xstrdup(options->cluster);
	k->namespace_ = fc_xstrdup(options->namespace_);
	k->name = fc_xstrdup(options->name);
	k->identity = options->identity ? fc_xstrdup(options->identity) : fc_lease_identity();
	k->random.state = fc_random_seed();
	k->status.error = FC_ERROR_INIT;
	pthread_mutex_init(&k->lock, NULL);
	k->election = fc_lease_election_new(&(struct fc_lease_election_options){ .namespace_ = k->namespace_,
										 .name = k->name,
										 .identity = k->identity,
										 .timing = options->timing,
										 .seed = fc_random_seed() });
	k->loop = fc_loop_new(take_orders, k, err);
	if (!k->loop) {
		fc_access_free(options->access);
		fc_lease_keeper_free(k);
		return NULL;
	}
	k->client = fc_lease_client_new(
		&(struct fc_lease_client_options){ .loop = k->loop,
						   .cluster = k->cluster,
						   .access = options->access,
						   .plugins = options->plugins,
						   .namespace_ = k->namespace_,
						   .name = k->name,
						   .timeout_ms = fc_lease_timing_request_ms(&options->timing),
						   .on_done = on_done,
						   .on_moved = on_moved,
						   .user = k },
		err);
	if (!k->client) {
		fc_lease_keeper_free(k);
		return NULL;
	}
	make_recorder(k);
	set_metric(k, false);
	fc_metrics_add(k->o.metrics, FC_METRIC_LEADER_SLOW_PATH, 0, FC_LABELS(k->name));
	return k;
}

int fc_lease_keeper_start(struct fc_lease_keeper *k, struct fc_error *err)
{
	int rc = pthread_create(&k->thread, NULL, run, k);

	if (rc != 0)
		return fc_error_set_errno(err, FC_ERR_INTERNAL, rc, "leader election: no thread could be started");
	k->started = true;
	return 0;
}

void fc_lease_keeper_release(struct fc_lease_keeper *k)
{
	if (!k->started)
		return;
	atomic_store(&k->release_asked, true);
	fc_loop_wake(k->loop);
	pthread_join(k->thread, NULL);
	k->started = false;
}

void fc_lease_keeper_free(struct fc_lease_keeper *k)
{
	if (!k)
		return;
	fc_event_recorder_free(k->recorder);
	fc_lease_client_free(k->client);
	if (k->loop) {
		fc_loop_timer_cancel(k->loop, &k->timer);
		fc_loop_free(k->loop);
	}
	fc_lease_election_free(k->election);
	fc_access_free(atomic_load(&k->new_access));
	pthread_mutex_destroy(&k->lock);
	free(k->cluster);
	free(k->namespace_);
	free(k->name);
	free(k->identity);
	free(k);
}

struct fc_access *fc_lease_keeper_access(const struct fc_lease_keeper *k)
{
	return fc_lease_client_access(k->client);
}

void fc_lease_keeper_renew(struct fc_lease_keeper *k, struct fc_access *access)
{
	fc_access_free(atomic_exchange(&k->new_access, access));
	fc_loop_wake(k->loop);
}
