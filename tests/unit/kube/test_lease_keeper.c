/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of the election before a server of one Lease. Times are short, and nothing depends on their being exact
 * but that a deadline is not over before it is over. */
#include "kube/lease_keeper.h"

#include "base/log.h"
#include "json/decode.h"
#include "kube/lease.h"
#include "unit/kube/client.h"

#include <stdatomic.h>

#define WAIT_MS 20000
#define LEASES "/apis/coordination.k8s.io/v1/namespaces/ops/leases"

static const struct fc_lease_timing quick = { .lease_ms = 3000, .deadline_ms = 2000, .retry_ms = 50 };

struct server {
	pthread_mutex_t lock; /* guards what follows */
	json_t *lease;	      /* NULL: there is none */
	const char *uid;      /* of every Lease that it makes; NULL: "u-1" */
	unsigned version, gets, creates, updates, events;
	int refuse; /* a status for each request; 0: none */
	bool refuse_writes_only, close;
	char last_url[512], last_user[128], last_agent[256];
};

struct bench {
	struct tls_server *tls;
	struct server server;
	struct fc_metrics *metrics;
	struct fc_lease_keeper *keeper;
	atomic_uint elected, lost;
	char why[256]; /* written before `lost` */
};

/* --- a server of one Lease --- */

static const char *refusal(int status)
{
	switch (status) {
	case 403:
		return "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"message\":\"may not\",\"code\":403}";
	case 404:
		return "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404,\"details\":"
		       "{\"name\":\"fedcopy\",\"kind\":\"leases\"}}";
	case 409:
		return "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Conflict\",\"code\":409,\"details\":"
		       "{\"name\":\"fedcopy\",\"kind\":\"leases\"}}";
	default:
		return "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"InternalError\",\"code\":500}";
	}
}

static void store(struct server *s, json_t *lease)
{
	json_t *metadata = json_object_get(lease, "metadata");

	json_object_set_new(metadata, "resourceVersion", json_sprintf("%u", ++s->version));
	json_object_set_new(metadata, "uid", json_string(s->uid ? s->uid : "u-1"));
	json_decref(s->lease);
	s->lease = lease;
}

static int write_lease(struct server *s, const struct tls_seen *request, bool create)
{
	json_t *lease = json_loads(request->body, 0, NULL);

	assert_non_null(lease);
	if (create ? s->lease != NULL
		   : !s->lease || strcmp(fc_json_metadata(lease, "resourceVersion"),
					 fc_json_metadata(s->lease, "resourceVersion")) != 0) {
		json_decref(lease);
		return 409;
	}
	store(s, lease);
	return create ? 201 : 200;
}

static int serve_lease(struct server *s, const struct tls_seen *request)
{
	bool get = strcmp(request->method, "GET") == 0, create = strcmp(request->method, "POST") == 0;

	*(get ? &s->gets : create ? &s->creates : &s->updates) += 1;
	if (s->refuse && !(get && s->refuse_writes_only))
		return s->refuse;
	if (get)
		return s->lease ? 200 : 404;
	return write_lease(s, request, create);
}

static void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	struct server *s = user;

	pthread_mutex_lock(&s->lock);
	if (strstr(request->url, "/events")) {
		s->events++;
		reply->status = 201;
		reply->body = "{}";
	} else {
		snprintf(s->last_url, sizeof(s->last_url), "%s", request->url);
		snprintf(s->last_agent, sizeof(s->last_agent), "%s", request->user_agent);
		snprintf(s->last_user, sizeof(s->last_user), "%s", request->authorization);
		reply->status = serve_lease(s, request);
		if (reply->status < 300)
			reply->allocated = json_dumps(s->lease, 0);
		else
			reply->body = refusal(reply->status);
	}
	reply->manner = s->close ? TLS_CLOSE : TLS_ANSWER;
	pthread_mutex_unlock(&s->lock);
}

static void other_holds(struct bench *b, const char *identity)
{
	struct server *s = &b->server;

	pthread_mutex_lock(&s->lock);
	json_t *before = s->lease ? json_incref(s->lease) : fc_lease_new("ops", "fedcopy");
	store(s, fc_lease_held(before, identity, 1000, fc_clock_wall_ms()));
	json_decref(before);
	pthread_mutex_unlock(&s->lock);
}

