/* SPDX-License-Identifier: ISC */
/* A history without names (`--anonymize`): chapters are changed on their way to the store. */
#ifndef HELOSCOPE_PRIVACY_ANONYMIZE_H
#define HELOSCOPE_PRIVACY_ANONYMIZE_H

#include "heloscope/base/memory.h"
#include "heloscope/privacy/pseudonym.h"
#include "heloscope/timeline.h"

/* Puts pseudonyms in the place of all addresses, names and words that are not known to be harmless.
 * Times, ports, sizes, codes, verbs and findings stay. New text is taken from `arena`, the
 * chapter's own. */
void anonymize_chapter(const struct pseudonyms *pseudonyms, struct chapter *chapter,
                       struct arena *arena);

#endif
