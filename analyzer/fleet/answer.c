/* SPDX-License-Identifier: ISC */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

/* By the code. What is not here is tried again when the status is 5xx. */
static const struct {
    int code;
    enum http_outcome outcome;
    const char *remedy;
} codes[] = {
    {16, HTTP_REFUSED,
     "a column is missing: the tables are of another version; run heloscope ship --init"},
    {27, HTTP_REFUSED,
     "a value does not fit its column: the tables are of another version; run heloscope ship "
     "--init"},
    {47, HTTP_REFUSED,
     "a column is missing: the tables are of another version; run heloscope ship --init"},
    {53, HTTP_REFUSED, "a column has another type; run heloscope ship --init"},
    {60, HTTP_REFUSED, "there is no such table; run heloscope ship --init"},
    {81, HTTP_REFUSED, "there is no such database; run heloscope ship --init"},
    {117, HTTP_REFUSED,
     "a column is missing: the tables are of another version; run heloscope ship --init"},
    {115, HTTP_REFUSED, "the server does not know a setting"},
    {159, HTTP_LATER, "the server took too long"},
    {164, HTTP_REFUSED, "the user may only read; give it the right to insert"},
    {170, HTTP_REFUSED, "there is no cluster of that name in the server's remote_servers"},
    {192, HTTP_REFUSED,
     "the server does not know the user; put the right one into the file of --credentials"},
    {193, HTTP_REFUSED, "the password is wrong; put the right one into the file of --credentials"},
    {194, HTTP_REFUSED, "a password is needed; put it into the file of --credentials"},
    {202, HTTP_LATER, "the server has too many queries at once"},
    {225, HTTP_REFUSED, "a cluster needs ZooKeeper in the server's configuration"},
    {241, HTTP_LATER, "the server has no memory left for it"},
    {242, HTTP_LATER, "the table is read-only, most likely because ZooKeeper is gone"},
    {243, HTTP_LATER, "the server's disk is full"},
    {252, HTTP_LATER, "the server is behind with merging"},
    {279, HTTP_LATER, "a shard is down"},
    {291, HTTP_REFUSED, "the user has no right to the database"},
    {319, HTTP_LATER, "it is not known whether the rows were stored"},
    {354, HTTP_LATER, "the body was cut on its way; is there a proxy in between?"},
    {497, HTTP_REFUSED, "the user lacks a right; grant it"},
    {516, HTTP_REFUSED,
     "user or password is wrong; put the right ones into the file of --credentials"},
    {999, HTTP_LATER, "ZooKeeper is gone"},
};

int answer_code(const char *text)
{
    const char *at = strstr(text, "Code: ");
    return at ? atoi(at + 6) : 0;
}

enum {
    SAID = 240
};

/* What the server says, in one line, without what it repeats. */
static const char *said(const char *text, char out[SAID])
{
    const char *end = strstr(text, ", e.what()");
    size_t length = 0;
    for (; *text && text != end && length < SAID - 1; text++) {
        const bool blank = *text == ' ' || *text == '\n';
        if (!blank || (length && out[length - 1] != ' '))
            out[length++] = blank ? ' ' : *text;
    }
    while (length && out[length - 1] == ' ')
        length--;
    out[length] = '\0';
    return out;
}

static enum http_outcome known(const struct answer *answer, int code, struct failure *why)
{
    char line[SAID];
    said(answer->text, line);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code) {
            failure_set(why, "fleet %s: %s (%s)", answer->endpoint, codes[i].remedy, line);
            return codes[i].outcome;
        }
    failure_set(why, "fleet %s: %s", answer->endpoint, line);
    /* A mistake in the query stays one; what happened to the server may pass. */
    return answer->status >= 500 && code != 62 && code != 46 ? HTTP_LATER : HTTP_REFUSED;
}

/* An answer that is not ClickHouse's. */
static enum http_outcome stranger(const struct answer *answer, struct failure *why)
{
    const bool passes = answer->status >= 500 || answer->status == 408 || answer->status == 429;
    failure_set(why, "fleet %s: HTTP status %ld without a word of ClickHouse; %s", answer->endpoint,
                answer->status,
                passes ? "a proxy in between may be in trouble"
                       : "is this its HTTP port, and is there a proxy in between?");
    return passes ? HTTP_LATER : HTTP_REFUSED;
}

enum http_outcome answer_judge(const struct answer *answer, struct failure *why)
{
    const int code = answer_code(answer->text);
    const bool told = strstr(answer->text, "DB::") != NULL;
    if (answer->status == 200 && !(told && code) && (answer->wants_answer || !*answer->text))
        return HTTP_DONE;
    if (answer->status == 200 && !code) {
        failure_set(why, "fleet %s answered an insert with a text; is it ClickHouse?",
                    answer->endpoint);
        return HTTP_REFUSED;
    }
    return code ? known(answer, code, why) : stranger(answer, why);
}
