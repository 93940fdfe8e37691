/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/client.h"

#include "base/log.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/exec_plugins.h"

#include <curl/curl.h>

#include <signal.h>

struct fc_client_watch {
	struct fc_client *client;
	struct fc_client_watch *prev, *next;
	struct fc_informer *informer;
	struct fc_informer_callbacks callbacks; /* of the caller; some may be NULL */
	void *user;
	char *label; /* the resource for logs */
};

struct fc_client {
	char *name;
	struct fc_access *access;
	struct fc_exec_plugins *own_plugins; /* NULL: none are needed, or they are the caller's */
	struct fc_credentials *credentials;
	struct fc_transport *transport;
	struct fc_metrics *metrics;
	struct fc_random random;
	struct fc_client_watch *watches;
};

void fc_client_setup(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	fc_decode_init();
	signal(SIGPIPE, SIG_IGN);
}

static int make_parts(struct fc_client *c, const struct fc_client_options *options, struct fc_error *err)
{
	if (c->access->exec && !options->plugins)
		c->own_plugins = fc_exec_plugins_new();
	c->credentials = fc_credentials_new(
		&(struct fc_credentials_options){ .access = c->access,
						  .loop = options->loop,
						  .plugins = options->plugins ? options->plugins : c->own_plugins },
		err);
	if (!c->credentials)
		return fc_error_wrap(err, "cluster %s", c->name);
	/* The transport says which cluster by itself. */
	c->transport = fc_transport_new(&(struct fc_transport_options){ .loop = options->loop,
									.access = c->access,
									.credentials = c->credentials,
									.metrics = options->metrics,
									.purpose = options->purpose,
									.cluster = c->name },
					err);
	return c->transport ? 0 : -1;
}

struct fc_client *fc_client_open(const struct fc_client_options *options, struct fc_error *err)
{
	struct fc_client *c = fc_xcalloc(1, sizeof(*c));

	c->name = fc_xstrdup(options->name ? options->name : "");
	c->access = options->access;
	c->metrics = options->metrics;
	c->random.state = fc_random_seed();
	if (make_parts(c, options, err) == 0)
		return c;
	fc_client_close(c);
	return NULL;
}

struct fc_client *fc_client_open_context(struct fc_loop *loop, const struct fc_kubeconfig *k, const char *context,
					 struct fc_error *err)
{
	struct fc_access *access = fc_kubeconfig_access(k, context, err);

	if (!access)
		return NULL;
	return fc_client_open(&(struct fc_client_options){ .loop = loop, .name = context, .access = access }, err);
}

void fc_client_close(struct fc_client *c)
{
	if (!c)
		return;
	while (c->watches)
		fc_client_watch_stop(c->watches);
	fc_transport_free(c->transport);
	fc_credentials_free(c->credentials);
	fc_exec_plugins_free(c->own_plugins);
	fc_access_free(c->access);
	free(c->name);
	free(c);
}

struct fc_transport *fc_client_transport(const struct fc_client *c)
{
	return c->transport;
}

const struct fc_access *fc_client_access(const struct fc_client *c)
{
	return c->access;
}

const char *fc_client_name(const struct fc_client *c)
{
	return c->name;
}

/* The informer wants all of its callbacks; these hand on to those that the caller has. None touches the watch after its
 * call: it may have been stopped inside. */

static void on_list_begin(void *user)
{
	const struct fc_client_watch *w = user;

	if (w->callbacks.on_list_begin)
		w->callbacks.on_list_begin(w->user);
}

static void on_object(void *user, json_t *object, int64_t received_us)
{
	const struct fc_client_watch *w = user;

	if (w->callbacks.on_object)
		w->callbacks.on_object(w->user, object, received_us);
	else
		json_decref(object);
}

static void on_gone(void *user, const char *namespace_, const char *name, const char *resource_version)
{
	const struct fc_client_watch *w = user;

	if (w->callbacks.on_gone)
		w->callbacks.on_gone(w->user, namespace_, name, resource_version);
}

static void on_unreadable(void *user, const char *namespace_, const char *name, const char *resource_version,
			  const struct fc_error *why)
{
	const struct fc_client_watch *w = user;

	if (w->callbacks.on_unreadable)
		w->callbacks.on_unreadable(w->user, namespace_, name, resource_version, why);
	else
		fc_log(FC_LOG_WARN, "object cannot be decoded", FC_KV("cluster", w->client->name),
		       FC_KV("resource", w->label), FC_KV("namespace", namespace_), FC_KV("name", name),
		       FC_KV("reason", why->text));
}

static void on_list_end(void *user, bool removes)
{
	const struct fc_client_watch *w = user;

	if (w->callbacks.on_list_end)
		w->callbacks.on_list_end(w->user, removes);
}

static void on_failed(void *user, const struct fc_error *why)
{
	const struct fc_client_watch *w = user;

	if (w->callbacks.on_failed)
		w->callbacks.on_failed(w->user, why);
	else
		fc_log(FC_LOG_WARN, "watch fails and is tried again", FC_KV("cluster", w->client->name),
		       FC_KV("resource", w->label), FC_KV("reason", why->text));
}

static void on_resumed(void *user)
{
	const struct fc_client_watch *w = user;

	if (w->callbacks.on_resumed)
		w->callbacks.on_resumed(w->user);
}

static const struct fc_informer_callbacks hand_on = {
	.on_list_begin = on_list_begin,
	.on_object = on_object,
	.on_gone = on_gone,
	.on_unreadable = on_unreadable,
	.on_list_end = on_list_end,
	.on_failed = on_failed,
	.on_resumed = on_resumed,
};

struct fc_client_watch *fc_client_watch(struct fc_client *c, const struct fc_informer_options *options)
{
	struct fc_client_watch *w = fc_xcalloc(1, sizeof(*w));
	struct fc_informer_options o = *options;

	w->client = c;
	if (options->callbacks)
		w->callbacks = *options->callbacks;
	w->user = options->user;
	w->label = fc_resource_name(options->resource);
	o.transport = c->transport;
	o.metrics = c->metrics;
	o.random = &c->random;
	o.callbacks = &hand_on;
	o.user = w;
	w->informer = fc_informer_start(&o);
	w->next = c->watches;
	if (w->next)
		w->next->prev = w;
	c->watches = w;
	return w;
}

void fc_client_watch_stop(struct fc_client_watch *w)
{
	if (w->prev)
		w->prev->next = w->next;
	else
		w->client->watches = w->next;
	if (w->next)
		w->next->prev = w->prev;
	fc_informer_stop(w->informer);
	free(w->label);
	free(w);
}
