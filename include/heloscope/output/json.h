/* SPDX-License-Identifier: ISC */
/* Writes one JSON document (RFC 8259) as it goes, two blanks per level. */
#ifndef HELOSCOPE_OUTPUT_JSON_H
#define HELOSCOPE_OUTPUT_JSON_H

#include <stdio.h>

#include "heloscope/bytes.h"

enum {
    JSON_DEPTH = 16
};

struct json {
    FILE *out;
    bool one_line; /* for streams of documents, one a line */
    bool in_html;  /* for a <script>: no text can end it, and no blanks are put in */
    int depth;
    bool filled[JSON_DEPTH]; /* the level has a member already */
    char closing[JSON_DEPTH];
};

/* `name` is the member's name in an object, NULL in an array and at the top. */
void json_open(struct json *json, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json *json);

/* NULL becomes null. Octets that are not UTF-8 become U+FFFD. */
void json_string(struct json *json, const char *name, const char *text);
void json_integer(struct json *json, const char *name, int64_t value);
/* `digits` is written as it stands: a number in SQL is one in JSON, but for infinities, which
 * become null. */
void json_number(struct json *json, const char *name, const char *digits);
void json_boolean(struct json *json, const char *name, bool value);

#endif
