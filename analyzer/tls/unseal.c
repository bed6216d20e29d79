/* SPDX-License-Identifier: ISC */
/* Opens records: with the keys that are proved, and where there are none, or they fail, with all
 * that may be in force. The tag or the MAC decides. */
#include "guess.h"
#include "key_schedule.h"
#include "state.h"

enum {
    GENERATIONS = 4,    /* KeyUpdates that a hole may have swallowed */
    FINISHED = 16,      /* octets of the message up to TLS 1.2 */
    HANDSHAKE_LOST = 4, /* records that may lie behind a ChangeCipherSpec that was not seen */
};

/* What is tried with one set of keys: so many sequence numbers from the first on. */
struct trial {
    const struct record *record;
    uint64_t first;
    uint32_t ahead;
    size_t lost_octets;
    uint8_t *out;
    size_t *length;
    uint8_t *type;
};

/* Returns how many records are passed over, or -1. */
static int64_t try_cipher(struct tls *tls, const struct half *half, struct tls_cipher *cipher,
                          const struct trial *trial)
{
    uint64_t nonce, step;
    uint32_t begin = 0, end = trial->ahead;
    if (trial->ahead && cipher == half->cipher && half->nonce_known &&
        tls_cipher_nonce(cipher, trial->record->body, &nonce)) {
        step = nonce - half->nonce - 1; /* it counts (RFC 5288 section 3) */
        if (step <= end)
            begin = end = (uint32_t)step;
    }
    for (uint32_t n = begin; n <= end; n++) {
        const struct tls_sealed sealed = {.head = trial->record->head,
                                          .body = trial->record->body,
                                          .sequence = trial->first + n,
                                          .start = trial->record->start,
                                          .passed_over =
                                              trial->lost_octets > RECORD_HEAD * (size_t)n
                                                  ? trial->lost_octets - RECORD_HEAD * (size_t)n
                                                  : 0};
        if (n && !tls->budget)
            return -1;
        tls->budget -= n != 0;
        if (tls_cipher_open(cipher, &sealed, trial->out, trial->length, trial->type))
            return n;
    }
    return -1;
}

static void adopt(struct half *half, struct tls_cipher *cipher, const struct tls_suite *suite,
                  const struct trial *trial, int64_t lost)
{
    if (half->cipher != cipher)
        tls_cipher_free(half->cipher);
    half->cipher = cipher;
    half->suite = *suite;
    half->sequence = trial->first + (uint64_t)lost + 1;
    half->nonce_known = tls_cipher_nonce(cipher, trial->record->body, &half->nonce);
}

/* With new keys, which come into force when they fit, and are wiped. */
static int64_t try_keys(struct tls *tls, struct half *half, uint16_t version, bool encrypt_then_mac,
                        struct tls_keys *keys, const struct trial *trial)
{
    struct tls_cipher *cipher = tls_cipher_new(&tls->suite, version, encrypt_then_mac, keys);
    explicit_bzero(keys, sizeof *keys);
    if (cipher && half->tail_length && half->tail_end == trial->record->start)
        tls_cipher_pass(cipher, bytes_of(half->tail, half->tail_length), half->tail_end);
    const int64_t lost = cipher ? try_cipher(tls, half, cipher, trial) : -1;
    if (lost < 0)
        tls_cipher_free(cipher);
    else
        adopt(half, cipher, &tls->suite, trial, lost);
    return lost;
}

/* The record may lie behind octets of ciphertext that a hole has swallowed: RC4 counts them. */
static struct trial trial_of(const struct half *half, const struct record *record, uint32_t ahead,
                             uint8_t *out, size_t *length, uint8_t *type)
{
    return (struct trial){.record = record,
                          .first = half->sequence,
                          .ahead = ahead,
                          .lost_octets = ahead ? (size_t)(record->start - half->lost_from) : 0,
                          .out = out,
                          .length = length,
                          .type = type};
}

/* ----------------------------------------------------------------------- up to TLS 1.2
 */

static int64_t try_master(struct tls *tls, enum side side, const uint8_t master[MASTER],
                          const struct trial *trial)
{
    struct half *half = &tls->half[side];
    struct tls_keys keys;
    keys_of_master(tls, side, master, &keys);
    const int64_t lost =
        try_keys(tls, half, tls->facts.version, tls->encrypt_then_mac, &keys, trial);
    if (lost < 0)
        return -1;
    half->phase = PHASE_APPLICATION;
    half->changing = false;
    tls->master_known = true;
    memmove(tls->master, master, MASTER);
    return lost;
}

