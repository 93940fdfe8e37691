/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation's program: plays worlds, finds the few steps of one that breaks a promise, keeps it.
 *
 * usage: sim OUT CASE...      Environment:
 *   OBJECTS   1: every world speaks object-sync too; 0: none does (most of those that speak dialects, and some others)
 *   RUNS      worlds to play (20000), from seed BASE (1) on; MINUTES: for so long instead; WORKERS: processes (one a
 * core) FAILURES  ends when so many worlds (5) have broken a promise; each is told and kept as it is found SEED plays
 * this world only, step by step, and finds the few of its steps that matter CASE      plays this case only, step by
 * step HUNT      ends with the first broken promise and says no more than it (scripts/sim-mutants) */
#include "script.h"
#include "steps.h"
#include "world.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the workers share. */
struct board {
	uint64_t next; /* world to be played */
	uint64_t played, failed;
	bool stop;
	uint64_t playing[64]; /* by each worker just now */
	pid_t worker[64];
	struct world_stats stats[64]; /* one for each worker */
};

struct run {
	const char *out;
	uint64_t base, runs, most_failures;
	double ends; /* seconds; 0: no limit */
	unsigned workers;
	bool hunts; /* for the first broken promise, which is all that is told */
	struct board *board;
};

enum { SHRINK_TRIES = 3000 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool fails(void *user, const struct script *s)
{
	struct verdict v = { 0 };

	world_play(s, false, &v, NULL);
	return v.promise == *(int *)user;
}

static void keep_case(const char *out, struct script *s, const struct verdict *v)
{
	struct fc_error err = FC_ERROR_INIT;
	char file[512];

	snprintf(file, sizeof(file), "%s/sim-failures", out);
	mkdir(file, 0777);
	snprintf(file, sizeof(file), "%s/sim-failures/%" PRIu64 ".case", out, s->seed);
	if (script_write(s, file, v->text, &err) < 0)
		printf("%s\n", err.text);
	else
		printf("kept as %s: to keep it for good, copy it to tests/sim/cases/ under a name that says what was "
		       "wrong\n",
		       file);
}

static void tell_failure(const struct run *run, struct script *s, const struct verdict *v)
{
	int promise = v->promise;
	struct verdict last = { 0 };

	if (run->hunts) {
		printf("found after %" PRIu64 " worlds: promise %d: %s\n", run->board->played, promise, v->text);
		return;
	}
	printf("SEED=%" PRIu64 " breaks promise %d: %s\n", s->seed, v->promise, v->text);
	fflush(stdout);
	script_shrink(s, fails, &promise, SHRINK_TRIES);
	world_play(s, false, &last, NULL);
	printf("SEED=%" PRIu64 " with %zu steps: %s\n", s->seed, s->count, last.text);
	for (size_t i = 0; i < s->count; i++)
		printf("  %s %u %u %u %u\n", step_name(s->steps[i].kind), s->steps[i].a, s->steps[i].b, s->steps[i].c,
		       s->steps[i].d);
	keep_case(run->out, s, &last);
	fflush(stdout);
}

static int play_seed(const struct run *run, uint64_t seed)
{
	struct verdict v = { 0 };
	struct script s;

	script_make(&s, seed);
	world_play(&s, true, &v, NULL);
	if (v.promise)
		tell_failure(run, &s, &v);
	script_fini(&s);
	return v.promise ? 1 : 0;
}

/* As `SEED` does, of a case. */
static int play_case(const char *file)
{
	struct fc_error err = FC_ERROR_INIT;
	struct verdict v = { 0 };
	struct script s;

	if (script_read(&s, file, &err) < 0) {
		printf("%s\n", err.text);
		return 1;
	}
	world_play(&s, true, &v, NULL);
	script_fini(&s);
	return v.promise ? 1 : 0;
}

static unsigned replay(char *const *files, unsigned *failed)
{
	unsigned count = 0;

	for (; *files; files++, count++) {
		struct fc_error err = FC_ERROR_INIT;
		struct verdict v = { 0 };
		struct script s;

		if (script_read(&s, *files, &err) == 0)
			world_play(&s, false, &v, NULL);
		else
			snprintf(v.text, sizeof(v.text), "%s", err.text);
		if (v.text[0]) {
			printf("FAIL  %s: promise %d: %s\n", *files, v.promise, v.text);
			(*failed)++;
		}
		script_fini(&s);
	}
	return count;
}

static void work(const struct run *run, unsigned worker)
{
	struct board *b = run->board;
	uint64_t most = run->hunts ? 1 : run->most_failures;

	while (!__atomic_load_n(&b->stop, __ATOMIC_RELAXED)) {
		uint64_t i = __atomic_fetch_add(&b->next, 1, __ATOMIC_RELAXED);
		struct verdict v = { 0 };
		struct script s;

		if ((run->runs && i >= run->runs) || (run->ends > 0 && now() >= run->ends))
			return;
		b->playing[worker] = run->base + i;
		script_make(&s, run->base + i);
		world_play(&s, false, &v, &b->stats[worker]);
		__atomic_fetch_add(&b->played, 1, __ATOMIC_RELAXED);
		if (v.promise && __atomic_add_fetch(&b->failed, 1, __ATOMIC_RELAXED) <= most)
			tell_failure(run, &s, &v);
		if (__atomic_load_n(&b->failed, __ATOMIC_RELAXED) >= most)
			b->stop = true;
		script_fini(&s);
	}
}

static void sum(const struct run *run, struct world_stats *all)
{
	for (unsigned i = 0; i < run->workers; i++) {
		const struct world_stats *s = &run->board->stats[i];

		all->steps += s->steps;
		all->events += s->events;
		all->writes += s->writes;
		all->reads += s->reads;
		all->clusters += s->clusters;
		all->rules += s->rules;
		for (unsigned k = 0; k < FC_ARRAY_LEN(all->faults); k++)
			all->faults[k] += s->faults[k];
	}
}

static void tell_sum(const struct run *run, double seconds)
{
	struct world_stats all = { 0 };

	sum(run, &all);
	printf("sim: %" PRIu64 " worlds of %" PRIu64 " clusters and %" PRIu64 " rules, %" PRIu64 " steps, %" PRIu64
	       " events, %" PRIu64 " writes, %" PRIu64 " reads, %.0f s\n",
	       run->board->played, all.clusters, all.rules, all.steps, all.events, all.writes, all.reads, seconds);
	for (unsigned k = 0; k < STEP_KINDS; k++)
		printf("  %-14s %" PRIu64 "\n", step_name((enum step_kind)k), all.faults[k]);
}

static void tell_death(const struct run *run, pid_t pid, int status)
{
	for (unsigned i = 0; i < run->workers; i++)
		if (run->board->worker[i] == pid)
			printf("SEED=%" PRIu64 " ends the program: %s\n", run->board->playing[i],
			       WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "with an error");
	run->board->stop = true;
}

/* One that dies has met a broken promise too: of the language. */
static unsigned wait_for_workers(const struct run *run)
{
	double begun = now(), said = begun;
	unsigned left = run->workers, died = 0;

	while (left > 0) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0) {
			left--;
			if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
				continue;
			died++;
			tell_death(run, pid, status);
			continue;
		}
		usleep(20000);
		if (now() - said >= 60) {
			said = now();
			printf("sim: %" PRIu64 " worlds, %" PRIu64 " failed, %.0f s\n", run->board->played,
			       run->board->failed, said - begun);
			fflush(stdout);
		}
	}
	return died;
}

