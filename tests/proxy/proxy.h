/* SPDX-License-Identifier: Apache-2.0 */
/* proxy - what the parts of the fault proxy know of each other.
 * Owns:    the proxy owns its pairs and faults; a pair its two channels, two sessions and its streams.
 * Threads: one; everything runs on the loop's.
 * Fails:   a pair that cannot go on is doomed, which closes both of its ends; the proxy goes on.
 * Source:  RFC 9113; nghttp2's programmer's guide. */
#ifndef TESTS_PROXY_H
#define TESTS_PROXY_H

#include <jansson.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/loop.h"

struct channel;
struct pair;

/* What the proxy does with a request that a fault matches. */
enum fault_end {
	FAULT_PASS,	  /* the API server's own answer, perhaps slowed, cut, held or late */
	FAULT_ANSWER,	  /* an answer of the proxy's own */
	FAULT_RESET,	  /* the client's whole connection is reset */
	FAULT_RST_STREAM, /* this stream alone */
	FAULT_DROP,	  /* no answer, ever */
};

enum fault_cut {
	CUT_RST,   /* the stream is reset behind the last byte */
	CUT_END,   /* the stream ends there as if that were all */
	CUT_CLOSE, /* the connection is closed there */
};

struct fault {
	int id;
	char *method;  /* NULL: any */
	char *path;    /* a part of path and query; NULL: any */
	char *without; /* no such part in it; NULL: none */
	int skip;      /* so many that match pass unharmed first */
	int count;     /* so many are harmed; -1: all */
	int hits;

	bool forward; /* the API server gets the request, and the end comes when it has answered */
	enum fault_end end;
	int status;
	json_t *headers; /* object */
	char *body;
	uint32_t code; /* of RST_STREAM */
	int64_t delay_ms;
	bool mute;
	double bytes_per_ms; /* 0: as fast as may be */
	int64_t cut_after;   /* -1: no cut */
	enum fault_cut cut;
	struct fault *next, *prev;
};

/* Bytes of a body on their way from one end to the other. */
struct flow {
	struct fc_buf bytes;
	size_t sent; /* of `bytes` */
	bool ended;
};

struct header_list {
	nghttp2_nv *nv; /* names and values are owned */
	size_t count, cap;
};

struct stream {
	struct pair *pair;
	int32_t down_id; /* 0: closed */
	int32_t up_id;	 /* 0: not open */
	struct header_list request, response;
	char *method, *path;
	struct flow to_up, to_down;
	bool has_body;	/* of the request */
	bool responded; /* the head of an answer went to the client */
	bool headed;	/* a head has come from the API server */
	bool late;	/* it must not be passed on before the timer */
	struct fc_timer *timer;

	/* The fault's settings; the fault itself may be gone. */
	enum fault_end end;
	bool forward, mute;
	int status;
	json_t *headers;
	char *body;
	uint32_t code;
	int64_t delay_ms;
	double bytes_per_ms, allowance;
	int64_t cut_left; /* -1: no cut */
	enum fault_cut cut;
	struct stream *next, *prev;
};

/* A client's connection and the one to the API server that belongs to it. */
struct pair {
	struct proxy *proxy;
	int64_t number;
	struct channel *down, *up;
	nghttp2_session *down_session, *up_session;
	struct stream *streams;
	bool opened;	    /* the client's handshake is done */
	bool doomed, reset; /* freed by the sweep; with a reset */
	bool leaving;	    /* GOAWAY was announced */
	struct pair *next, *prev;
};

struct proxy {
	struct fc_loop *loop;
	SSL_CTX *serve, *ask; /* towards the clients, towards the API server */
	struct sockaddr_in address, upstream;
	int listener;
	bool frozen, deaf;
	uint32_t max_streams;
	struct pair *pairs;
	struct fault *faults;
	int fault_ids;
	int *deaf_fds;
	size_t deaf_count, deaf_cap;
	FILE *journal;
	int64_t requests, connections;
	struct fc_timer *sweep, *tick;
	struct fc_buf commands;
};

/* pair.c: takes over `fd`. */
void pair_accept(struct proxy *p, int fd);
/* Both ends are closed, from the loop; with `reset` the client gets an RST in place of an orderly end. */
void pair_doom(struct pair *pair, bool reset);
void pair_free_all(struct proxy *p);
/* Something was submitted to one of the sessions: it is sent from the loop. */
void pair_wake(struct pair *pair);
void pair_goaway(struct pair *pair);
void pair_announce(struct pair *pair, uint32_t max_streams);
/* Its channels follow `frozen`. */
void pair_apply(struct pair *pair);

/* down.c, up.c: sessions towards the client and towards the API server. */
int down_begin(struct pair *pair);
int up_begin(struct pair *pair);
extern const struct channel_callbacks down_callbacks, up_callbacks;
/* Gives the request to the API server. */
int up_forward(struct stream *s);

/* stream.c */
struct stream *stream_new(struct pair *pair, int32_t down_id);
void stream_free(struct stream *s);
void stream_add_header(struct header_list *list, const uint8_t *name, size_t name_len, const uint8_t *value,
		       size_t value_len);
/* The request's head is complete. */
void stream_begin(struct stream *s);
/* Its body is, too. */
void stream_whole(struct stream *s);
/* The API server's head; more of its body; its end. */
void stream_head(struct stream *s);
void stream_body(struct stream *s, const uint8_t *bytes, size_t len);
void stream_end(struct stream *s);
/* The API server, or the way to it, has ended the stream with an error. */
void stream_broken(struct stream *s, uint32_t code);
void stream_unmute(struct stream *s);
/* Every few milliseconds: what is slowed down may send a little more. */
void stream_tick(struct stream *s, int ms);

/* fault.c */
/* The first fault that matches, counted; NULL: none. */
struct fault *fault_match(struct proxy *p, const char *method, const char *path);
/* Returns the new fault's id, or 0 when the words are wrong. */
int fault_add(struct proxy *p, json_t *words);
/* id 0: all of them. */
void fault_remove(struct proxy *p, int id);
bool fault_path_matches(const char *path, const char *part, const char *without);

/* control.c: commands on standard input, one JSON object a line; an answer to each on standard output. */
int control_begin(struct proxy *p);

/* journal.c: one line for each request. */
void journal_write(const struct stream *s, const struct fault *f);

#endif
