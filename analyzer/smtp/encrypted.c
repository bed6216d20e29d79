/* SPDX-License-Identifier: ISC */
#include "encrypted.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "heloscope/session/direction.h"
#include "heloscope/session/pending.h"
#include "heloscope/session/tls_row.h"
#include "heloscope/application/tls_hello.h"
#include "heloscope/tls/tls.h"
#include "hole.h"

/* A handshake record; in a session begun midway any record. */
bool tls_begins(struct bytes data, bool midway)
{
    uint8_t type = data.at[0];
    return (type == TLS_HANDSHAKE || (midway && type >= 20 && type <= 23)) &&
           (data.len < 2 || data.at[1] == 3);
}

bool tls_goes_on(struct bytes data)
{
    return tls_begins(data, false) ||
           (data.at[0] == TLS_ALERT && (data.len < 2 || data.at[1] == 3));
}

void tls_comes(struct session *s, enum side side)
{
    s->direction[side].resync = false;
    s->tls.gap[side] = 0; /* what lay in the hole was to be thrown away */
    direction_enter(&s->direction[side], READ_TLS);
}

void tls_does_not_come(struct session *s, enum side side)
{
    if (side == SIDE_CLIENT && s->tls.gap[side])
        hole_in_front(s, side, s->tls.gap[side]);
    direction_enter(&s->direction[side], READ_LINES);
}

/* Without any secret nothing is held, or tried. */
static bool keylog_is_used(const struct keylog *keylog)
{
    return tls_is_built() && keylog && (keylog_count(keylog) || keylog_may_grow(keylog));
}

static struct event *note(struct session *s, const struct tls_news *news, enum side side,
                          struct bytes text)
{
    struct event *e = session_event(s, EVENT_TLS, side, &news->mark, text);
    e->saw = session_seen(s, !side, news->mark.seen);
    return e;
}

static void note_client_hello(struct session *s, const struct tls_news *news)
{
    const struct tls_facts *facts = tls_facts(s->tls.layer);
    const struct bytes name = bytes_of_string(facts->name);
    char version[16];
    bool odd;
    if (news->sealed) {
        note(s, news, SIDE_CLIENT, bytes_of_string("ClientHello: renegotiation"));
        return;
    }
    tls_version_print(facts->version, version);
    s->row.tls_sni = name.len ? arena_printable(&s->own, name, false, &odd) : bytes_of(NULL, 0);
    s->tls.hello = note(s, news, SIDE_CLIENT,
                        arena_print(&s->draft->arena, "ClientHello: up to %s%s%.*s", version,
                                    name.len ? ", server name " : "", (int)s->row.tls_sni.len,
                                    s->row.tls_sni.len ? (const char *)s->row.tls_sni.at : ""))
                       ->seq;
    s->row.tls_version = bytes_of(NULL, 0); /* the server chooses */
}

static void note_server_hello(struct session *s, const struct tls_news *news)
{
    const struct tls_facts *facts = tls_facts(s->tls.layer);
    char version[16], suite[TLS_NAME_ROOM], group[TLS_NAME_ROOM];
    const bool tls13 = facts->version >= 0x0304; /* else it is still open */
    tls_version_print(facts->version, version);
    if (!s->row.tls_version.at)
        s->row.tls_version = arena_copy(&s->own, bytes_of_string(version));
    note(s, news, SIDE_SERVER,
         arena_print(&s->draft->arena, "ServerHello: %s, %s%s%s%s", version,
                     tls_row_suite(facts->suite, suite), facts->group ? ", " : "",
                     tls_row_group(facts->group, group),
                     tls13 && facts->resumed ? ", resumed" : ""));
}

/* A fatal alert in clear text ends the handshake. What follows it on either side, where a record
 * would have to begin, is in clear text again (Exim and others go on so; RFC 3207 section 4.1
 * leaves it to both sides). */