static unsigned play_many(const struct run *run)
{
	fflush(stdout);
	for (unsigned i = 0; i < run->workers; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			work(run, i);
			fflush(stdout);
			_exit(0);
		}
		run->board->worker[i] = pid;
	}
	return wait_for_workers(run);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void write_tally(const char *out, uint64_t passed, uint64_t failed)
{
	char file[512];
	FILE *f;

	snprintf(file, sizeof(file), "%s/sim.tally", out);
	f = fopen(file, "w");
	if (!f)
		return;
	fprintf(f, "%" PRIu64 " passed, %" PRIu64 " failed\n", passed, failed);
	fclose(f);
}

int main(int argc, char **argv)
{
	struct run run = { .out = argc > 1 ? argv[1] : ".",
			   .base = number("BASE", 1),
			   .runs = number("RUNS", 20000),
			   .most_failures = number("FAILURES", 5) };
	double begun = now(), minutes = (double)number("MINUTES", 0);
	unsigned failed = 0, cases;
	uint64_t lost;

	run.hunts = getenv("HUNT");
	if (getenv("SEED"))
		return play_seed(&run, number("SEED", 1));
	if (getenv("CASE"))
		return play_case(getenv("CASE"));
	cases = replay(argc > 2 ? argv + 2 : argv + argc, &failed);
	run.workers = (unsigned)number("WORKERS", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	if (run.workers > FC_ARRAY_LEN(run.board->stats))
		run.workers = FC_ARRAY_LEN(run.board->stats);
	if (minutes > 0) {
		run.ends = begun + minutes * 60;
		run.runs = 0;
	}
	run.board = mmap(NULL, sizeof(*run.board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	lost = play_many(&run);
	lost += run.board->failed;
	if (run.hunts)
		return lost ? 1 : 0;
	tell_sum(&run, now() - begun);
	printf("sim: %u cases, %u failed; %" PRIu64 " worlds, %" PRIu64 " failed\n", cases, failed, run.board->played,
	       lost);
	write_tally(run.out, cases - failed + run.board->played - run.board->failed, failed + lost);
	return failed || lost ? 1 : 0;
}