static int64_t search_master(struct tls *tls, enum side side, const struct trial *trial)
{
    struct master_search search = {0};
    uint8_t master[MASTER];
    int64_t lost = -1;
    if (!tls->keylog || !tls->client_hello || !tls->server_hello || !tls->suite_known)
        return -1;
    if (tls->master_known)
        return try_master(tls, side, tls->master, trial);
    while (lost < 0 && master_next(tls, &search, master)) {
        tls->budget -= tls->budget != 0;
        lost = try_master(tls, side, master, trial);
    }
    explicit_bzero(master, sizeof master);
    return lost;
}

/* The master secrets that the key log has for the client random that is supposed. */
static int64_t try_entry(struct tls *tls, enum side side, struct trial *trial)
{
    const struct keylog_secret *secret;
    size_t place = 0;
    int64_t lost = -1;
    if (trial->ahead < HANDSHAKE_LOST)
        trial->ahead = HANDSHAKE_LOST;
    trial->first = 0;
    trial->lost_octets = 0;
    while (lost < 0 && (secret = keylog_find(tls->keylog, KEYLOG_CLIENT_RANDOM,
                                             bytes_of(tls->client_random, TLS_RANDOM), &place)))
        if (secret->length == MASTER)
            lost = try_master(tls, side, secret->octets, trial);
    return lost;
}

static int64_t unseal_old(struct tls *tls, enum side side, struct trial *trial)
{
    struct half *half = &tls->half[side];
    int64_t lost = -1;
    if (half->cipher && !half->changing) {
        lost = try_cipher(tls, half, half->cipher, trial);
        if (lost >= 0) {
            adopt(half, half->cipher, &half->suite, trial, lost);
            return lost;
        }
        if (!trial->ahead)
            return -1;
    }
    if (!half->changing && trial->ahead < HANDSHAKE_LOST)
        trial->ahead = HANDSHAKE_LOST; /* the ChangeCipherSpec was not seen */
    trial->first = 0;                  /* RC4 begins anew; the first record is the Finished */
    trial->lost_octets =
        half->changing ? 0 : RECORD_HEAD + FINISHED + tls_hash_length(tls->suite.mac);
    return search_master(tls, side, trial);
}

/* ----------------------------------------------------------------------- TLS 1.3
 */

static enum keylog_label label_of(enum side side, enum phase phase)
{
    if (phase == PHASE_EARLY)
        return KEYLOG_CLIENT_EARLY;
    if (phase == PHASE_HANDSHAKE)
        return side == SIDE_CLIENT ? KEYLOG_CLIENT_HANDSHAKE : KEYLOG_SERVER_HANDSHAKE;
    return side == SIDE_CLIENT ? KEYLOG_CLIENT_TRAFFIC : KEYLOG_SERVER_TRAFFIC;
}

static int64_t try_secret(struct tls *tls, struct half *half, const uint8_t *secret,
                          const struct trial *trial)
{
    struct tls_keys keys;
    keys_of_secret(&tls->suite, secret, &keys);
    const int64_t lost = try_keys(tls, half, VERSION_13, false, &keys, trial);
    if (lost < 0)
        return -1;
    memmove(half->secret, secret, tls_hash_length(tls->suite.prf));
    return lost;
}

static int64_t try_phase(struct tls *tls, enum side side, enum phase phase,
                         const struct trial *trial)
{
    struct half *half = &tls->half[side];
    const struct keylog_secret *secret;
    size_t place = 0;
    int64_t lost = -1;
    while (lost < 0 && tls->keylog &&
           (secret = keylog_find(tls->keylog, label_of(side, phase),
                                 bytes_of(tls->client_random, TLS_RANDOM), &place)))
        if (secret->length == tls_hash_length(tls->suite.prf))
            lost = try_secret(tls, half, secret->octets, trial);
    if (lost >= 0)
        half->phase = phase;
    return lost;
}

/* The keys behind so many KeyUpdates (RFC 8446 section 7.2). */
static int64_t try_generations(struct tls *tls, struct half *half, const struct trial *trial)
{
    uint8_t secret[TLS_HASH_LONGEST], next[TLS_HASH_LONGEST];
    const size_t size = tls_hash_length(tls->suite.prf);
    int64_t lost = -1;
    memcpy(secret, half->secret, sizeof secret);
    for (int i = 0; i < GENERATIONS && lost < 0; i++) {
        tls_expand_label(tls->suite.prf, bytes_of(secret, size), "traffic upd", next, size);
        memcpy(secret, next, size);
        lost = try_secret(tls, half, secret, trial);
    }
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(next, sizeof next);
    return lost;
}

