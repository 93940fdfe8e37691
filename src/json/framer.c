/* SPDX-License-Identifier: Apache-2.0 */
#include "json/framer.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/decode.h"

#include <string.h>

/* Beside `items` a list has kind, apiVersion and metadata; a continue token is some hundred bytes. */
#define ENVELOPE_LIMIT (64u * 1024)
/* The first piece kept of an object that straddles two reads; most objects are smaller than a few of these. */
#define FIRST_HELD 512u

enum framer_state {
	AT_START,     /* watch: between two events; list: before the list object */
	IN_OBJECT,    /* inside an event, or inside an element of items */
	IN_ENVELOPE,  /* list: inside the list object, outside items */
	ITEMS_VALUE,  /* list: behind `"items":` */
	ITEMS_NULL,   /* list: inside the word null */
	ITEMS_FIRST,  /* list: behind `[` */
	ITEMS_NEXT,   /* list: behind a comma between elements */
	ITEMS_BEHIND, /* list: behind an element */
	LIST_DONE,    /* list: behind the list object */
	BROKEN,	      /* an error was returned; nothing more is taken */
};

struct fc_framer {
	struct fc_framer_callbacks callbacks;
	void *user;
	enum fc_framer_mode mode;
	enum framer_state state;
	/* Inside strings of objects and of the envelope alike: no object begins within a string of the envelope. */
	bool in_string, escaped;

	/* The object under way. */
	size_t depth, object_bytes;
	bool too_deep, refused;
	char *held;
	size_t held_len, held_cap, held_peak;

	/* The envelope of a list. */
	struct fc_buf envelope;
	size_t envelope_depth;
	bool key_next; /* the next string is the name of a member at depth 1 */
	bool key_open; /* inside such a name */
	bool have_items;
	unsigned char null_at;
	unsigned char key_len;
	char key[6];
};

struct fc_framer *fc_framer_new(enum fc_framer_mode mode, const struct fc_framer_callbacks *callbacks, void *user)
{
	struct fc_framer *f = fc_xcalloc(1, sizeof(*f));

	f->callbacks = *callbacks;
	f->user = user;
	f->mode = mode;
	f->envelope = FC_BUF_INIT;
	f->envelope.limit = ENVELOPE_LIMIT;
	return f;
}

static void release_held(struct fc_framer *f)
{
	free(f->held);
	f->held = NULL;
	f->held_len = f->held_cap = 0;
}

void fc_framer_free(struct fc_framer *f)
{
	if (!f)
		return;
	release_held(f);
	fc_buf_fini(&f->envelope);
	free(f);
}

static int broken(struct fc_framer *f, struct fc_error *err, const char *what)
{
	f->state = BROKEN;
	release_held(f);
	return fc_error_set(err, FC_ERR_PROTOCOL, "%s", what);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void object_begin(struct fc_framer *f)
{
	f->state = IN_OBJECT;
	f->depth = f->object_bytes = 0;
	f->too_deep = f->refused = false;
}

/* Takes up to the end of the object or of the bytes and answers how many; `depth` is 0 at the end of the object. */
static size_t object_scan(struct fc_framer *f, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];

		if (f->in_string) {
			if (f->escaped)
				f->escaped = false;
			else if (c == '\\')
				f->escaped = true;
			else if (c == '"')
				f->in_string = false;
			else
				while (i + 1 < len && bytes[i + 1] != '"' && bytes[i + 1] != '\\')
					i++;
		} else if (c == '"') {
			f->in_string = true;
		} else if (c == '{' || c == '[') {
			if (++f->depth > FC_JSON_MAX_DEPTH)
				f->too_deep = true;
		} else if ((c == '}' || c == ']') && --f->depth == 0) {
			return i + 1;
		}
	}
	return len;
}

/* Only the head of an object that cannot be held is kept, however long it goes on. */
static void object_refuse(struct fc_framer *f)
{
	f->refused = true;
	if (f->held_cap <= FC_FRAMER_HEAD)
		return;
	char *smaller = fc_try_realloc(f->held, FC_FRAMER_HEAD);
	if (smaller) {
		f->held = smaller;
		f->held_cap = FC_FRAMER_HEAD;
	}
	if (f->held_len > FC_FRAMER_HEAD)
		f->held_len = FC_FRAMER_HEAD;
}

