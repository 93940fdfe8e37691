/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define REPEAT_US ((int64_t)10 * 1000 * 1000)
/* Of one value; as much as is kept of an error text (kube-client 2.24). */
#define VALUE_BYTES 2048
/* Of one line: readers of logs do not take any length. */
#define LINE_BYTES ((size_t)64 * 1024)

struct level {
	const char *name;
	const char *column; /* all equally wide */
};

static const struct level levels[] = {
	[FC_LOG_ERROR] = { "error", "error" },
	[FC_LOG_WARN] = { "warn", "warn " },
	[FC_LOG_INFO] = { "info", "info " },
	[FC_LOG_DEBUG] = { "debug", "debug" },
};

static const char *const formats[] = { [FC_LOG_TEXT] = "text", [FC_LOG_JSON] = "json" };

/* The one sink of the process: the exception to "no globals". Format and level are set before the first thread. */
static struct {
	enum fc_log_format format;
	enum fc_log_level level;

	/* All below. Held over write(2), so that lines stand in the order in which they were counted. */
	pthread_mutex_t lock;
	struct fc_buf last; /* the line written last, without its time */
	int64_t last_us;    /* when, on the monotonic clock */
	uint64_t unwritten; /* how often it came again since */
} sink = { .format = FC_LOG_TEXT, .level = FC_LOG_INFO, .lock = PTHREAD_MUTEX_INITIALIZER };

/* The bytes of the UTF-8 character at `s`, and the character; 0 where there is none (RFC 3629: no overlong form, no
 * surrogate, nothing beyond U+10FFFF). */
static size_t utf8_character(const unsigned char *s, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t bytes = s[0] < 0x80 ? 1 : s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF8 ? 4 : 0;

	if (bytes < 2) {
		*c = s[0];
		return bytes;
	}
	*c = s[0] & (0x7Fu >> bytes);
	for (size_t i = 1; i < bytes; i++) {
		/* The zero byte at the end is no continuation, so nothing behind it is read. */
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3F);
	}
	return *c < least[bytes] || *c > 0x10FFFF || (*c >= 0xD800 && *c <= 0xDFFF) ? 0 : bytes;
}

/* C0, DEL and C1: each of them can drive a terminal. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

static void put_control(struct fc_buf *b, uint32_t c)
{
	if (c == '\n')
		fc_buf_puts(b, "\\n");
	else if (c == '\t')
		fc_buf_puts(b, "\\t");
	else if (c == '\r')
		fc_buf_puts(b, "\\r");
	else
		fc_buf_printf(b, "\\u%04x", (unsigned)c);
}

/* How many bytes from `p` on stand for themselves: most of most values. */
static size_t plain_bytes(const unsigned char *p, bool quotes)
{
	size_t n = 0;

	while (p[n] >= 0x20 && p[n] < 0x7F && !(quotes && (p[n] == '"' || p[n] == '\\')))
		n++;
	return n;
}

/* `s` as it may stand between the quotes of a JSON string: control characters escaped, what is not UTF-8 replaced by
 * U+FFFD, byte by byte. Without `quotes`, quotes and backslashes stay as they are. */
static void put_escaped(struct fc_buf *b, const char *s, bool quotes)
{
	const unsigned char *p = (const unsigned char *)s, *const start = p;
	uint32_t c;

	while (*p) {
		size_t plain = plain_bytes(p, quotes);
		if ((size_t)(p - start) + plain > VALUE_BYTES)
			plain = VALUE_BYTES - (size_t)(p - start);
		fc_buf_append(b, p, plain);
		p += plain;
		if (!*p)
			return;
		size_t bytes = utf8_character(p, &c);
		if ((size_t)(p - start) + bytes > VALUE_BYTES) {
			fc_buf_puts(b, "...");
			return;
		}
		if (bytes == 0)
			fc_buf_puts(b, "\xEF\xBF\xBD");
		else if (is_control(c))
			put_control(b, c);
		else if (quotes && (c == '"' || c == '\\'))
			fc_buf_printf(b, "\\%c", (char)c);
		else
			fc_buf_append(b, p, bytes);
		p += bytes ? bytes : 1;
	}
}

static void put_quoted(struct fc_buf *b, const char *s)
{
	fc_buf_putc(b, '"');
	put_escaped(b, s, true);
	fc_buf_putc(b, '"');
}

static bool needs_quotes(const char *s)
{
	if (!*s)
		return true;
	for (const unsigned char *p = (const unsigned char *)s; *p; p++)
		if (*p <= ' ' || *p >= 0x7F || strchr("\"\\=", *p))
			return true;
	return false;
}

static void put_value(struct fc_buf *b, const struct fc_log_field *f)
{
	if (!f->text)
		fc_buf_printf(b, "%" PRId64, f->number);
	else if (sink.format == FC_LOG_JSON || needs_quotes(f->text))
		put_quoted(b, f->text);
	else
		put_escaped(b, f->text, false);
}

