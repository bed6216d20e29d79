/* SPDX-License-Identifier: ISC */
/* The timeline of a session: what the analysis hands to the database, and all that it hands.
 *
 * A session is handed over in chapters. Most have one; a long one is written as it goes on.
 * Everything that a chapter points to lives in the chapter's own arena and is freed with it, so
 * that the two sides can run on two threads. Lists are in the order in which things were found. */
#ifndef HELOSCOPE_TIMELINE_H
#define HELOSCOPE_TIMELINE_H

#include "heloscope/bytes.h"
#include "heloscope/cause.h"
#include "heloscope/network/packet.h"
#include "heloscope/span.h"

/* An event's number within its session, counted from 1; 0 = none. */
typedef uint32_t event_no;

enum event_kind {
    EVENT_OPEN,     /* the connection, or the first packet of it that was captured */
    EVENT_GREETING, /* the server's first reply */
    EVENT_COMMAND,  /* a line of the client, also a line of a message that the server read as one */
    EVENT_REPLY,
    EVENT_AUTH,  /* a SASL response: never stored */
    EVENT_DATA,  /* the content of a message: its size */
    EVENT_CHUNK, /* the octets behind a BDAT */
    EVENT_TLS,   /* the point from which the session is opaque */
    EVENT_GAP,   /* octets that the capture does not hold */
    EVENT_CLOSE,
    EVENT_KIND_COUNT
};

/* What was noted of an event beside its content. */
enum note {
    NOTE_BARE_LF = 1 << 0,   /* the line ended in LF alone (RFC 5321 section 2.3.8) */
    NOTE_BARE_CR = 1 << 1,   /* a CR inside the line or content that no LF follows */
    NOTE_LONG = 1 << 2,      /* longer than what is kept of a line; `bytes` has its true length */
    NOTE_BINARY = 1 << 3,    /* octets that are not text; shown as \xNN */
    NOTE_MASKED = 1 << 4,    /* a credential stood here */
    NOTE_PIPELINED = 1 << 5, /* sent before the reply to its predecessor was seen */
    NOTE_DISCARDED =
        1 << 6, /* sent behind STARTTLS in clear text: to be thrown away (RFC 3207 4.2) */
    NOTE_CONTENT = 1 << 7,      /* a line of a message that the server read as a command */
    NOTE_INCOMPLETE = 1 << 8,   /* the connection or the capture ended inside it */
    NOTE_SMUGGLE = 1 << 9,      /* content holds an end-of-data sequence that is not CRLF . CRLF */
    NOTE_UNSOLICITED = 1 << 10, /* a reply to nothing */
    NOTE_MIDSTREAM = 1 << 11,   /* the session began before the capture did */
    NOTE_DOUBTFUL = 1 << 12,    /* behind a hole: read by what the octets themselves suggest */
    NOTE_UNBRACKETED = 1 << 13, /* MAIL, RCPT: no <> around the address (RFC 5321 section 4.1.2) */
    NOTE_COLON_SPACE = 1 << 14, /* MAIL, RCPT: a space before the colon (4.1.1.2, 4.1.1.3) */
    NOTE_NO_RECEIPTS = 1 << 16, /* acknowledgements from here on say nothing of the order */
    NOTE_ENCRYPTED = 1 << 15,   /* came inside TLS, and was decrypted */
};

struct event {
    struct event *next;
    event_no seq;
    int64_t ts_us;   /* of the packet that held its first octet */
    uint64_t packet; /* that packet's number in its file, from 1 */
    enum side side;
    enum event_kind kind;
    const char *verb;      /* commands: verb_name(); NULL for what is none; static storage */
    int code;              /* replies; 0 otherwise */
    struct bytes enhanced; /* replies; "5.5.1" */
    struct bytes text; /* UTF-8; multi-line replies joined by LF; empty with `at` NULL = no text */
    uint64_t bytes;    /* data, chunk, gap: octets; a long line: its length; else 0 */
    bool has_bytes;
    event_no answers; /* replies: the event answered, 0 = none */
    event_no saw;     /* the last event of the peer that the sender had fully received; 0 = none */
    unsigned notes;   /* enum note */
    bool left_out;    /* set by the store: it is one of very many, and not kept (repeats.h) */
};

struct violation {
    struct violation *next;
    event_no seq;
    const char *rule; /* name of a row of the table of rules; static storage */
    bool tolerated;   /* the server accepted the command all the same */
    bool left_out;    /* as in struct event */
};

/* Why an event is related to a diagnosis. */
enum role {
    ROLE_OPENED,  /* the MAIL that opened the transaction, the AUTH that came first ... */
    ROLE_REFUSAL, /* a further refusal on the way */
    ROLE_CASCADE, /* the refusal through which an earlier error was passed on */
    ROLE_GROUP,   /* the first command of the group that should have waited */
    ROLE_OFFER,   /* the EHLO reply (or HELO) that did or did not offer it */
    ROLE_GAP,     /* the hole in the capture */
    ROLE_COUNT
};

