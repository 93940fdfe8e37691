/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz - what the fuzz drivers share: checks that end the program, texts, files, and what every error must be.
 * Owns:    the folder of its files, removed when the process ends that made it.
 * Threads: one.
 * Fails:   by abort, after a line that says which check; libFuzzer and replay.c both take that for a finding.
 * Source:  https://llvm.org/docs/LibFuzzer.html for the two functions of a driver. */
#ifndef FC_TESTS_FUZZ_H
#define FC_TESTS_FUZZ_H

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"

#include <jansson.h>

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Each driver has these two; the second one is called once, before the first input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Stands in inputs for whatever must not come out again in an error. Long enough not to come about by chance. */
#define FUZZ_SECRET "s3cr3tvalue"

#define FUZZ_CHECK(condition)                                                                   \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* The same numbers in every run: a finding must come again. The machine's own settings stay out. */
static inline void fuzz_begin(void)
{
	static const char *const foreign[] = { "KUBECONFIG",	"HOME",		"KUBERNETES_SERVICE_HOST",
					       "POD_NAMESPACE", "HTTPS_PROXY",	"KUBERNETES_SERVICE_PORT",
					       "https_proxy",	"DISABLE_HTTP2" };

	for (size_t i = 0; i < FC_ARRAY_LEN(foreign); i++)
		unsetenv(foreign[i]);
	json_object_seed(1);
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
}

/* A text of the input's bytes; those behind a zero are out of sight. The caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	return fc_xstrndup((const char *)data, size);
}

/* How often `part` occurs. */
static inline size_t fuzz_count(const char *text, size_t len, const char *part)
{
	size_t count = 0;

	for (const char *at = text; (at = memmem(at, len - (size_t)(at - text), part, strlen(part))); at++)
		count++;
	return count;
}

/* In all strings of a value, names of members not included. */
static inline size_t fuzz_count_json(const json_t *value, const char *part)
{
	json_t *walked = (json_t *)(uintptr_t)value, *member;
	size_t count =
		fuzz_count(json_is_string(value) ? json_string_value(value) : "", json_string_length(value), part);
	const char *key;

	for (size_t i = 0; i < json_array_size(value); i++)
		count += fuzz_count_json(json_array_get(value, i), part);
	json_object_foreach(walked, key, member)
		count += fuzz_count_json(member, part);
	return count;
}

static inline void fuzz_check_text(const char *text)
{
	json_auto_t *utf8 = json_string(text);

	FUZZ_CHECK(utf8);
	for (; *text; text++)
		FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 0x7F);
}

/* What every error is: of a class, one line of text that fits, no control characters. */
static inline void fuzz_check_error(const struct fc_error *err)
{
	FUZZ_CHECK(err->cls > FC_ERR_NONE && err->cls < FC_ERR_CLASSES && err->cls != FC_ERR_INTERNAL);
	FUZZ_CHECK(err->retry_after_ms >= -1);
	FUZZ_CHECK(memchr(err->text, '\0', sizeof(err->text)));
	FUZZ_CHECK(err->text[0]);
	fuzz_check_text(err->text);
}

/* A line "# next file" parts an input that stands for several files. Returns what is behind it, NULL: nothing, and ends
 * the text before it. */
static inline char *fuzz_next_file(char *text)
{
	static const char mark[] = "# next file\n";
	char *at = strstr(text, mark);

	if (!at)
		return NULL;
	*at = '\0';
	return at + strlen(mark);
}

/* The folder for files of the inputs; made by the first call. */
static inline const char *fuzz_folder(void);

static inline void fuzz_path(char out[PATH_MAX], const char *name)
{
	snprintf(out, PATH_MAX, "%s/%s", fuzz_folder(), name);
}

static inline void fuzz_write(const char *name, const char *bytes, size_t len)
{
	char path[PATH_MAX];

	fuzz_path(path, name);
	FILE *file = fopen(path, "w");
	FUZZ_CHECK(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

static char fuzz_folder_path[PATH_MAX / 2];
static pid_t fuzz_folder_maker;

/* Names are few and flat, and every driver writes the same ones. */
static inline void fuzz_remove_folder(void)
{
	static const char *const names[] = { "first",  "second",  "kubeconfig", "clusters.yaml",
					     "ca.crt", "tls.crt", "tls.key",	"token" };
	char path[PATH_MAX];

	if (fuzz_folder_maker != getpid())
		return;
	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++) {
		fuzz_path(path, names[i]);
		unlink(path);
	}
	rmdir(fuzz_folder_path);
}

static inline const char *fuzz_folder(void)
{
	const char *parent = getenv("TMPDIR");

	if (!fuzz_folder_path[0]) {
		snprintf(fuzz_folder_path, sizeof(fuzz_folder_path), "%s/fedcopy-fuzz-XXXXXX",
			 parent && parent[0] ? parent : "/tmp");
		FUZZ_CHECK(mkdtemp(fuzz_folder_path));
		fuzz_folder_maker = getpid();
		atexit(fuzz_remove_folder);
	}
	return fuzz_folder_path;
}

#endif
