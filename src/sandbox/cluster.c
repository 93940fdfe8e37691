/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cluster.h"

#include "base/encode.h"
#include "base/mem.h"
#include "sandbox/access.h"
#include "sandbox/cruelty.h"
#include "sandbox/garbage.h"
#include "sandbox/journal.h"
#include "sandbox/metrics.h"
#include "sandbox/namespaces.h"
#include "sandbox/store.h"
#include "sandbox/types.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t system_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void sb_cluster_uid(struct sb_cluster *c, char out[40])
{
	unsigned char bytes[16];
	uint64_t high = fc_random_next(&c->random), low = fc_random_next(&c->random);
	char digits[33];

	memcpy(bytes, &high, 8);
	memcpy(bytes + 8, &low, 8);
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	fc_hex(bytes, sizeof(bytes), digits);
	snprintf(out, 40, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16, digits + 20);
}

void sb_cluster_time(const struct sb_cluster *c, char out[32])
{
	time_t seconds = c->now() / 1000000000;
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

void sb_cluster_micro_time(const struct sb_cluster *c, char out[40])
{
	int64_t now = c->now();
	time_t seconds = now / 1000000000;
	struct tm parts;
	char head[24];

	gmtime_r(&seconds, &parts);
	strftime(head, sizeof(head), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out, 40, "%s.%06dZ", head, (int)(now / 1000 % 1000000));
}

static json_t *fresh_metadata(struct sb_cluster *c, const char *ns, const char *name, char uid[40])
{
	char now[32];
	json_t *metadata = json_pack("{s:s}", "name", name);

	sb_cluster_uid(c, uid);
	sb_cluster_time(c, now);
	if (*ns)
		json_object_set_new(metadata, "namespace", json_string(ns));
	json_object_set_new(metadata, "uid", json_string(uid));
	json_object_set_new(metadata, "creationTimestamp", json_string(now));
	return metadata;
}

static void put(struct sb_cluster *c, const char *plural, json_t *object)
{
	sb_store_put(c->store, sb_store_resource(c->store, "", plural), object);
	json_decref(object);
}

static void make_namespace(struct sb_cluster *c, const char *name)
{
	char uid[40];
	json_t *metadata = fresh_metadata(c, "", name, uid);

	if (strcmp(name, "kube-system") == 0)
		memcpy(c->id, uid, sizeof(c->id));
	put(c, "namespaces",
	    json_pack("{s:o, s:{s:[s]}, s:{s:s}}", "metadata", metadata, "spec", "finalizers", "kubernetes", "status",
		      "phase", "Active"));
}

/* The API server's own Service, which every cluster has. */
static void make_own_service(struct sb_cluster *c)
{
	char uid[40];
	json_t *metadata = fresh_metadata(c, "default", "kubernetes", uid);

	json_object_set_new(metadata, "labels",
			    json_pack("{s:s, s:s}", "component", "apiserver", "provider", "kubernetes"));
	put(c, "services",
	    json_pack("{s:o, s:{s:[{s:s, s:s, s:i, s:i}], s:s, s:[s], s:s, s:s}, s:{s:{}}}", "metadata", metadata,
		      "spec", "ports", "name", "https", "protocol", "TCP", "port", 443, "targetPort", 6443, "clusterIP",
		      "10.0.0.1", "clusterIPs", "10.0.0.1", "type", "ClusterIP", "sessionAffinity", "None", "status",
		      "loadBalancer"));
}

struct sb_cluster *sb_cluster_new(const struct sb_cluster_options *options, struct fc_loop *loop)
{
	static const char *const namespaces[] = { "default", "kube-node-lease", "kube-public", "kube-system" };
	struct sb_cluster *c = fc_xcalloc(1, sizeof(*c));

	c->name = fc_xstrdup(options->name);
	c->random.state = options->seed;
	c->now = options->now ?: system_now;
	c->bookmark_ms = options->bookmark_ms;
	c->loop = loop;
	c->schemas = options->schemas;
	c->store = sb_store_new(options->history);
	c->types = sb_types_new(options->schemas);
	c->access = sb_access_new(options->token);
	c->metrics = sb_metrics_new();
	c->cruelty = sb_cruelty_new(fc_random_next(&c->random));
	c->journal = sb_journal_new(options->journal);
	c->namespaces = sb_namespaces_new(c);
	c->garbage = sb_garbage_new(c);
	for (size_t i = 0; i < FC_ARRAY_LEN(namespaces); i++)
		make_namespace(c, namespaces[i]);
	make_own_service(c);
	return c;
}

void sb_cluster_free(struct sb_cluster *c)
{
	if (!c)
		return;
	sb_namespaces_free(c->namespaces);
	sb_garbage_free(c->garbage);
	sb_store_free(c->store);
	sb_types_free(c->types);
	sb_access_free(c->access);
	sb_metrics_free(c->metrics);
	sb_cruelty_free(c->cruelty);
	sb_journal_free(c->journal);
	free(c->name);
	free(c);
}