/* Doubling keeps the time linear in the bytes, whatever the size of the reads. */
static int hold(struct fc_framer *f, const char *piece, size_t n, struct fc_error *err)
{
	size_t most = f->refused ? FC_FRAMER_HEAD : FC_JSON_MAX_BYTES;
	size_t cap = f->held_cap ? f->held_cap : FIRST_HELD;

	if (n > most - f->held_len)
		n = most - f->held_len;
	while (cap < f->held_len + n)
		cap *= 2;
	if (cap > most)
		cap = most;
	if (cap > f->held_cap) {
		char *larger = fc_try_realloc(f->held, cap);
		if (!larger) {
			broken(f, NULL, "");
			return fc_error_set(err, FC_ERR_MEMORY, "out of memory for an object of the stream");
		}
		f->held = larger;
		f->held_cap = cap;
		if (cap > f->held_peak)
			f->held_peak = cap;
	}
	if (n > 0)
		memcpy(f->held + f->held_len, piece, n);
	f->held_len += n;
	return 0;
}

static int object_done(struct fc_framer *f, const char *bytes, size_t len, struct fc_error *err)
{
	struct fc_error why = FC_ERROR_INIT;
	int rc;

	f->state = f->mode == FC_FRAMER_WATCH ? AT_START : ITEMS_BEHIND;
	if (!f->refused) {
		rc = f->callbacks.on_object(f->user, bytes, len, err);
	} else {
		if (f->too_deep)
			fc_error_set(&why, FC_ERR_LIMIT, "an object nested deeper than %d levels", FC_JSON_MAX_DEPTH);
		else
			fc_error_set(&why, FC_ERR_LIMIT, "an object of more than %u bytes", FC_JSON_MAX_BYTES);
		rc = f->callbacks.on_unreadable(f->user, bytes, len, &why, err);
	}
	release_held(f);
	if (rc < 0)
		f->state = BROKEN;
	return rc < 0 ? -1 : 0;
}

/* An object that lies in one read whole is handed over where it lies; only what straddles reads is copied. */
static int object_piece(struct fc_framer *f, const char *piece, size_t n, struct fc_error *err)
{
	bool complete = f->depth == 0;

	f->object_bytes += n;
	if (!f->refused && (f->too_deep || f->object_bytes > FC_JSON_MAX_BYTES))
		object_refuse(f);
	if (complete && f->held_len == 0 && !f->refused)
		return object_done(f, piece, n, err);
	if (hold(f, piece, n, err) < 0)
		return -1;
	return complete ? object_done(f, f->held, f->held_len, err) : 0;
}

static int envelope_put(struct fc_framer *f, const char *bytes, size_t n, struct fc_error *err)
{
	if (fc_buf_append(&f->envelope, bytes, n) < 0)
		return broken(f, err, "a list with more than 64 KiB beside its items");
	return 0;
}

/* Only names that may be `items` are of interest: longer ones need not be kept, only told apart. */
static void envelope_string_byte(struct fc_framer *f, char c)
{
	if (!f->escaped && c == '"') {
		f->in_string = f->key_open = false;
		return;
	}
	f->escaped = !f->escaped && c == '\\';
	if (f->key_open && f->key_len < sizeof(f->key))
		f->key[f->key_len++] = c;
}

static void envelope_structure_byte(struct fc_framer *f, char c)
{
	bool top = f->envelope_depth == 1;

	switch (c) {
	case '"':
		f->in_string = true;
		f->key_open = f->key_next;
		if (f->key_open)
			f->key_len = 0;
		break;
	case '{':
	case '[':
		f->envelope_depth++;
		break;
	case '}':
	case ']':
		if (--f->envelope_depth == 0)
			f->state = LIST_DONE;
		break;
	case ',':
		f->key_next = f->key_next || top;
		break;
	case ':':
		if (top && f->key_len == 5 && memcmp(f->key, "items", 5) == 0)
			f->state = ITEMS_VALUE;
		if (top) {
			f->key_next = false;
			f->key_len = 0;
		}
		break;
	}
}