static void put_field(struct fc_buf *b, const struct fc_log_field *f)
{
	bool json = sink.format == FC_LOG_JSON;

	fc_buf_puts(b, json ? ",\"" : " ");
	fc_buf_puts(b, f->key);
	fc_buf_puts(b, json ? "\":" : "=");
	put_value(b, f);
}

static void put_head(struct fc_buf *b, enum fc_log_level level, const char *message)
{
	if (sink.format == FC_LOG_JSON) {
		fc_buf_printf(b, "\"level\":\"%s\",\"message\":", levels[level].name);
		put_quoted(b, message);
	} else {
		fc_buf_printf(b, "%s ", levels[level].column);
		put_escaped(b, message, false);
	}
}

/* A field that does not fit any more, and all behind it, is left out whole, so that the line stays well-formed. */
static void put_fields(struct fc_buf *b, const struct fc_log_field *fields, size_t count)
{
	for (size_t i = 0; i < count && !b->failed; i++) {
		size_t before = b->len;
		put_field(b, &fields[i]);
		if (b->failed) {
			b->failed = false;
			b->len = before;
			b->data[before] = '\0';
			return;
		}
	}
}

/* One write(2) per line; the loop is for a pipe that takes a part of it. */
static void write_out(const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

/* `times`: how many equal lines this one stands for; said when there are more than `unsaid`. */
static void write_line_locked(const char *body, uint64_t times, uint64_t unsaid)
{
	FC_AUTO_BUF struct fc_buf line = FC_BUF_INIT;
	const struct fc_log_field repeated = FC_KN("repeated", times);
	char time[FC_RFC3339_BYTES];
	bool json = sink.format == FC_LOG_JSON;

	fc_time_rfc3339(fc_clock_wall_ms(), time);
	fc_buf_printf(&line, json ? "{\"time\":\"%s\"," : "%s ", time);
	fc_buf_puts(&line, body);
	if (times > unsaid)
		put_field(&line, &repeated);
	fc_buf_puts(&line, json ? "}\n" : "\n");
	if (!line.failed)
		write_out(line.data, line.len);
}

static void write_repeats_locked(void)
{
	if (sink.unwritten)
		write_line_locked(fc_buf_str(&sink.last), sink.unwritten, 0);
	sink.unwritten = 0;
}

static void write_or_count_locked(const char *body)
{
	int64_t now_us = fc_clock_mono_us();
	bool same = !strcmp(body, fc_buf_str(&sink.last));

	if (same && now_us - sink.last_us < REPEAT_US) {
		sink.unwritten++;
		return;
	}
	if (same) {
		write_line_locked(body, sink.unwritten + 1, 1);
		sink.unwritten = 0;
	} else {
		write_repeats_locked();
		write_line_locked(body, 1, 1);
		fc_buf_clear(&sink.last);
		fc_buf_puts(&sink.last, body);
	}
	sink.last_us = now_us;
}

void fc_log_init(enum fc_log_format format, enum fc_log_level level)
{
	fc_log_flush();
	pthread_mutex_lock(&sink.lock);
	sink.format = format;
	sink.level = level;
	pthread_mutex_unlock(&sink.lock);
}

int fc_log_enabled(enum fc_log_level level)
{
	return level <= sink.level;
}

void fc_log_write(enum fc_log_level level, const char *message, const struct fc_log_field *fields, size_t count)
{
	FC_AUTO_BUF struct fc_buf body = { .limit = LINE_BYTES };
	int saved_errno = errno;

	if (!fc_log_enabled(level))
		return;
	put_head(&body, level, message);
	put_fields(&body, fields, count);
	if (!body.failed) {
		pthread_mutex_lock(&sink.lock);
		write_or_count_locked(fc_buf_str(&body));
		pthread_mutex_unlock(&sink.lock);
	}
	/* Logging stands in the middle of error paths that still look at it. */
	errno = saved_errno;
}

/* The line itself is forgotten too: at the end of the program nothing is left allocated. */
void fc_log_flush(void)
{
	pthread_mutex_lock(&sink.lock);
	write_repeats_locked();
	fc_buf_fini(&sink.last);
	pthread_mutex_unlock(&sink.lock);
}

int fc_log_parse_level(const char *word, enum fc_log_level *level)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(levels); i++) {
		if (!strcmp(word, levels[i].name)) {
			*level = (enum fc_log_level)i;
			return 0;
		}
	}
	return -1;
}

int fc_log_parse_format(const char *word, enum fc_log_format *format)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(formats); i++) {
		if (!strcmp(word, formats[i])) {
			*format = (enum fc_log_format)i;
			return 0;
		}
	}
	return -1;
}