struct related {
    struct related *next;
    event_no seq;
    enum role role;
};

struct diagnosis {
    struct diagnosis *next;
    event_no reply, command, origin; /* origin 0 only with CAUSE_UNKNOWN */
    int code;
    enum cause cause;
    enum fault fault;
    enum certainty certainty;
    enum cause server_says; /* CAUSE_NONE: the text makes no claim that we know */
    int agrees;             /* 1, 0; -1 when the text makes no claim */
    struct bytes explanation, advice;
    struct related *related;
    bool left_out; /* as in struct event; counted */
};

struct recipient {
    struct recipient *next;
    event_no command, reply;
    struct bytes address;
    int code; /* 0 = no reply was seen */
};

struct transaction {
    struct transaction *next;
    uint32_t number; /* from 1 */
    event_no mail;   /* its MAIL */
    int64_t started_us, ended_us;
    struct bytes mail_from; /* NULL `at` = not seen; empty = null sender */
    uint32_t recipients, accepted;
    struct recipient *recipient_list; /* bounded; `recipients` counts all */
    uint64_t bytes;
    const char
        *outcome; /* "accepted", "refused", "reset", "abandoned", "aborted", "unknown"; static */
    int code;     /* of the final reply; 0 = none */
    struct bytes queue_id, message_id; /* NULL `at` = none */
};

/* How a host numbers its octets (RFC 9293 section 3.4). */
struct numbering {
    bool known;
    uint32_t first; /* the sequence number of the first octet of data */
};

/* What is known of TLS in a session beside version and name; NULL `at`, NULL = not known. */
struct tls_row {
    struct bytes suite, group, alpn;
    struct bytes alerts;     /* "S handshake failure, C close notify" */
    struct bytes failure;    /* why the handshake failed */
    struct bytes hidden;     /* why what is inside was not read */
    const char *certificate; /* of the client: "not asked for", "asked for", "given" */
    const char *closed;      /* who ended it with close_notify: "both", "client", ...; static */
    const char *handshake;   /* "full", "resumed"; static */
    uint64_t records_client, octets_client, octets_server;
    int64_t idle_us; /* the longest time between two records */
    bool seen;       /* there were records */
};

/* The row in `sessions`, as far as it is known at the end of this chapter. Text is owned by the
 * chapter. */
struct session_row {
    uint64_t handle; /* unique in this process; ties the chapters of a session together */
    struct bytes uid, community_id, source;
    int64_t capture_id;
    struct address client, server;
    uint16_t client_port, server_port, vlan;
    uint32_t endpoints;            /* endpoints_hash() */
    struct numbering numbering[2]; /* by enum side */
    struct tunnel tunnel;          /* the outermost */
    struct address proxied;        /* the real client, by a load balancer; family 0 = none named */
    uint16_t proxied_port;
    int64_t started_us, ended_us;
    struct bytes helo;                             /* name given in the last HELO/EHLO/LHLO */
    struct bytes server_name;                      /* name in the greeting */
    struct bytes server_software, client_software; /* NULL `at` = not recognised */
    struct bytes server_evidence, client_evidence; /* the text that it was recognised by */
    const char *protocol;              /* "SMTP", "LMTP", "SMTPS", "TLS", "HTTP" ...; static */
    struct bytes tls_version, tls_sni; /* NULL `at` = none seen */
    uint64_t tls_records;              /* of both sides, behind the handshake's start */
    struct tls_row tls;
    struct bytes auth_mechanism, auth_outcome; /* of the last AUTH; NULL `at` = none */
    uint64_t packets, bytes_client, bytes_server, bytes_missing;
    uint64_t retransmitted; /* octets that came again */
    uint32_t commands, replies, messages, violations, errors_503;
    bool midstream;      /* begun before the capture */
    bool one_sided;      /* only one direction was captured */
    bool cut;            /* its end was not captured; while it is open, not yet */
    const char *outcome; /* "open", "quit", "closed by client", ... ; static */
};

/* A further capture that a session goes through. */
struct capture_passed {
    struct capture_passed *next;
    int64_t capture_id;
};

struct chapter {
    struct chapter *next;
    struct session_row session;
    bool first, last;
    struct event *events;
    struct violation *violations;
    struct diagnosis *diagnoses;
    struct transaction *transactions; /* those that ended in this chapter */
    struct capture_passed *captures;  /* that it came to in this chapter */
};

/* "command", "C", "opened", ...; static storage. */
const char *event_kind_name(enum event_kind kind);
const char *role_name(enum role role);

/* Writes the notes as words, "bare LF, masked", into `out`; returns `out`, empty when there are
 * none. */
char *notes_print(unsigned notes, char *out, size_t size);

#endif
