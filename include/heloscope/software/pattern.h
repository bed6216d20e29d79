/* SPDX-License-Identifier: ISC */
/* Texts with variable parts, as the tables of what servers and clients say write them. */
#ifndef HELOSCOPE_SOFTWARE_PATTERN_H
#define HELOSCOPE_SOFTWARE_PATTERN_H

#include "heloscope/bytes.h"

enum letters {
    LETTERS_EXACT,
    LETTERS_FOLDED, /* "Valid" fits "valid"; full stops at the end do not count */
};

/* Whether `text` is what `pattern` describes, from its first octet to its last. In a pattern <word>
 * stands for any run of octets without a line feed, also for none; "\<" is a bracket; every other
 * character is itself. A few words say what stands there: <digits>, <hex> (small letters), <HEX>
 * (capitals), <alnum> and <base64url> for one octet or more of that kind, <hex 32> for exactly so
 * many. */
bool pattern_fits(const char *pattern, struct bytes text, enum letters letters);

/* Likewise, letters exact, and `*part` becomes what stands in place of "<NAME>" (the shortest run
 * that fits); empty when the pattern has no such part. */
bool pattern_part(const char *pattern, struct bytes text, const char *name, struct bytes *part);

/* How many octets of the pattern are not variable. */
size_t pattern_literals(const char *pattern);

#endif
