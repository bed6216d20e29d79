/* SPDX-License-Identifier: ISC */
/* One end of a session, by the marks that it has left so far: which product they speak for. What is
 * kept are the numbers of rows, not text. */
#ifndef HELOSCOPE_SOFTWARE_FINGERPRINT_H
#define HELOSCOPE_SOFTWARE_FINGERPRINT_H

#include "heloscope/software/marks.h"
#include "heloscope/software/memo.h"
#include "heloscope/base/memory.h"

enum {
    MARKS_KEPT = 12
};

/* All zero is ready; a memo may be given before it is used. */
struct fingerprint {
    struct memo *memo;          /* of texts that were looked at before; NULL = none */
    uint16_t marks[MARKS_KEPT]; /* in the order in which they were seen */
    uint8_t count;
    uint8_t version_of;   /* the product whose version is known */
    uint32_t asked;       /* bits 1 << enum place: looked at before */
    struct bytes version; /* in the session's own memory */
};

/* Whether `place` is to be looked at: true the first time. */
bool fingerprint_ask(struct fingerprint *who, enum place place);

/* Keeps the first row of `place` that fits `text`; false when none does. A version is copied to
 * `own`, which lives as long as the session (NULL = no versions here). */
bool fingerprint_look(struct fingerprint *who, const struct mark_table *table, enum place place,
                      struct bytes text, struct arena *own);

/* A server's refusal, row `row` of reply_texts.tsv, counts as a mark of its product. */
void fingerprint_keep_text(struct fingerprint *who, const struct mark_table *table, size_t row);

/* "Exim"; NULL = not recognised. Static storage. */
const char *fingerprint_product(const struct fingerprint *who, const struct mark_table *table);

/* "Exim 4.96", and the marks that speak for it; NULL `at` when it is not recognised. */
struct bytes fingerprint_name(const struct fingerprint *who, const struct mark_table *table,
                              struct arena *arena);
struct bytes fingerprint_evidence(const struct fingerprint *who, const struct mark_table *table,
                                  struct arena *arena);

#endif
