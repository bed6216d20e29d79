/* SPDX-License-Identifier: ISC */
/* What ClickHouse's answers mean. The HTTP status says little (18.16 answers 500 to a wrong column
 * and 404 to a setting that it does not know); the number in the text decides. */
#ifndef ANALYZER_FLEET_ANSWER_H
#define ANALYZER_FLEET_ANSWER_H

#include "http.h"

struct answer {
    const char *endpoint;
    long status;
    const char *text;  /* its beginning */
    bool wants_answer; /* a text is not an error by itself */
};

/* The N of "Code: N", 0 when there is none. */
int answer_code(const char *text);

/* What it means for the request, with a line in `why` that says what is to be done. */
enum http_outcome answer_judge(const struct answer *answer, struct failure *why);

#endif
