/* SPDX-License-Identifier: ISC */
#include "http.h"

#ifdef HAVE_CURL

#include <curl/curl.h>
#include <stdlib.h>

#include "answer.h"
#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"

enum {
    CONNECT_S = 10,
    STALL_S = 60,     /* without an octet either way */
    ANSWER_ROOM = 600 /* of an error */
};

struct http {
    const struct account *account;
    CURL *curl;
    struct curl_slist *headers;
    size_t endpoint;
    char error[CURL_ERROR_SIZE];
    /* The answer: its beginning is kept for its error, and pieces go on to whoever asked. */
    char answer[ANSWER_ROOM + 1];
    size_t answer_length;
    http_piece_fn *fn;
    void *context;
    int code;
};

static size_t take_piece(char *at, size_t one, size_t length, void *context)
{
    struct http *http = context;
    (void)one;
    long status = 0;
    const size_t room = ANSWER_ROOM - http->answer_length;
    const size_t kept = length < room ? length : room;
    memcpy(http->answer + http->answer_length, at, kept);
    http->answer_length += kept;
    http->answer[http->answer_length] = '\0';
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200 && http->fn && !http->fn(http->context, bytes_of(at, length)))
        return 0;
    return length;
}

static void set_options(struct http *http)
{
    CURL *curl = http->curl;
    const struct account *account = http->account;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "heloscope/" PACKAGE_VERSION);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, account->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, account->password);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
    if (*account->ca)
        curl_easy_setopt(curl, CURLOPT_CAINFO, account->ca);
}

struct http *http_open(const struct account *account, struct failure *why)
{
    struct http *http = memory_get(sizeof *http);
    http->account = account;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    http->curl = curl_easy_init();
    if (!http->curl) {
        failure_set(why, "libcurl could not be started");
        http_close(http);
        return NULL;
    }
    /* Without "Expect: 100-continue", which costs a round trip. */
    http->headers = curl_slist_append(NULL, "Expect:");
    http->headers = curl_slist_append(http->headers, "Content-Encoding: gzip");
    set_options(http);
    return http;
}

void http_close(struct http *http)
{
    if (!http)
        return;
    curl_slist_free_all(http->headers);
    curl_easy_cleanup(http->curl);
    free(http);
}

bool http_next(struct http *http)
{
    http->endpoint = (http->endpoint + 1) % http->account->endpoint_count;
    return http->endpoint == 0;
}

int http_code(const struct http *http)
{
    return http->code;
}

/* The endpoint's URL with the query in it, escaped. */
static char *url_of(struct http *http, const char *query, const char *settings)
{
    char *escaped = query ? curl_easy_escape(http->curl, query, 0) : NULL;
    const char *endpoint = http->account->endpoints[http->endpoint];
    const size_t size = strlen(endpoint) + strlen(settings) + (escaped ? strlen(escaped) : 0) + 32;
    char *url = memory_get(size);
    snprintf(url, size, "%s/?%s%s%s", endpoint, escaped ? "query=" : "wait_end_of_query=1",
             escaped ? escaped : "", settings);
    curl_free(escaped);
    return url;
}

/* What is wrong below HTTP: a name, a port, a certificate, time. */
static enum http_outcome transfer_failed(struct http *http, CURLcode result, struct failure *why)
{
    const char *what = *http->error ? http->error : curl_easy_strerror(result);
    const char *endpoint = http->account->endpoints[http->endpoint];
    const bool untrusted = result == CURLE_PEER_FAILED_VERIFICATION ||
                           result == CURLE_SSL_CACERT_BADFILE || result == CURLE_SSL_ISSUER_ERROR;
    failure_set(why, "fleet %s: %.200s%s", endpoint, what,
                untrusted
                    ? "; name the certificates that it is to be trusted by with a line: ca FILE"
                    : "");
    return untrusted || result == CURLE_UNSUPPORTED_PROTOCOL ? HTTP_REFUSED : HTTP_LATER;
}

static enum http_outcome judge(struct http *http, CURLcode result, bool wants_answer,
                               struct failure *why)
{
    long status = 0;
    http->code = 0;
    if (result != CURLE_OK)
        return transfer_failed(http, result, why);
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    const struct answer answer = {http->account->endpoints[http->endpoint], status, http->answer,
                                  wants_answer};
    http->code = answer_code(http->answer);
    return answer_judge(&answer, why);
}

static enum http_outcome perform(struct http *http, const char *url, struct bytes body, bool packed,
                                 struct failure *why)
{
    CURL *curl = http->curl;
    http->answer_length = 0;
    http->answer[0] = http->error[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, packed ? http->headers : NULL);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body.at);
    return judge(http, curl_easy_perform(curl), !packed, why);
}

enum http_outcome http_post(struct http *http, const char *query, struct bytes body,
                            struct failure *why)
{
    char *url = url_of(http, body.at ? query : NULL, "");
    http->fn = NULL;
    const enum http_outcome outcome =
        perform(http, url, body.at ? body : bytes_of_string(query), body.at != NULL, why);
    free(url);
    return outcome;
}

enum http_outcome http_ask(struct http *http, const char *query, const char *settings,
                           http_piece_fn *fn, void *context, struct failure *why)
{
    char *url = url_of(http, NULL, settings);
    http->fn = fn;
    http->context = context;
    const enum http_outcome outcome = perform(http, url, bytes_of_string(query), false, why);
    http->fn = NULL;
    free(url);
    return outcome;
}

bool fleet_is_built(void)
{
    return true;
}

#else

bool fleet_is_built(void)
{
    return false;
}

struct http *http_open(const struct account *account, struct failure *why)
{
    (void)account;
    failure_set(why, "this program was built without libcurl (configure --without-curl)");
    return NULL;
}

void http_close(struct http *http)
{
    (void)http;
}

enum http_outcome http_post(struct http *http, const char *query, struct bytes body,
                            struct failure *why)
{
    (void)http, (void)query, (void)body, (void)why;
    return HTTP_REFUSED;
}

enum http_outcome http_ask(struct http *http, const char *query, const char *settings,
                           http_piece_fn *fn, void *context, struct failure *why)
{
    (void)http, (void)query, (void)settings, (void)fn, (void)context, (void)why;
    return HTTP_REFUSED;
}

bool http_next(struct http *http)
{
    (void)http;
    return true;
}

int http_code(const struct http *http)
{
    (void)http;
    return 0;
}

#endif