static void note_alert(struct session *s, enum side side, const struct tls_news *news)
{
    enum {
        CLOSE_NOTIFY = 0
    };
    const uint8_t number = news->data.at[1];
    const char *name = tls_alert_name(number), *meaning = tls_alert_meaning(number);
    const bool fatal = tls_alert_is_fatal(news->data);
    if (s->tls.alert || (!fatal && (!news->sealed || number == CLOSE_NOTIFY)))
        return;
    const struct event *e =
        note(s, news, side,
             name ? arena_print(&s->draft->arena, "Alert: %s%s%s%s", name, meaning ? " (" : "",
                                meaning ? meaning : "", meaning ? ")" : "")
                  : arena_print(&s->draft->arena, "Alert: number %u", (unsigned)number));
    if (news->sealed)
        return;
    session_landmark(s, side, news->end, e->seq);
    if (!s->tls.starttls_end) /* TLS from the start has nothing to go back to */
        return;
    s->tls.alert = e->seq;
    order_tls_failed(&s->order, e->seq);
}

/* ----------------------------------------------------------------------- what lies inside
 */

/* Why it is not: said once. Without a key log, or without an entry in it, the summary counts it. */
static void note_verdict(struct session *s, enum side side, const struct tls_news *news)
{
    s->tls.verdict = (uint8_t)news->verdict;
    if (news->verdict == TLS_VERDICT_WRONG)
        note(s, news, side,
             bytes_of_string("the key log has an entry for this session, and it does not decrypt "
                             "it"));
    else if (news->verdict == TLS_VERDICT_SUITE)
        note(s, news, side, bytes_of_string("this cipher suite cannot be decrypted"));
}

/* What one side says will not be read: to the other it is as if the capture lacked it. */
static void miss_other_side(struct session *s, enum side side, const struct tls_news *news,
                            encrypted_sink *sink)
{
    const struct span gap = {.offset = s->direction[side].offset, .mark = news->mark};
    if (!s->tls.missed[side])
        sink(s, side, &gap, bytes_of_string("its records cannot be decrypted"));
    s->tls.missed[side] = true;
}

/* What the two have agreed on, as far as it is known when the first record is read. */
static void note_opening(struct session *s, enum side side, const struct tls_news *news)
{
    const struct tls_facts *facts = tls_facts(s->tls.layer);
    char version[16], suite[TLS_NAME_ROOM], group[TLS_NAME_ROOM];
    tls_version_print(facts->version, version);
    if (!s->row.tls_version.at) /* the server's hello was not captured */
        s->row.tls_version = arena_copy(&s->own, bytes_of_string(version));
    note(s, news, side,
         arena_print(&s->draft->arena, "decrypted: %s, %s%s%s%s%s%s", version,
                     tls_row_suite(facts->suite, suite), facts->group ? ", " : "",
                     tls_row_group(facts->group, group), facts->resumed ? ", resumed" : "",
                     facts->protocol[0] ? ", ALPN " : "", facts->protocol));
}

/* From here on there are lines again. The session inside a TLS from the first octet on begins only
 * now. */
static void open_side(struct session *s, enum side side, const struct tls_news *news)
{
    if (!s->tls.open[SIDE_CLIENT] && !s->tls.open[SIDE_SERVER]) {
        note_opening(s, side, news);
        s->tls.opening = s->tls.hello ? s->tls.hello : s->last_seq;
        order_tls_open(&s->order, s->tls.opening);
        if (s->tls.from_start)
            s->greeted = false;
    }
    s->tls.open[side] = true;
    direction_enter(&s->direction[side], READ_LINES);
    s->direction[side].begin = news->end;
    if (s->tls.gap[side]) /* records of lines may have lain in it */
        hole_in_front(s, side, s->tls.gap[side]);
}

static void read_text(struct session *s, enum side side, const struct tls_news *news,
                      encrypted_sink *sink)
{
    struct direction *direction = &s->direction[side];
    struct span span = {
        .offset = news->end - news->data.len, .data = news->data, .mark = news->mark};
    if (!news->data.len)
        return;
    if (!s->tls.open[!side] && s->tls.verdict)
        miss_other_side(s, !side, news, sink);
    if (s->tls.from_start && !direction->inside)
        direction->begin = span.offset;
    direction->inside = true;
    span.mark.inside = true;
    span.mark.seen = tls_whole_up_to(s->tls.layer, !side, span.mark.seen);
    sink(s, side, &span, bytes_of(NULL, 0));
}

