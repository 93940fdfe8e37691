/* SPDX-License-Identifier: Apache-2.0 */
/* Requests under way and jobs that wait for one: a cluster has a limit of writes and of reads at one time, so that a
 * fan-out does not bury it, and a job waits as a key, never as a body decided upon earlier. */
#include "base/mem.h"
#include "engine/parts.h"

static bool is_write(enum job_kind kind)
{
	return kind == JOB_WRITE_TARGET;
}

static struct line *line_of(struct cluster *c, enum job_kind kind)
{
	return is_write(kind) ? &c->writes : &c->reads;
}

static struct target *target_of(struct job *j)
{
	return FC_CONTAINER_OF(j, struct target, job);
}

static struct source *source_of(struct job *j)
{
	return FC_CONTAINER_OF(j, struct source, job);
}

void job_leave_line(struct cluster *c, struct job *j)
{
	if (!j->queued)
		return;
	line_remove(line_of(c, j->kind), j);
	*j = (struct job){ .kind = JOB_NONE };
}

void job_wait(struct cluster *c, struct job *j, enum job_kind kind)
{
	if (j->queued && j->kind == kind)
		return;
	job_leave_line(c, j);
	j->kind = kind;
	j->queued = true;
	line_add(line_of(c, kind), j);
}

bool job_could_start(struct fc_engine *e, struct cluster *c, enum job_kind kind)
{
	return throttle_allows(e, c, is_write(kind));
}

uint64_t job_start(struct fc_engine *e, struct cluster *c, struct job *j, enum job_kind kind)
{
	struct request *q;

	if (!job_could_start(e, c, kind)) {
		job_wait(c, j, kind);
		return 0;
	}
	job_leave_line(c, j);
	q = fc_xcalloc(1, sizeof(*q));
	q->id = ++e->next_request;
	q->job = j;
	q->kind = kind;
	q->cluster = c;
	HASH_ADD(hh, e->requests, id, sizeof(q->id), q);
	j->kind = kind;
	j->number = q->id;
	(*(is_write(kind) ? &c->writes_in_flight : &c->reads_in_flight))++;
	throttle_begins(e, c, is_write(kind));
	return q->id;
}

void job_forget(struct fc_engine *e, struct cluster *c, struct job *j)
{
	struct request *q = NULL;
	uint64_t id;

	job_leave_line(c, j);
	if (!job_is_under_way(j))
		return;
	id = j->number;
	HASH_FIND(hh, e->requests, &id, sizeof(id), q);
	if (q)
		q->job = NULL;
	*j = (struct job){ .kind = JOB_NONE };
}

/* A place has become free: whoever is first in line decides anew, and may find that there is nothing to do any
 * more. */
void jobs_run(struct fc_engine *e, struct cluster *c)
{
	struct job *j;

	while (c->connection == UP && (j = line_first(&c->writes)) && job_could_start(e, c, JOB_WRITE_TARGET)) {
		job_leave_line(c, j);
		target_decide(e, target_of(j));
	}
	while (c->connection == UP && (j = line_first(&c->reads)) && job_could_start(e, c, JOB_READ_TARGET)) {
		enum job_kind kind = j->kind;

		job_leave_line(c, j);
		if (kind == JOB_READ_TARGET)
			target_read(e, target_of(j));
		else
			source_read(e, source_of(j));
	}
}

static void hand_over(struct fc_engine *e, enum job_kind kind, struct job *j, const struct fc_event *event)
{
	const struct fc_error *error = event->error.cls == FC_ERR_NONE ? NULL : &event->error;

	switch (kind) {
	case JOB_READ_TARGET:
		target_read_done(e, target_of(j), event->object, error);
		break;
	case JOB_WRITE_TARGET:
		target_write_done(e, target_of(j), event->object, event->brief, error);
		break;
	case JOB_READ_SOURCE:
		source_read_done(e, source_of(j), event->object, error);
		break;
	case JOB_NONE:
		break;
	}
}

static void take_back(struct fc_engine *e, struct request *q)
{
	HASH_DEL(e->requests, q);
	(*(is_write(q->kind) ? &q->cluster->writes_in_flight : &q->cluster->reads_in_flight))--;
	if (!q->job)
		return;
	*q->job = (struct job){ .kind = JOB_NONE };
}

void requests_abandon(struct fc_engine *e, struct cluster *c)
{
	struct fc_event lost = { .type = FC_EVENT_RESULT, .error = FC_ERROR_INIT };
	struct request *q, *next;

	fc_error_set(&lost.error, FC_ERR_NETWORK, "the cluster is left alone, no answer is waited for");
	lost.error.outcome_unknown = true;
	HASH_ITER(hh, e->requests, q, next) {
		if (q->cluster != c)
			continue;
		take_back(e, q);
		if (q->job)
			hand_over(e, q->kind, q->job, &lost);
		free(q);
	}
}

void request_done(struct fc_engine *e, const struct fc_event *event)
{
	struct request *q = NULL;
	struct cluster *c;

	HASH_FIND(hh, e->requests, &event->request, sizeof(event->request), q);
	if (!q)
		return;
	take_back(e, q);
	c = q->cluster;
	throttle_answered(e, c, q->id, event->error.cls == FC_ERR_NONE ? NULL : &event->error);
	if (q->job)
		hand_over(e, q->kind, q->job, event);
	free(q);
	e->freed = c;
}
