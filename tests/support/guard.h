/* SPDX-License-Identifier: ISC */
/* Memory that ends at a page which may not be touched, so that reading one octet too far is a crash
 * and not luck. Works with any compiler, without sanitizers. */
#ifndef TESTS_SUPPORT_GUARD_H
#define TESTS_SUPPORT_GUARD_H

#include "heloscope/bytes.h"

struct guard {
    uint8_t *map;
    size_t room; /* in front of the protected page */
};

/* Room for inputs of up to `room` octets. Aborts when the system refuses. */
struct guard guard_open(size_t room);

/* A copy of `data` whose last octet is the last one that may be read. An empty copy points at the
 * protected page. Valid until the next call. `data` must fit. */
struct bytes guard_place(struct guard *guard, struct bytes data);

void guard_close(struct guard *guard);

#endif
