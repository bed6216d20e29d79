/* SPDX-License-Identifier: ISC */
/* A reply as its lines come, and what is read from its text once it is complete. */
#ifndef HELOSCOPE_SESSION_REPLY_H
#define HELOSCOPE_SESSION_REPLY_H

#include "heloscope/base/memory.h"
#include "heloscope/span.h"

struct session;

struct reply_building {
    char *text;
    uint32_t length, size;
    uint32_t lines;
    int code;
    bool truncated, doubtful;
    uint64_t start;
    struct mark mark;
    unsigned notes;
};

/* Adds a line to the reply that is being put together; what exceeds REPLY_LIMIT is left out. */
void reply_add(struct session *s, struct bytes line);

/* The next line begins a reply. */
void reply_forget(struct session *s);

/* A server that quotes what it did not understand may quote a credential: it is overwritten. */
void reply_mask_secrets(struct session *s);

/* The text of a reply without its codes: what follows "503 5.5.1 " on each line, joined by line
 * feeds; in `arena`. */
struct bytes reply_plain_text(struct arena *arena, struct bytes raw);

/* The extensions that the reply to EHLO or LHLO offers: enum extension. */
unsigned reply_extensions(struct bytes raw);

#endif
