/* SPDX-License-Identifier: ISC */
/* Texts made from patterns, for tests of the tables that are written with them. */
#ifndef TESTS_SUPPORT_FILL_H
#define TESTS_SUPPORT_FILL_H

#include <stddef.h>

/* Writes what `pattern` describes, with something that suits in place of each variable part, into
 * `out`; returns `out`. */
char *fill_pattern(const char *pattern, char *out, size_t size);

#endif
