/* SPDX-License-Identifier: Apache-2.0 */
/* usage: fuzz_DRIVER FILE...
 *
 * In place of libFuzzer's main, so that any compiler can replay a corpus: every file goes through the driver in a
 * process of its own, so that one finding hides no other, and leaks show at the input that they come from. A line for
 * each, "ok FILE" or "FAIL FILE". */
#include "fuzz.h"

#include <sys/wait.h>

/* A corpus has small files: what takes longer hangs. */
#define SECONDS_EACH 20

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");

	if (!file || fseek(file, 0, SEEK_END) < 0)
		return NULL;
	*size = (size_t)ftell(file);
	rewind(file);
	/* Exactly as long as the input, so that a sanitizer sees a read behind its end. */
	uint8_t *data = fc_xcalloc(1, *size);
	if (fread(data, 1, *size, file) != *size)
		abort();
	fclose(file);
	return data;
}

static int run_one(const char *path)
{
	size_t size = 0;
	uint8_t *data = read_file(path, &size);

	if (!data) {
		perror(path);
		return 1;
	}
	alarm(SECONDS_EACH);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

static bool passes(const char *path)
{
	int status = 0;

	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		exit(run_one(path));
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		bool passed = passes(argv[i]);
		printf("%s %s\n", passed ? "ok" : "FAIL", argv[i]);
		failed += !passed;
	}
	return failed > 0;
}
