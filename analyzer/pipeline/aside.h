/* SPDX-License-Identifier: ISC */
/* A small history beside the one that cannot be written: sessions with findings go there rather
 * than be lost. */
#ifndef ANALYZER_PIPELINE_ASIDE_H
#define ANALYZER_PIPELINE_ASIDE_H

#include "backlog.h"
#include "heloscope/db/store.h"

/* Writes the chapters to the history's name with "-aside". False when there is no room for them, on
 * the disk or within ASIDE_LIMIT; the drafts stay the caller's. */
bool aside_write(const struct store *store, struct backlog *list);

#endif
