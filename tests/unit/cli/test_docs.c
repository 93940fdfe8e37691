/* SPDX-License-Identifier: Apache-2.0 */
/* The documents say what the program does: tables, reasons and links. Run from the root of the repository. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/reference.h"
#include "model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REFERENCE "docs/reference.md"
#define END "<!-- end -->"
#define MOST_WORDS 256

static char *read_text(const char *path)
{
	struct fc_error err = FC_ERROR_INIT;
	char *text = NULL;
	size_t len = 0;

	if (fc_file_read(path, 4 * 1024 * 1024, &text, &len, &err) < 0)
		fail_msg("%s", err.text);
	return text;
}

/* What stands between the markers `<!-- begin: NAME -->` and `<!-- end -->`, each in a line of its own. */
static char *section(const char *page, const char *name)
{
	FC_AUTO_FREE char *begin = fc_xasprintf("<!-- begin: %s -->\n", name);
	const char *from = strstr(page, begin), *to;

	if (!from)
		fail_msg("%s has no line %s", REFERENCE, begin);
	from += strlen(begin);
	to = strstr(from, END);
	if (!to)
		fail_msg("%s does not end its part \"%s\"", REFERENCE, name);
	return fc_xstrndup(from, (size_t)(to - from));
}

static void assert_table(const char *name, void (*put)(struct fc_buf *out))
{
	FC_AUTO_BUF struct fc_buf wanted = FC_BUF_INIT;
	FC_AUTO_FREE char *page = read_text(REFERENCE), *written = section(page, name);

	put(&wanted);
	if (strcmp(written, fc_buf_str(&wanted)) != 0)
		fail_msg("%s, \"%s\": put there what `fedcopy reference %s` prints", REFERENCE, name, name);
}

static void test_reference_page_has_the_flags_of_the_program(void **state)
{
	(void)state;
	assert_table("flags", fc_reference_flags);
}

static void test_reference_page_has_the_metrics_of_the_program(void **state)
{
	(void)state;
	assert_table("metrics", fc_reference_metrics);
}

static void test_reference_page_has_the_states_of_the_program(void **state)
{
	(void)state;
	assert_table("states", fc_reference_states);
}

/* --- reasons: in engine and dialects every string that is one CamelCase word is one --- */

struct words {
	char *items[MOST_WORDS];
	size_t count;
};

static void words_fini(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i]);
}
#define AUTO_WORDS FC_CLEANUP(words_fini)

static bool words_have(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->items[i], word) == 0)
			return true;
	return false;
}

static void words_add(struct words *w, const char *at, size_t len)
{
	FC_AUTO_FREE char *word = fc_xstrndup(at, len);

	if (words_have(w, word))
		return;
	assert_true(w->count < MOST_WORDS);
	w->items[w->count++] = fc_steal(&word);
}

static bool is_reason(const char *at, size_t len)
{
	bool lower = false;

	for (size_t i = 0; i < len; i++) {
		if (!isalpha((unsigned char)at[i]))
			return false;
		lower = lower || islower((unsigned char)at[i]);
	}
	return len > 1 && isupper((unsigned char)at[0]) && lower;
}

/* A kind, and what an Event calls that which was done. */
static bool is_no_reason(const char *word)
{
	static const char *const others[] = { "Namespace", "Copy", "True", "False", "Service", "PersistentVolumeClaim",
					      "Deleting" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(word, others[i]) == 0)
			return true;
	return false;
}

/* Behind the quote that ends what begins at `at`. */
static const char *skip_quoted(const char *at, char quote)
{
	while (*at && *at != quote)
		at += *at == '\\' && at[1] ? 2 : 1;
	return *at ? at + 1 : at;
}

static const char *skip_comment(const char *at)
{
	const char *end = at[1] == '*' ? strstr(at + 2, "*/") : strchr(at, '\n');

	if (!end)
		return at + strlen(at);
	return at[1] == '*' ? end + 2 : end;
}

static void scan_source(const char *at, struct words *out)
{
	while (*at) {
		const char *from = at + 1;

		if (*at == '/' && (*from == '*' || *from == '/')) {
			at = skip_comment(at);
		} else if (*at == '"' || *at == '\'') {
			at = skip_quoted(from, *at);
			if (from[-1] == '"' && is_reason(from, (size_t)(at - from) - 1))
				words_add(out, from, (size_t)(at - from) - 1);
		} else {
			at++;
		}
	}
}

static void scan_sources(const char *pattern, struct words *out)
{
	glob_t found;
	size_t before = out->count;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		/* The words of a custom resource's status: its dialect's page has them. */
		if (strstr(found.gl_pathv[i], "_status.c"))
			continue;
		FC_AUTO_FREE char *text = read_text(found.gl_pathv[i]);
		scan_source(text, out);
	}
	globfree(&found);
	assert_true(out->count > before);
}

