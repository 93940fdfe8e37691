/* SPDX-License-Identifier: Apache-2.0 */
/* json/framer.h. The first line of the input says how: `l` for a list, anything else for a watch, then a character for
 * the size of each piece (1 to 64 bytes, again from the first one at the end). The rest is the stream. */
#include "json/framer.h"

#include "base/buf.h"
#include "fuzz.h"
#include "json/decode.h"

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

/* All that a run told, in one text: what was handed over, how it ended, what was left. */
struct run {
	struct fc_buf told;
	size_t objects;
	json_t *decoded; /* the objects that are JSON */
};

/* Wherever an object was cut off, its key is looked for without harm; in a whole one it is found, or that of the object
 * of a watch event. Names of members in \u escapes are left out: the search compares them as they are written. */
static void check_key(const char *bytes, size_t len, const json_t *object)
{
	FC_AUTO_FREE char *namespace_ = NULL, *name = NULL, *version = NULL;
	int rc = fc_framer_find_key(bytes, len, &namespace_, &name, &version);
	const json_t *holder = json_object_get(object, "metadata") ? object : json_object_get(object, "object");
	const char *known = fc_json_metadata(holder, "name");

	FUZZ_CHECK((rc == 0) == (name != NULL));
	FUZZ_CHECK(rc == 0 || (!namespace_ && !version));
	if (!known[0] || memmem(bytes, len, "\\u", 2))
		return;
	FUZZ_CHECK(rc == 0 && strcmp(name, known) == 0);
	if (fc_json_metadata(holder, "resourceVersion")[0])
		FUZZ_CHECK(version && strcmp(version, fc_json_metadata(holder, "resourceVersion")) == 0);
	if (fc_json_metadata(holder, "namespace")[0])
		FUZZ_CHECK(namespace_ && strcmp(namespace_, fc_json_metadata(holder, "namespace")) == 0);
}

static int on_object(void *user, const char *bytes, size_t len, struct fc_error *err FC_UNUSED)
{
	struct run *r = user;
	json_t *object = fc_decode_strict(bytes, len, NULL);

	FUZZ_CHECK(len >= 2 && bytes[0] == '{' && (bytes[len - 1] == '}' || bytes[len - 1] == ']'));
	r->objects++;
	fc_buf_printf(&r->told, "object %zu ", len);
	fc_buf_append(&r->told, bytes, len);
	check_key(bytes, len, object);
	check_key(bytes, len / 2, NULL);
	if (object)
		json_array_append_new(r->decoded, object);
	return 0;
}

static int on_unreadable(void *user, const char *head, size_t len, const struct fc_error *why,
			 struct fc_error *err FC_UNUSED)
{
	struct run *r = user;

	FUZZ_CHECK(len >= 1 && len <= FC_FRAMER_HEAD && head[0] == '{');
	FUZZ_CHECK(why->cls == FC_ERR_LIMIT);
	fuzz_check_error(why);
	r->objects++;
	fc_buf_printf(&r->told, "unreadable %zu ", len);
	fc_buf_append(&r->told, head, len);
	check_key(head, len, NULL);
	return 0;
}

static const struct fc_framer_callbacks callbacks = { .on_object = on_object, .on_unreadable = on_unreadable };

/* Of each size one piece; no sizes: all at once. */
static int feed(struct fc_framer *f, const char *bytes, size_t len, const char *sizes, size_t count,
		struct fc_error *err)
{
	for (size_t at = 0, i = 0; at < len; i++) {
		size_t piece = count ? (size_t)((unsigned char)sizes[i % count] % 64) + 1 : len;

		piece = piece < len - at ? piece : len - at;
		if (fc_framer_feed(f, bytes + at, piece, err) < 0)
			return -1;
		at += piece;
	}
	return fc_framer_end(f, err);
}

/* 0: the stream was whole. */
static int run(struct run *r, enum fc_framer_mode mode, const char *bytes, size_t len, const char *sizes, size_t count)
{
	struct fc_framer *f = fc_framer_new(mode, &callbacks, r);
	struct fc_error err = FC_ERROR_INIT;
	size_t envelope_bytes = 0;

	r->decoded = json_array();
	int rc = feed(f, bytes, len, sizes, count, &err);
	if (rc < 0) {
		fuzz_check_error(&err);
		fc_buf_printf(&r->told, "\nerror %s %s", fc_error_class_name(err.cls), err.text);
	} else if (mode == FC_FRAMER_LIST) {
		fc_buf_puts(&r->told, "\nenvelope ");
		const char *envelope = fc_framer_envelope(f, &envelope_bytes);
		fc_buf_append(&r->told, envelope, envelope_bytes);
	}
	/* An object, its doubling, and the envelope. */
	FUZZ_CHECK(fc_framer_peak_bytes(f) <= 2 * len + 128 * 1024);
	fc_framer_free(f);
	return rc;
}

static void run_fini(struct run *r)
{
	fc_buf_fini(&r->told);
	json_decref(r->decoded);
}

/* What a JSON parser makes of the whole list, the framer found too. */
static void check_against_parser(const struct run *r, int rc, const char *bytes, size_t len)
{
	json_auto_t *whole = fc_decode_strict(bytes, len, NULL);
	const json_t *items = json_object_get(whole, "items"), *item;
	size_t i;

	if (!json_is_array(items) || memmem(bytes, len, "\\u", 2))
		return;
	json_array_foreach(items, i, item)
		if (!json_is_object(item))
			return;
	FUZZ_CHECK(rc == 0);
	FUZZ_CHECK(json_equal(items, r->decoded));
}

/* The same of a watch, object for object, as far as the parser comes. */
static void check_watch_against_parser(const struct run *r, const char *bytes, size_t len)
{
	json_error_t at = { .position = 0 };

	for (size_t i = 0;; i++) {
		json_auto_t *loose = json_loadb(bytes, len, JSON_DISABLE_EOF_CHECK, &at);
		if (!json_is_object(loose))
			return;
		json_auto_t *object = fc_decode_strict(bytes, (size_t)at.position, NULL);
		if (!object)
			return;
		FUZZ_CHECK(json_equal(object, json_array_get(r->decoded, i)));
		bytes += at.position;
		len -= (size_t)at.position;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data, *line_end = memchr(data, '\n', size);
	struct run whole = { .told = FC_BUF_INIT }, pieces = { .told = FC_BUF_INIT }, single = { .told = FC_BUF_INIT };

	if (!line_end)
		return 0;
	enum fc_framer_mode mode = bytes[0] == 'l' ? FC_FRAMER_LIST : FC_FRAMER_WATCH;
	size_t head = (size_t)(line_end + 1 - bytes), count = head > 2 ? head - 2 : 0;
	int rc = run(&whole, mode, bytes + head, size - head, NULL, 0);
	FUZZ_CHECK(run(&pieces, mode, bytes + head, size - head, bytes + 1, count) == rc);
	FUZZ_CHECK(run(&single, mode, bytes + head, size - head, "", 1) == rc);
	FUZZ_CHECK(strcmp(fc_buf_str(&whole.told), fc_buf_str(&pieces.told)) == 0);
	FUZZ_CHECK(strcmp(fc_buf_str(&whole.told), fc_buf_str(&single.told)) == 0);
	FUZZ_CHECK(whole.told.len == pieces.told.len && whole.told.len == single.told.len);
	if (mode == FC_FRAMER_LIST)
		check_against_parser(&whole, rc, bytes + head, size - head);
	else
		check_watch_against_parser(&whole, bytes + head, size - head);
	run_fini(&whole);
	run_fini(&pieces);
	run_fini(&single);
	return 0;
}
