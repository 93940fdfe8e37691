/* SPDX-License-Identifier: Apache-2.0 */
/* fc_log - lines for people and machines, on standard error.
 * Owns:    the one sink of the process (format, level, last line), set before the first thread.
 * Threads: any; one write(2) per line, lines never mix.
 * Fails:   never; a line that cannot be written is lost.
 * Source:  logfmt-like text ("time level message key=value ... ") or one JSON object per line. */
#ifndef FC_LOG_H
#define FC_LOG_H

#include <stddef.h>
#include <stdint.h>

enum fc_log_level { FC_LOG_ERROR, FC_LOG_WARN, FC_LOG_INFO, FC_LOG_DEBUG };
enum fc_log_format { FC_LOG_TEXT, FC_LOG_JSON };

/* A string or a number with its name. Values are quoted where they need it; control characters are escaped. */
struct fc_log_field {
	const char *key;
	const char *text; /* NULL: `number` */
	int64_t number;
};
/* A function, since a test of an array (`err.text`) against NULL in the macro makes compilers warn. */
static inline const char *fc_log_text(const char *s)
{
	return s ? s : "";
}
#define FC_KV(k, s) ((struct fc_log_field){ .key = (k), .text = fc_log_text(s) })
#define FC_KN(k, n) ((struct fc_log_field){ .key = (k), .text = NULL, .number = (int64_t)(n) })

/* Before the first thread; without it: text, info. */
void fc_log_init(enum fc_log_format format, enum fc_log_level level);
/* Would a line of this level be written? Spares the making of costly fields. Any thread. */
int fc_log_enabled(enum fc_log_level level);

/* One line. The message is a short lower-case sentence and never holds a value from a Secret; `cluster` and the
 * key of the object come first among the fields, the reason last. The same line (level, message and fields) again
 * within 10 s is counted, not written. The counted ones become one line with `repeated=N`, for how many it stands:
 * before the next other line, or together with the same line once the 10 s are over. Values longer than 2048 bytes
 * are cut. */
void fc_log_write(enum fc_log_level level, const char *message, const struct fc_log_field *fields, size_t count);

/* fc_log(FC_LOG_INFO, "watch started", FC_KV("cluster", name), FC_KN("watch", id)); fields are optional. */
#define fc_log(level, message, ...)                                                                               \
	do {                                                                                                      \
		const struct fc_log_field fc_fields_[] = { { 0 }, ##__VA_ARGS__ };                                \
		fc_log_write((level), (message), fc_fields_ + 1, sizeof(fc_fields_) / sizeof(fc_fields_[0]) - 1); \
	} while (0)

/* Writes a pending repeat count; called at the end of the program. */
void fc_log_flush(void);

/* "error", "warn", "info", "debug"; "text", "json". -1 when the word is none of them. */
int fc_log_parse_level(const char *word, enum fc_log_level *level);
int fc_log_parse_format(const char *word, enum fc_log_format *format);

#endif
