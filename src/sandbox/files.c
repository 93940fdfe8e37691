/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/files.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "json/yaml_print.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sb_files_make_directory(const char *directory, struct fc_error *err)
{
	FC_AUTO_FREE char *path = fc_xstrdup(directory);
	struct stat st;

	for (char *slash = path + 1; *path && (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot make the folder %s", path);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return fc_error_set(err, FC_ERR_CONFIG, "%s is no folder: name one, or what is to become one", path);
	return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Under another name first: whoever waits for the file finds it whole. */
static int write_file(const char *directory, const char *name, const char *text, struct fc_error *err)
{
	FC_AUTO_FREE char *path = fc_xasprintf("%s/%s", directory, name);
	FC_AUTO_FREE char *fresh = fc_xasprintf("%s.XXXXXX", path);

	int fd = mkostemp(fresh, O_CLOEXEC); /* for the owner alone */
	if (fd < 0)
		return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot write %s", path);
	int rc = write_all(fd, text, strlen(text));
	if (close(fd) < 0 || rc < 0 || rename(fresh, path) < 0) {
		fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot write %s", path);
		(void)unlink(fresh);
		return -1;
	}
	return 0;
}

/* Takes `document` over. */
static int write_yaml(const char *directory, const char *name, json_t *document, struct fc_error *err)
{
	struct fc_buf text = FC_BUF_INIT;
	int rc = fc_yaml_print(document, &text, err);

	json_decref(document);
	if (rc == 0)
		rc = write_file(directory, name, fc_buf_str(&text), err);
	fc_buf_fini_secret(&text);
	return rc;
}

static char *print_url(int port)
{
	return fc_xasprintf("https://127.0.0.1:%d", port);
}

static json_t *kubeconfig(const char *ca_pem, const struct sb_files_cluster *clusters, unsigned count)
{
	FC_AUTO_FREE char *ca = fc_base64_encode(ca_pem, strlen(ca_pem));
	json_t *servers = json_array(), *users = json_array(), *contexts = json_array();

	for (unsigned i = 0; i < count; i++) {
		const struct sb_files_cluster *c = &clusters[i];
		FC_AUTO_FREE char *url = print_url(c->port);
		json_array_append_new(servers, json_pack("{s:s, s:{s:s, s:s}}", "name", c->name, "cluster", "server",
							 url, "certificate-authority-data", ca));
		json_array_append_new(users, json_pack("{s:s, s:{s:s}}", "name", c->name, "user", "token", c->token));
		json_array_append_new(contexts, json_pack("{s:s, s:{s:s, s:s}}", "name", c->name, "context", "cluster",
							  c->name, "user", c->name));
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "apiVersion", "v1", "kind", "Config", "current-context",
			 clusters[0].name, "clusters", servers, "users", users, "contexts", contexts);
}

static json_t *cluster_set(const struct sb_files_cluster *clusters, unsigned count)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < count; i++) {
		json_t *entry = json_pack("{s:s, s:s, s:s}", "name", clusters[i].name, "kubeconfig", "kubeconfig",
					  "context", clusters[i].name);
		if (i == 0)
			json_object_set_new(entry, "labels", json_pack("{s:s}", "cluster-master", "true"));
		json_array_append_new(list, entry);
	}
	return json_pack("{s:s, s:s, s:o}", "apiVersion", "fedcopy.dev/v1alpha1", "kind", "ClusterSet", "clusters",
			 list);
}

int sb_files_write_clusters(const char *directory, const char *ca_pem, const struct sb_files_cluster *clusters,
			    unsigned count, struct fc_error *err)
{
	if (write_file(directory, "ca.crt", ca_pem, err) < 0)
		return -1;
	if (write_yaml(directory, "kubeconfig", kubeconfig(ca_pem, clusters, count), err) < 0)
		return -1;
	return write_yaml(directory, "clusters.yaml", cluster_set(clusters, count), err);
}

int sb_files_write_admin(const char *directory, int port, const char *token, struct fc_error *err)
{
	FC_AUTO_FREE char *text = fc_xasprintf("{\"url\": \"https://127.0.0.1:%d\", \"token\": \"%s\"}\n", port, token);

	return write_file(directory, "admin", text, err);
}
