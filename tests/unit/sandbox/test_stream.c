/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/stream.h"

#include "sandbox/call.h"
#include "sandbox/cruelty.h"
#include "sandbox/journal.h"
#include "sandbox/read.h"

#include "wire.h"

/* --- an API that does what its paths say, and counts --- */

struct sb_watch {
	struct fake *fake;
	struct sb_sink *sink;
};

struct fake {
	int handled, closed, watches, noted;
	struct sb_watch *watch; /* the last that was started */
	struct sb_cluster cluster;
	char seen[8][128]; /* what the last request had */
	size_t body_len;
	bool body_too_large;
};

void sb_watch_start(struct sb_watch *w, struct sb_sink *sink)
{
	struct sb_text *line = sb_text_new("due\n", 4);

	w->sink = sink;
	w->fake->watch = w;
	w->fake->watches++;
	sink->write(sink, line, SB_PIECE_EVENT);
	sb_text_unref(line);
}

void sb_watch_close(struct sb_watch *w)
{
	if (!w)
		return;
	w->fake->closed++;
	w->fake->watch = NULL;
	free(w);
}

void sb_journal_end(struct sb_journal *j, uint64_t number)
{
	int *ended = (void *)j;

	assert_int_equal(number, 7);
	++*ended;
}

/* What sb_faults_* ask of a request. */
void sb_call_parse(struct sb_call *call)
{
	*call = (struct sb_call){ .cluster = call->cluster,
				  .request = call->request,
				  .response = call->response,
				  .verb = SB_VERB_GET,
				  .group = "",
				  .version = "",
				  .plural = call->request->path + 1,
				  .ns = "",
				  .name = "",
				  .subresource = "" };
}

void sb_call_fini(struct sb_call *call FC_UNUSED)
{
}

struct sb_text *sb_error_text(const char *message FC_UNUSED, const char *reason FC_UNUSED, int code)
{
	char line[40];
	int len = snprintf(line, sizeof(line), "{\"type\":\"ERROR\",\"code\":%d}\n", code);

	return sb_text_new(line, (size_t)len);
}

const char *sb_verb_name(enum sb_verb verb FC_UNUSED)
{
	return "get";
}

static void see(char *to, const char *text)
{
	snprintf(to, 128, "%s", text);
}

static void handle(void *user, const struct sb_request *r, struct sb_response *response)
{
	struct fake *f = user;

	f->handled++;
	see(f->seen[0], r->method);
	see(f->seen[1], r->path);
	see(f->seen[2], r->accept);
	see(f->seen[3], r->content_type);
	see(f->seen[4], r->authorization);
	see(f->seen[5], r->if_none_match);
	see(f->seen[6], r->user_agent);
	see(f->seen[7], r->body);
	f->body_len = r->body_len;
	f->body_too_large = r->body_too_large;
	response->content_type = "application/json";
	if (strcmp(r->path, "/watch") == 0) {
		response->watch = fc_xcalloc(1, sizeof(struct sb_watch));
		response->watch->fake = f;
		response->journal = 7;
	} else if (strcmp(r->path, "/big") == 0) {
		for (int i = 0; i < 1000 * 1000; i++)
			(void)fc_buf_puts(&response->body, "1234567890");
	} else if (strcmp(r->path, "/broken") == 0) {
		(void)fc_buf_puts(&response->body, "half");
		response->body.failed = true;
	} else if (strcmp(r->path, "/empty") == 0) {
		response->status = 304;
		response->content_type = NULL;
	} else {
		response->status = 201;
		sb_response_header(response, "warning", "299 - \"old\"");
		(void)fc_buf_puts(&response->body, "{}");
	}
}

static void tell_as(struct fake *f, const char *text, enum sb_piece piece)
{
	struct sb_text *line = sb_text_new(text, strlen(text));

	f->watch->sink->write(f->watch->sink, line, piece);
	sb_text_unref(line);
}

