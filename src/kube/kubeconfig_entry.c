/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig_entry.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/pem.h"

#include <string.h>

/* Whatever a file is wrong in is the operator's to mend, so the class is CONFIG whatever the helper below said. */
int fc_kubeconfig_entry_wrap(const struct fc_kubeconfig_entry *e, const char *key, struct fc_error *err)
{
	if (err && err->cls != FC_ERR_MEMORY)
		err->cls = FC_ERR_CONFIG;
	return fc_error_wrap(err, "%s: %s \"%s\": %s", e->file, e->kind, e->name, key);
}

int fc_kubeconfig_entry_fault(const struct fc_kubeconfig_entry *e, const char *key, const char *fault,
			      struct fc_error *err)
{
	fc_error_set(err, FC_ERR_CONFIG, "%s", fault);
	return fc_kubeconfig_entry_wrap(e, key, err);
}

int fc_kubeconfig_entry_string(const struct fc_kubeconfig_entry *e, const char *key, const char **out,
			       struct fc_error *err)
{
	*out = NULL;
	if (fc_json_get_string(e->body, key, out) == FC_JSON_WRONG_TYPE)
		return fc_kubeconfig_entry_fault(e, key, "is no string (put quotes around it)", err);
	if (*out && !(*out)[0])
		*out = NULL;
	return 0;
}

int fc_kubeconfig_entry_dup(const struct fc_kubeconfig_entry *e, const char *key, char **out, struct fc_error *err)
{
	const char *value;

	if (fc_kubeconfig_entry_string(e, key, &value, err) < 0)
		return -1;
	*out = fc_xstrdup_null(value);
	return 0;
}

int fc_kubeconfig_entry_bool(const struct fc_kubeconfig_entry *e, const char *key, bool *out, struct fc_error *err)
{
	*out = false;
	if (fc_json_get_bool(e->body, key, out) != FC_JSON_WRONG_TYPE)
		return 0;
	return fc_kubeconfig_entry_fault(e, key, "is neither true nor false (take quotes off)", err);
}

static int read_material_file(const struct fc_kubeconfig_entry *e, const char *path,
			      const struct fc_kubeconfig_material *m, struct fc_error *err)
{
	size_t bytes = 0;

	*m->file = fc_path_beside(e->file, path);
	if (fc_file_read(*m->file, FC_PEM_MAX_BYTES, m->pem, &bytes, err) < 0)
		return fc_kubeconfig_entry_wrap(e, m->key, err);
	if (m->check(*m->pem, err) == 0)
		return 0;
	fc_error_wrap(err, "%s", *m->file);
	return fc_kubeconfig_entry_wrap(e, m->key, err);
}

int fc_kubeconfig_entry_material(const struct fc_kubeconfig_entry *e, const struct fc_kubeconfig_material *m,
				 struct fc_error *err)
{
	const char *path, *data;
	size_t bytes = 0;

	if (fc_kubeconfig_entry_string(e, m->key, &path, err) < 0 ||
	    fc_kubeconfig_entry_string(e, m->data_key, &data, err) < 0)
		return -1;
	if (path && data) {
		fc_error_set(err, FC_ERR_CONFIG, "%s is given too; remove one of them", m->data_key);
		return fc_kubeconfig_entry_wrap(e, m->key, err);
	}
	if (path)
		return read_material_file(e, path, m, err);
	if (!data)
		return 0;
	if (fc_base64_decode(data, m->pem, &bytes, err) < 0 || m->check(*m->pem, err) < 0)
		return fc_kubeconfig_entry_wrap(e, m->data_key, err);
	return 0;
}
