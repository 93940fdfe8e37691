/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "http2.h"

#include <stdio.h>
#include <string.h>

#define FILE_BYTES ((size_t)64 * 1024 * 1024)

void text_token(char kind, long round, char out[TEXT_TOKEN + 1])
{
	/* Zeros in front: all of one length, and none the beginning of another. */
	snprintf(out, TEXT_TOKEN + 1, "%c%011ld", kind, round);
}

char *text_read(const char *path)
{
	struct fc_error err = FC_ERROR_INIT;
	char *text;
	size_t len;

	if (fc_file_read(path, FILE_BYTES, &text, &len, &err) < 0)
		http2_die("%s", err.text);
	return text;
}

char **text_lines(const char *path, size_t *count)
{
	FC_AUTO_FREE char *text = text_read(path);
	char **lines = NULL, *rest = text;
	size_t cap = 0;

	*count = 0;
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (!line[0])
			continue;
		FC_GROW(lines, *count, cap);
		lines[(*count)++] = fc_xstrdup(line);
	}
	return lines;
}

char *text_fill(const char *text, const char *mark, const char *word)
{
	struct fc_buf out = FC_BUF_INIT;

	for (const char *at; (at = strstr(text, mark)); text = at + strlen(mark)) {
		fc_buf_append(&out, text, (size_t)(at - text));
		fc_buf_puts(&out, word);
	}
	fc_buf_puts(&out, text);
	return fc_buf_steal(&out);
}

bool text_has(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word));
}

const char *text_value(const char *text, size_t len, const char *key, size_t *value_len)
{
	char words[64];

	snprintf(words, sizeof(words), "\"%s\":\"", key);
	const char *at = memmem(text, len, words, strlen(words));
	if (!at)
		return NULL;
	at += strlen(words);
	const char *end = memchr(at, '"', len - (size_t)(at - text));
	if (!end)
		return NULL;
	*value_len = (size_t)(end - at);
	return at;
}
