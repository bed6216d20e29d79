/* SPDX-License-Identifier: ISC */
/* How much work a test takes, whatever the machine and however busy it is: how many basic blocks of
 * the analysis run. For programs that are linked with the library that is compiled to count them. A
 * bound is about twice of what is measured: compilers differ in how they cut blocks, what grows
 * with the square passes any bound. What the C library does (memchr, memcpy) is not counted. */
#ifndef TESTS_SUPPORT_WORK_H
#define TESTS_SUPPORT_WORK_H

#include <stdint.h>

struct work {
    uint64_t before;
};

struct work work_begin(void);

/* Since then no more than `blocks` for each of `count` things; logs how many it were. */
void work_expect(const struct work *work, uint64_t count, uint64_t blocks);

#endif
