/* SPDX-License-Identifier: ISC */
#include "heloscope/session/chapter_log.h"

#include <stdlib.h>

/* What comes next in the log. Of an event the number holds more: what it has, and its kind. */
enum tag {
    TAG_EVENT,
    TAG_VIOLATION,
    TAG_DIAGNOSIS,
    TAG_TRANSACTION,
};

enum {
    TAG_BITS = 2
};

/* What an event has, in the number that it begins with: a bit each, above the tag. What most have
 * is lowest, so that most of these numbers take two octets at most. */
enum event_has {
    HAS_SIDE = 1 << 0, /* it is the server's */
    HAS_TEXT = 1 << 1,
    HAS_SAW = 1 << 2,
    HAS_ANSWERS = 1 << 3,
    HAS_CODE = 1 << 4,
    HAS_VERB = 1 << 5,
    HAS_ENHANCED = 1 << 6,
    HAS_NOTES = 1 << 7,
    HAS_BYTES = 1 << 8,
    HAS_PHRASE = 1 << 9, /* in the place of a text */
};

enum {
    HAS_BITS = 10
};

/* ------------------------------------------------------------------------------------- one event
 */

static unsigned what_it_has(const struct event *e)
{
    return (e->side == SIDE_SERVER ? HAS_SIDE : 0) | (e->text.at ? HAS_TEXT : 0) |
           (e->saw ? HAS_SAW : 0) | (e->answers ? HAS_ANSWERS : 0) | (e->code ? HAS_CODE : 0) |
           (e->verb ? HAS_VERB : 0) | (e->enhanced.at ? HAS_ENHANCED : 0) |
           (e->notes ? HAS_NOTES : 0) | (e->has_bytes || e->bytes ? HAS_BYTES : 0);
}

static void pack_event(struct packer *p, const struct event *e, struct log_place *place,
                       struct interned_texts *interned_texts)
{
    const uint32_t phrase = interned_number(interned_texts, e->text);
    const unsigned has = what_it_has(e) ^ (phrase ? HAS_TEXT | HAS_PHRASE : 0);
    pack_number(p, (uint64_t)((unsigned)e->kind << HAS_BITS | has) << TAG_BITS | TAG_EVENT);
    pack_step(p, e->seq, &place->seq);
    pack_step(p, (uint64_t)e->ts_us, &place->ts_us);
    pack_step(p, e->packet, &place->packet);
    if (has & HAS_TEXT)
        pack_bytes(p, e->text);
    if (has & HAS_PHRASE)
        pack_number(p, phrase);
    if (has & HAS_SAW)
        pack_number(p, e->saw);
    if (has & HAS_ANSWERS)
        pack_number(p, e->answers);
    if (has & HAS_CODE)
        pack_number(p, (uint64_t)e->code);
    if (has & HAS_VERB)
        pack_pointer(p, e->verb);
    if (has & HAS_ENHANCED)
        pack_bytes(p, e->enhanced);
    if (has & HAS_NOTES)
        pack_number(p, e->notes);
    if (has & HAS_BYTES)
        pack_number(p, e->bytes << 1 | e->has_bytes);
}

static struct event *unpack_event(struct bytes *from, unsigned head, struct log_place *place,
                                  struct arena *arena, const struct interned_texts *interned_texts)
{
    struct event *e = arena_get(arena, sizeof *e);
    e->kind = (enum event_kind)(head >> HAS_BITS);
    e->side = head & HAS_SIDE ? SIDE_SERVER : SIDE_CLIENT;
    e->seq = (event_no)unpack_step(from, &place->seq);
    e->ts_us = (int64_t)unpack_step(from, &place->ts_us);
    e->packet = unpack_step(from, &place->packet);
    if (head & HAS_TEXT)
        e->text = unpack_bytes(from);
    if (head & HAS_PHRASE)
        e->text = interned_text(interned_texts, (uint32_t)unpack_number(from));
    if (head & HAS_SAW)
        e->saw = (event_no)unpack_number(from);
    if (head & HAS_ANSWERS)
        e->answers = (event_no)unpack_number(from);
    if (head & HAS_CODE)
        e->code = (int)unpack_number(from);
    if (head & HAS_VERB)
        e->verb = unpack_pointer(from);
    if (head & HAS_ENHANCED)
        e->enhanced = unpack_bytes(from);
    if (head & HAS_NOTES)
        e->notes = (unsigned)unpack_number(from);
    if (head & HAS_BYTES) {
        const uint64_t bytes = unpack_number(from);
        e->bytes = bytes >> 1;
        e->has_bytes = bytes & 1;
    }
    return e;
}

