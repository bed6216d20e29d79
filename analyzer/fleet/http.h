/* SPDX-License-Identifier: ISC */
/* Requests to ClickHouse's HTTP interface, with libcurl, and what its answers mean. */
#ifndef ANALYZER_FLEET_HTTP_H
#define ANALYZER_FLEET_HTTP_H

#include "account.h"
#include "heloscope/bytes.h"

struct http;

enum http_outcome {
    HTTP_DONE,    /* the server has taken it */
    HTTP_LATER,   /* it may be tried again, there or at another replica */
    HTTP_REFUSED, /* trying again is of no use */
};

/* `account` must outlive it. */
struct http *http_open(const struct account *account, struct failure *why);
void http_close(struct http *http);

/* Posts a query, with a body that is gzip (`at` NULL = the query is the body), to the endpoint in
 * turn. What went wrong is said in `why`, with the endpoint. */
enum http_outcome http_post(struct http *http, const char *query, struct bytes body,
                            struct failure *why);

/* The same, of which the answer is wanted: handed over in pieces as it comes. Only a whole answer
 * is HTTP_DONE. `settings` go into the URL ("&a=1"). */
typedef bool http_piece_fn(void *context, struct bytes piece);
enum http_outcome http_ask(struct http *http, const char *query, const char *settings,
                           http_piece_fn *fn, void *context, struct failure *why);

/* Goes on to the next endpoint, one of the same shard; true when that is the first again. */
bool http_next(struct http *http);

/* The number in the last answer's "Code: N", 0 when there was none. */
int http_code(const struct http *http);

#endif
