/* SPDX-License-Identifier: ISC */
/* What `explain` can tell beside the causes. */
#ifndef ANALYZER_PROGRAM_EXPLAIN_TOPICS_H
#define ANALYZER_PROGRAM_EXPLAIN_TOPICS_H

#include <stddef.h>

struct topic {
    const char *name, *title;
    const char *text; /* lines as they are printed */
};

size_t topic_count(void);

/* `i` is less than topic_count(). Static storage. */
const struct topic *topic_at(size_t i);

/* NULL when there is none of this name. */
const struct topic *topic_by_name(const char *name);

#endif
