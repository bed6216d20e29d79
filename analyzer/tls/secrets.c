/* SPDX-License-Identifier: ISC */
/* Which secret is this session's: what the key log has for it, and what follows from that. */
#include "key_schedule.h"
#include "state.h"

enum {
    STEP_MASTER, /* its own line */
    STEP_RSA,
    STEP_PREMASTER,
    STEP_ANY, /* GnuTLS logs no line for a resumed session: that of an earlier one serves */
    STEP_END,
};

static enum tls_hash prf_of(const struct tls *tls)
{
    return tls->facts.version >= VERSION_12 ? tls->suite.prf : TLS_HASH_NONE;
}

static void put_randoms(uint8_t out[2 * TLS_RANDOM], const uint8_t *first, const uint8_t *second)
{
    memcpy(out, first, TLS_RANDOM);
    memcpy(out + TLS_RANDOM, second, TLS_RANDOM);
}

/* RFC 5246 section 8.1, RFC 7627 section 4. */
static bool make_master(const struct tls *tls, const struct keylog_secret *premaster,
                        uint8_t master[MASTER])
{
    const struct bytes secret = bytes_of(premaster->octets, premaster->length);
    const enum tls_hash prf = prf_of(tls);
    uint8_t seed[2 * TLS_RANDOM];
    if (!tls->extended_master_secret) {
        put_randoms(seed, tls->client_random, tls->server_random);
        tls_prf(prf, secret, "master secret", bytes_of(seed, sizeof seed), master, MASTER);
        return true;
    }
    const struct bytes all = bytes_of(tls->transcript, tls->transcript_length);
    size_t length = tls_hash_length(prf);
    if (!tls->transcript_over)
        return false;
    if (prf == TLS_HASH_NONE) {
        tls_digest(TLS_HASH_MD5, all, seed);
        tls_digest(TLS_HASH_SHA1, all, seed + tls_hash_length(TLS_HASH_MD5));
        length = tls_hash_length(TLS_HASH_MD5) + tls_hash_length(TLS_HASH_SHA1);
    } else {
        tls_digest(prf, all, seed);
    }
    tls_prf(prf, secret, "extended master secret", bytes_of(seed, length), master, MASTER);
    return true;
}

static const struct keylog_secret *next_secret(struct tls *tls, struct master_search *search)
{
    const struct bytes random = bytes_of(tls->client_random, TLS_RANDOM);
    const struct bytes encrypted = bytes_of(tls->premaster_id, sizeof tls->premaster_id);
    switch (search->step) {
    case STEP_MASTER:
        return keylog_find(tls->keylog, KEYLOG_CLIENT_RANDOM, random, &search->place);
    case STEP_RSA:
        return tls->premaster_id_known
                   ? keylog_find(tls->keylog, KEYLOG_RSA, encrypted, &search->place)
                   : NULL;
    case STEP_PREMASTER:
        return keylog_find(tls->keylog, KEYLOG_PMS, random, &search->place);
    default:
        break;
    }
    if (tls->certificate_seen || !tls->session_offered || tls->budget == 0)
        return NULL;
    return keylog_each(tls->keylog, KEYLOG_CLIENT_RANDOM, &search->place, NULL);
}

bool master_next(struct tls *tls, struct master_search *search, uint8_t master[MASTER])
{
    while (search->step < STEP_END) {
        const struct keylog_secret *secret = next_secret(tls, search);
        if (!secret) {
            search->step++;
            search->place = 0;
            continue;
        }
        if (search->step == STEP_RSA || search->step == STEP_PREMASTER) {
            if (make_master(tls, secret, master))
                return true;
        } else if (secret->length == MASTER) {
            memcpy(master, secret->octets, MASTER);
            return true;
        }
    }
    return false;
}

static bool has(const struct tls *tls, enum keylog_label label, struct bytes id)
{
    size_t place = 0;
    return keylog_find(tls->keylog, label, id, &place);
}

bool secrets_have_traffic(const struct tls *tls, enum side side)
{
    return has(tls, side == SIDE_CLIENT ? KEYLOG_CLIENT_TRAFFIC : KEYLOG_SERVER_TRAFFIC,
               bytes_of(tls->client_random, TLS_RANDOM));
}

bool secrets_have_entry(const struct tls *tls, enum side side)
{
    const struct bytes random = bytes_of(tls->client_random, TLS_RANDOM);
    if (tls->facts.version < VERSION_13)
        return has(tls, KEYLOG_CLIENT_RANDOM, random) || has(tls, KEYLOG_PMS, random) ||
               (tls->premaster_id_known &&
                has(tls, KEYLOG_RSA, bytes_of(tls->premaster_id, sizeof tls->premaster_id)));
    return secrets_have_traffic(tls, side) ||
           has(tls, side == SIDE_CLIENT ? KEYLOG_CLIENT_HANDSHAKE : KEYLOG_SERVER_HANDSHAKE,
               random);
}

void keys_of_master(const struct tls *tls, enum side side, const uint8_t master[MASTER],
                    struct tls_keys *out)
{
    const struct tls_key_sizes sizes = tls_key_sizes(&tls->suite, tls->facts.version);
    uint8_t seed[2 * TLS_RANDOM], block[2 * sizeof *out];
    put_randoms(seed, tls->server_random, tls->client_random);
    const size_t length = 2u * (sizes.mac + sizes.key + sizes.iv);
    tls_prf(prf_of(tls), bytes_of(master, MASTER), "key expansion", bytes_of(seed, sizeof seed),
            block, length);
    const uint8_t *at = block;
    *out = (struct tls_keys){0};
    memcpy(out->mac, at + side * sizes.mac, sizes.mac);
    at += 2 * sizes.mac;
    memcpy(out->key, at + side * sizes.key, sizes.key);
    at += 2 * sizes.key;
    memcpy(out->iv, at + side * sizes.iv, sizes.iv);
    explicit_bzero(block, sizeof block);
}

void keys_of_secret(const struct tls_suite *suite, const uint8_t *secret, struct tls_keys *out)
{
    const struct tls_key_sizes sizes = tls_key_sizes(suite, VERSION_13);
    const struct bytes from = bytes_of(secret, tls_hash_length(suite->prf));
    *out = (struct tls_keys){0};
    tls_expand_label(suite->prf, from, "key", out->key, sizes.key);
    tls_expand_label(suite->prf, from, "iv", out->iv, sizes.iv);
}
