/* SPDX-License-Identifier: ISC */
/* Text for people: what came from the wire made harmless, times, counts, wrapped sentences. */
#ifndef HELOSCOPE_BASE_TEXT_H
#define HELOSCOPE_BASE_TEXT_H

#include <stdio.h>

#include "heloscope/bytes.h"

/* For what a damaged database may lack. */
static inline const char *text_or(const char *text, const char *absent)
{
    return text ? text : absent;
}

/* Octets of the character at the front of `text` when it is well-formed UTF-8 that a terminal only
 * shows; 0 when it is anything else: control and format characters, marks that turn the direction
 * of writing, broken or overlong sequences. */
size_t text_visible(struct bytes text);

/* As above, but any well-formed character counts. */
size_t text_wellformed(struct bytes text);

/* The character at the front of `text`, which is well-formed. */
uint32_t text_code_point(struct bytes text);

/* Writes `text`; each octet of what is not visible becomes \xNN. Returns the columns taken, one per
 * character. */
size_t text_print(FILE *out, struct bytes text);

/* Columns that text_print() would take. */
size_t text_columns(struct bytes text);

/* Octets at the front of `text` that take at most `columns` columns; to the last blank where a word
 * would be cut that is not much longer. */
size_t text_fitting(struct bytes text, size_t columns);

/* Writes `text` wrapped to `width` columns. Lines but the first begin with `indent` blanks; the
 * first starts in column `column`. Ends with a line feed. */
void text_wrap(FILE *out, const char *text, int column, int indent, int width);

/* "192.0.2.1:25", "[2001:db8::1]:25". */
void text_endpoint(FILE *out, const char *address, int port);

enum {
    TEXT_TIME = 32,
    TEXT_COUNT = 64,
    TEXT_CODE = 16
};

/* "2026-01-02 10:11:12.123 UTC"; "-" for 0. Returns `out`. */
char *text_time(int64_t us, char out[TEXT_TIME]);

/* The same in local time: "2026-01-02 11:11:12.123 CET". */
char *text_time_local(int64_t us, char out[TEXT_TIME]);

/* The code of the reply that a finding is about: "503"; "close" for 0, the end of the connection.
 * Returns `out`. */
char *text_code(int code, char out[TEXT_CODE]);

/* "1 packet", "2 packets"; `noun` in the singular. Returns `out`. */
char *text_counted(uint64_t count, const char *noun, char out[TEXT_COUNT]);

#endif