static void test_scan_takes_words_in_strings_and_nothing_else(void **state)
{
	struct words found AUTO_WORDS = { .count = 0 };

	(void)state;
	scan_source("f(\"BadPath\", \"a Sentence\", '\"', \"Quota\"); /* \"NotThis\" */ // \"NorThis\"\n"
		    "g(\"an \\\"Inner\\\" one\", \"PATCH\", \"lower\", \"New\"); \"BadPath\"",
		    &found);
	assert_int_equal(found.count, 3);
	assert_string_equal(found.items[0], "BadPath");
	assert_string_equal(found.items[1], "Quota");
	assert_string_equal(found.items[2], "New");
}

/* The text of cell `n` of the row at `row`, without blanks and backquotes; the caller frees. */
static char *cell(const char *row, size_t n)
{
	size_t line = strcspn(row, "\n"), from = 0;

	for (size_t bars = 0; from < line && bars <= n; from++)
		bars += row[from] == '|';
	while (from < line && (row[from] == ' ' || row[from] == '`'))
		from++;
	return fc_xstrndup(row + from, strcspn(row + from, "`|\n"));
}

static bool is_state(const char *word)
{
	for (int s = 0; s < FC_STATES; s++)
		if (strcmp(fc_state_name((enum fc_state)s), word) == 0)
			return true;
	return false;
}

/* Collects the reasons of the table, whose rows begin with `| \`State\` | \`Reason\` |`. */
static void read_reasons(const char *table, struct words *out)
{
	for (const char *row = table; *row; row += strcspn(row, "\n") + (row[strcspn(row, "\n")] == '\n')) {
		if (strncmp(row, "| `", 3) != 0)
			continue;
		FC_AUTO_FREE char *state = cell(row, 0), *reason = cell(row, 1);
		if (!is_state(state))
			fail_msg("%s has reasons of a state %s, which does not exist", REFERENCE, state);
		words_add(out, reason, strlen(reason));
	}
}

static void test_reference_page_has_the_reasons_of_the_program(void **state)
{
	FC_AUTO_FREE char *page = read_text(REFERENCE), *table = section(page, "reasons");
	struct words said AUTO_WORDS = { .count = 0 }, written AUTO_WORDS = { .count = 0 };

	(void)state;
	scan_sources("src/engine/*.c", &said);
	scan_sources("src/dialects/*.c", &said);
	read_reasons(table, &written);
	for (size_t i = 0; i < said.count; i++)
		if (!is_no_reason(said.items[i]) && !words_have(&written, said.items[i]))
			fail_msg("%s lacks the reason %s", REFERENCE, said.items[i]);
	for (size_t i = 0; i < written.count; i++)
		if (!words_have(&said, written.items[i]))
			fail_msg("%s has the reason %s, the program has not", REFERENCE, written.items[i]);
}

/* --- the map of the house --- */

static void test_architecture_page_has_every_source_file(void **state)
{
	FC_AUTO_FREE char *page = read_text("docs/architecture.md");
	glob_t found;

	(void)state;
	assert_int_equal(glob("src/*/*.c", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i], *file = strrchr(path, '/') + 1;
		int len = (int)strlen(file) - 2;
		FC_AUTO_FREE char *plain = fc_xasprintf("`%.*s`", len, file), *with_end = fc_xasprintf("`%s`", file);
		const char *folder = path + strlen("src/");
		FC_AUTO_FREE char *with_folder = fc_xasprintf("`%.*s`", (int)strlen(folder) - 2, folder);
		if (!strstr(page, plain) && !strstr(page, with_end) && !strstr(page, with_folder))
			fail_msg("docs/architecture.md has no word about %s", path);
	}
	globfree(&found);
}

/* --- links --- */

/* A link to another place of the repository must lead somewhere; one with a scheme, or to a heading, is not looked at.
 */
static size_t check_links(const char *path)
{
	FC_AUTO_FREE char *text = read_text(path);
	size_t count = 0;

	for (const char *at = strstr(text, "]("); at; at = strstr(at, "](")) {
		size_t len = strcspn(at += 2, "#)\n");
		FC_AUTO_FREE char *link = fc_xstrndup(at, len);
		FC_AUTO_FREE char *file = fc_path_beside(path, link);
		if (len == 0 || strstr(link, "://"))
			continue;
		count++;
		if (access(file, F_OK) != 0)
			fail_msg("%s: the link to %s leads nowhere", path, link);
	}
	return count;
}

static void test_links_of_the_documents_lead_to_files(void **state)
{
	size_t count = check_links("README.md");
	glob_t found;

	(void)state;
	assert_int_equal(glob("docs/*.md", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		count += check_links(found.gl_pathv[i]);
	globfree(&found);
	assert_true(count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference_page_has_the_flags_of_the_program),
		cmocka_unit_test(test_reference_page_has_the_metrics_of_the_program),
		cmocka_unit_test(test_reference_page_has_the_states_of_the_program),
		cmocka_unit_test(test_scan_takes_words_in_strings_and_nothing_else),
		cmocka_unit_test(test_reference_page_has_the_reasons_of_the_program),
		cmocka_unit_test(test_architecture_page_has_every_source_file),
		cmocka_unit_test(test_links_of_the_documents_lead_to_files),
	};

	return cmocka_run_group_tests_name("docs", tests, NULL, NULL);
}