static int items_value(struct fc_framer *f, char c, struct fc_error *err)
{
	if (is_space(c))
		return 0;
	if (c != '[' && c != 'n')
		return broken(f, err, "`items` of a list is no list");
	if (f->have_items)
		return broken(f, err, "a list with two `items`");
	f->have_items = true;
	f->null_at = 1;
	f->state = c == '[' ? ITEMS_FIRST : ITEMS_NULL;
	return envelope_put(f, "[]", 2, err);
}

static int items_null(struct fc_framer *f, char c, struct fc_error *err)
{
	if (c != "null"[f->null_at])
		return broken(f, err, "`items` of a list is no list");
	if (++f->null_at == 4)
		f->state = IN_ENVELOPE;
	return 0;
}

/* Between the elements of items. */
static int items_byte(struct fc_framer *f, char c, struct fc_error *err)
{
	if (is_space(c))
		return 0;
	if (c == ']' && f->state != ITEMS_NEXT) {
		f->state = IN_ENVELOPE;
		return 0;
	}
	if (c == ',' && f->state == ITEMS_BEHIND) {
		f->state = ITEMS_NEXT;
		return 0;
	}
	if (c != '{' || f->state == ITEMS_BEHIND)
		return broken(f, err, "broken JSON between the items of a list");
	object_begin(f);
	return 0;
}

static int envelope_byte(struct fc_framer *f, char c, struct fc_error *err)
{
	if (f->in_string)
		envelope_string_byte(f, c);
	else
		envelope_structure_byte(f, c);
	return envelope_put(f, &c, 1, err);
}

static int start_byte(struct fc_framer *f, char c, struct fc_error *err)
{
	if (is_space(c))
		return 0;
	if (c != '{')
		return broken(f, err, "something other than a JSON object where one should begin");
	if (f->mode == FC_FRAMER_WATCH) {
		object_begin(f);
		return 0;
	}
	f->state = IN_ENVELOPE;
	f->envelope_depth = 1;
	f->key_next = true;
	return envelope_put(f, &c, 1, err);
}

static int step(struct fc_framer *f, char c, struct fc_error *err)
{
	switch (f->state) {
	case AT_START:
		return start_byte(f, c, err);
	case IN_ENVELOPE:
		return envelope_byte(f, c, err);
	case ITEMS_VALUE:
		return items_value(f, c, err);
	case ITEMS_NULL:
		return items_null(f, c, err);
	case LIST_DONE:
		return is_space(c) ? 0 : broken(f, err, "something follows the list object");
	case BROKEN:
		return broken(f, err, "bytes of a stream that had ended with an error");
	default:
		return items_byte(f, c, err);
	}
}

int fc_framer_feed(struct fc_framer *f, const char *bytes, size_t len, struct fc_error *err)
{
	size_t at = 0;

	while (at < len) {
		if (f->state == IN_OBJECT) {
			size_t n = object_scan(f, bytes + at, len - at);
			if (object_piece(f, bytes + at, n, err) < 0)
				return -1;
			at += n;
			continue;
		}
		if (step(f, bytes[at], err) < 0)
			return -1;
		/* The brace that begins an object is the object's. */
		if (f->state != IN_OBJECT)
			at++;
	}
	return 0;
}

int fc_framer_end(struct fc_framer *f, struct fc_error *err)
{
	release_held(f);
	if (f->mode == FC_FRAMER_WATCH)
		return 0;
	if (f->state != LIST_DONE)
		return fc_error_set(err, FC_ERR_PROTOCOL, "a list that ends too early");
	if (!f->have_items)
		return fc_error_set(err, FC_ERR_PROTOCOL, "an answer that is no list: it has no `items`");
	return 0;
}

const char *fc_framer_envelope(const struct fc_framer *f, size_t *len)
{
	*len = f->envelope.len;
	return fc_buf_str(&f->envelope);
}

size_t fc_framer_peak_bytes(const struct fc_framer *f)
{
	return f->held_peak + f->envelope.cap;
}
