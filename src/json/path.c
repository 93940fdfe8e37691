/* SPDX-License-Identifier: Apache-2.0 */
#include "json/path.h"

#include "base/mem.h"
#include "json/path_impl.h"

#include <string.h>

/* An object's annotations together are at most this long. */
#define MAX_TEXT (256u * 1024)

struct builder {
	const char *at; /* what is still to be read */
	char *text;	/* the segments, each with its zero; never longer than the path and one byte */
	uint32_t text_len;
	struct fc_path_segment segments[FC_PATH_MAX_SEGMENTS];
	size_t count;
};

static int invalid(struct fc_error *err, const char *why)
{
	return fc_error_set(err, FC_ERR_INVALID, "%s", why);
}

static int begin_segment(struct builder *b, bool bracketed, struct fc_error *err)
{
	if (b->count == FC_PATH_MAX_SEGMENTS)
		return fc_error_set(err, FC_ERR_INVALID, "the path has more than %d segments", FC_PATH_MAX_SEGMENTS);
	b->segments[b->count++] = (struct fc_path_segment){ .at = b->text_len, .bracketed = bracketed };
	return 0;
}

static void put(struct builder *b, char c)
{
	b->text[b->text_len++] = c;
}

/* `..` is read before `.`, left to right: a...b is `a.` and `b`. */
static int dotted_segment(struct builder *b, bool brackets, struct fc_error *err)
{
	uint32_t from = b->text_len;

	if (begin_segment(b, false, err) < 0)
		return -1;
	while (*b->at && !(brackets && *b->at == '[')) {
		if (brackets && *b->at == ']')
			return invalid(err, "the path has a `]` without its `[`");
		if (*b->at == '.') {
			if (b->at[1] != '.')
				break;
			b->at++;
		}
		put(b, *b->at++);
	}
	if (b->text_len == from)
		return invalid(err,
			       b->count == 1 ? "the path begins with a single dot" : "the path has an empty segment");
	put(b, '\0');
	return 0;
}

static int quoted_key(struct builder *b, struct fc_error *err)
{
	char quote = *b->at++;
	const char *end = strchr(b->at, quote);

	if (!end)
		return invalid(err, "a quoted key of the path does not end");
	if (begin_segment(b, false, err) < 0)
		return -1;
	while (b->at < end)
		put(b, *b->at++);
	put(b, '\0');
	b->at++;
	return 0;
}

static int bracketed_index(struct builder *b, struct fc_error *err)
{
	const char *from = b->at;
	size_t digits = strspn(from, "0123456789");

	if (digits == 0)
		return invalid(err, "between `[` and `]` the path needs an index or a quoted key");
	if (digits > 1 && *from == '0')
		return invalid(err, "an index of the path begins with a needless 0");
	if (begin_segment(b, true, err) < 0)
		return -1;
	while (digits-- > 0)
		put(b, *b->at++);
	put(b, '\0');
	return 0;
}

static int bracket_segment(struct builder *b, struct fc_error *err)
{
	b->at++;
	int rc = *b->at == '\'' || *b->at == '"' ? quoted_key(b, err) : bracketed_index(b, err);
	if (rc < 0)
		return -1;
	if (*b->at != ']')
		return invalid(err, "a `[` of the path is not followed by its `]`");
	b->at++;
	return 0;
}

static int parse_dotted(struct builder *b, bool brackets, struct fc_error *err)
{
	bool dot = false;

	for (;;) {
		bool bracket = brackets && *b->at == '[';

		if (bracket && dot)
			return invalid(err, "the path has an empty segment before a `[`");
		if ((bracket ? bracket_segment(b, err) : dotted_segment(b, brackets, err)) < 0)
			return -1;
		if (*b->at == '\0')
			return 0;
		dot = *b->at == '.';
		if (dot && *++b->at == '\0')
			return invalid(err, "the path ends in a single dot");
		if (!dot && *b->at != '[')
			return invalid(err, "a `]` of the path is not followed by `.`, `[` or the end");
	}
}

static int parse_pointer(struct builder *b, struct fc_error *err)
{
	while (*b->at == '/') {
		b->at++;
		if (begin_segment(b, false, err) < 0)
			return -1;
		for (; *b->at && *b->at != '/'; b->at++) {
			if (*b->at != '~') {
				put(b, *b->at);
				continue;
			}
			b->at++;
			if (*b->at != '0' && *b->at != '1')
				return invalid(err, "in a JSON Pointer `~` must be followed by 0 or 1");
			put(b, *b->at == '0' ? '~' : '/');
		}
		put(b, '\0');
	}
	return 0;
}

/* JSON has no other texts than UTF-8 ones: what is none names no place. */
static bool is_utf8(const char *text)
{
	json_auto_t *probe = json_string(text);

	return probe != NULL;
}

static struct fc_path *assemble(const struct builder *b, struct fc_error *err)
{
	size_t segments_bytes = b->count * sizeof(b->segments[0]);
	struct fc_path *p = fc_try_realloc(NULL, sizeof(*p) + segments_bytes + b->text_len);

	if (!p) {
		fc_error_set(err, FC_ERR_MEMORY, "out of memory for a path");
		return NULL;
	}
	p->len = (unsigned char)b->count;
	memcpy(p->segments, b->segments, segments_bytes);
	memcpy(&p->segments[b->count], b->text, b->text_len);
	return p;
}

