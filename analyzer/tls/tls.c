/* SPDX-License-Identifier: ISC */
/* A TLS session that is read along: from records to what each tells. records.c finds them, behind
 * lost octets too; unseal.c opens them. */
#include <stdlib.h>

#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"
#include "guess.h"
#include "records.h"
#include "state.h"

enum {
    CHAINED_RECORDS = 3,    /* of TLS 1.0: the first behind a hole has but the next one's IV */
    HANDSHAKE_RECORDS = 256 /* of TLS 1.3, of one side, before its first of application data */
};

struct tls *tls_new(const struct keylog *keylog)
{
    struct tls *tls = memory_get(sizeof *tls);
    tls->keylog = keylog;
    tls->budget = TLS_TRIALS;
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    for (int side = 0; side < 2; side++) {
        tls_cipher_free(tls->half[side].cipher);
        free(tls->half[side].held);
        free(tls->half[side].message);
    }
    free(tls->transcript);
    explicit_bzero(tls, sizeof *tls);
    free(tls);
}

const struct tls_facts *tls_facts(const struct tls *tls)
{
    return &tls->facts;
}

void tls_count(struct tls *tls, enum side side, size_t octets, const struct mark *mark)
{
    struct tls_facts *facts = &tls->facts;
    const int64_t idle_us = tls->last_us ? mark->ts_us - tls->last_us : 0;
    facts->records[side]++;
    facts->octets[side] += octets;
    if (idle_us > facts->idle_us)
        facts->idle_us = idle_us;
    if (mark->ts_us > tls->last_us)
        tls->last_us = mark->ts_us;
}

/* ----------------------------------------------------------------------- what waits
 */

/* Those of TLS 1.3 are written line by line. */
static bool secrets_are_complete(const struct tls *tls)
{
    return tls->facts.version < VERSION_13
               ? secrets_have_entry(tls, SIDE_CLIENT)
               : secrets_have_traffic(tls, SIDE_CLIENT) && secrets_have_traffic(tls, SIDE_SERVER);
}

bool tls_waits(const struct tls *tls, enum side side)
{
    const struct half *client = &tls->half[SIDE_CLIENT], *server = &tls->half[SIDE_SERVER];
    if (tls->no_more || !tls->keylog)
        return false;
    if (tls->server_hello && keylog_may_grow(tls->keylog) && !secrets_are_complete(tls))
        return true;
    if (side == SIDE_SERVER)
        return !tls->client_hello && !client->lost && !tls->facts.records[SIDE_CLIENT];
    if (tls->client_hello && !tls->server_hello && !tls->facts.records[SIDE_SERVER] &&
        !server->lost)
        return true; /* nothing but early data comes before the server's hello */
    return tls->early_offered && !tls->facts.retried && !tls->early_refused &&
           !tls->extensions_seen && !server->sealed && !server->lost &&
           !(tls->server_hello && !tls->facts.resumed);
}

void tls_wait_no_more(struct tls *tls)
{
    tls->no_more = true;
}

uint64_t tls_whole_up_to(const struct tls *tls, enum side side, uint64_t offset)
{
    const struct half *half = &tls->half[side];
    const uint32_t kept = half->whole_count < SPANS_KEPT ? half->whole_count : SPANS_KEPT;
    for (uint32_t i = 1; i <= kept; i++) {
        const uint64_t end = half->whole[(half->whole_count - i) % SPANS_KEPT];
        if (end <= offset)
            return end;
    }
    return offset;
}

/* ----------------------------------------------------------------------- one record
 */

static struct tls_news news_of(const struct half *half, enum side side, const struct record *record)
{
    return (struct tls_news){.side = side,
                             .start = record->start,
                             .end = record->start + RECORD_HEAD + record->body.len,
                             .mark = half->held_mark};
}

static void note_alert(struct tls *tls, struct tls_alert alert)
{
    alert.early = !tls->facts.told[SIDE_SERVER];
    if (tls->facts.alert_count < TLS_ALERTS_KEPT)
        tls->facts.alerts[tls->facts.alert_count++] = alert;
}

