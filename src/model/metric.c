/* SPDX-License-Identifier: Apache-2.0 */
#include "model/metric.h"

#include "base/hash.h"
#include "base/mem.h"
#include "model/process_stats.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX_BUCKETS 20

struct numbers {
	double value;	/* of a counter or gauge */
	double sum;	/* of a histogram */
	uint64_t count; /* of a histogram */
	uint64_t buckets[];
};

struct series {
	UT_hash_handle hh;
	char *key; /* the label values, each with its zero byte */
	size_t key_bytes;
	struct numbers n; /* last: a histogram's buckets lie behind it */
};

struct fc_metrics {
	pthread_mutex_t reading; /* while held no series is freed; taken before `mu` */
	pthread_mutex_t mu;	 /* guards all below; a few instructions at a time, for every thread counts */
	struct series *series[FC_METRICS];
};

struct fc_metrics *fc_metrics_new(void)
{
	struct fc_metrics *m = fc_xcalloc(1, sizeof(*m));

	pthread_mutex_init(&m->reading, NULL);
	pthread_mutex_init(&m->mu, NULL);
	return m;
}

static void series_free(struct series *s)
{
	free(s->key);
	free(s);
}

static void series_remove_locked(struct fc_metrics *m, enum fc_metric_id id, struct series *s)
{
	HASH_DEL(m->series[id], s);
	series_free(s);
}

void fc_metrics_free(struct fc_metrics *m)
{
	struct series *s, *next;

	if (!m)
		return;
	for (int id = 0; id < FC_METRICS; id++)
		HASH_ITER(hh, m->series[id], s, next)
			series_remove_locked(m, id, s);
	pthread_mutex_destroy(&m->mu);
	pthread_mutex_destroy(&m->reading);
	free(m);
}

static size_t label_count(const struct fc_metric *row)
{
	size_t n = 0;

	while (n < FC_METRIC_MAX_LABELS && row->labels[n])
		n++;
	return n;
}

static size_t bucket_count(const struct fc_metric *row)
{
	size_t n = 0;

	while (row->buckets && row->buckets[n] >= 0)
		n++;
	return n;
}

static void put_key(struct fc_buf *key, enum fc_metric_id id, const char *const *labels)
{
	size_t count = label_count(fc_metric_row(id));

	for (size_t i = 0; i < count; i++) {
		const char *value = labels && labels[i] ? labels[i] : "";
		fc_buf_append(key, value, strlen(value) + 1);
	}
}

static struct series *series_new(enum fc_metric_id id, const struct fc_buf *key)
{
	struct series *s = fc_xcalloc(1, sizeof(*s) + bucket_count(fc_metric_row(id)) * sizeof(uint64_t));

	s->key_bytes = key->len;
	s->key = fc_xcalloc(1, key->len + 1);
	if (key->len)
		memcpy(s->key, key->data, key->len);
	return s;
}

static struct series *find_locked(struct fc_metrics *m, enum fc_metric_id id, const struct fc_buf *key)
{
	struct series *s;

	HASH_FIND(hh, m->series[id], fc_buf_str(key), key->len, s);
	return s;
}

static struct series *get_locked(struct fc_metrics *m, enum fc_metric_id id, const struct fc_buf *key)
{
	struct series *s = find_locked(m, id, key);

	if (!s) {
		s = series_new(id, key);
		HASH_ADD_KEYPTR(hh, m->series[id], s->key, s->key_bytes, s);
	}
	return s;
}

static void observe(const struct fc_metric *row, struct numbers *n, double value)
{
	size_t count = bucket_count(row);

	n->count++;
	n->sum += value;
	for (size_t i = 0; i < count; i++) {
		if (value <= row->buckets[i]) {
			n->buckets[i]++;
			return;
		}
	}
}

enum change { ADD, SET, OBSERVE };

static void change(struct fc_metrics *m, enum fc_metric_id id, enum change how, double value, const char *const *labels)
{
	FC_AUTO_BUF struct fc_buf key = FC_BUF_INIT;
	const struct fc_metric *row = fc_metric_row(id);

	/* A metric used as what it is not is a fault of ours that the first test meets. */
	assert(row && (row->type == FC_METRIC_HISTOGRAM) == (how == OBSERVE));
	assert(row->type != FC_METRIC_COUNTER || (how == ADD && value >= 0));
	if (!m)
		return;
	put_key(&key, id, labels);
	pthread_mutex_lock(&m->mu);
	struct series *s = get_locked(m, id, &key);
	if (how == OBSERVE)
		observe(row, &s->n, value);
	else
		s->n.value = how == ADD ? s->n.value + value : value;
	pthread_mutex_unlock(&m->mu);
}

