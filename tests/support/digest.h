/* SPDX-License-Identifier: ISC */
/* All that a chapter says, in one number: what is to be the same has the same. */
#ifndef TESTS_SUPPORT_DIGEST_H
#define TESTS_SUPPORT_DIGEST_H

#include "heloscope/timeline.h"

/* Mixes the chapter into `digest`; 0 is where to begin. Not what differs between two sessions that
 * were told the same (the handle). */
uint64_t digest_chapter(uint64_t digest, const struct chapter *chapter);

#endif
