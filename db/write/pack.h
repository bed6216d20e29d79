/* SPDX-License-Identifier: ISC */
/* All events of a session as one text, the JSON of timelines.events: a row for each of them is what
 * storing a session costs most. The view `events` (views.sql) takes it apart again. */
#ifndef DB_WRITE_PACK_H
#define DB_WRITE_PACK_H

#include "heloscope/timeline.h"

/* Memory that is used again for the next text. {0} is empty; the owner frees `at`. */
struct pack {
    char *at;
    size_t used, size;
};

/* Whether the chapter's events can be told in one text without a loss: all of a session, numbered
 * from 1 on, and not too many of them to be taken apart whenever one is looked at. */
bool pack_suits(const struct chapter *chapter);

/* The events as JSON. Valid until `pack` is used for the next text. */
struct bytes pack_events(struct pack *pack, const struct chapter *chapter);

#endif
