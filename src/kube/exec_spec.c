/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_spec.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "json/decode.h"

#include <string.h>

#define GROUP "client.authentication.k8s.io/"

static int get_string(const json_t *object, const char *key, const char **out, struct fc_error *err)
{
	*out = NULL;
	if (fc_json_get_string(object, key, out) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "%s: is no string (put quotes around it)", key);
	if (*out && !(*out)[0])
		*out = NULL;
	return 0;
}

static int get_list(const json_t *object, const char *key, const json_t **out, struct fc_error *err)
{
	*out = NULL;
	if (fc_json_get_array(object, key, out) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "%s: is no list", key);
	return 0;
}

static int read_command(struct fc_exec_spec *s, const json_t *exec, const char *kubeconfig_file, struct fc_error *err)
{
	const char *command;

	if (get_string(exec, "command", &command, err) < 0)
		return -1;
	if (!command)
		return fc_error_set(err, FC_ERR_CONFIG, "command: is missing; name the program that logs in");
	s->command = strchr(command, '/') ? fc_path_beside(kubeconfig_file, command) : fc_xstrdup(command);
	return 0;
}

static int read_api_version(struct fc_exec_spec *s, const json_t *exec, struct fc_error *err)
{
	const char *version;

	if (get_string(exec, "apiVersion", &version, err) < 0)
		return -1;
	if (!version)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "apiVersion: is missing; write %sv1, or what the plug-in speaks", GROUP);
	if (strcmp(version, GROUP "v1alpha1") == 0)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "apiVersion: v1alpha1 is gone since Kubernetes 1.24; have the plug-in updated, and "
				    "write %sv1 or %sv1beta1",
				    GROUP, GROUP);
	if (strcmp(version, GROUP "v1") != 0 && strcmp(version, GROUP "v1beta1") != 0)
		return fc_error_set(err, FC_ERR_CONFIG, "apiVersion: is neither %sv1 nor %sv1beta1", GROUP, GROUP);
	s->api_version = fc_xstrdup(version);
	return 0;
}

/* 1.28: nobody sits at a daemon's terminal, so IfAvailable comes to the same as Never. */
static int check_mode(const struct fc_exec_spec *s, const json_t *exec, struct fc_error *err)
{
	const char *mode;

	if (get_string(exec, "interactiveMode", &mode, err) < 0)
		return -1;
	if (!mode && strcmp(s->api_version, GROUP "v1beta1") == 0)
		return 0;
	if (!mode)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "interactiveMode: is missing, and v1 needs it; write interactiveMode: Never");
	if (strcmp(mode, "Never") == 0 || strcmp(mode, "IfAvailable") == 0)
		return 0;
	if (strcmp(mode, "Always") == 0)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "interactiveMode: Always needs somebody at a terminal, whom this program has not; "
				    "write Never if the plug-in can log in alone, else give this user a token or a "
				    "client certificate");
	return fc_error_set(err, FC_ERR_CONFIG, "interactiveMode: is none of Never, IfAvailable, Always");
}

static int read_args(struct fc_exec_spec *s, const json_t *exec, struct fc_error *err)
{
	const json_t *list;

	if (get_list(exec, "args", &list, err) < 0)
		return -1;
	size_t count = json_array_size(list);
	s->args = fc_xcalloc(count + 1, sizeof(*s->args));
	for (size_t i = 0; i < count; i++) {
		const json_t *arg = json_array_get(list, i);
		const char *text = json_string_value(arg);
		if (!text || strlen(text) != json_string_length(arg))
			return fc_error_set(err, FC_ERR_CONFIG, "args[%zu]: is no string (put quotes around it)", i);
		s->args[i] = fc_xstrdup(text);
	}
	return 0;
}

static int read_variable(const json_t *row, size_t i, char **out, struct fc_error *err)
{
	const char *name, *value;

	if (get_string(row, "name", &name, err) < 0 || get_string(row, "value", &value, err) < 0)
		return fc_error_wrap(err, "env[%zu]", i);
	if (!name || strchr(name, '='))
		return fc_error_set(err, FC_ERR_CONFIG, "env[%zu]: has no name that a variable can have", i);
	*out = fc_xasprintf("%s=%s", name, value ? value : "");
	return 0;
}

static int read_env(struct fc_exec_spec *s, const json_t *exec, struct fc_error *err)
{
	const json_t *list;

	if (get_list(exec, "env", &list, err) < 0)
		return -1;
	size_t count = json_array_size(list);
	s->env = fc_xcalloc(count + 2, sizeof(*s->env)); /* one for KUBERNETES_EXEC_INFO */
	for (size_t i = 0; i < count; i++)
		if (read_variable(json_array_get(list, i), i, &s->env[i], err) < 0)
			return -1;
	return 0;
}

/* A C1 control character in UTF-8 is 0xC2 and a byte below 0xA0: terminals take some of them for an escape. */
static bool is_control(const unsigned char *c)
{
	return *c < ' ' || *c == 0x7F || (c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0);
}

/* The hint stands in a line of the log: what would end the line is a space, what would steer a terminal nothing. */
static char *clean_hint(const char *text)
{
	struct fc_buf out = FC_BUF_INIT;

	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (!is_control(c))
			fc_buf_putc(&out, (char)*c);
		else if (*c == '\n' || *c == '\t')
			fc_buf_putc(&out, ' ');
		if (*c == 0xC2 && is_control(c))
			c++;
	}
	return fc_buf_steal(&out);
}

