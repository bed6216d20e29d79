/* SPDX-License-Identifier: ISC */
/* The state of a TLS session that is read along; shared by the files of this folder. */
#ifndef ANALYZER_TLS_STATE_H
#define ANALYZER_TLS_STATE_H

#include "cipher.h"
#include "heloscope/tls/tls.h"

enum {
    VERSION_10 = 0x0301,
    VERSION_12 = 0x0303,
    VERSION_13 = 0x0304,
    RECORD_HEAD = 5,
    NEWS_KEPT = 8,
    MASTER = 48,    /* octets of a master secret, and of a premaster secret by RSA */
    TAIL_KEPT = 64, /* octets: a block, and a MAC outside the encryption */
    SPANS_KEPT = 8, /* records of which the ends are remembered, to round acknowledgements */
};

/* Which keys are in force; up to TLS 1.2 there is PHASE_APPLICATION alone. */
enum phase {
    PHASE_CLEAR,
    PHASE_EARLY, /* the client's, before the handshake is over (RFC 8446 section 2.3) */
    PHASE_HANDSHAKE,
    PHASE_APPLICATION,
};

/* One direction. */
struct half {
    /* Octets of a record that is not whole yet; behind a hole all in which one is sought. */
    uint8_t *held;
    uint32_t held_length, held_size;
    uint64_t held_offset;
    struct mark held_mark;

    /* A hole: what it takes so far, and whether a record's beginning is to be found behind it. */
    bool lost, adrift, told;
    uint64_t lost_from, lost_to;
    uint64_t skip; /* octets of a record that a hole has damaged */
    struct mark lost_mark;

    struct tls_cipher *cipher; /* proved; NULL = none yet in this phase */
    enum phase phase;
    bool changing; /* up to TLS 1.2: a ChangeCipherSpec has passed */
    bool hopeless; /* the search for its keys has failed */
    size_t tried;  /* secrets that the key log had then */
    uint64_t sequence, nonce;
    bool nonce_known;
    struct tls_suite suite;           /* of `cipher` */
    uint8_t secret[TLS_HASH_LONGEST]; /* TLS 1.3: of `cipher`; the next is made of it */
    bool updated;                     /* a KeyUpdate was in the record */
    bool finished;                    /* a Finished was */
    uint32_t sealed;                  /* records so far that keys are needed for */

    /* A handshake message that is not whole yet. */
    uint8_t *message;
    uint32_t message_length, message_size;
    uint32_t message_skip; /* octets of a long one that are passed over */

    /* TLS 1.0: the end of the newest record while no cipher is proved; its last block is the IV of
     * the record that begins there. */
    uint8_t tail[TAIL_KEPT];
    uint8_t tail_length;
    uint64_t tail_end;

    uint64_t whole[SPANS_KEPT]; /* ends of the newest records */
    uint32_t whole_count;
};

struct tls {
    const struct keylog *keylog;
    struct half half[2];
    struct tls_facts facts;

    /* Of the newest handshake. */
    uint8_t client_random[TLS_RANDOM], server_random[TLS_RANDOM];
    bool client_hello, server_hello;
    bool midway; /* so was not seen, nor a hole: records may have passed before the first */
    struct tls_suite suite;
    bool suite_known;
    bool encrypt_then_mac, extended_master_secret;
    bool early_offered, early_refused, extensions_seen, certificate_seen, session_offered;
    bool master_known;
    uint8_t master[MASTER];
    uint8_t premaster_id[8];
    bool premaster_id_known;
    uint8_t *transcript; /* up to the ClientKeyExchange; only where a premaster secret is known */
    uint32_t transcript_length, transcript_size;
    bool transcript_over;

    int64_t last_us; /* the newest record's time */

    bool said;       /* the verdict */
    bool no_more;    /* tls_wait_no_more() */
    uint32_t budget; /* trials that are left */

    struct tls_news news[NEWS_KEPT];
    uint32_t news_first, news_count;
};

/* Counts a record of so many octets, without its header. */
void tls_count(struct tls *tls, enum side side, size_t octets, const struct mark *mark);

/* Room for one more news; when there is none the last is overwritten. */
struct tls_news *tls_tell(struct tls *tls, enum tls_news_kind kind);

/* The same, of the record that `about` describes. */
struct tls_news *tls_tell_about(struct tls *tls, enum tls_news_kind kind,
                                const struct tls_news *about, struct bytes data);

/* A record of so many octets that cannot be read. The client's first in TLS 1.3 is longer than an
 * alert unless it is one: it has refused what the server showed (RFC 8446 section 6.2). */
void tls_note_unread(struct tls *tls, enum side side, size_t octets);

/* A record of TLS 1.0 that cannot be read has the IV of the one behind it. */
void half_keep_tail(const struct tls *tls, struct half *half, struct bytes body, uint64_t end);

/* ---- unseal.c */

/* A record as it lies in its stream. */
struct record {
    const uint8_t *head;
    struct bytes body;
    uint64_t start;
};

/* Opens a record of which the keys are to be known. `ahead`: how many records may be lost in front
 * of it. Returns how many were lost, or -1 when it cannot be opened. */
int64_t unseal(struct tls *tls, enum side side, const struct record *record, uint32_t ahead,
               uint8_t *out, size_t *length, uint8_t *type);

/* Whether keys are needed to read the record. */
bool is_sealed(const struct tls *tls, enum side side, const struct record *record);

/* The keys of `half` are over; the next come into force (KeyUpdate, Finished, EndOfEarlyData). */
void half_next_keys(struct half *half);
void half_enter(struct half *half, enum phase phase);

/* Why nothing of `side` can be read. */
enum tls_verdict verdict_of(const struct tls *tls, enum side side);

/* ---- secrets.c */

/* The master secrets that may be this session's, one by one: `*place` is 0 before the first. False
 * when there are no more. */
struct master_search {
    size_t step, place;
};
bool master_next(struct tls *tls, struct master_search *search, uint8_t master[MASTER]);

/* Whether the key log has any secret for this session, whether it fits or not. */
bool secrets_have_entry(const struct tls *tls, enum side side);

/* Whether it has those of TLS 1.3 for what comes behind the handshake. */
bool secrets_have_traffic(const struct tls *tls, enum side side);

/* The keys of `side` up to TLS 1.2. */
void keys_of_master(const struct tls *tls, enum side side, const uint8_t master[MASTER],
                    struct tls_keys *out);

/* The keys of a traffic secret (RFC 8446 section 7.3). */
void keys_of_secret(const struct tls_suite *suite, const uint8_t *secret, struct tls_keys *out);

/* ---- messages.c */

/* Takes handshake octets of `side`, which can hold several messages or a part of one. `next` is
 * what the news of them say of their record. */
void messages_take(struct tls *tls, enum side side, struct bytes data,
                   const struct tls_news *record);

#endif
