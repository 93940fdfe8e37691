/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/continue_token.h"

#include "base/encode.h"
#include "base/mem.h"
#include "sandbox/go_json.h"

#include <jansson.h>
#include <string.h>

#define VERSION "meta.k8s.io/v1"
#define URL_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* In place between the two alphabets, which differ in two letters. */
static void exchange(char *s, char a, char a_to, char b, char b_to)
{
	for (; *s; s++)
		*s = *s == a ? a_to : *s == b ? b_to : *s;
}

char *sb_continue_encode(int64_t rv, const char *key)
{
	json_t *start = json_string(key), *token;
	FC_AUTO_FREE char *quoted = NULL, *text = NULL;
	char *encoded;

	/* The zero byte as JSON writes it. */
	quoted = json_dumps(start, JSON_ENCODE_ANY);
	token = json_pack("{s:s, s:I}", "v", VERSION, "rv", (json_int_t)rv);
	text = json_dumps(token, JSON_COMPACT);
	text[strlen(text) - 1] = '\0';
	quoted[strlen(quoted) - 1] = '\0';
	FC_AUTO_FREE char *whole = fc_xasprintf("%s,\"start\":%s\\u0000\"}", text, quoted);

	encoded = fc_base64_encode(whole, strlen(whole));
	encoded[strcspn(encoded, "=")] = '\0';
	exchange(encoded, '+', '-', '/', '_');
	json_decref(token);
	json_decref(start);
	return encoded;
}

static char *from_base64(const char *token, size_t *len, struct fc_error *err)
{
	size_t good = strspn(token, URL_LETTERS), pad = strlen(token) % 4;
	FC_AUTO_FREE char *usual = NULL;
	char *text = NULL;

	if (token[good] || pad == 1) {
		fc_error_set(err, FC_ERR_INVALID, "illegal base64 data at input byte %zu",
			     token[good] ? good : good - 1);
		return NULL;
	}
	usual = fc_xasprintf("%s%s", token, pad == 2 ? "==" : pad == 3 ? "=" : "");
	exchange(usual, '-', '+', '_', '/');
	if (fc_base64_decode(usual, &text, len, NULL) < 0)
		fc_error_set(err, FC_ERR_INVALID, "illegal base64 data at input byte %zu", good);
	return text;
}

/* No piece of it is empty, "." or "..". */
static bool is_clean(const char *key)
{
	for (;;) {
		size_t len = strcspn(key, "/");

		if (!len || (len == 1 && key[0] == '.') || (len == 2 && key[0] == '.' && key[1] == '.'))
			return false;
		if (!key[len])
			return true;
		key += len + 1;
	}
}

static int take(struct sb_continue *c, const json_t *token, struct fc_error *err)
{
	const char *version = json_string_value(json_object_get(token, "v")) ?: "";
	const json_t *start = json_object_get(token, "start");
	size_t bytes = json_string_length(start);

	if (strcmp(version, VERSION) != 0)
		return fc_error_set(err, FC_ERR_INVALID, "server does not recognize this encoded version \"%s\"",
				    version);
	c->rv = json_integer_value(json_object_get(token, "rv"));
	if (c->rv == 0)
		return fc_error_set(err, FC_ERR_INVALID,
				    "incorrect encoded start resourceVersion (version " VERSION ")");
	if (!bytes)
		return fc_error_set(err, FC_ERR_INVALID, "encoded start key empty (version " VERSION ")");
	c->key = fc_xstrdup(json_string_value(start));
	c->behind = strlen(c->key) < bytes;
	if (!is_clean(c->key))
		return fc_error_set(err, FC_ERR_INVALID, "%s", c->key);
	return 0;
}

static int not_json(const char *text, size_t len, struct fc_error *err)
{
	FC_AUTO_FREE char *why = sb_go_json_fault(text, len);

	return fc_error_set(err, FC_ERR_INVALID, "%s", why ?: "it cannot be held");
}

int sb_continue_decode(struct sb_continue *c, const char *token, struct fc_error *err)
{
	FC_AUTO_FREE char *text = NULL;
	size_t len = 0;
	json_t *value;
	int result;

	text = from_base64(token, &len, err);
	if (!text)
		return -1;
	value = json_loadb(text, len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	if (!value)
		result = not_json(text, len, err);
	else if (!json_is_object(value))
		result = fc_error_set(err, FC_ERR_INVALID,
				      "json: cannot unmarshal %s into Go value of type etcd3.continueToken",
				      json_is_array(value)    ? "array"
				      : json_is_string(value) ? "string"
				      : json_is_number(value) ? "number"
							      : "bool");
	else
		result = take(c, value, err);
	json_decref(value);
	return result;
}

void sb_continue_fini(struct sb_continue *c)
{
	free(c->key);
	c->key = NULL;
}