static void tell(struct fake *f, const char *text)
{
	tell_as(f, text, SB_PIECE_EVENT);
}

static void open_wire(struct wire *w, struct fake *f)
{
	*f = (struct fake){ .cluster = { .cruelty = sb_cruelty_new(1), .journal = (void *)&f->noted } };
	wire_open(w, handle, f);
	w->service.cluster = &f->cluster;
}

static void close_wire(struct wire *w, struct fake *f)
{
	wire_close(w);
	assert_null(f->watch);
	sb_cruelty_free(f->cluster.cruelty);
}

static void be_cruel(struct fake *f, const char *words)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *rule = sb_cruelty_parse_flag(words, &err);
	unsigned id;

	if (!rule || sb_cruelty_add(f->cluster.cruelty, rule, fc_clock_mono_ms(), &id, &err) < 0)
		fail_msg("%s: %s", words, err.text);
	json_decref(rule);
}

static void be_kind(struct fake *f)
{
	sb_cruelty_clear(f->cluster.cruelty);
}

/* A watch that is open, with its first line received. */
static struct wire_call *open_watch(struct wire *w, struct fake *f)
{
	struct wire_call *c = wire_prepare(w, "GET", "/watch");
	int before = f->watches;

	wire_send(c);
	wire_until(w, f->watches > before && c->body.len == 4);
	return c;
}

#define FIXTURE()      \
	struct wire w; \
	struct fake f; \
	(void)state;   \
	open_wire(&w, &f)

/* --- requests and answers --- */