static int read_hint(struct fc_exec_spec *s, const json_t *exec, struct fc_error *err)
{
	const char *hint;

	if (get_string(exec, "installHint", &hint, err) < 0)
		return -1;
	s->install_hint = hint ? clean_hint(hint) : NULL;
	return 0;
}

/* An allocation of a few bytes that failed ends the program, as in base/mem.h. */
static void put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		abort();
}

static void put_text(json_t *object, const char *key, const char *text)
{
	/* A name that is no UTF-8 is refused by the YAML reader before it comes here. */
	if (text)
		put(object, key, json_string(text));
}

static json_t *describe_cluster(const struct fc_exec_cluster *c)
{
	json_t *out = json_object();

	put(out, "server", json_string(c->server ? c->server : ""));
	put_text(out, "tls-server-name", c->tls_server_name);
	put_text(out, "proxy-url", c->proxy_url);
	if (c->insecure)
		put(out, "insecure-skip-tls-verify", json_true());
	if (c->no_compression)
		put(out, "disable-compression", json_true());
	FC_AUTO_FREE char *ca = c->ca_pem ? fc_base64_encode(c->ca_pem, strlen(c->ca_pem)) : NULL;
	put_text(out, "certificate-authority-data", ca);
	if (c->config)
		put(out, "config", json_deep_copy(c->config));
	return out;
}

/* 1.30 */
static char *exec_info(const struct fc_exec_spec *s, const struct fc_exec_cluster *cluster)
{
	json_t *info = json_object(), *spec = json_object();

	put(spec, "interactive", json_false());
	if (cluster)
		put(spec, "cluster", describe_cluster(cluster));
	put_text(info, "apiVersion", s->api_version);
	put_text(info, "kind", "ExecCredential");
	put(info, "spec", spec);
	char *text = json_dumps(info, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(info);
	if (!text)
		abort();
	char *variable = fc_xasprintf("KUBERNETES_EXEC_INFO=%s", text);
	fc_free_secret(text, strlen(text));
	return variable;
}

static int add_info(struct fc_exec_spec *s, const json_t *exec, const struct fc_exec_cluster *cluster,
		    struct fc_error *err)
{
	bool provide = false;
	size_t count = 0;

	if (fc_json_get_bool(exec, "provideClusterInfo", &provide) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_CONFIG, "provideClusterInfo: is neither true nor false");
	while (s->env[count])
		count++;
	s->env[count] = exec_info(s, provide ? cluster : NULL);
	return 0;
}

/* Every text with its length before it, so that no two specs have the same bytes. */
static void key_text(struct fc_buf *key, const char *text)
{
	fc_buf_printf(key, "%zu:", text ? strlen(text) + 1 : 0);
	fc_buf_puts(key, text ? text : "");
}

static void key_list(struct fc_buf *key, char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	fc_buf_printf(key, "%zu[", count);
	for (size_t i = 0; i < count; i++)
		key_text(key, list[i]);
}

static void make_key(struct fc_exec_spec *s)
{
	struct fc_buf key = FC_BUF_INIT;

	key_text(&key, s->api_version);
	key_text(&key, s->command);
	key_list(&key, s->args);
	key_list(&key, s->env);
	key_text(&key, s->install_hint);
	if (key.failed)
		abort();
	s->key_bytes = key.len;
	s->key = fc_buf_steal(&key);
}

struct fc_exec_spec *fc_exec_spec_read(const json_t *exec, const char *kubeconfig_file,
				       const struct fc_exec_cluster *cluster, struct fc_error *err)
{
	struct fc_exec_spec *s = fc_xcalloc(1, sizeof(*s));

	if (!json_is_object(exec)) {
		fc_error_set(err, FC_ERR_CONFIG, "is no mapping");
	} else if (read_command(s, exec, kubeconfig_file, err) == 0 && read_api_version(s, exec, err) == 0 &&
		   check_mode(s, exec, err) == 0 && read_args(s, exec, err) == 0 && read_env(s, exec, err) == 0 &&
		   read_hint(s, exec, err) == 0 && add_info(s, exec, cluster, err) == 0) {
		make_key(s);
		return s;
	}
	fc_exec_spec_free(s);
	return NULL;
}

static char **dup_list(char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	char **copy = fc_xcalloc(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = fc_xstrdup(list[i]);
	return copy;
}

struct fc_exec_spec *fc_exec_spec_dup(const struct fc_exec_spec *s)
{
	struct fc_exec_spec *copy = fc_xcalloc(1, sizeof(*copy));

	copy->command = fc_xstrdup(s->command);
	copy->args = dup_list(s->args);
	copy->env = dup_list(s->env);
	copy->api_version = fc_xstrdup(s->api_version);
	copy->install_hint = fc_xstrdup_null(s->install_hint);
	make_key(copy);
	return copy;
}

bool fc_exec_spec_same(const struct fc_exec_spec *a, const struct fc_exec_spec *b)
{
	if (!a || !b)
		return a == b;
	return a->key_bytes == b->key_bytes && memcmp(a->key, b->key, a->key_bytes) == 0;
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		fc_free_secret(list[i], strlen(list[i]));
	free(list);
}

void fc_exec_spec_free(struct fc_exec_spec *s)
{
	if (!s)
		return;
	free(s->command);
	free_list(s->args);
	free_list(s->env);
	free(s->api_version);
	free(s->install_hint);
	fc_free_secret(s->key, s->key_bytes);
	free(s);
}
