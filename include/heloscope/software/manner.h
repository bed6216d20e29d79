/* SPDX-License-Identifier: ISC */
/* How a client goes about it, whatever it says: which commands it sends without waiting, what it
 * does behind a refusal, in which pieces it writes a message. Kept for the first transaction, in a
 * few octets, and told as text that rows of marks fit. */
#ifndef HELOSCOPE_SOFTWARE_MANNER_H
#define HELOSCOPE_SOFTWARE_MANNER_H

#include "heloscope/application/smtp_command.h"
#include "heloscope/bytes.h"

enum {
    MANNER_SAID = 8,   /* commands of a transaction that are remembered, MAIL the first */
    MANNER_TAIL = 4,   /* commands behind a refusal or a message */
    MANNER_TEXT = 160, /* octets that the longest of these texts has room in */
};

/* All zero is ready. */
struct manner {
    uint8_t said[MANNER_SAID]; /* enum verb, and how it was sent */
    uint8_t tail[MANNER_TAIL];
    uint8_t said_count, tail_count;
    uint8_t behind; /* enum manner_point: what the tail follows */
    bool closed;    /* the first transaction is over: it is not added to any more */
    bool offered;   /* PIPELINING, when it began */
    bool hesitant;  /* a person, or a script that sleeps, and no mail program */
    uint8_t first_piece, last_piece; /* of the first message, enum manner_piece */
    uint32_t packet;                 /* of the newest command */
};

/* What is known of a command beside its verb. */
struct manner_command {
    bool pipelined;     /* sent before its predecessor was answered */
    bool offered;       /* PIPELINING is on offer */
    uint64_t packet;    /* that it came in */
    int64_t thought_us; /* since the newest reply */
};

/* A command. A line of a message that was read as one is VERB_UNKNOWN. */
void manner_command(struct manner *m, enum verb verb, const struct manner_command *c);

/* The reply to a command, or to the end of a message (`content`). */
void manner_reply(struct manner *m, enum verb verb, bool content, int code);

/* A piece of a message, as it was sent. */
void manner_piece(struct manner *m, struct bytes data);

/* "MAIL, RCPT+RCPT, DATA; PIPELINING offered": a plus joins what did not wait for a reply. Empty
 * when there was no transaction. */
struct bytes manner_groups(const struct manner *m, char out[MANNER_TEXT]);

/* "DATA refused: RSET, QUIT": what the client did last; `closed` tells that it closed the
 * connection, with nothing more to say. Empty when nothing is known of it. */
struct bytes manner_leaving(const struct manner *m, bool closed, char out[MANNER_TEXT]);

/* "the header first, the dot by itself". Empty when no message was seen. */
struct bytes manner_pieces(const struct manner *m, char out[MANNER_TEXT]);

#endif