static void read_hole(struct session *s, enum side side, const struct tls_news *news,
                      encrypted_sink *sink)
{
    char text[48] = "";
    const uint64_t gap = news->lost;
    const struct span span = {.offset = news->end - gap,
                              .gap = gap,
                              .unsure = !news->lost_is_exact,
                              .mark = {.ts_us = news->mark.ts_us,
                                       .packet = news->mark.packet,
                                       .seen = news->mark.seen,
                                       .inside = true}};
    if (!s->tls.open[side]) /* it was told when it came */
        return;
    if (news->records)
        snprintf(text, sizeof text, "%" PRIu64 " TLS record%s", news->records,
                 news->records == 1 ? "" : "s");
    sink(s, side, &span, bytes_of_string(text));
}

static void hear(struct session *s, const struct tls_news *news, encrypted_sink *sink)
{
    const enum side side = news->side;
    switch (news->kind) {
    case TLS_NEWS_CLIENT_HELLO:
        note_client_hello(s, news);
        break;
    case TLS_NEWS_SERVER_HELLO:
        note_server_hello(s, news);
        break;
    case TLS_NEWS_OPEN:
        open_side(s, side, news);
        break;
    case TLS_NEWS_DATA:
        read_text(s, side, news, sink);
        break;
    case TLS_NEWS_HOLE:
        read_hole(s, side, news, sink);
        break;
    case TLS_NEWS_ALERT:
        note_alert(s, side, news);
        break;
    case TLS_NEWS_SECRET:
        note_verdict(s, side, news);
        break;
    case TLS_NEWS_LOST:
        if (!s->tls.open[side])
            direction_enter(&s->direction[side], READ_NOTHING);
        break;
    }
}

static void hear_all(struct session *s, encrypted_sink *sink)
{
    struct tls_news news;
    while (tls_next(s->tls.layer, &news))
        hear(s, &news, sink);
    const struct tls_facts *facts = tls_facts(s->tls.layer);
    s->row.tls_records = facts->records[SIDE_CLIENT] + facts->records[SIDE_SERVER];
    for (int side = 0; side < 2; side++)
        s->direction[side].records = facts->records[side];
}

/* ----------------------------------------------------------------------- octets
 */

/* Behind an alert that ended the handshake. */
static bool clear_again(const struct session *s, enum side side, struct bytes data)
{
    return s->tls.alert && data.len && tls_between_records(s->tls.layer, side) &&
           (data.at[0] < TLS_CHANGE_CIPHER_SPEC || data.at[0] > TLS_APPLICATION_DATA);
}

static void take_gap(struct session *s, enum side side, const struct span *span,
                     encrypted_sink *sink)
{
    if (!s->tls.open[side]) {
        sink(s, side, span, bytes_of(NULL, 0));
        direction_enter(&s->direction[side], READ_NOTHING); /* records cannot be counted on */
        s->tls.gap[side] = s->last_seq;
    } else {
        s->row.bytes_missing += span->gap;
    }
    tls_take_gap(s->tls.layer, side, span->offset, span->gap, &span->mark);
}

/* Whether octets of the other side have waited, and go on before those that came at `ts_us`. */
static bool other_goes_first(const struct session *s, enum side side, int64_t ts_us)
{
    const struct queued_span *first = s->tls.waiting[!side].queue;
    return first && first->span.mark.ts_us < ts_us && !tls_waits(s->tls.layer, !side);
}

