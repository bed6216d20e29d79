/* SPDX-License-Identifier: ISC */
/* The key of an event in the history: session_id << EVENT_BITS | seq. */
#ifndef DB_EVENT_KEY_H
#define DB_EVENT_KEY_H

#include "heloscope/base/limits.h"

/* Events beyond EVENT_LAST are counted in the session's row, but are not stored: their keys would
 * be those of the next session. */
#define EVENT_BITS 24
#define EVENT_LAST SESSION_EVENTS

#endif
