/* SPDX-License-Identifier: ISC */
/* How much memory a test takes, asked of the allocator. */
#ifndef TESTS_SUPPORT_PEAK_H
#define TESTS_SUPPORT_PEAK_H

#include <stddef.h>

/* The most that was in use, above what there was at first. */
struct peak {
    size_t before, most;
};

struct peak peak_begin(void);

/* Looks how much is in use now. */
void peak_note(struct peak *peak);

/* It was never more than `most` octets; logs how much it was. */
void peak_expect(const struct peak *peak, size_t most);

#endif
