/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

#include "base/mem.h"

#include <string.h>

/* The default mode of files: octal 0644. */
#define FILE_MODE 420

static void default_field_refs(json_t *items)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item) {
		json_t *field = json_object_get(item, "fieldRef"),
		       *resource = json_object_get(item, "resourceFieldRef");

		if (field)
			sb_set_default(field, "apiVersion", json_string("v1"));
		if (resource)
			sb_set_default(resource, "divisor", json_string("0"));
	}
}

/* --- volumes --- */

static void default_projected(json_t *projected)
{
	json_t *source;
	size_t i;

	sb_set_default(projected, "defaultMode", json_integer(FILE_MODE));
	sb_set_default(projected, "sources", json_null());
	json_array_foreach(json_object_get(projected, "sources"), i, source) {
		json_t *token = json_object_get(source, "serviceAccountToken");

		default_field_refs(json_object_get(json_object_get(source, "downwardAPI"), "items"));
		if (token)
			sb_set_default(token, "expirationSeconds", json_integer(3600));
	}
}

/* A member of a source of volumes, and what it is when absent. */
static const struct {
	const char *source, *member, *word;
} source_words[] = {
	{ "hostPath", "type", "" },
	{ "iscsi", "iscsiInterface", "default" },
	{ "rbd", "pool", "rbd" },
	{ "rbd", "user", "admin" },
	{ "rbd", "keyring", "/etc/ceph/keyring" },
	{ "azureDisk", "cachingMode", "ReadWrite" },
	{ "azureDisk", "fsType", "ext4" },
	{ "azureDisk", "kind", "Shared" },
	{ "scaleIO", "storageMode", "ThinProvisioned" },
	{ "scaleIO", "fsType", "xfs" },
};

/* Every other member of a volume is a source. */
static bool has_source(const json_t *volume)
{
	return json_object_size(volume) > (json_object_get(volume, "name") ? 1 : 0);
}

static void default_volume(json_t *volume)
{
	static const char *const with_modes[] = { "configMap", "secret", "downwardAPI" };
	json_t *source;

	if (!has_source(volume))
		json_object_set_new(volume, "emptyDir", json_object());
	/* Known, and forgotten while the feature is off. */
	json_object_del(volume, "ephemeral");
	for (size_t i = 0; i < FC_ARRAY_LEN(with_modes); i++)
		if ((source = json_object_get(volume, with_modes[i])))
			sb_set_default(source, "defaultMode", json_integer(FILE_MODE));
	for (size_t i = 0; i < FC_ARRAY_LEN(source_words); i++)
		if ((source = json_object_get(volume, source_words[i].source)))
			sb_set_default(source, source_words[i].member, json_string(source_words[i].word));
	default_field_refs(json_object_get(json_object_get(volume, "downwardAPI"), "items"));
	if ((source = json_object_get(volume, "azureDisk")))
		sb_set_default(source, "readOnly", json_false());
	if ((source = json_object_get(volume, "projected")))
		default_projected(source);
}

/* --- containers --- */

/* One part of a path: small letters and digits, parted by one of "._", by "__", or by hyphens. */
static bool is_path_part(const char *s, size_t len)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t i = 0;

	for (;;) {
		size_t letters = strspn(s + i, word), between;

		if (letters == 0 || i + letters > len)
			return false;
		i += letters;
		if (i == len)
			return true;
		between = strspn(s + i, "-");
		if (!between)
			between = strncmp(s + i, "__", 2) == 0 ? 2 : strchr("._", s[i]) ? 1 : 0;
		if (!between || i + between >= len)
			return false;
		i += between;
	}
}

/* A registry is known by a dot, a port or by being localhost; it may have capitals. */
static size_t registry_len(const char *name)
{
	size_t len = strcspn(name, "/");

	if (!name[len])
		return 0;
	if (!memchr(name, '.', len) && !memchr(name, ':', len) && strncmp(name, "localhost/", 10) != 0)
		return 0;
	return len + 1;
}

/* Where the tag or the digest begins, or the end; NULL: this is no image. */
static const char *end_of_path(const char *image)
{
	const char *at = image + registry_len(image);

	for (;;) {
		size_t len = strcspn(at, "/:@");

		if (!is_path_part(at, len))
			return NULL;
		at += len;
		if (*at != '/')
			return at;
		at++;
	}
}

static bool is_digest(const char *s)
{
	static const char digits[] = "0123456789abcdef";

	return strncmp(s, "@sha256:", 8) == 0 && strspn(s + 8, digits) == 64 && strlen(s) == 72;
}