static void set_refusal(struct bench *b, int status, bool writes_only)
{
	pthread_mutex_lock(&b->server.lock);
	b->server.refuse = status;
	b->server.refuse_writes_only = writes_only;
	pthread_mutex_unlock(&b->server.lock);
}

static unsigned count(struct bench *b, const unsigned *which)
{
	pthread_mutex_lock(&b->server.lock);
	unsigned n = *which;
	pthread_mutex_unlock(&b->server.lock);
	return n;
}

static char *holder(struct bench *b)
{
	pthread_mutex_lock(&b->server.lock);
	char *text = fc_xstrdup(fc_lease_holder(b->server.lease));
	pthread_mutex_unlock(&b->server.lock);
	return text;
}

/* --- the keeper --- */

static void on_elected(void *user)
{
	struct bench *b = user;

	/* Whoever hears of it may act at once. */
	assert_true(fc_lease_keeper_may_act(b->keeper));
	atomic_fetch_add(&b->elected, 1);
}

static void on_lost(void *user, const char *why)
{
	struct bench *b = user;

	assert_false(fc_lease_keeper_may_act(b->keeper));
	snprintf(b->why, sizeof(b->why), "%s", why);
	atomic_fetch_add(&b->lost, 1);
}

static struct fc_access *access_of(struct bench *b, const char *token)
{
	struct fc_access *a = fc_xcalloc(1, sizeof(*a));

	a->server = fc_xstrdup(b->tls->url);
	a->ca_pem = fc_xstrdup(b->tls->ca_pem);
	a->token = fc_xstrdup(token);
	return a;
}

static void start(struct bench *b)
{
	b->keeper = fc_lease_keeper_new(&(struct fc_lease_keeper_options){ .cluster = "hub",
									   .access = access_of(b, "first"),
									   .namespace_ = "ops",
									   .name = "fedcopy",
									   .identity = "me",
									   .timing = quick,
									   .metrics = b->metrics,
									   .on_elected = on_elected,
									   .on_lost = on_lost,
									   .user = b },
					NULL);
	assert_non_null(b->keeper);
	assert_int_equal(fc_lease_keeper_start(b->keeper, NULL), 0);
}

static int setup(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	pthread_mutex_init(&b->server.lock, NULL);
	b->tls = tls_server_start(NULL, route, &b->server);
	b->metrics = fc_metrics_new();
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	if (b->keeper)
		fc_lease_keeper_release(b->keeper);
	fc_lease_keeper_free(b->keeper);
	tls_server_stop(b->tls);
	json_decref(b->server.lease);
	pthread_mutex_destroy(&b->server.lock);
	fc_metrics_free(b->metrics);
	free(b);
	return 0;
}

#define UNTIL(condition)                                             \
	do {                                                         \
		int64_t until_ms_ = fc_clock_mono_ms() + WAIT_MS;    \
		while (!(condition)) {                               \
			assert_true(fc_clock_mono_ms() < until_ms_); \
			usleep(5000);                                \
		}                                                    \
	} while (0)

static struct fc_lease_status status_of(struct bench *b)
{
	struct fc_lease_status s;

	fc_lease_keeper_status(b->keeper, &s);
	return s;
}

static double metric(struct bench *b)
{
	return fc_metrics_get(b->metrics, FC_METRIC_LEADER, FC_LABELS("fedcopy"));
}

/* --- tests --- */

static void test_keeper_leads_renews_and_gives_back(void **state)
{
	struct bench *b = *state;

	start(b);
	UNTIL(atomic_load(&b->elected) == 1);
	assert_true(fc_lease_keeper_may_act(b->keeper));
	assert_true(metric(b) == 1);
	UNTIL(count(b, &b->server.updates) >= 5);
	assert_int_equal(count(b, &b->server.gets), 1);
	assert_int_equal(count(b, &b->server.creates), 1);
	assert_true(status_of(b).leading);
	assert_string_equal(status_of(b).holder, "me");
	/* 9.12 */
	UNTIL(count(b, &b->server.events) == 1);
	fc_lease_keeper_release(b->keeper);
	assert_false(fc_lease_keeper_may_act(b->keeper));
	assert_true(metric(b) == 0);
	FC_AUTO_FREE char *last = holder(b);
	assert_string_equal(last, "");
	assert_int_equal(count(b, &b->server.events), 2);
	assert_int_equal(atomic_load(&b->lost), 0);
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_LEADER_SLOW_PATH, FC_LABELS("fedcopy")) == 0);
}