static void take_now(struct session *s, enum side side, const struct span *span,
                     encrypted_sink *sink)
{
    uint8_t scratch[TLS_SCRATCH];
    struct bytes data = span->data;
    uint64_t offset = span->offset;
    if (side == SIDE_SERVER) { /* its replies may be to commands in the hole */
        tls_tell_hole(s->tls.layer, SIDE_CLIENT);
        hear_all(s, sink);
    }
    if (!data.at) {
        take_gap(s, side, span, sink);
        return;
    }
    if (s->direction[side].reading == READ_NOTHING && !keylog_is_used(s->keylog))
        return;
    while (data.len || tls_more(s->tls.layer, side)) {
        if (clear_again(s, side, data)) {
            const struct span clear = {.offset = offset, .data = data, .mark = span->mark};
            s->direction[side].sealed = false;
            direction_enter(&s->direction[side], READ_LINES);
            sink(s, side, &clear, bytes_of(NULL, 0));
            return;
        }
        const size_t n = tls_take(s->tls.layer, side, data, offset, &span->mark, scratch);
        data = bytes_from(data, n);
        offset += n;
        if (!s->tls.open[side])
            s->direction[side].offset = offset;
        hear_all(s, sink);
        if (data.len &&
            (tls_waits(s->tls.layer, side) || other_goes_first(s, side, span->mark.ts_us))) {
            const struct span rest = {.offset = offset, .data = data, .mark = span->mark};
            direction_enqueue_first(&s->tls.waiting[side], &rest); /* others wait already */
            return;
        }
    }
}

/* The side whose octets go on first, in the order in which they came; NULL = all wait, or there are
 * none. */
static struct direction *next_waiting(struct session *s, enum side *side)
{
    struct direction *next = NULL;
    for (int i = 0; i < 2; i++) {
        struct direction *waiting = &s->tls.waiting[i];
        if (!waiting->queue || tls_waits(s->tls.layer, (enum side)i) ||
            (next && waiting->queue->span.mark.ts_us >= next->queue->span.mark.ts_us))
            continue;
        next = waiting;
        *side = (enum side)i;
    }
    return next;
}

/* Returns whether anything went on. */
static bool go_on(struct session *s, encrypted_sink *sink)
{
    struct direction *waiting;
    enum side side;
    bool any = false;
    while ((waiting = next_waiting(s, &side))) {
        struct queued_span *q = direction_dequeue(waiting);
        take_now(s, side, &q->span, sink);
        free(q);
        any = true;
    }
    return any;
}

/* How long the oldest octets that wait have done so. */
static bool waits_too_long(const struct session *s, int64_t now_us)
{
    for (int side = 0; side < 2; side++) {
        const struct queued_span *first = s->tls.waiting[side].queue;
        if (first && now_us - first->span.mark.ts_us > TLS_WAIT_US)
            return true;
    }
    return false;
}

bool encrypted_poll(struct session *s, int64_t now_us, encrypted_sink *sink)
{
    if (waits_too_long(s, now_us))
        tls_wait_no_more(s->tls.layer);
    return go_on(s, sink);
}

void encrypted_take(struct session *s, enum side side, const struct span *span,
                    encrypted_sink *sink)
{
    s->direction[side].sealed = true;
    if (!s->tls.layer)
        s->tls.layer = tls_new(keylog_is_used(s->keylog) ? s->keylog : NULL);
    if (s->tls.waiting[side].queue || tls_waits(s->tls.layer, side)) {
        direction_enqueue(&s->tls.waiting[side], span);
        if (direction_waits(&s->tls.waiting[side]) > TLS_WAIT_LIMIT || !span->data.at ||
            waits_too_long(s, span->mark.ts_us))
            tls_wait_no_more(s->tls.layer);
        go_on(s, sink);
        return;
    }
    take_now(s, side, span, sink);
    go_on(s, sink);
}

void encrypted_end(struct session *s, encrypted_sink *sink)
{
    if (!s->tls.layer)
        return;
    if (s->tls.waiting[SIDE_CLIENT].queue || s->tls.waiting[SIDE_SERVER].queue) {
        keylog_poll(s->keylog); /* a session can be over before it is looked at again */
        go_on(s, sink);
    }
    tls_wait_no_more(s->tls.layer);
    go_on(s, sink);
    tls_end(s->tls.layer);
    hear_all(s, sink);
}

/* A SASL security layer: octets behind a length of four (RFC 4422 section 3.7). What follows is
 * opaque. */
void sasl_layer_begin(struct session *s, enum side side, const struct mark *mark)
{
    struct event *e =
        session_event(s, EVENT_TLS, side, mark, bytes_of_string("SASL security layer"));
    e->saw = session_seen(s, !side, mark->seen);
    direction_enter(&s->direction[SIDE_CLIENT], READ_NOTHING);
    direction_enter(&s->direction[SIDE_SERVER], READ_NOTHING);
}
