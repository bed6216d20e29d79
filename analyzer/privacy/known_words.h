/* SPDX-License-Identifier: ISC */
/* Words that name nobody: those of heloscope's own sentences, of the texts of servers, and of
 * known_words.txt. An anonymised history may show them. */
#ifndef ANALYZER_PRIVACY_KNOWN_WORDS_H
#define ANALYZER_PRIVACY_KNOWN_WORDS_H

#include "heloscope/bytes.h"

/* Whatever its case. */
bool word_is_known(struct bytes word);

/* "mail-server": of known words, without numbers, which "host-192-0-2-1" has. */
bool compound_is_known(struct bytes word);

#endif