struct fc_path *fc_path_parse(const char *text, enum fc_path_syntax syntax, struct fc_error *err)
{
	struct builder b = { .at = text };
	size_t len = strlen(text);
	const char *fault = NULL;

	if (len == 0)
		fault = "the path is empty";
	else if (len > MAX_TEXT)
		fault = "the path is longer than 256 KiB";
	else if (!is_utf8(text))
		fault = "the path is not UTF-8";
	if (fault) {
		invalid(err, fault);
		return NULL;
	}
	FC_AUTO_FREE char *space = fc_try_realloc(NULL, len + 1);
	if (!space) {
		fc_error_set(err, FC_ERR_MEMORY, "out of memory for a path");
		return NULL;
	}
	b.text = space;
	bool in_value = syntax == FC_PATH_IN_VALUE;
	int rc = in_value && *text == '/' ? parse_pointer(&b, err) : parse_dotted(&b, in_value, err);
	return rc < 0 ? NULL : assemble(&b, err);
}

void fc_path_free(struct fc_path *p)
{
	free(p);
}

size_t fc_path_len(const struct fc_path *p)
{
	return p->len;
}

const char *fc_path_segment(const struct fc_path *p, size_t i)
{
	return (const char *)&p->segments[p->len] + p->segments[i].at;
}

void fc_path_prefix_pointer(const struct fc_path *p, size_t len, struct fc_buf *out)
{
	for (size_t i = 0; i < len && i < p->len; i++) {
		fc_buf_putc(out, '/');
		for (const char *c = fc_path_segment(p, i); *c; c++) {
			if (*c == '~')
				fc_buf_puts(out, "~0");
			else if (*c == '/')
				fc_buf_puts(out, "~1");
			else
				fc_buf_putc(out, *c);
		}
	}
}

void fc_path_pointer(const struct fc_path *p, struct fc_buf *out)
{
	fc_path_prefix_pointer(p, p->len, out);
}

/* How many leading segments are the same text. */
static size_t common(const struct fc_path *a, const struct fc_path *b)
{
	size_t i = 0;

	while (i < a->len && i < b->len && strcmp(fc_path_segment(a, i), fc_path_segment(b, i)) == 0)
		i++;
	return i;
}

enum fc_path_relation fc_path_compare(const struct fc_path *a, const struct fc_path *b)
{
	size_t same = common(a, b);

	if (same == a->len && same == b->len)
		return FC_PATH_EQUAL;
	if (same == a->len)
		return FC_PATH_ABOVE;
	return same == b->len ? FC_PATH_BELOW : FC_PATH_APART;
}

bool fc_path_same(const struct fc_path *a, const struct fc_path *b)
{
	if (fc_path_compare(a, b) != FC_PATH_EQUAL)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (a->segments[i].bracketed != b->segments[i].bracketed)
			return false;
	return true;
}

int fc_path_order(const struct fc_path *a, const struct fc_path *b)
{
	size_t same = common(a, b);

	if (same == a->len || same == b->len)
		return (a->len > b->len) - (a->len < b->len);
	return strcmp(fc_path_segment(a, same), fc_path_segment(b, same));
}

struct refused {
	const char *top, *below; /* below: a member of metadata, or NULL */
	bool itself_only;
	const char *why;
};

#define IDENTITY " is what the object is known by; no rule may write it or what is below it"
#define SERVERS " belongs to the API server; no rule may write it or what is below it"
#define LIFE " decides how long the object lives; no rule may write it or what is below it"
#define IN_METADATA(field, reason)                                 \
	{                                                          \
		"metadata", field, false, "metadata." field reason \
	}

static const struct refused refused_places[] = {
	{ "apiVersion", NULL, false, "apiVersion" IDENTITY },
	{ "kind", NULL, false, "kind" IDENTITY },
	{ "metadata", NULL, true,
	  "metadata holds the object's name and its rules; a rule may write a member of it, not the whole" },
	{ "metadata", "annotations", true,
	  "metadata.annotations holds the rules themselves; a rule may write one annotation, not the whole" },
	IN_METADATA("name", IDENTITY),
	IN_METADATA("generateName", IDENTITY),
	IN_METADATA("namespace", IDENTITY),
	IN_METADATA("uid", IDENTITY),
	IN_METADATA("resourceVersion", SERVERS),
	IN_METADATA("generation", SERVERS),
	IN_METADATA("creationTimestamp", SERVERS),
	IN_METADATA("deletionTimestamp", SERVERS),
	IN_METADATA("deletionGracePeriodSeconds", SERVERS),
	IN_METADATA("managedFields", SERVERS),
	IN_METADATA("selfLink", SERVERS),
	IN_METADATA("ownerReferences", LIFE),
	IN_METADATA("finalizers", LIFE),
};

const char *fc_path_refused_as_target(const struct fc_path *p)
{
	if (p->len == 0)
		return "the whole object cannot be written by a rule; a rule writes a place inside it";
	for (size_t i = 0; i < FC_ARRAY_LEN(refused_places); i++) {
		const struct refused *r = &refused_places[i];
		size_t depth = r->below ? 2 : 1;

		if (p->len < depth || (r->itself_only && p->len > depth))
			continue;
		if (strcmp(fc_path_segment(p, 0), r->top) == 0 &&
		    (!r->below || strcmp(fc_path_segment(p, 1), r->below) == 0))
			return r->why;
	}
	return NULL;
}