static void take_content(struct tls *tls, enum side side, uint8_t type, struct bytes text,
                         const struct tls_news *about)
{
    struct half *half = &tls->half[side];
    switch (type) {
    case TLS_CONTENT_HANDSHAKE:
        messages_take(tls, side, text, about);
        break;
    case TLS_CONTENT_CHANGE:
        if (tls->facts.version < VERSION_13 && tls->server_hello) {
            half->changing = true;
            half->sequence = 0;
            if (side == SIDE_SERVER && !tls->certificate_seen && tls->session_offered)
                tls->facts.resumed = true;
        }
        break;
    case TLS_CONTENT_ALERT:
        if (text.len != 2)
            break;
        note_alert(
            tls, (struct tls_alert){.level = text.at[0], .description = text.at[1], .side = side});
        tls->facts.closed[side] |= !text.at[1];
        tls_tell_about(tls, TLS_NEWS_ALERT, about, text);
        break;
    case TLS_CONTENT_DATA:
        tls->facts.told[side] |= text.len != 0;
        tls_tell_about(tls, TLS_NEWS_DATA, about, text);
        break;
    default:
        break;
    }
}

/* Behind the record that says so, other keys are in force. */
static void change_keys(struct half *half, bool tls13)
{
    if (tls13 && half->updated && half->cipher)
        half_next_keys(half);
    else if (tls13 && half->finished && half->cipher && half->phase < PHASE_APPLICATION)
        half_enter(half, half->phase + 1);
    half->updated = half->finished = false;
}

static void tell_hole(struct tls *tls, enum side side, uint64_t end, int64_t records)
{
    struct half *half = &tls->half[side];
    struct tls_news *news = tls_tell(tls, TLS_NEWS_HOLE);
    const uint64_t octets = end - half->lost_from;
    const struct tls_suite *suite = &half->suite;
    const bool tls13 = tls->facts.version >= VERSION_13;
    const uint64_t each = RECORD_HEAD + suite->tag + (tls13 ? 1u : 0) +
                          (!tls13 && suite->mode != TLS_MODE_POLY1305 ? 8u : 0);
    news->start = half->lost_from;
    news->side = side;
    news->end = end;
    news->records = (uint64_t)records;
    news->mark = half->lost_mark;
    news->sealed = true;
    news->lost = octets;
    news->lost_is_exact = suite->tag && records && octets >= each * (uint64_t)records;
    if (news->lost_is_exact)
        news->lost -= each * (uint64_t)records;
    half->whole[half->whole_count++ % SPANS_KEPT] = end; /* who has acknowledged it had it all */
    half->told = true;
}

/* What the other side says next may depend on it. */
void tls_tell_hole(struct tls *tls, enum side side)
{
    struct half *half = &tls->half[side];
    if (half->lost && !half->told && tls->facts.open[side])
        tell_hole(tls, side, half->lost_to, 0);
}

static void end_hole(struct half *half)
{
    half->lost = half->adrift = half->told = false;
}

static void note_whole(struct half *half, uint64_t end)
{
    half->whole[half->whole_count++ % SPANS_KEPT] = end;
}

/* Where the key log has no secret of the handshake, what comes behind it may be read all the same.
 */
static bool may_still_open(const struct tls *tls, enum side side)
{
    return tls->keylog && tls->facts.version >= VERSION_13 && tls->server_hello &&
           tls->half[side].sealed < HANDSHAKE_RECORDS && secrets_have_traffic(tls, side);
}

void tls_end(struct tls *tls)
{
    for (int side = 0; side < 2; side++) {
        struct half *half = &tls->half[side];
        tls_tell_hole(tls, (enum side)side);
        if (!tls->said && half->sealed && !tls->facts.open[SIDE_CLIENT] &&
            !tls->facts.open[SIDE_SERVER]) {
            struct tls_news *news = tls_tell(tls, TLS_NEWS_SECRET);
            news->side = side;
            news->mark = half->held_mark;
            news->verdict = verdict_of(tls, side);
            tls->said = true;
        }
    }
}

void tls_held_mark(const struct tls *tls, enum side side, struct mark *mark)
{
    if (tls->half[side].held_length)
        *mark = tls->half[side].held_mark;
}

static bool is_chained(const struct tls *tls)
{
    return tls->facts.version <= VERSION_10 && tls->suite_known && tls->suite.mode == TLS_MODE_CBC;
}

/* Why it cannot be read is said once. */
static void give_up(struct tls *tls, enum side side, const struct tls_news *about)
{
    struct half *half = &tls->half[side];
    if (may_still_open(tls, side) || guess_may_help(tls, side) ||
        (tls->keylog && is_chained(tls) && half->sealed < CHAINED_RECORDS))
        return;
    half->hopeless = true;
    half->tried = tls->keylog ? keylog_count(tls->keylog) : 0;
    if (!tls->said)
        tls_tell_about(tls, TLS_NEWS_SECRET, about, bytes_of(NULL, 0))->verdict =
            verdict_of(tls, side);
    tls->said = true;
}

