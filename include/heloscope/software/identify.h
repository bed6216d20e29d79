/* SPDX-License-Identifier: ISC */
/* Who is speaking: the software at both ends of a session, by the marks that it leaves. Of a reply
 * only the code can be trusted; a banner can be changed. So several marks are weighed, a text that
 * one product alone has for more than the banner, and the marks are kept as the evidence. */
#ifndef HELOSCOPE_SOFTWARE_IDENTIFY_H
#define HELOSCOPE_SOFTWARE_IDENTIFY_H

#include "heloscope/software/fingerprint.h"
#include "heloscope/software/manner.h"
#include "heloscope/timeline.h"

struct identify {
    struct fingerprint server, client;
    struct manner manner; /* the client's */
    uint8_t refusals;     /* of the server, looked at */
    bool header_seen;     /* of a message: one is enough */
    struct bytes program; /* that made the message, by its own words; in the session's memory */
    const char *program_header; /* the field that says so */
};

/* The server's first reply. `own` lives as long as the session. */
void identify_greeting(struct identify *id, struct arena *own, const struct event *greeting);

/* A command and its reply. `command` is the line as stored, without credentials; empty when it is
 * none: the end of a message (`content`), or a line of one that was read as a command. */
void identify_exchange(struct identify *id, enum verb verb, bool content, struct bytes command,
                       const struct event *reply);

/* The header of a message. Only the marks are kept. */
void identify_header(struct identify *id, struct arena *own, struct bytes header);

/* The server's product, "Exim", as reply_texts.tsv spells it; NULL when it is not recognised. */
const char *identify_server(const struct identify *id);

/* Fills in the software of both ends and its evidence, in `arena`. */
void identify_describe(const struct identify *id, struct session_row *row, struct arena *arena);

#endif
