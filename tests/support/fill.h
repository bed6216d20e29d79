/* Texts made from patterns, for tests of the tables that are written with them. */
#ifndef HELOSCOPE_TESTS_FILL_H
#define HELOSCOPE_TESTS_FILL_H

#include <stddef.h>

/* Writes what `pattern` describes, with something that suits in place of each variable part, into
 * `out`; returns `out`. */
char *fill_pattern(const char *pattern, char *out, size_t size);

#endif
