/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/server.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/admin.h"
#include "sandbox/authority.h"
#include "sandbox/cruelty.h"
#include "sandbox/files.h"
#include "sandbox/load.h"
#include "sandbox/schema.h"
#include "sandbox/site.h"

#include <string.h>
#include <sys/resource.h>

/* Of a cluster: its port and, at a usual client's, two connections and what a reconnect holds for a moment. */
#define DESCRIPTORS_PER_CLUSTER 4
#define DESCRIPTORS_OF_PROCESS 64

struct sb_server {
	struct fc_loop *loop;
	struct sb_authority *authority;
	struct sb_schemas *schemas;
	struct sb_site **sites;
	unsigned site_count;

	char *admin_token;
	struct sb_admin admin;
	struct sb_service admin_service;
	struct sb_listener *admin_listener;
};

static int provide_descriptors(unsigned clusters, struct fc_error *err)
{
	rlim_t need = DESCRIPTORS_OF_PROCESS + DESCRIPTORS_PER_CLUSTER * (rlim_t)clusters;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max >= need)
		return 0;
	return fc_error_set(err, FC_ERR_CONFIG,
			    "%u clusters need %llu descriptors, and the limit is %llu: raise it (ulimit -Hn), or serve "
			    "fewer",
			    clusters, (unsigned long long)need, (unsigned long long)limit.rlim_max);
}

/* --- clusters --- */

static int open_sites(struct sb_server *s, const struct sb_options *o, struct fc_error *err)
{
	s->sites = fc_xcalloc(o->cluster_count, sizeof(struct sb_site *));
	for (unsigned i = 0; i < o->cluster_count; i++) {
		struct sb_site_options options = { .name = o->clusters[i],
						   .history = o->history,
						   .journal = o->journal,
						   .seed = o->seed,
						   .port = o->first_port ? o->first_port + (int)i : 0,
						   .loop = s->loop,
						   .authority = s->authority,
						   .schemas = s->schemas };
		s->sites[i] = sb_site_new(&options, err);
		if (!s->sites[i])
			return -1;
		s->site_count++;
	}
	return 0;
}

static int load_site(const struct sb_options *o, struct sb_site *site, struct fc_error *err)
{
	for (unsigned i = 0; i < o->loads.count; i++) {
		const struct sb_order *load = &o->loads.items[i];
		if (sb_order_is_for(load, site->cluster->name) &&
		    sb_load(site->cluster, site->token, load->what, err) < 0)
			return fc_error_wrap(err, "--load %s", site->cluster->name);
	}
	return 0;
}

/* Behind the loading, which they would meet too. */
static int vex_site(const struct sb_options *o, struct sb_site *site, struct fc_error *err)
{
	unsigned id;

	for (unsigned i = 0; i < o->cruelties.count; i++) {
		const struct sb_order *cruelty = &o->cruelties.items[i];
		if (!sb_order_is_for(cruelty, site->cluster->name))
			continue;
		json_t *rule = sb_cruelty_parse_flag(cruelty->what, err);
		int rc = rule ? sb_cruelty_add(site->cluster->cruelty, rule, fc_clock_mono_ms(), &id, err) : -1;
		json_decref(rule);
		if (rc < 0) {
			fc_error_wrap(err, "--cruel %s", cruelty->what);
			err->cls = FC_ERR_USAGE;
			return -1;
		}
	}
	return 0;
}

static int fill_sites(struct sb_server *s, const struct sb_options *o, struct fc_error *err)
{
	for (unsigned i = 0; i < s->site_count; i++)
		if (load_site(o, s->sites[i], err) < 0 || vex_site(o, s->sites[i], err) < 0)
			return -1;
	return 0;
}

/* --- the admin endpoint --- */

static int open_admin(struct sb_server *s, int port, struct fc_error *err)
{
	s->admin_token = sb_site_new_token();
	s->admin = (struct sb_admin){ .token = s->admin_token, .sites = s->sites, .site_count = s->site_count };
	s->admin_service = (struct sb_service){
		.loop = s->loop, .authority = s->authority, .handle = sb_admin_handle, .user = &s->admin
	};
	s->admin_listener = sb_listener_new(&s->admin_service, port, err);
	if (!s->admin_listener)
		return fc_error_wrap(err, "--admin-port");
	return 0;
}

/* --- files --- */

static int write_files(const struct sb_server *s, const struct sb_options *o, struct fc_error *err)
{
	struct sb_files_cluster *clusters = fc_xcalloc(s->site_count, sizeof(*clusters));

	for (unsigned i = 0; i < s->site_count; i++)
		clusters[i] = (struct sb_files_cluster){ .name = s->sites[i]->cluster->name,
							 .token = s->sites[i]->token,
							 .port = sb_listener_port(s->sites[i]->listener) };
	int rc = sb_files_write_clusters(o->directory, sb_authority_pem(s->authority), clusters, s->site_count, err);
	free(clusters);
	if (rc == 0 && s->admin_listener)
		rc = sb_files_write_admin(o->directory, sb_listener_port(s->admin_listener), s->admin_token, err);
	return rc;
}

static int open_server(struct sb_server *s, const struct sb_options *o, struct fc_error *err)
{
	if (sb_files_make_directory(o->directory, err) < 0)
		return fc_error_wrap(err, "--dir");
	if (provide_descriptors(o->cluster_count, err) < 0)
		return -1;
	s->authority = sb_authority_new(err);
	if (!s->authority)
		return -1;
	s->schemas = sb_schemas_new();
	if (open_sites(s, o, err) < 0 || fill_sites(s, o, err) < 0)
		return -1;
	if (o->admin_port >= 0 && open_admin(s, o->admin_port, err) < 0)
		return -1;
	return write_files(s, o, err);
}

struct sb_server *sb_server_new(const struct sb_options *options, struct fc_loop *loop, struct fc_error *err)
{
	struct sb_server *s = fc_xcalloc(1, sizeof(*s));

	s->loop = loop;
	if (open_server(s, options, err) == 0)
		return s;
	sb_server_free(s);
	return NULL;
}

void sb_server_free(struct sb_server *s)
{
	if (!s)
		return;
	sb_listener_free(s->admin_listener);
	sb_connections_end(&s->admin_service, false);
	for (unsigned i = 0; i < s->site_count; i++)
		sb_site_free(s->sites[i]);
	free(s->sites);
	sb_schemas_free(s->schemas);
	sb_authority_free(s->authority);
	if (s->admin_token)
		fc_free_secret(s->admin_token, strlen(s->admin_token));
	free(s);
}
