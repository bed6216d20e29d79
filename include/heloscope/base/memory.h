/* SPDX-License-Identifier: ISC */
/* Memory of the analysis: an arena per chapter, and the one way in which the program runs out of
 * memory. */
#ifndef HELOSCOPE_BASE_MEMORY_H
#define HELOSCOPE_BASE_MEMORY_H

#include "heloscope/bytes.h"

/* Zeroed memory; never NULL. When the machine has none left the program ends with one line on
 * standard error and status 1: what was committed to the database is safe. */
void *memory_get(size_t size);

/* realloc() with the same promise; new octets are not zeroed. */
void *memory_resize(void *old, size_t size);

/* For secrets: pages of their own, zeroed, which go to no core dump, and to no swap as far as this
 * process may lock them. What is freed is wiped; `size` is that of memory_get_private(), and NULL
 * is allowed. */
void *memory_get_private(size_t size);
void memory_free_private(void *p, size_t size);

/* Things that die together: allocated one by one, freed at once. */
struct arena {
    struct arena_block *blocks; /* newest first */
    size_t total;               /* octets taken from the machine */
};

/* An arena that is all zero is empty and ready. */

/* Zeroed, aligned for any type, owned by the arena. */
void *arena_get(struct arena *arena, size_t size);

/* A copy of `b` in the arena; NULL `at` stays NULL. */
struct bytes arena_copy(struct arena *arena, struct bytes b);

/* A copy of `b` made printable: octets below space except TAB, DEL, and octets above 0x7f that are
 * not valid UTF-8 become \xNN. `*changed` tells whether there were any. LF is kept when `keep_lf`.
 */
struct bytes arena_printable(struct arena *arena, struct bytes b, bool keep_lf, bool *changed);

/* A NUL follows the text, which `len` does not count. */
__attribute__((format(printf, 2, 3))) struct bytes arena_print(struct arena *arena,
                                                               const char *format, ...);

void arena_free(struct arena *arena);

#endif
