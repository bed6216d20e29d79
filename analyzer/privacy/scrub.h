/* SPDX-License-Identifier: ISC */
/* Text without names: the words that servers and heloscope are known to use stay, everything else
 * becomes a pseudonym. What is not known to be harmless goes, so that no list of names is needed.
 */
#ifndef ANALYZER_PRIVACY_SCRUB_H
#define ANALYZER_PRIVACY_SCRUB_H

#include "heloscope/base/memory.h"
#include "heloscope/privacy/pseudonym.h"

/* Whose words they are. */
enum manner {
    SCRUB_ALL,  /* no word is known: a name, an argument, a line of a message */
    SCRUB_TEXT, /* of a server: known words, short numbers, versions and dates stay */
    SCRUB_OURS, /* of heloscope: its numbers stay too */
};

/* `text` scrubbed, in `arena`. NULL `at` stays NULL. Addresses of mail and of hosts are found in
 * any manner; punctuation stays. */
struct bytes scrub_text(const struct pseudonyms *pseudonyms, struct arena *arena, struct bytes text,
                        enum manner manner);

/* An address of mail, with or without angle brackets; an empty one stays so. */
struct bytes scrub_mailbox(const struct pseudonyms *pseudonyms, struct arena *arena,
                           struct bytes mailbox);

/* A command as sent, of the verb `verb`, NULL when it is none. `content`: it is a line of a
 * message. */
struct bytes scrub_command(const struct pseudonyms *pseudonyms, struct arena *arena,
                           struct bytes text, const char *verb, bool content);

#endif