/* The keys of this phase and of those behind it. */
static int64_t try_phases(struct tls *tls, enum side side, enum phase first, struct trial *trial)
{
    const struct half *half = &tls->half[side];
    for (enum phase phase = first; phase <= PHASE_APPLICATION; phase++) {
        if (phase == half->phase && half->cipher)
            continue; /* these are known not to fit */
        if (phase == PHASE_EARLY && tls->early_refused)
            continue;
        trial->first = 0;
        const int64_t lost = try_phase(tls, side, phase, trial);
        if (lost >= 0)
            return lost;
    }
    return -1;
}

static int64_t unseal_13(struct tls *tls, enum side side, struct trial *trial)
{
    struct half *half = &tls->half[side];
    const enum phase first = half->phase ? half->phase : PHASE_HANDSHAKE;
    if (half->cipher) {
        const int64_t lost = try_cipher(tls, half, half->cipher, trial);
        if (lost >= 0) {
            adopt(half, half->cipher, &half->suite, trial, lost);
            return lost;
        }
    }
    if (!tls->client_hello || !tls->suite_known)
        return -1;
    if (half->cipher && half->phase == PHASE_APPLICATION) {
        trial->first = 0;
        return trial->ahead ? try_generations(tls, half, trial) : -1;
    }
    return try_phases(tls, side, first, trial);
}

/* ----------------------------------------------------------------------- both
 */

/* With what a hello that was not captured may have said. */
static int64_t unseal_guessing(struct tls *tls, enum side side, struct trial *trial)
{
    struct guess guess;
    int64_t lost = -1;
    guess_begin(tls, side, &guess);
    if (guess.midway && trial->ahead < guess.ahead)
        trial->ahead = guess.ahead;
    const struct trial all = *trial;
    while (lost < 0 && guess_next(tls, &guess)) {
        *trial = all;
        lost = guess.label == KEYLOG_CLIENT_RANDOM ? try_entry(tls, side, trial)
                                                   : try_phases(tls, side, PHASE_HANDSHAKE, trial);
        tls->budget -= tls->budget != 0;
    }
    if (lost < 0)
        guess_fails(tls, &guess);
    else
        guess_holds(tls, &guess);
    return lost;
}

bool is_sealed(const struct tls *tls, enum side side, const struct record *record)
{
    const struct half *half = &tls->half[side];
    const uint8_t type = record->head[0];
    if (tls->server_hello && tls->facts.version >= VERSION_13)
        return type == 23; /* RFC 8446 section 5.1 */
    return half->cipher || half->changing || type == 23;
}

int64_t unseal(struct tls *tls, enum side side, const struct record *record, uint32_t ahead,
               uint8_t *out, size_t *length, uint8_t *type)
{
    struct half *half = &tls->half[side];
    struct trial trial = trial_of(half, record, ahead, out, length, type);
    if (half->hopeless && tls->keylog && half->tried == keylog_count(tls->keylog))
        return -1;
    if (!half->cipher && guess_is_due(tls, side))
        return unseal_guessing(tls, side, &trial);
    return tls->facts.version >= VERSION_13 ? unseal_13(tls, side, &trial)
                                            : unseal_old(tls, side, &trial);
}

void half_enter(struct half *half, enum phase phase)
{
    tls_cipher_free(half->cipher);
    half->cipher = NULL;
    half->phase = phase;
    half->sequence = 0;
    half->nonce_known = false;
}

void half_next_keys(struct half *half)
{
    uint8_t next[TLS_HASH_LONGEST];
    struct tls_keys keys;
    const size_t size = tls_hash_length(half->suite.prf);
    tls_expand_label(half->suite.prf, bytes_of(half->secret, size), "traffic upd", next, size);
    memcpy(half->secret, next, size);
    keys_of_secret(&half->suite, half->secret, &keys);
    tls_cipher_free(half->cipher);
    half->cipher = tls_cipher_new(&half->suite, VERSION_13, false, &keys);
    half->sequence = 0;
    explicit_bzero(next, sizeof next);
    explicit_bzero(&keys, sizeof keys);
}

enum tls_verdict verdict_of(const struct tls *tls, enum side side)
{
    if (!tls->keylog)
        return TLS_VERDICT_NO_KEYLOG;
    if (!tls->client_hello || !tls->server_hello)
        return TLS_VERDICT_NO_HELLO;
    if (!tls->suite_known)
        return TLS_VERDICT_SUITE;
    return secrets_have_entry(tls, side) ? TLS_VERDICT_WRONG : TLS_VERDICT_NO_ENTRY;
}
