/* SPDX-License-Identifier: ISC */
/* The tokens that a text is cut into at blanks and punctuation, and what form they have. */
#ifndef ANALYZER_PRIVACY_TOKEN_H
#define ANALYZER_PRIVACY_TOKEN_H

#include "heloscope/bytes.h"

enum {
    SHORT_NUMBER = 3, /* digits: codes, minutes, small counts */
};

/* Whether a token ends before the octet. */
bool token_ends_at(uint8_t c);

/* Returns the token that `text` begins with; empty where it begins with a separator. */
struct bytes token_at(struct bytes text);

/* Returns how many octets of ASCII `holds`, a function of ctype.h, is true for. */
size_t token_count_if(struct bytes text, int (*holds)(int));

/* Returns how often `c` is in the text. */
size_t token_count_of(struct bytes text, char c);

/* Whether the token is like "5.1.1" or "4.96": at most three numbers, each of at most three digits,
 * the first of two. Four are an address, and "198.51.100" is a part of one. */
bool token_is_version(struct bytes token);

/* Whether the token is a year from 1990 to 2099. */
bool token_is_year(struct bytes token);

/* Whether no octet of the token is of a name: "->", "...". */
bool token_is_punctuation(struct bytes token);

#endif