static void test_a_request_comes_with_its_headers_and_body_and_is_answered(void **state)
{
	FIXTURE();
	struct wire_call *c = wire_prepare(&w, "POST", "/things?x=%20y");

	wire_body(c, "{\"a\":1}", 7);
	wire_header(c, "Accept: application/json;as=Table");
	wire_header(c, "Content-Type: application/yaml");
	wire_header(c, "Authorization: Bearer secret");
	wire_header(c, "If-None-Match: \"tag\"");
	wire_header(c, "User-Agent: tester/1");
	wire_send(c);
	wire_until(&w, c->done);

	assert_int_equal(c->result, CURLE_OK);
	assert_int_equal(c->status, 201);
	assert_string_equal(fc_buf_str(&c->body), "{}");
	assert_true(wire_has_header(c, "content-type: application/json"));
	assert_true(wire_has_header(c, "warning: 299 - \"old\""));
	assert_true(wire_has_header(c, "content-length: 2"));
	assert_non_null(strstr(fc_buf_str(&c->head), "\ndate: "));
	assert_memory_equal(fc_buf_str(&c->head), "HTTP/2 201", 10);
	static const char *const seen[] = { "POST",
					    "/things?x=%20y",
					    "application/json;as=Table",
					    "application/yaml",
					    "Bearer secret",
					    "\"tag\"",
					    "tester/1",
					    "{\"a\":1}" };
	for (size_t i = 0; i < FC_ARRAY_LEN(seen); i++)
		assert_string_equal(f.seen[i], seen[i]);
	assert_int_equal(f.body_len, 7);
	assert_false(f.body_too_large);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_headers_that_are_absent_are_empty(void **state)
{
	FIXTURE();
	struct wire_call *c = wire_prepare(&w, "GET", "/");

	wire_header(c, "Accept:");
	wire_send(c);
	wire_until(&w, c->done);
	for (size_t i = 2; i < FC_ARRAY_LEN(f.seen); i++)
		assert_string_equal(f.seen[i], "");
	assert_int_equal(f.body_len, 0);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_answers_without_a_body_have_none(void **state)
{
	FIXTURE();
	struct wire_call *head = wire_ask(&w, "HEAD", "/"), *unmodified = wire_ask(&w, "GET", "/empty");

	assert_int_equal(head->status, 201);
	assert_true(wire_has_header(head, "content-length: 2"));
	assert_int_equal(head->body.len, 0);
	assert_int_equal(unmodified->status, 304);
	assert_false(wire_has_header(unmodified, "content-length: 0"));
	wire_end(head);
	wire_end(unmodified);
	close_wire(&w, &f);
}

static void test_an_answer_of_which_a_part_is_missing_is_a_500(void **state)
{
	FIXTURE();
	struct wire_call *c = wire_ask(&w, "GET", "/broken");

	assert_int_equal(c->result, CURLE_OK);
	assert_int_equal(c->status, 500);
	assert_int_equal(c->body.len, 0);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_ten_megabytes_arrive_whole(void **state)
{
	FIXTURE();
	struct wire_call *c = wire_ask(&w, "GET", "/big");

	assert_int_equal(c->result, CURLE_OK);
	assert_int_equal(c->body.len, 10 * 1000 * 1000);
	assert_memory_equal(c->body.data + 9999990, "1234567890", 10);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_a_body_of_three_megabytes_is_taken_and_a_byte_more_is_not(void **state)
{
	FIXTURE();
	char *body = fc_xcalloc(1, SB_BODY_BYTES + 1);

	memset(body, 'a', SB_BODY_BYTES + 1);
	for (size_t more = 0; more < 2; more++) {
		struct wire_call *c = wire_prepare(&w, "POST", "/");
		wire_body(c, body, SB_BODY_BYTES + more);
		wire_send(c);
		wire_until(&w, c->done);
		assert_int_equal(c->status, 201);
		assert_int_equal(f.body_too_large, more);
		assert_int_equal(f.body_len, more ? 0 : SB_BODY_BYTES);
		wire_end(c);
	}
	free(body);
	close_wire(&w, &f);
}

static void test_who_asks_before_sending_a_body_is_asked_for_it(void **state)
{
	FIXTURE();
	struct wire_call *c = wire_prepare(&w, "POST", "/");

	wire_body(c, "{}", 2);
	wire_header(c, "Expect: 100-continue");
	wire_send(c);
	wire_until(&w, c->done);
	assert_int_equal(c->status, 201);
	assert_memory_equal(fc_buf_str(&c->head), "HTTP/2 100", 10);
	assert_int_equal(f.body_len, 2);
	wire_end(c);
	close_wire(&w, &f);
}

/* --- watches --- */

static void test_a_watch_tells_its_lines_as_they_come_and_ends(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);

	assert_null(strstr(fc_buf_str(&c->head), "content-length"));
	tell(&f, "one\n");
	tell_as(&f, "two\n", SB_PIECE_BOOKMARK);
	wire_until(&w, c->body.len == 12);
	assert_string_equal(fc_buf_str(&c->body), "due\none\ntwo\n");
	assert_false(c->done);
	struct sb_watch *ending = f.watch;
	f.watch = NULL;
	ending->sink->end(ending->sink);
	free(ending);
	wire_until(&w, c->done);
	assert_int_equal(c->result, CURLE_OK);
	assert_int_equal(f.closed, 0);
	assert_int_equal(f.noted, 1);
	wire_end(c);
	close_wire(&w, &f);
	assert_int_equal(f.noted, 1);
}

static void test_a_watch_is_closed_when_its_client_goes(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);

	wire_end(c);
	wire_end(wire_ask(&w, "GET", "/")); /* libcurl tells of the end when it uses the connection again */
	wire_until(&w, f.closed == 1);
	assert_int_equal(f.noted, 1);
	assert_int_equal(w.service.connection_count, 1);
	close_wire(&w, &f);
}

static void test_watches_are_closed_when_their_connections_are_ended(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);

	sb_connections_end(&w.service, false);
	assert_int_equal(f.closed, 1);
	assert_int_equal(w.service.connection_count, 0);
	wire_until(&w, c->done);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_a_watch_whose_client_does_not_read_ends(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);
	char *line = fc_xcalloc(1, 100 * 1000 + 1);

	memset(line, 'x', 100 * 1000);
	c->paused = true;
	/* Far more than the limit and all buffers between the two together. */
	for (int i = 0; i < 1000; i++) {
		tell(&f, line);
		wire_step(&w);
	}
	assert_int_equal(c->body.len, 4);
	c->paused = false;
	curl_easy_pause(c->easy, CURLPAUSE_CONT);
	wire_until(&w, c->done);
	assert_int_equal(c->result, CURLE_OK);
	assert_in_range(c->body.len, 8 * 1000 * 1000, 50 * 1000 * 1000);
	wire_until(&w, f.closed == 1);
	free(line);
	wire_end(c);
	close_wire(&w, &f);
}

/* --- cruelty --- */

static void test_latency_keeps_a_request_waiting(void **state)
{
	FIXTURE();
	int64_t before = fc_clock_mono_ms();

	be_cruel(&f, "latency,delay=60ms");
	struct wire_call *c = wire_ask(&w, "GET", "/");
	assert_int_equal(c->status, 201);
	assert_true(fc_clock_mono_ms() - before >= 60);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_a_client_that_goes_while_it_waits_is_not_served(void **state)
{
	FIXTURE();
	struct wire_call *c = wire_prepare(&w, "GET", "/");

	be_cruel(&f, "latency,delay=60000ms,resource=things");
	wire_send(c);
	wire_until(&w, w.service.connections);
	struct wire_call *other = wire_ask(&w, "GET", "/");
	wire_end(other);
	wire_end(c);
	sb_connections_end(&w.service, true);
	assert_int_equal(f.handled, 2);
	close_wire(&w, &f);
}

static void test_a_request_that_hangs_is_neither_executed_nor_answered(void **state)
{
	FIXTURE();
	struct wire_call *c = wire_prepare(&w, "GET", "/things");

	be_cruel(&f, "hang,resource=things");
	wire_send(c);
	wire_until(&w, w.service.connections);
	struct wire_call *other = wire_ask(&w, "GET", "/others");
	assert_int_equal(other->status, 201);
	assert_false(c->done);
	assert_int_equal(f.handled, 1);
	assert_string_equal(f.seen[1], "/others");
	wire_end(other);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_resets_come_before_or_after_the_request_is_executed(void **state)
{
	FIXTURE();

	be_cruel(&f, "reset-before");
	struct wire_call *c = wire_ask(&w, "POST", "/");
	assert_int_not_equal(c->result, CURLE_OK);
	assert_int_equal(c->status, 0);
	assert_int_equal(f.handled, 0);
	wire_end(c);
	be_kind(&f);
	be_cruel(&f, "reset-after");
	c = wire_ask(&w, "POST", "/");
	assert_int_not_equal(c->result, CURLE_OK);
	assert_int_equal(c->status, 0);
	assert_int_equal(f.handled, 1);
	wire_end(c);
	be_cruel(&f, "reset-after");
	c = wire_ask(&w, "GET", "/watch");
	assert_int_not_equal(c->result, CURLE_OK);
	assert_int_equal(f.closed, 1);
	assert_int_equal(f.watches, 0);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_a_refused_stream_leaves_the_connection_alone(void **state)
{
	FIXTURE();

	be_cruel(&f, "refused-stream,resource=things");
	struct wire_call *c = wire_prepare(&w, "POST", "/things");
	wire_body(c, "{}", 2);
	wire_send(c);
	wire_until(&w, c->done);
	/* It would have tried again, as the code says it may, had the body been there still. */
	assert_int_equal(c->result, CURLE_SEND_FAIL_REWIND);
	assert_int_equal(f.handled, 0);
	struct wire_call *other = wire_ask(&w, "GET", "/");
	assert_int_equal(other->status, 201);
	assert_int_equal(w.service.connection_count, 1);
	wire_end(other);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_what_comes_behind_a_goaway_is_executed_once(void **state)
{
	FIXTURE();
	struct wire_call *watch = open_watch(&w, &f);

	/* Both are on their way before the client hears that the connection takes no more. */
	be_cruel(&f, "goaway,count=1");
	struct wire_call *c = wire_prepare(&w, "GET", "/"), *next = wire_prepare(&w, "GET", "/");
	wire_send(c);
	wire_send(next);
	wire_until(&w, c->done && next->done);
	assert_int_equal(c->status, 201);
	assert_int_equal(next->status, 201);
	assert_int_equal(f.handled, 3);
	wire_end(c);
	wire_end(next);
	wire_end(watch);
	close_wire(&w, &f);
}

static void test_after_goaway_the_request_is_answered_and_the_next_has_another_connection(void **state)
{
	FIXTURE();
	struct wire_call *watch = open_watch(&w, &f);
	long connects;

	be_cruel(&f, "goaway,count=1");
	struct wire_call *c = wire_ask(&w, "GET", "/"), *next = wire_ask(&w, "GET", "/");
	assert_int_equal(c->status, 201);
	assert_int_equal(next->status, 201);
	curl_easy_getinfo(next->easy, CURLINFO_NUM_CONNECTS, &connects);
	assert_int_equal(connects, 1);
	/* What is under way in the old one goes on. */
	tell(&f, "one\n");
	wire_until(&w, watch->body.len == 8);
	wire_end(watch);
	wire_until(&w, w.service.connection_count == 1);
	wire_end(next);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_few_streams_make_requests_wait_for_each_other(void **state)
{
	FIXTURE();
	struct wire_call *waiting = wire_prepare(&w, "GET", "/");

	curl_multi_setopt(w.multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
	be_cruel(&f, "few-streams,streams=1");
	struct wire_call *watch = open_watch(&w, &f);
	wire_send(waiting);
	tell(&f, "one\n");
	wire_until(&w, watch->body.len == 8);
	assert_int_equal(f.handled, 1);
	wire_end(watch);
	wire_until(&w, waiting->done);
	assert_int_equal(waiting->status, 201);
	wire_end(waiting);
	close_wire(&w, &f);
}

static void test_slow_bytes_take_their_time(void **state)
{
	FIXTURE();
	int64_t before = fc_clock_mono_ms();

	be_cruel(&f, "slow-bytes,bytesPerSecond=20");
	struct wire_call *c = wire_ask(&w, "GET", "/");
	assert_string_equal(fc_buf_str(&c->body), "{}");
	assert_true(fc_clock_mono_ms() - before >= 90);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_a_watch_falls_silent_and_stays_open(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);

	be_cruel(&f, "silent-watch,count=1");
	tell(&f, "one\n");
	be_kind(&f);
	tell(&f, "two\n");
	struct sb_watch *ending = f.watch;
	f.watch = NULL;
	ending->sink->end(ending->sink);
	free(ending);
	wire_end(wire_ask(&w, "GET", "/"));
	assert_string_equal(fc_buf_str(&c->body), "due\n");
	assert_false(c->done);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_a_watch_is_told_410_in_place_of_a_line_and_ends(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);

	be_cruel(&f, "gone-watch,count=1");
	tell(&f, "one\n");
	tell(&f, "two\n");
	wire_until(&w, c->done);
	assert_int_equal(c->result, CURLE_OK);
	assert_memory_equal(fc_buf_str(&c->body), "due\n{\"type\":\"ERROR\"", 19);
	assert_non_null(strstr(fc_buf_str(&c->body), "410"));
	assert_null(strstr(fc_buf_str(&c->body), "two"));
	assert_int_equal(f.closed, 1);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_a_cut_watch_ends_in_the_middle_of_a_line(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);

	be_cruel(&f, "cut-watch");
	tell(&f, "abcdef\n");
	tell(&f, "lost\n");
	wire_until(&w, c->done);
	assert_int_equal(c->result, CURLE_OK);
	assert_string_equal(fc_buf_str(&c->body), "due\nabc");
	assert_int_equal(f.closed, 1);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_events_are_told_twice_bookmarks_are_not(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);

	be_cruel(&f, "doubled-event");
	tell(&f, "one\n");
	tell_as(&f, "mark\n", SB_PIECE_BOOKMARK);
	wire_until(&w, c->body.len == 17);
	assert_string_equal(fc_buf_str(&c->body), "due\none\none\nmark\n");
	wire_end(c);
	close_wire(&w, &f);
}

static void test_a_late_event_keeps_those_behind_it_waiting(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);
	int64_t before = fc_clock_mono_ms();

	tell(&f, "one\n");
	be_cruel(&f, "late-event,delay=80ms,count=1");
	tell(&f, "two\n");
	tell(&f, "three\n");
	wire_until(&w, c->body.len == 8);
	assert_string_equal(fc_buf_str(&c->body), "due\none\n");
	wire_until(&w, c->body.len == 18);
	assert_string_equal(fc_buf_str(&c->body), "due\none\ntwo\nthree\n");
	assert_true(fc_clock_mono_ms() - before >= 80);
	wire_end(c);
	close_wire(&w, &f);
}

static void test_bookmarks_are_skipped_events_are_not(void **state)
{
	FIXTURE();
	struct wire_call *c = open_watch(&w, &f);

	be_cruel(&f, "skipped-bookmark");
	tell_as(&f, "mark\n", SB_PIECE_BOOKMARK);
	tell(&f, "one\n");
	wire_until(&w, c->body.len == 8);
	assert_string_equal(fc_buf_str(&c->body), "due\none\n");
	wire_end(c);
	close_wire(&w, &f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_comes_with_its_headers_and_body_and_is_answered),
		cmocka_unit_test(test_headers_that_are_absent_are_empty),
		cmocka_unit_test(test_answers_without_a_body_have_none),
		cmocka_unit_test(test_an_answer_of_which_a_part_is_missing_is_a_500),
		cmocka_unit_test(test_ten_megabytes_arrive_whole),
		cmocka_unit_test(test_a_body_of_three_megabytes_is_taken_and_a_byte_more_is_not),
		cmocka_unit_test(test_who_asks_before_sending_a_body_is_asked_for_it),
		cmocka_unit_test(test_a_watch_tells_its_lines_as_they_come_and_ends),
		cmocka_unit_test(test_a_watch_is_closed_when_its_client_goes),
		cmocka_unit_test(test_watches_are_closed_when_their_connections_are_ended),
		cmocka_unit_test(test_a_watch_whose_client_does_not_read_ends),
		cmocka_unit_test(test_latency_keeps_a_request_waiting),
		cmocka_unit_test(test_a_client_that_goes_while_it_waits_is_not_served),
		cmocka_unit_test(test_a_request_that_hangs_is_neither_executed_nor_answered),
		cmocka_unit_test(test_resets_come_before_or_after_the_request_is_executed),
		cmocka_unit_test(test_a_refused_stream_leaves_the_connection_alone),
		cmocka_unit_test(test_what_comes_behind_a_goaway_is_executed_once),
		cmocka_unit_test(test_after_goaway_the_request_is_answered_and_the_next_has_another_connection),
		cmocka_unit_test(test_few_streams_make_requests_wait_for_each_other),
		cmocka_unit_test(test_slow_bytes_take_their_time),
		cmocka_unit_test(test_a_watch_falls_silent_and_stays_open),
		cmocka_unit_test(test_a_watch_is_told_410_in_place_of_a_line_and_ends),
		cmocka_unit_test(test_a_cut_watch_ends_in_the_middle_of_a_line),
		cmocka_unit_test(test_events_are_told_twice_bookmarks_are_not),
		cmocka_unit_test(test_a_late_event_keeps_those_behind_it_waiting),
		cmocka_unit_test(test_bookmarks_are_skipped_events_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
