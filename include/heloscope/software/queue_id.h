/* SPDX-License-Identifier: ISC */
/* The name under which a server's own log knows a message. */
#ifndef HELOSCOPE_SOFTWARE_QUEUE_ID_H
#define HELOSCOPE_SOFTWARE_QUEUE_ID_H

#include "heloscope/bytes.h"

/* The queue id in the text of the reply that accepts a message (without code and enhanced code,
 * lines joined by LF). With a filter in front of the server the reply quotes another: the last id
 * is the inner server's, and that is the one meant. Borrowed from `text`; NULL `at` = none. */
struct bytes queue_id_of(struct bytes text);

#endif
