/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is asked for where the size is not known beforehand: pipes, /proc. */
#define FIRST_BYTES ((size_t)4096)

static int refuse_size(struct fc_error *err, const char *path, size_t limit_bytes)
{
	return fc_error_set(err, FC_ERR_LIMIT, "%s is larger than %zu bytes", path, limit_bytes);
}

/* How much to ask for at first: one byte beyond the size, to see the end without growing. The content may be a
 * credential, and each growing leaves a copy behind. */
static size_t first_cap(int fd, size_t limit_bytes)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return FIRST_BYTES;
	return ((uintmax_t)st.st_size < limit_bytes ? (size_t)st.st_size : limit_bytes) + 2;
}

/* Reads to the end or to one byte beyond the limit. `*out` is the caller's in any case. */
static int read_all(int fd, const char *path, size_t limit_bytes, char **out, size_t *len, struct fc_error *err)
{
	size_t cap = 0, want = first_cap(fd, limit_bytes);

	*len = 0;
	for (;;) {
		if (*len + 1 >= cap) {
			char *grown = fc_try_realloc(*out, want);
			if (!grown)
				return fc_error_set(err, FC_ERR_MEMORY, "no memory to read %s", path);
			*out = grown;
			cap = want;
			want = cap * 2;
		}
		ssize_t n = read(fd, *out + *len, cap - 1 - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot read %s", path);
		if (n == 0)
			return 0;
		*len += (size_t)n;
		if (*len > limit_bytes)
			return refuse_size(err, path, limit_bytes);
	}
}

int fc_file_read(const char *path, size_t limit_bytes, char **out, size_t *out_bytes, struct fc_error *err)
{
	char *bytes = NULL;
	size_t len = 0;

	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot open %s", path);
	int rc = read_all(fd, path, limit_bytes, &bytes, &len, err);
	close(fd);
	if (rc < 0) {
		fc_free_secret(bytes, len);
		return -1;
	}
	bytes[len] = '\0';
	*out = bytes;
	*out_bytes = len;
	return 0;
}

char *fc_path_beside(const char *base_file, const char *path)
{
	const char *slash = base_file ? strrchr(base_file, '/') : NULL;

	/* An empty path names nothing; the folder itself would be a wrong meaning for it. */
	if (path[0] == '/' || path[0] == '\0' || !slash)
		return fc_xstrdup(path);
	return fc_xasprintf("%.*s/%s", (int)(slash - base_file), base_file, path);
}
