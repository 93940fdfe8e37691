/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/leadership.h"

#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "kube/in_cluster.h"
#include "kube/lease_keeper.h"
#include "model/names.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct fc_leadership {
	struct fc_leadership_options o;
	char *namespace_, *name;
	int elected_fd; /* an eventfd: written by the keeper's thread, read by the main thread */
	struct fc_lease_keeper *keeper;
	struct fc_access *access; /* by which it was elected; written before elected_fd, NULL before */
};

/* Another process may act already. So nothing is finished, nothing written any more, and nobody is waited for: all of
 * that is what the other one does (kube-client 9.7). */
__attribute__((noreturn)) static void leave(const struct fc_leadership *l, const char *why)
{
	fc_log(FC_LOG_ERROR, "no longer the leader, leaving at once", FC_KV("namespace", l->namespace_),
	       FC_KV("lease", l->name), FC_KV("reason", why));
	fc_log_flush();
	_exit(FC_EXIT_FAILED);
}

static void on_lost(void *user, const char *why)
{
	leave(user, why);
}

static void on_elected(void *user)
{
	struct fc_leadership *l = user;
	uint64_t one = 1;

	l->access = fc_lease_keeper_access(l->keeper);
	/* Cannot fail: it is written once. */
	(void)!write(l->elected_fd, &one, sizeof(one));
}

static void begin(void *user, int fd, uint32_t events FC_UNUSED)
{
	struct fc_leadership *l = user;

	fc_loop_remove_fd(l->o.loop, fd);
	l->o.on_elected(l->o.user);
}

static char *find_namespace(const struct fc_leadership_options *options)
{
	char *namespace_;

	if (options->namespace_ && options->namespace_[0])
		return fc_xstrdup(options->namespace_);
	namespace_ = fc_pod_namespace();
	return namespace_ ? namespace_ : fc_xstrdup(options->master->access->namespace_);
}

static int check(const struct fc_leadership *l, struct fc_error *err)
{
	if (l->elected_fd < 0)
		return fc_error_set_errno(err, FC_ERR_LIMIT, errno, "leader election: no descriptor");
	if (fc_name_is_label(l->namespace_))
		return 0;
	return fc_error_set(
		err, FC_ERR_CONFIG,
		"leader election: the namespace of the Lease (POD_NAMESPACE, else that of the Pod's service "
		"account, else that of the master's kubeconfig context) is no DNS label");
}

struct fc_leadership *fc_leadership_new(const struct fc_leadership_options *options, struct fc_error *err)
{
	struct fc_leadership *l = fc_xcalloc(1, sizeof(*l));

	l->o = *options;
	l->o.master = NULL;
	l->namespace_ = find_namespace(options);
	l->name = fc_xstrdup(options->name);
	l->elected_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (check(l, err) < 0) {
		fc_leadership_free(l);
		return NULL;
	}
	l->keeper = fc_lease_keeper_new(
		&(struct fc_lease_keeper_options){ .cluster = options->master->info.name,
						   .access = fc_access_share(options->master->access),
						   .plugins = options->plugins,
						   .namespace_ = l->namespace_,
						   .name = l->name,
						   .identity = options->identity,
						   .timing = options->timing,
						   .metrics = options->metrics,
						   .on_elected = on_elected,
						   .on_lost = on_lost,
						   .user = l },
		err);
	if (l->keeper && fc_loop_set_fd(l->o.loop, l->elected_fd, EPOLLIN, begin, l, err) == 0)
		return l;
	fc_error_wrap(err, "leader election");
	fc_leadership_free(l);
	return NULL;
}

int fc_leadership_start(struct fc_leadership *l, struct fc_error *err)
{
	fc_log(FC_LOG_INFO, "leader election: nothing is begun before this process leads",
	       FC_KV("namespace", l->namespace_), FC_KV("lease", l->name));
	return fc_lease_keeper_start(l->keeper, err);
}

void fc_leadership_release(struct fc_leadership *l)
{
	if (l)
		fc_lease_keeper_release(l->keeper);
}

void fc_leadership_free(struct fc_leadership *l)
{
	if (!l)
		return;
	fc_lease_keeper_free(l->keeper);
	if (l->elected_fd >= 0) {
		fc_loop_remove_fd(l->o.loop, l->elected_fd);
		close(l->elected_fd);
	}
	fc_access_free(l->access);
	free(l->namespace_);
	free(l->name);
	free(l);
}

struct fc_access *fc_leadership_access(const struct fc_leadership *l)
{
	return fc_access_share(l->access);
}

void fc_leadership_must_hold(const struct fc_leadership *l)
{
	if (l && !fc_lease_keeper_may_act(l->keeper))
		leave(l, "the Lease was not renewed in time");
}

void fc_leadership_renew(struct fc_leadership *l, const struct fc_cluster_spec *master)
{
	if (l)
		fc_lease_keeper_renew(l->keeper, fc_access_share(master->access));
}

int fc_leadership_live(struct fc_leadership *l, struct fc_buf *out)
{
	struct fc_lease_status s;

	fc_lease_keeper_status(l->keeper, &s);
	if (s.hung)
		fc_buf_puts(out, "[-]leader-election failed: the Lease was not renewed for far too long\n");
	else
		fc_buf_puts(out, "[+]leader-election ok\n");
	return s.hung ? -1 : 0;
}

/* One that could never take over is of no use as a standby. What passes by itself is another matter: it was ready, and
 * stays so. */
static bool is_fit(const struct fc_lease_status *s)
{
	return s->looked && s->error.cls != FC_ERR_FORBIDDEN;
}

int fc_leadership_ready(struct fc_leadership *l, struct fc_buf *out)
{
	struct fc_lease_status s;

	fc_lease_keeper_status(l->keeper, &s);
	if (s.leading) {
		fc_buf_puts(out, "[+]leader-election ok: leader\n");
		return 0;
	}
	if (!is_fit(&s)) {
		fc_buf_printf(out, "[-]leader-election failed: %s\n",
			      s.error.cls ? s.error.text : "the Lease was not looked at yet");
		return -1;
	}
	fc_buf_printf(out, "[+]leader-election ok: standby%s%s%s%s\n", s.holder[0] ? ", the leader is " : "", s.holder,
		      s.error.cls ? "; " : "", s.error.cls ? s.error.text : "");
	return 0;
}
