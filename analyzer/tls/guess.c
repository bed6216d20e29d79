/* SPDX-License-Identifier: ISC */
/* Sessions of which a hello was not captured: it lies in a hole, or the capture began later. What
 * the hellos would have told is supposed then, out of what the key log has; the tag or the MAC of a
 * record proves it. Up to TLS 1.2 the server's hello is needed, since keys depend on its random. */
#include "guess.h"

#include "heloscope/base/limits.h"

enum {
    AHEAD_LEAST = 16,
    PHASES = 2,
};

/* Those of TLS 1.3 by the length of their secrets (RFC 8446 appendix B.4). */
static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0x1304, 0x1305};

bool guess_may_help(const struct tls *tls, enum side side)
{
    return tls->keylog && !(tls->client_hello && tls->server_hello) &&
           tls->half[side].sealed < GUESS_RECORDS && tls->budget > TLS_TRIALS / 2;
}

bool guess_is_due(const struct tls *tls, enum side side)
{
    const struct half *server = &tls->half[SIDE_SERVER];
    return guess_may_help(tls, side) &&
           (!tls->client_hello || side == SIDE_SERVER || server->lost || server->sealed);
}

static enum keylog_label label_of(const struct tls *tls, enum side side)
{
    if (tls->server_hello && tls->facts.version < VERSION_13)
        return KEYLOG_CLIENT_RANDOM;
    return side == SIDE_CLIENT ? KEYLOG_CLIENT_TRAFFIC : KEYLOG_SERVER_TRAFFIC;
}

void guess_begin(struct tls *tls, enum side side, struct guess *guess)
{
    size_t entries = tls->client_hello ? 1 : keylog_count(tls->keylog);
    *guess = (struct guess){.label = label_of(tls, side),
                            .suite = tls->suite,
                            .version = tls->facts.version,
                            .suite_known = tls->suite_known,
                            .midway = !tls->half[side].lost &&
                                      (!tls->client_hello || side == SIDE_SERVER)};
    memcpy(guess->client_random, tls->client_random, TLS_RANDOM);
    entries = entries < GUESS_ENTRIES ? entries + 1 : GUESS_ENTRIES;
    const size_t ahead = TLS_TRIALS / 2 / (entries * PHASES * (sizeof suites / sizeof *suites));
    guess->ahead = ahead < AHEAD_LEAST        ? AHEAD_LEAST
                   : ahead > TLS_LOST_RECORDS ? TLS_LOST_RECORDS
                                              : (uint32_t)ahead;
}

/* The next entry of the key log that may be this session's. */
static bool next_entry(struct tls *tls, struct guess *guess)
{
    struct bytes id = bytes_of(tls->client_random, TLS_RANDOM);
    const struct keylog_secret *secret =
        tls->client_hello ? keylog_find(tls->keylog, guess->label, id, &guess->place)
                          : keylog_each(tls->keylog, guess->label, &guess->place, &id);
    if (!secret || guess->entries++ >= GUESS_ENTRIES)
        return false;
    guess->length = id.len == TLS_RANDOM ? secret->length : 0;
    if (guess->length)
        memmove(tls->client_random, id.at, TLS_RANDOM);
    return true;
}

bool guess_next(struct tls *tls, struct guess *guess)
{
    const size_t count = sizeof suites / sizeof *suites;
    if (guess->suite_known || guess->label == KEYLOG_CLIENT_RANDOM)
        return guess->suite_known && next_entry(tls, guess);
    for (;;) {
        while (guess->entries && guess->next_suite < count)
            if (tls_suite_read(suites[guess->next_suite++], &tls->suite) &&
                tls_hash_length(tls->suite.prf) == guess->length) {
                tls->suite_known = true;
                tls->facts.version = VERSION_13;
                return true;
            }
        guess->next_suite = 0;
        if (!next_entry(tls, guess))
            return false;
    }
}

void guess_fails(struct tls *tls, const struct guess *guess)
{
    tls->suite = guess->suite;
    tls->suite_known = guess->suite_known;
    tls->facts.version = guess->version;
    memcpy(tls->client_random, guess->client_random, TLS_RANDOM);
}

void guess_holds(struct tls *tls, const struct guess *guess)
{
    tls->client_hello = tls->server_hello = true;
    tls->midway = guess->midway;
    tls->facts.agreed = tls->facts.guessed = true;
    tls->facts.suite = tls->suite.number;
}