static void test_keeper_asks_as_the_api_wants_it(void **state)
{
	struct bench *b = *state;

	start(b);
	UNTIL(count(b, &b->server.updates) >= 1);
	pthread_mutex_lock(&b->server.lock);
	/* 9.2: half the deadline. */
	assert_string_equal(b->server.last_url, LEASES "/fedcopy?fieldManager=fedcopy&timeout=1s");
	assert_string_equal(b->server.last_user, "Bearer first");
	assert_int_equal(strncmp(b->server.last_agent, "fedcopy/", 8), 0);
	assert_non_null(strstr(b->server.last_agent, "/leader-election"));
	assert_string_equal(json_string_value(json_object_get(b->server.lease, "apiVersion")),
			    "coordination.k8s.io/v1");
	pthread_mutex_unlock(&b->server.lock);
}

static void test_keeper_waits_for_another_one_and_then_leads(void **state)
{
	struct bench *b = *state;

	other_holds(b, "other");
	start(b);
	UNTIL(status_of(b).looked);
	assert_string_equal(status_of(b).holder, "other");
	assert_false(fc_lease_keeper_may_act(b->keeper));
	assert_true(metric(b) == 0);
	/* It lives for a while yet. */
	for (int i = 0; i < 10; i++) {
		other_holds(b, "other");
		usleep(100000);
		assert_int_equal(atomic_load(&b->elected), 0);
	}
	UNTIL(atomic_load(&b->elected) == 1);
}

static void test_keeper_that_waits_ends_without_delay(void **state)
{
	struct bench *b = *state;

	other_holds(b, "other");
	start(b);
	UNTIL(status_of(b).looked);
	fc_lease_keeper_release(b->keeper);
	FC_AUTO_FREE char *last = holder(b);
	assert_string_equal(last, "other");
	assert_int_equal(count(b, &b->server.events), 0);
}

static void test_keeper_loses_to_another_holder(void **state)
{
	struct bench *b = *state;

	start(b);
	UNTIL(atomic_load(&b->elected) == 1);
	other_holds(b, "other");
	UNTIL(atomic_load(&b->lost) == 1);
	assert_non_null(strstr(b->why, "another one holds the Lease: other"));
	assert_true(metric(b) == 0);
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_LEADER_SLOW_PATH, FC_LABELS("fedcopy")) >= 1);
}

static void test_keeper_loses_at_the_deadline_and_not_before(void **state)
{
	struct bench *b = *state;

	start(b);
	UNTIL(count(b, &b->server.updates) >= 1);
	set_refusal(b, 500, false);
	int64_t from_ms = fc_clock_boot_ms();
	UNTIL(atomic_load(&b->lost) == 1);
	/* The last renewal was sent a period earlier, perhaps. */
	assert_true(fc_clock_boot_ms() - from_ms > quick.deadline_ms - 500);
	assert_non_null(strstr(b->why, "was not renewed for"));
	FC_AUTO_FREE char *last = holder(b);
	assert_string_equal(last, "me");
}

static void test_keeper_outlives_a_failure_shorter_than_the_deadline(void **state)
{
	struct bench *b = *state;

	start(b);
	UNTIL(count(b, &b->server.updates) >= 1);
	set_refusal(b, 500, false);
	unsigned gets = count(b, &b->server.gets);
	UNTIL(count(b, &b->server.gets) >= gets + 2);
	assert_int_equal(status_of(b).error.cls, FC_ERR_SERVER);
	set_refusal(b, 0, false);
	unsigned updates = count(b, &b->server.updates);
	UNTIL(count(b, &b->server.updates) >= updates + 3);
	assert_int_equal(atomic_load(&b->lost), 0);
	UNTIL(status_of(b).error.cls == FC_ERR_NONE);
}