void fc_metrics_add(struct fc_metrics *m, enum fc_metric_id id, double by, const char *const *labels)
{
	change(m, id, ADD, by, labels);
}

void fc_metrics_set(struct fc_metrics *m, enum fc_metric_id id, double value, const char *const *labels)
{
	change(m, id, SET, value, labels);
}

void fc_metrics_observe(struct fc_metrics *m, enum fc_metric_id id, double value, const char *const *labels)
{
	change(m, id, OBSERVE, value, labels);
}

double fc_metrics_get(struct fc_metrics *m, enum fc_metric_id id, const char *const *labels)
{
	FC_AUTO_BUF struct fc_buf key = FC_BUF_INIT;
	double value = 0;

	if (!m)
		return 0;
	put_key(&key, id, labels);
	pthread_mutex_lock(&m->mu);
	const struct series *s = find_locked(m, id, &key);
	if (s)
		value = fc_metric_row(id)->type == FC_METRIC_HISTOGRAM ? (double)s->n.count : s->n.value;
	pthread_mutex_unlock(&m->mu);
	return value;
}

static const char *label_value(const struct series *s, size_t n)
{
	const char *value = s->key;

	while (n-- > 0)
		value += strlen(value) + 1;
	return value;
}

static void forget_locked(struct fc_metrics *m, enum fc_metric_id id, const char *label, const char *value)
{
	const struct fc_metric *row = fc_metric_row(id);
	struct series *s, *next;

	for (size_t i = 0; i < label_count(row); i++) {
		if (strcmp(row->labels[i], label) != 0)
			continue;
		HASH_ITER(hh, m->series[id], s, next)
			if (strcmp(label_value(s, i), value) == 0)
				series_remove_locked(m, id, s);
	}
}

void fc_metrics_forget(struct fc_metrics *m, const char *label, const char *value)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->reading);
	for (int id = 0; id < FC_METRICS; id++) {
		pthread_mutex_lock(&m->mu);
		forget_locked(m, id, label, value);
		pthread_mutex_unlock(&m->mu);
	}
	pthread_mutex_unlock(&m->reading);
}

/* The shortest of two forms that reads back as the same number, spelt as Prometheus spells them. */
static void put_number(struct fc_buf *out, double value)
{
	char text[40];

	if (isnan(value)) {
		fc_buf_puts(out, "NaN");
		return;
	}
	if (isinf(value)) {
		fc_buf_puts(out, value > 0 ? "+Inf" : "-Inf");
		return;
	}
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	fc_buf_puts(out, text);
}

/* Text format 0.0.4: backslash and line feed are escaped in HELP, in label values the quote too. */
static void put_escaped(struct fc_buf *out, const char *s, bool quoted)
{
	for (; *s; s++) {
		if (*s == '\n') {
			fc_buf_puts(out, "\\n");
			continue;
		}
		if (*s == '\\' || (quoted && *s == '"'))
			fc_buf_putc(out, '\\');
		fc_buf_putc(out, *s);
	}
}

/* `name_suffix{labels,le="bound"} `; `bound` negative: none. */
static void put_series_name(struct fc_buf *out, const struct fc_metric *row, const char *suffix, const struct series *s,
			    double bound)
{
	size_t count = label_count(row);
	const char *before = "{";

	fc_buf_puts(out, row->name);
	fc_buf_puts(out, suffix);
	for (size_t i = 0; i < count; i++) {
		fc_buf_printf(out, "%s%s=\"", before, row->labels[i]);
		put_escaped(out, label_value(s, i), true);
		fc_buf_putc(out, '"');
		before = ",";
	}
	if (bound >= 0) {
		fc_buf_printf(out, "%sle=\"", before);
		put_number(out, bound);
		fc_buf_putc(out, '"');
	}
	fc_buf_puts(out, count || bound >= 0 ? "} " : " ");
}

