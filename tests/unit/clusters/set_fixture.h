/* SPDX-License-Identifier: Apache-2.0 */
/* set_fixture - kubeconfigs for the tests of cluster sets.
 * Owns:    nothing; files lie in the fixture's folder.
 * Threads: one.
 * Fails:   the test.
 * Source:  unit/kube/fixture.h. */
#ifndef FC_TESTS_SET_FIXTURE_H
#define FC_TESTS_SET_FIXTURE_H

#include "base/buf.h"
#include "clusters/cluster_set.h"
#include "unit/kube/fixture.h"

/* A kubeconfig with a context and cluster for each name; the server of NAME is https://NAME, with '-' for what no host
 * name has. `names` are parted by spaces, and the first is the current context. */
static inline const char *set_fixture_kubeconfig(struct fixture *f, const char *file, const char *names)
{
	FC_AUTO_BUF struct fc_buf contexts = FC_BUF_INIT, clusters = FC_BUF_INIT;
	FC_AUTO_FREE char *copy = fc_xstrdup(names), *text = NULL;
	char *rest = copy;

	for (char *name; (name = strtok_r(rest, " ", &rest));) {
		FC_AUTO_FREE char *host = fc_xstrdup(name);
		for (char *c = host; *c; c++)
			if (strchr(":/@=_", *c))
				*c = '-';
		fc_buf_printf(&contexts, "- {name: \"%s\", context: {cluster: \"%s\", user: u}}\n", name, name);
		fc_buf_printf(&clusters, "- {name: \"%s\", cluster: {server: \"https://%s\"}}\n", name, host);
	}
	text = fc_xasprintf("current-context: \"%s\"\nusers: [{name: u, user: {token: "
			    "abc}}]\ncontexts:\n%sclusters:\n%s",
			    copy, fc_buf_str(&contexts), fc_buf_str(&clusters));
	return fixture_write(f, file, text);
}

static inline struct fc_cluster_set *set_must_load(const struct fc_cluster_set_options *options)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_cluster_set *s = fc_cluster_set_load(options, &err);

	if (!s)
		fail_msg("%s", err.text);
	return s;
}

static inline void set_expect_cluster(const struct fc_cluster_set *s, size_t i, const char *name, const char *server)
{
	assert_true(i < s->count);
	assert_string_equal(s->clusters[i].info.name, name);
	assert_string_equal(s->clusters[i].access->server, server);
	assert_int_equal(s->clusters[i].info.master, i == s->master);
}

#endif