static void test_keeper_names_the_rights_that_are_missing(void **state)
{
	struct bench *b = *state;

	set_refusal(b, 403, true);
	start(b);
	UNTIL(status_of(b).error.cls == FC_ERR_FORBIDDEN);
	assert_non_null(strstr(status_of(b).error.text, "cannot create the Lease: "));
	assert_non_null(strstr(status_of(b).error.text,
			       "allow its user get, create and update of leases.coordination.k8s.io in namespace ops"));
	assert_false(status_of(b).leading);
	/* They come. */
	set_refusal(b, 0, false);
	UNTIL(atomic_load(&b->elected) == 1);
}

static void test_keeper_goes_over_to_another_access_once_that_works(void **state)
{
	struct bench *b = *state;
	struct fc_access *nowhere = access_of(b, "nowhere");
	int port;

	start(b);
	UNTIL(atomic_load(&b->elected) == 1);
	/* Nobody listens there any more. */
	close(tls_listen(&port));
	free(nowhere->server);
	nowhere->server = fc_xasprintf("https://127.0.0.1:%d", port);
	fc_lease_keeper_renew(b->keeper, nowhere);
	unsigned updates = count(b, &b->server.updates);
	UNTIL(count(b, &b->server.updates) >= updates + 5);
	pthread_mutex_lock(&b->server.lock);
	assert_string_equal(b->server.last_user, "Bearer first");
	pthread_mutex_unlock(&b->server.lock);
	fc_lease_keeper_renew(b->keeper, access_of(b, "second"));
	updates = count(b, &b->server.updates);
	UNTIL(count(b, &b->server.updates) >= updates + 5);
	pthread_mutex_lock(&b->server.lock);
	assert_string_equal(b->server.last_user, "Bearer second");
	pthread_mutex_unlock(&b->server.lock);
	assert_int_equal(atomic_load(&b->lost), 0);
}

static void test_keeper_takes_another_cluster_behind_the_new_entry_for_none(void **state)
{
	struct bench *b = *state;
	struct server other = { .version = 100 };
	struct fc_access *there = access_of(b, "there");

	pthread_mutex_init(&other.lock, NULL);
	struct tls_server *tls = tls_server_start(NULL, route, &other);
	free(there->server);
	free(there->ca_pem);
	there->server = fc_xstrdup(tls->url);
	there->ca_pem = fc_xstrdup(tls->ca_pem);
	start(b);
	UNTIL(atomic_load(&b->elected) == 1);
	fc_lease_keeper_renew(b->keeper, there);
	unsigned updates = count(b, &b->server.updates);
	UNTIL(count(b, &b->server.updates) >= updates + 5);
	pthread_mutex_lock(&other.lock);
	assert_true(other.updates > 0);
	assert_null(other.lease);
	pthread_mutex_unlock(&other.lock);
	fc_lease_keeper_release(b->keeper);
	tls_server_stop(tls);
	pthread_mutex_destroy(&other.lock);
	FC_AUTO_FREE char *last = holder(b);
	assert_string_equal(last, "");
}

/* Another cluster, for which the master's entry is changed while `me` waits. */
struct elsewhere {
	struct server server;
	struct tls_server *tls;
};

static void elsewhere_start(struct elsewhere *e, struct bench *b)
{
	struct fc_access *there = access_of(b, "there");

	e->server.version = 100;
	e->server.uid = "u-there";
	pthread_mutex_init(&e->server.lock, NULL);
	e->tls = tls_server_start(NULL, route, &e->server);
	free(there->server);
	free(there->ca_pem);
	there->server = fc_xstrdup(e->tls->url);
	there->ca_pem = fc_xstrdup(e->tls->ca_pem);
	fc_lease_keeper_renew(b->keeper, there);
}

static unsigned asked_there(struct elsewhere *e)
{
	pthread_mutex_lock(&e->server.lock);
	unsigned n = e->server.gets;
	pthread_mutex_unlock(&e->server.lock);
	return n;
}

static void elsewhere_stop(struct elsewhere *e)
{
	tls_server_stop(e->tls);
	json_decref(e->server.lease);
	pthread_mutex_destroy(&e->server.lock);
}

/* It looks there often enough to have been elected. */
static void waits_on(struct bench *b, struct elsewhere *e)
{
	unsigned before = asked_there(e);

	UNTIL((other_holds(b, "other"), usleep(20000), asked_there(e) >= before + 10));
	assert_int_equal(atomic_load(&b->elected), 0);
	assert_string_equal(status_of(b).holder, "other");
}

