/* SPDX-License-Identifier: ISC */
/* Somebody else's TLS session, read along with the secrets of a key log: RFC 2246 (1.0), 4346,
 * 5246, 8446 (1.3). Octets of both sides go in, as they lie in their streams; what comes out has
 * been proved by the tag or the MAC of its record. */
#ifndef HELOSCOPE_TLS_TLS_H
#define HELOSCOPE_TLS_TLS_H

#include "heloscope/application/tls_handshake.h"
#include "heloscope/application/tls_suite.h"
#include "heloscope/span.h"
#include "heloscope/tls/keylog.h"

enum {
    TLS_SCRATCH = (1 << 14) + 2048, /* octets of the longest record */
};

enum tls_news_kind {
    TLS_NEWS_CLIENT_HELLO,
    TLS_NEWS_SERVER_HELLO,
    TLS_NEWS_OPEN,   /* the first record of this side has been read */
    TLS_NEWS_DATA,   /* the text of a record; may be empty */
    TLS_NEWS_HOLE,   /* records are lost in front of the next news */
    TLS_NEWS_ALERT,  /* `data`: level and description */
    TLS_NEWS_SECRET, /* no record of this side can be read, and why: enum tls_verdict */
    TLS_NEWS_LOST,   /* these are no records */
};

/* Why a session cannot be read. */
enum tls_verdict {
    TLS_VERDICT_NONE,
    TLS_VERDICT_NO_KEYLOG,
    TLS_VERDICT_NO_ENTRY, /* the key log has none for this session */
    TLS_VERDICT_WRONG,    /* it has one, which does not decrypt it */
    TLS_VERDICT_SUITE,    /* the suite is not known here */
    TLS_VERDICT_NO_HELLO, /* the handshake was not captured */
};

struct tls_news {
    enum tls_news_kind kind;
    enum side side;
    struct bytes data;   /* TLS_NEWS_DATA: lies in the caller's scratch */
    uint64_t start, end; /* octets of the side's stream that the record takes; of a hole what it
                            takes */
    uint64_t records;    /* TLS_NEWS_HOLE: how many, 0 = not known */
    uint64_t lost;       /* TLS_NEWS_HOLE: octets of text at most */
    bool lost_is_exact;
    bool sealed;              /* the record was encrypted */
    enum tls_verdict verdict; /* TLS_NEWS_SECRET */
    struct mark mark;         /* of the record's first octet */
};

enum {
    TLS_ALERTS_KEPT = 4, /* the first ones */
};

struct tls_alert {
    uint8_t level, description; /* RFC 8446 section 6 */
    uint8_t side;               /* enum side: who sent it */
    bool early;                 /* before any text of the server */
    bool unread;                /* it was encrypted, and known by its length alone */
};

/* What is known of the session, for its row. */
struct tls_facts {
    uint16_t version, suite, group;
    uint16_t offered;    /* the highest version that the client named */
    uint64_t records[2]; /* by enum side: so far */
    uint64_t octets[2];  /* by enum side: of these records, without their headers */
    int64_t idle_us;     /* the longest time between two records */
    struct tls_alert alerts[TLS_ALERTS_KEPT];
    uint8_t alert_count;
    bool sealed[2];       /* by enum side: there were encrypted records */
    bool told[2];         /* by enum side: text has been read */
    bool greeted, agreed; /* a ClientHello was seen, a ServerHello */
    bool guessed; /* one was not, and the key log and a record have told what it agreed on */
    bool extensions_seen; /* TLS 1.3: what the server encrypts of its choices has been read */
    bool retried, resumed, early_data;
    bool certificate_asked, certificate_given; /* of the client */
    bool closed[2];                            /* by enum side: close_notify was seen */
    bool open[2];                              /* by enum side: records have been read */
    char name[256], protocol[64];              /* SNI and ALPN, as they were sent; "" = none */
};

/* False when the program was built without: nothing is decrypted then. */
bool tls_is_built(void);

struct tls;

/* `keylog` outlives it; NULL = there is none. */
struct tls *tls_new(const struct keylog *keylog);

/* Wipes what it knows. NULL is allowed. */
void tls_free(struct tls *tls);

/* Takes octets of `side`, at most up to the end of one record; returns how many. Afterwards
 * tls_next() has what they told. `scratch` has room for TLS_SCRATCH octets and is to stay until
 * then. With tls_more() a record is whole already, and is taken before any octets. */
size_t tls_take(struct tls *tls, enum side side, struct bytes data, uint64_t offset,
                const struct mark *mark, uint8_t *scratch);

bool tls_more(const struct tls *tls, enum side side);

/* Whether the next octet of `side` is the first of a record. */
bool tls_between_records(const struct tls *tls, enum side side);

/* Octets of `side` are missing. */
void tls_take_gap(struct tls *tls, enum side side, uint64_t offset, uint64_t octets,
                  const struct mark *mark);

/* A hole in the octets of `side` is told now, if it has not been; else it is once the next record
 * behind it shows how many are lost. */
void tls_tell_hole(struct tls *tls, enum side side);

/* The next of what the octets just taken told; false when there is no more. */
bool tls_next(struct tls *tls, struct tls_news *out);

/* Whether octets of `side` are to wait for those of the other: early data can only be read once the
 * server has chosen, and what a server sends needs the client's hello. */
bool tls_waits(const struct tls *tls, enum side side);

/* The other side's octets will not come: nothing waits any more. */
void tls_wait_no_more(struct tls *tls);

/* Nothing more will come: what is lost is told, and why nothing could be read. */
void tls_end(struct tls *tls);

/* The mark of what is held of a record that is not whole; `mark` stays when nothing is. */
void tls_held_mark(const struct tls *tls, enum side side, struct mark *mark);

const struct tls_facts *tls_facts(const struct tls *tls);

/* The last octet of `side`, at or before `offset`, with which a record was whole: what its peer can
 * have read. */
uint64_t tls_whole_up_to(const struct tls *tls, enum side side, uint64_t offset);

#endif
