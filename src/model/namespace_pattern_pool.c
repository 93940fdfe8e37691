/* SPDX-License-Identifier: Apache-2.0 */
#include "model/namespace_pattern_pool.h"

#include "base/hash.h"
#include "base/mem.h"

#include <pthread.h>
#include <string.h>

struct pooled {
	struct fc_namespace_pattern *pattern; /* its text is the key */
	UT_hash_handle hh;
};

struct fc_namespace_pool {
	pthread_mutex_t lock;
	struct pooled *all;
	size_t compiled;
	size_t limit; /* more than these, and it is looked which of them nobody holds */
};

struct fc_namespace_pool *fc_namespace_pool_new(void)
{
	struct fc_namespace_pool *pool = fc_xcalloc(1, sizeof(*pool));

	if (pthread_mutex_init(&pool->lock, NULL) != 0)
		abort();
	pool->limit = FC_NAMESPACE_POOL_SPARE;
	return pool;
}

static void drop(struct fc_namespace_pool *pool, struct pooled *one)
{
	HASH_DEL(pool->all, one);
	fc_namespace_pattern_unref(one->pattern);
	free(one);
}

void fc_namespace_pool_free(struct fc_namespace_pool *pool)
{
	struct pooled *one, *next;

	if (!pool)
		return;
	HASH_ITER(hh, pool->all, one, next)
		drop(pool, one);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* Whoever has changed its lists often, or has gone, leaves nothing behind; what is held is never compiled anew. */
static void sweep(struct fc_namespace_pool *pool)
{
	struct pooled *one, *next;

	if (HASH_COUNT(pool->all) <= pool->limit)
		return;
	HASH_ITER(hh, pool->all, one, next)
		if (!fc_namespace_pattern_is_shared(one->pattern))
			drop(pool, one);
	pool->limit = FC_NAMESPACE_POOL_SPARE + 2 * (size_t)HASH_COUNT(pool->all);
}

static struct fc_namespace_pattern *take(struct fc_namespace_pool *pool, const char *text, size_t len,
					 struct fc_error *err)
{
	struct fc_namespace_pattern *pattern;
	struct pooled *one;

	HASH_FIND(hh, pool->all, text, len, one);
	if (one)
		return fc_namespace_pattern_ref(one->pattern);
	pattern = fc_namespace_pattern_parse(text, len, err);
	if (!pattern)
		return NULL;
	pool->compiled++;
	one = fc_xcalloc(1, sizeof(*one));
	one->pattern = fc_namespace_pattern_ref(pattern);
	HASH_ADD_KEYPTR(hh, pool->all, fc_namespace_pattern_text(pattern), len, one);
	sweep(pool);
	return pattern;
}

struct fc_namespace_pattern *fc_namespace_pool_parse(struct fc_namespace_pool *pool, const char *text, size_t len,
						     struct fc_error *err)
{
	struct fc_namespace_pattern *pattern;

	/* A name is no more than its text. */
	if (!pool || fc_namespace_pattern_is_name(text, len) || len > FC_NAMESPACE_PATTERN_MAX_BYTES)
		return fc_namespace_pattern_parse(text, len, err);
	pthread_mutex_lock(&pool->lock);
	pattern = take(pool, text, len, err);
	pthread_mutex_unlock(&pool->lock);
	return pattern;
}

size_t fc_namespace_pool_compiled(struct fc_namespace_pool *pool)
{
	size_t compiled;

	pthread_mutex_lock(&pool->lock);
	compiled = pool->compiled;
	pthread_mutex_unlock(&pool->lock);
	return compiled;
}

size_t fc_namespace_pool_count(struct fc_namespace_pool *pool)
{
	size_t count;

	pthread_mutex_lock(&pool->lock);
	count = HASH_COUNT(pool->all);
	pthread_mutex_unlock(&pool->lock);
	return count;
}