/* A damaged record is as good as lost. */
static void begin_hole(struct half *half, const struct record *record, const struct mark *mark)
{
    half->lost = true;
    half->lost_from = record->start;
    half->lost_to = record->start + RECORD_HEAD + record->body.len;
    half->lost_mark = *mark;
}

/* Early data that the server has refused is noise (RFC 8446 section 4.2.10). */
static bool is_refused_early_data(const struct tls *tls, enum side side)
{
    return side == SIDE_CLIENT && (tls->early_offered || tls->facts.retried) &&
           tls->half[side].phase <= PHASE_HANDSHAKE && !tls->half[side].cipher;
}

/* At most so many records, of which the smallest takes 22 octets, lie in what is lost. */
static uint32_t records_ahead(const struct tls *tls, const struct half *half, uint64_t start)
{
    if (tls->midway && !half->cipher)
        return TLS_LOST_RECORDS;
    const uint64_t most = half->lost ? (start - half->lost_from) / 22 + 1 : 0;
    return most < TLS_LOST_RECORDS ? (uint32_t)most : TLS_LOST_RECORDS;
}

void tls_note_unread(struct tls *tls, enum side side, size_t octets)
{
    struct half *half = &tls->half[side];
    const size_t alert = 2 + 1 + (size_t)tls->suite.tag;
    if (side == SIDE_CLIENT && half->sealed == 1 && tls->suite_known && octets == alert &&
        tls->facts.version >= VERSION_13 && !tls->early_offered && !half->lost)
        note_alert(tls, (struct tls_alert){.side = side, .unread = true});
}

void half_keep_tail(const struct tls *tls, struct half *half, struct bytes body, uint64_t end)
{
    if (!is_chained(tls))
        return;
    body = bytes_from(body, body.len > TAIL_KEPT ? body.len - TAIL_KEPT : 0);
    half->tail_length = (uint8_t)body.len;
    half->tail_end = end;
    if (body.len)
        memcpy(half->tail, body.at, body.len);
}

bool record_take(struct tls *tls, enum side side, const struct record *record, uint8_t *scratch)
{
    struct half *half = &tls->half[side];
    struct tls_news about = news_of(half, side, record);
    size_t length = record->body.len;
    uint8_t type = record->head[0];
    if (!is_sealed(tls, side, record)) {
        if (half->adrift && type != TLS_CONTENT_HANDSHAKE)
            return false;
        end_hole(half);
        tls_count(tls, side, length, &about.mark);
        note_whole(half, about.end);
        take_content(tls, side, type, record->body, &about);
        return true;
    }
    half->sealed += half->sealed < UINT32_MAX;
    tls->facts.sealed[side] = true;
    if (!half->adrift)
        tls_count(tls, side, length, &about.mark);
    const size_t sealed_length = length;
    const int64_t lost =
        unseal(tls, side, record, records_ahead(tls, half, record->start), scratch, &length, &type);
    if (lost < 0) {
        if (half->adrift)
            return false;
        tls_note_unread(tls, side, record->body.len);
        if (half->cipher)
            tls_cipher_pass(half->cipher, record->body, about.end);
        else
            half_keep_tail(tls, half, record->body, about.end);
        if (half->lost) /* the CBC of TLS 1.0 cannot prove the first record behind a hole */
            return true;
        if (tls->facts.open[side])
            begin_hole(half, record, &about.mark);
        else if (!is_refused_early_data(tls, side))
            give_up(tls, side, &about);
        return true;
    }
    const bool was_adrift = half->adrift;
    if (half->lost && !half->told)
        tell_hole(tls, side, record->start, lost);
    end_hole(half);
    about.sealed = true;
    if (!tls->facts.open[side])
        tls_tell_about(tls, TLS_NEWS_OPEN, &about, bytes_of(NULL, 0));
    tls->facts.open[side] = true;
    if (was_adrift)
        tls_count(tls, side, sealed_length, &about.mark);
    half->hopeless = false;
    note_whole(half, about.end);
    take_content(tls, side, type, bytes_of(scratch, length), &about);
    change_keys(half, tls->facts.version >= VERSION_13);
    return true;
}