/* ------------------------------------------------------------------------------------ one finding
 */

static void pack_violation(struct packer *p, const struct violation *v)
{
    pack_number(p, TAG_VIOLATION);
    pack_number(p, v->seq);
    pack_pointer(p, v->rule);
    pack_number(p, v->tolerated);
}

static struct violation *unpack_violation(struct bytes *from, struct arena *arena)
{
    struct violation *v = arena_get(arena, sizeof *v);
    v->seq = (event_no)unpack_number(from);
    v->rule = unpack_pointer(from);
    v->tolerated = unpack_number(from);
    return v;
}

static void pack_diagnosis(struct packer *p, const struct diagnosis *d)
{
    struct diagnosis plain = *d;
    plain.next = NULL;
    plain.explanation = plain.advice = bytes_of(NULL, 0);
    plain.related = NULL;
    pack_number(p, TAG_DIAGNOSIS);
    pack_words(p, &plain, sizeof plain);
    pack_bytes(p, d->explanation);
    pack_bytes(p, d->advice);
    for (const struct related *r = d->related; r; r = r->next) {
        pack_number(p, (uint64_t)r->role + 1);
        pack_number(p, r->seq);
    }
    pack_number(p, 0);
}

static struct diagnosis *unpack_diagnosis(struct bytes *from, struct arena *arena)
{
    struct diagnosis *d = arena_get(arena, sizeof *d);
    unpack_words(from, d, sizeof *d);
    d->explanation = unpack_bytes(from);
    d->advice = unpack_bytes(from);
    struct related **tail = &d->related;
    for (uint64_t role; (role = unpack_number(from)); tail = &(*tail)->next) {
        *tail = arena_get(arena, sizeof **tail);
        (*tail)->role = (enum role)(role - 1);
        (*tail)->seq = (event_no)unpack_number(from);
    }
    return d;
}

/* -------------------------------------------------------------------------------- one transaction
 */

void transaction_pack(struct packer *p, const struct transaction *t)
{
    struct transaction plain = *t;
    plain.next = NULL;
    plain.mail_from = plain.queue_id = plain.message_id = bytes_of(NULL, 0);
    plain.recipient_list = NULL;
    pack_words(p, &plain, sizeof plain);
    pack_bytes(p, t->mail_from);
    pack_bytes(p, t->queue_id);
    pack_bytes(p, t->message_id);
    for (const struct recipient *r = t->recipient_list; r; r = r->next) {
        pack_number(p, (uint64_t)r->command + 1);
        pack_number(p, r->reply);
        pack_number(p, (uint64_t)r->code);
        pack_bytes(p, r->address);
    }
    pack_number(p, 0);
}

struct transaction *transaction_unpack(struct bytes *from, struct arena *arena,
                                       struct recipient **last_recipient)
{
    struct transaction *t = arena_get(arena, sizeof *t);
    unpack_words(from, t, sizeof *t);
    t->mail_from = unpack_bytes(from);
    t->queue_id = unpack_bytes(from);
    t->message_id = unpack_bytes(from);
    *last_recipient = NULL;
    struct recipient **tail = &t->recipient_list;
    for (uint64_t command; (command = unpack_number(from)); tail = &(*tail)->next) {
        struct recipient *r = *last_recipient = *tail = arena_get(arena, sizeof *r);
        r->command = (event_no)(command - 1);
        r->reply = (event_no)unpack_number(from);
        r->code = (int)unpack_number(from);
        r->address = unpack_bytes(from);
    }
    return t;
}

