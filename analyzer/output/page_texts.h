/* SPDX-License-Identifier: ISC */
/* A table of texts in which each has a number, from 1 in the order of first use; 0 is no text. */
#ifndef ANALYZER_OUTPUT_PAGE_TEXTS_H
#define ANALYZER_OUTPUT_PAGE_TEXTS_H

#include "heloscope/base/memory.h"

struct page_texts {
    struct arena arena;
    const char **all;
    uint32_t *slots; /* open addressing; the size is a power of two */
    size_t count, size;
    uint64_t seed;
};

/* A table that is all zero is ready. NULL is no text. */
uint32_t page_texts_number(struct page_texts *texts, const char *text);
void page_texts_free(struct page_texts *texts);

#endif