/* Without a tag it is the latest, unless there is a digest. What is no image is not pulled always. */
static bool is_moving_image(const char *image)
{
	static const char tag_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	const char *end = end_of_path(image), *rest;
	size_t tag;

	if (!end || !*end)
		return end && *image;
	if (*end == '@')
		return false;
	tag = strspn(end + 1, tag_letters);
	rest = end + 1 + tag;
	return tag == 6 && strncmp(end + 1, "latest", 6) == 0 && (!*rest || is_digest(rest));
}

static void default_handler(json_t *handler)
{
	json_t *http = json_object_get(handler, "httpGet");

	if (!http)
		return;
	if (!*sb_text(http, "path"))
		json_object_set_new(http, "path", json_string("/"));
	if (!*sb_text(http, "scheme"))
		json_object_set_new(http, "scheme", json_string("HTTP"));
	sb_set_default(http, "port", json_integer(0));
}

static void default_number(json_t *object, const char *member, json_int_t value)
{
	if (sb_int(object, member, 0) == 0)
		json_object_set_new(object, member, json_integer(value));
}

static void default_probe(json_t *probe)
{
	if (!probe)
		return;
	default_handler(probe);
	default_number(probe, "timeoutSeconds", 1);
	default_number(probe, "periodSeconds", 10);
	default_number(probe, "successThreshold", 1);
	default_number(probe, "failureThreshold", 3);
}

static void default_ports(json_t *container, bool host_network)
{
	json_t *port;
	size_t i;

	json_array_foreach(json_object_get(container, "ports"), i, port) {
		sb_set_default(port, "containerPort", json_integer(0));
		if (!*sb_text(port, "protocol"))
			json_object_set_new(port, "protocol", json_string("TCP"));
		if (host_network && sb_int(port, "hostPort", 0) == 0 && sb_int(port, "containerPort", 0))
			json_object_set_new(port, "hostPort", json_integer(sb_int(port, "containerPort", 0)));
	}
}

static void default_env(json_t *container)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(container, "env"), i, row) {
		json_t *from = json_object_get(row, "valueFrom");
		json_t *field = json_object_get(from, "fieldRef"),
		       *resource = json_object_get(from, "resourceFieldRef");

		if (field)
			sb_set_default(field, "apiVersion", json_string("v1"));
		if (resource)
			sb_set_default(resource, "divisor", json_string("0"));
	}
}

static void default_word(json_t *object, const char *member, const char *word)
{
	if (!*sb_text(object, member))
		json_object_set_new(object, member, json_string(word));
}

static void default_container(json_t *container, bool host_network)
{
	bool always = is_moving_image(sb_text(container, "image"));
	json_t *lifecycle = json_object_get(container, "lifecycle");

	sb_need_object(container, "resources");
	default_word(container, "imagePullPolicy", always ? "Always" : "IfNotPresent");
	default_word(container, "terminationMessagePath", "/dev/termination-log");
	default_word(container, "terminationMessagePolicy", "File");
	default_ports(container, host_network);
	default_env(container);
	default_probe(json_object_get(container, "livenessProbe"));
	default_probe(json_object_get(container, "readinessProbe"));
	default_probe(json_object_get(container, "startupProbe"));
	default_handler(json_object_get(lifecycle, "postStart"));
	default_handler(json_object_get(lifecycle, "preStop"));
	/* Known, and forgotten while the feature is off. */
	json_object_del(json_object_get(container, "securityContext"), "procMount");
}

/* The older name of it is kept equal. */
static void default_account(json_t *spec)
{
	if (!*sb_text(spec, "serviceAccountName") && *sb_text(spec, "serviceAccount"))
		json_object_set(spec, "serviceAccountName", json_object_get(spec, "serviceAccount"));
	if (*sb_text(spec, "serviceAccountName"))
		json_object_set(spec, "serviceAccount", json_object_get(spec, "serviceAccountName"));
}

void sb_default_pod_template(json_t *template)
{
	json_t *spec = sb_need_object(template, "spec"), *item;
	bool host_network = json_is_true(json_object_get(spec, "hostNetwork"));
	size_t i;

	sb_set_default(sb_need_object(template, "metadata"), "creationTimestamp", json_null());
	json_array_foreach(json_object_get(spec, "volumes"), i, item)
		default_volume(item);
	json_array_foreach(json_object_get(spec, "initContainers"), i, item)
		default_container(item, host_network);
	sb_set_default(spec, "containers", json_null());
	json_array_foreach(json_object_get(spec, "containers"), i, item)
		default_container(item, host_network);
	json_object_del(spec, "ephemeralContainers");
	default_word(spec, "restartPolicy", "Always");
	default_word(spec, "dnsPolicy", "ClusterFirst");
	default_word(spec, "schedulerName", "default-scheduler");
	sb_need_object(spec, "securityContext");
	sb_set_default(spec, "terminationGracePeriodSeconds", json_integer(30));
	default_account(spec);
}