/* ------------------------------------------------------------------------------------- a chapter
 */

void chapter_pack(struct packer *packer, const struct chapter *chapter, struct log_place *place,
                  struct interned_texts *interned_texts)
{
    for (const struct event *e = chapter->events; e; e = e->next)
        pack_event(packer, e, place, interned_texts);
    for (const struct violation *v = chapter->violations; v; v = v->next)
        pack_violation(packer, v);
    for (const struct diagnosis *d = chapter->diagnoses; d; d = d->next)
        pack_diagnosis(packer, d);
    for (const struct transaction *t = chapter->transactions; t; t = t->next) {
        pack_number(packer, TAG_TRANSACTION);
        transaction_pack(packer, t);
    }
}

void chapter_unpack(struct bytes log, struct chapter *chapter, struct arena *arena,
                    const struct interned_texts *interned_texts)
{
    const struct chapter later = *chapter;
    struct event **events = &chapter->events;
    struct violation **violations = &chapter->violations;
    struct diagnosis **diagnoses = &chapter->diagnoses;
    struct transaction **transactions = &chapter->transactions;
    struct log_place place = {0, 0, 0};
    struct recipient *last;
    while (log.len) {
        const unsigned head = (unsigned)unpack_number(&log);
        switch ((enum tag)(head & ((1 << TAG_BITS) - 1))) {
        case TAG_EVENT:
            *events = unpack_event(&log, head >> TAG_BITS, &place, arena, interned_texts);
            events = &(*events)->next;
            break;
        case TAG_VIOLATION:
            *violations = unpack_violation(&log, arena);
            violations = &(*violations)->next;
            break;
        case TAG_DIAGNOSIS:
            *diagnoses = unpack_diagnosis(&log, arena);
            diagnoses = &(*diagnoses)->next;
            break;
        case TAG_TRANSACTION:
            *transactions = transaction_unpack(&log, arena, &last);
            transactions = &(*transactions)->next;
            break;
        }
    }
    *events = later.events;
    *violations = later.violations;
    *diagnoses = later.diagnoses;
    *transactions = later.transactions;
}

/* ------------------------------------------------------------------------------------- the log */

enum {
    PIECE_OCTETS = 112 /* with what malloc() keeps beside it, two cache lines */
};

struct log_piece {
    struct log_piece *next;
    uint8_t octets[PIECE_OCTETS];
};

void chapter_log_append(struct chapter_log *log, struct bytes more)
{
    while (more.len) {
        const uint32_t used = log->length % PIECE_OCTETS;
        if (!used) { /* none yet, or the last is full */
            struct log_piece *piece = memory_resize(NULL, sizeof *piece);
            piece->next = NULL;
            *(log->last ? &log->last->next : &log->first) = piece;
            log->last = piece;
        }
        const struct bytes part = bytes_first(more, PIECE_OCTETS - used);
        memcpy(log->last->octets + used, part.at, part.len);
        log->length += (uint32_t)part.len;
        more = bytes_from(more, part.len);
    }
}

void chapter_log_free(struct chapter_log *log)
{
    while (log->first) {
        struct log_piece *piece = log->first;
        log->first = piece->next;
        free(piece);
    }
    *log = (struct chapter_log){0};
}

struct bytes chapter_log_join(const struct chapter_log *log, struct arena *arena)
{
    uint8_t *all = arena_get(arena, log->length + PACK_SPARE);
    uint32_t at = 0;
    for (const struct log_piece *piece = log->first; piece; piece = piece->next) {
        const uint32_t left = log->length - at, part = left < PIECE_OCTETS ? left : PIECE_OCTETS;
        memcpy(all + at, piece->octets, part);
        at += part;
    }
    return bytes_of(all, log->length);
}