static void test_keeper_that_waits_is_not_elected_in_another_cluster(void **state)
{
	struct bench *b = *state;
	struct elsewhere e = { .tls = NULL };

	other_holds(b, "other");
	start(b);
	UNTIL(status_of(b).looked);
	elsewhere_start(&e, b);
	/* There is no Lease there. */
	waits_on(b, &e);
	assert_int_equal(e.server.creates, 0);
	/* There is one that nobody holds. */
	pthread_mutex_lock(&e.server.lock);
	store(&e.server, fc_lease_new("ops", "fedcopy"));
	pthread_mutex_unlock(&e.server.lock);
	waits_on(b, &e);
	assert_int_equal(e.server.updates, 0);
	/* The other one's is deleted: it is made again where it was. */
	pthread_mutex_lock(&b->server.lock);
	json_decref(b->server.lease);
	b->server.lease = NULL;
	b->server.uid = "u-2";
	pthread_mutex_unlock(&b->server.lock);
	UNTIL(atomic_load(&b->elected) == 1);
	fc_lease_keeper_release(b->keeper);
	assert_int_equal(count(b, &b->server.creates), 1);
	assert_int_equal(e.server.creates, 0);
	elsewhere_stop(&e);
}

static void test_keeper_that_waits_goes_over_to_another_way_to_the_same_lease(void **state)
{
	struct bench *b = *state;

	other_holds(b, "other");
	start(b);
	UNTIL(status_of(b).looked);
	fc_lease_keeper_renew(b->keeper, access_of(b, "second"));
	UNTIL(atomic_load(&b->elected) == 1);
	pthread_mutex_lock(&b->server.lock);
	assert_string_equal(b->server.last_user, "Bearer second");
	pthread_mutex_unlock(&b->server.lock);
}

static void test_keeper_that_was_never_started_can_be_freed(void **state)
{
	struct bench *b = *state;

	b->keeper = fc_lease_keeper_new(&(struct fc_lease_keeper_options){ .cluster = "hub",
									   .access = access_of(b, "first"),
									   .namespace_ = "ops",
									   .name = "fedcopy",
									   .timing = quick },
					NULL);
	assert_non_null(b->keeper);
	assert_false(fc_lease_keeper_may_act(b->keeper));
	fc_lease_keeper_renew(b->keeper, access_of(b, "second"));
}

static void test_identity_is_another_one_each_time(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *a = fc_lease_identity();
	FC_AUTO_FREE char *b = fc_lease_identity();
	const char *uuid = strrchr(a, '_') + 1;
	char host[256] = "";

	/* 9.9 */
	assert_string_not_equal(a, b);
	(void)gethostname(host, sizeof(host) - 1);
	assert_int_equal(strncmp(a, host, strlen(host)), 0);
	assert_int_equal(uuid - a, strlen(host) + 1);
	assert_int_equal(strlen(uuid), 36);
	assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
	assert_int_equal(uuid[14], '4');
	assert_non_null(strchr("89ab", uuid[19]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keeper_leads_renews_and_gives_back),
		TEST(test_keeper_asks_as_the_api_wants_it),
		TEST(test_keeper_waits_for_another_one_and_then_leads),
		TEST(test_keeper_that_waits_ends_without_delay),
		TEST(test_keeper_loses_to_another_holder),
		TEST(test_keeper_loses_at_the_deadline_and_not_before),
		TEST(test_keeper_outlives_a_failure_shorter_than_the_deadline),
		TEST(test_keeper_names_the_rights_that_are_missing),
		TEST(test_keeper_goes_over_to_another_access_once_that_works),
		TEST(test_keeper_takes_another_cluster_behind_the_new_entry_for_none),
		TEST(test_keeper_that_waits_is_not_elected_in_another_cluster),
		TEST(test_keeper_that_waits_goes_over_to_another_way_to_the_same_lease),
		TEST(test_keeper_that_was_never_started_can_be_freed),
		cmocka_unit_test(test_identity_is_another_one_each_time),
	};

	return cmocka_run_group_tests(tests, client_global_setup, client_global_teardown);
}
