/* SPDX-License-Identifier: ISC */
/* The names of what can be behind a 503: one dictionary for the validator, the database and
 * `explain`. */
#ifndef HELOSCOPE_CAUSE_H
#define HELOSCOPE_CAUSE_H

#include "heloscope/bytes.h"

enum cause {
    CAUSE_NONE,
    CAUSE_HELLO_MISSING,
    CAUSE_HELLO_REJECTED,
    CAUSE_HELLO_RESET,
    CAUSE_HELLO_REPEATED,
    CAUSE_EHLO_REQUIRED,
    CAUSE_MAIL_MISSING,
    CAUSE_MAIL_REJECTED,
    CAUSE_TRANSACTION_RESET,
    CAUSE_NESTED_MAIL,
    CAUSE_TRANSACTION_ABANDONED,
    CAUSE_RCPT_MISSING,
    CAUSE_ALL_RCPT_REJECTED,
    CAUSE_AUTH_IN_TRANSACTION,
    CAUSE_AUTH_REPEATED,
    CAUSE_AUTH_NOT_OFFERED,
    CAUSE_AUTH_REQUIRED,
    CAUSE_AUTH_REJECTED,
    CAUSE_STARTTLS_IN_TRANSACTION,
    CAUSE_STARTTLS_REPEATED,
    CAUSE_STARTTLS_NOT_OFFERED,
    CAUSE_TLS_REQUIRED,
    CAUSE_TLS_FAILED,
    CAUSE_BDAT_DATA_MIX,
    CAUSE_BDAT_AFTER_LAST,
    CAUSE_BDAT_AFTER_FAILURE,
    CAUSE_BDAT_NOT_OFFERED,
    CAUSE_BINARYMIME_DATA,
    CAUSE_COMMAND_IN_TRANSACTION,
    CAUSE_COMMAND_NOT_OFFERED,
    CAUSE_PARAMETER_REFUSED,
    CAUSE_PIPELINING_VIOLATION,
    CAUSE_EARLY_TALKER,
    CAUSE_CONTENT_AS_COMMANDS,
    CAUSE_REPLY_DESYNC,
    CAUSE_SESSION_REFUSED,
    CAUSE_SESSION_OVER,
    CAUSE_SERVER_TIMEOUT,
    CAUSE_UNANSWERED,
    CAUSE_ERROR_LIMIT,
    CAUSE_MIDDLEBOX,
    CAUSE_NOT_SMTP,
    CAUSE_POLICY,
    CAUSE_SERVER_DISAGREES,
    CAUSE_UNKNOWN,
    CAUSE_COUNT
};

enum fault {
    FAULT_CLIENT,     /* wrong in itself, or it ignored a refusal that it had received */
    FAULT_PIPELINING, /* already on its way when the refusal came: RFC 2920 makes this normal */
    FAULT_SERVER,     /* the sequence was legal */
    FAULT_MIDDLEBOX,
    FAULT_POLICY,
    FAULT_UNKNOWN,
    FAULT_COUNT
};

enum certainty {
    CERTAINTY_CERTAIN,
    CERTAINTY_LIKELY, /* the capture has a hole, but the text or what came after settles it */
    CERTAINTY_UNKNOWN,
    CERTAINTY_COUNT
};

/* One row of the dictionary; all static storage. */
struct cause_entry {
    const char *name;     /* "hello_missing" */
    const char *title;    /* what happened, in half a line */
    const char *meaning;  /* one or two sentences */
    const char *rule;     /* RFC and section, "RFC 5321 4.1.4" */
    const char *example;  /* a short dialogue, lines "C: ..." and "S: ..." */
    const char *look_for; /* how to see it in a timeline */
    const char *client;   /* what the client's author changes */
    const char *server;   /* what the server's administrator can do */
};

/* The row of `cause`; CAUSE_NONE has one too (empty texts). */
const struct cause_entry *cause_entry(enum cause cause);

/* The cause called `name`; CAUSE_NONE when there is none. */
enum cause cause_by_name(struct bytes name);

const char *fault_name(enum fault fault);         /* "client" */
const char *certainty_name(enum certainty level); /* "certain" */

/* Those of that name; FAULT_COUNT and CERTAINTY_COUNT when there is none. */
enum fault fault_by_name(const char *name);
enum certainty certainty_by_name(const char *name);

#endif
