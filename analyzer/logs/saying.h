/* SPDX-License-Identifier: ISC */
/* What a mail server says in a line of its log about a connection: a table of wordings, and what of
 * each may be kept. */
#ifndef ANALYZER_LOGS_SAYING_H
#define ANALYZER_LOGS_SAYING_H

#include "heloscope/base/memory.h"
#include "heloscope/network/packet.h"
#include "log_record.h"

enum log_server {
    LOG_NO_SERVER,
    LOG_POSTFIX,
    LOG_POSTSCREEN, /* Postfix's, in front of smtpd */
    LOG_EXIM,
    LOG_SENDMAIL,
    LOG_OPENSMTPD,
    LOG_HARAKA,
};

enum log_kind {
    LOG_CONNECT,
    LOG_END,
    LOG_LOST,     /* the connection broke, or was silent too long */
    LOG_MESSAGE,  /* a transaction got a name, or a message was taken */
    LOG_DELIVERY, /* what became of it later */
    LOG_TLS,
    LOG_AUTH,
    LOG_REFUSAL,
    LOG_DISORDER, /* a command out of order, sent too early, or none at all */
    LOG_ERRORS,   /* too many of them: the server ends the connection */
};

/* Texts are in the arena of the call, or borrowed from the record. */
struct saying {
    enum log_server server;
    enum log_kind kind;
    struct bytes of;      /* which of the server's connections, as it tells them apart */
    struct bytes queue;   /* a queue id, or what stands for one */
    struct bytes text;    /* the line as it may be kept: without content and credentials */
    struct bytes helo;    /* the client's name for itself */
    struct bytes verb;    /* of the command that is spoken of */
    struct bytes command; /* that command, where it is quoted and may be kept */
    struct bytes counts;  /* Postfix: "ehlo=1 mail=1/2", accepted of all */
    struct address client;
    int client_port; /* 0 = not said */
    int code;        /* of a reply; 0 = not said */
    uint64_t line;   /* its number in the file; for the caller to set */
};

/* False when the line says nothing of a connection that is known here. */
bool saying_read(const struct log_record *record, struct arena *arena, struct saying *out);

/* "Postfix", "refusal"; static storage. */
const char *log_server_name(enum log_server server);
const char *log_kind_name(enum log_kind kind);

/* Whether it speaks of something that went wrong between client and server. */
bool log_kind_is_trouble(enum log_kind kind);

#endif
