/* SPDX-License-Identifier: ISC */
/* Which findings of the history are those of one run. */
#ifndef HELOSCOPE_DB_OWN_H
#define HELOSCOPE_DB_OWN_H

#include "heloscope/timeline.h"

/* Of this session those whose refusals have such a number and lie in such a time: both ends count.
 * An input that holds a part of the session has the findings of that part. */
struct own_findings {
    int64_t session_id;
    event_no first, last;
    int64_t from_us, to_us;
};

#endif