static void put_count(struct fc_buf *out, const struct fc_metric *row, const char *suffix, const struct series *s,
		      double bound, uint64_t count)
{
	put_series_name(out, row, suffix, s, bound);
	fc_buf_printf(out, "%llu\n", (unsigned long long)count);
}

static void put_histogram(struct fc_buf *out, const struct fc_metric *row, const struct series *s,
			  const struct numbers *n)
{
	size_t count = bucket_count(row);
	uint64_t below = 0;

	for (size_t i = 0; i < count; i++) {
		below += n->buckets[i];
		put_count(out, row, "_bucket", s, row->buckets[i], below);
	}
	put_count(out, row, "_bucket", s, INFINITY, n->count);
	put_series_name(out, row, "_sum", s, -1);
	put_number(out, n->sum);
	fc_buf_putc(out, '\n');
	put_count(out, row, "_count", s, -1, n->count);
}

static void put_head(struct fc_buf *out, const struct fc_metric *row)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };

	fc_buf_printf(out, "# HELP %s ", row->name);
	put_escaped(out, row->help, false);
	fc_buf_printf(out, "\n# TYPE %s %s\n", row->name, types[row->type]);
}

/* Numbers of one series as they are at one moment, so that buckets and count agree; written without a lock. */
static void put_series(struct fc_metrics *m, enum fc_metric_id id, const struct series *s, struct fc_buf *out)
{
	const struct fc_metric *row = fc_metric_row(id);
	union {
		struct numbers n;
		char room[sizeof(struct numbers) + MAX_BUCKETS * sizeof(uint64_t)];
	} copy;
	size_t bytes = sizeof(copy.n) + bucket_count(row) * sizeof(uint64_t);

	assert(bytes <= sizeof(copy));
	pthread_mutex_lock(&m->mu);
	memcpy(&copy, &s->n, bytes);
	pthread_mutex_unlock(&m->mu);
	if (row->type == FC_METRIC_HISTOGRAM) {
		put_histogram(out, row, s, &copy.n);
		return;
	}
	put_series_name(out, row, "", s, -1);
	put_number(out, copy.n.value);
	fc_buf_putc(out, '\n');
}

/* With `reading` held. Series that appear meanwhile are in the next text. */
static void put_metric(struct fc_metrics *m, enum fc_metric_id id, struct fc_buf *out)
{
	size_t count = 0;

	pthread_mutex_lock(&m->mu);
	FC_AUTO_FREE struct series **all = fc_xcalloc(HASH_COUNT(m->series[id]) + 1, sizeof(struct series *));
	for (struct series *s = m->series[id]; s; s = s->hh.next)
		all[count++] = s;
	pthread_mutex_unlock(&m->mu);
	if (count)
		put_head(out, fc_metric_row(id));
	for (size_t i = 0; i < count; i++)
		put_series(m, id, all[i], out);
}

static void put_process_metric(struct fc_buf *out, enum fc_metric_id id, double value)
{
	if (value < 0)
		return;
	put_head(out, fc_metric_row(id));
	fc_buf_printf(out, "%s ", fc_metric_row(id)->name);
	put_number(out, value);
	fc_buf_putc(out, '\n');
}

static void put_process(struct fc_buf *out)
{
	struct fc_process_stats p;

	fc_process_stats_read(&p);
	put_process_metric(out, FC_METRIC_PROCESS_CPU_SECONDS, p.cpu_seconds);
	put_process_metric(out, FC_METRIC_PROCESS_RESIDENT_BYTES, p.resident_bytes);
	put_process_metric(out, FC_METRIC_PROCESS_VIRTUAL_BYTES, p.virtual_bytes);
	put_process_metric(out, FC_METRIC_PROCESS_OPEN_FDS, p.open_fds);
	put_process_metric(out, FC_METRIC_PROCESS_MAX_FDS, p.max_fds);
	put_process_metric(out, FC_METRIC_PROCESS_START_TIME, p.start_time_seconds);
}

void fc_metrics_text(struct fc_metrics *m, struct fc_buf *out)
{
	if (m) {
		pthread_mutex_lock(&m->reading);
		for (int id = 0; id < FC_METRICS; id++)
			put_metric(m, id, out);
		pthread_mutex_unlock(&m->reading);
	}
	put_process(out);
}
