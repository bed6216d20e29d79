/* SPDX-License-Identifier: ISC */
#include "heloscope/session/frozen.h"

#include <stdlib.h>

#include "heloscope/session/pending.h"

enum {
    OWN_TEXTS = 9,
    /* What is more than this stays as it is: to pack it for every packet would cost more than all
     * else that is done with the packet. */
    PENDING_PACKED = 8,
    RECIPIENTS_PACKED = 32,
    LANDMARKS_PACKED = 32,
};

/* The texts that live in the session's own memory. */
static void own_texts(struct session *s, struct bytes *texts[OWN_TEXTS])
{
    struct bytes *all[OWN_TEXTS] = {
        &s->row.helo,
        &s->row.server_name,
        &s->row.tls_version,
        &s->row.tls_sni,
        &s->row.auth_mechanism,
        &s->row.auth_outcome,
        &s->identify.server.version,
        &s->identify.client.version,
        &s->identify.program,
    };
    memcpy(texts, all, sizeof all);
}

/* Whether so much is alive that it stays in its chapter. */
static bool much_is_alive(const struct session *s)
{
    return s->ring.count > PENDING_PACKED ||
           (s->transaction && s->recipients_kept > RECIPIENTS_PACKED);
}

/* --------------------------------------------------------------------------------------- to rest
 */

static void pack_own(struct packer *packer, struct session *s)
{
    struct bytes *texts[OWN_TEXTS];
    own_texts(s, texts);
    for (int i = 0; i < OWN_TEXTS; i++)
        pack_bytes(packer, *texts[i]);
}

static void pack_landmarks(struct packer *packer, const struct session *s)
{
    for (int side = 0; side < 2; side++) {
        const struct landmarks *ends = &s->ends[side];
        for (uint32_t i = 0; ends->count <= LANDMARKS_PACKED && i < ends->count; i++) {
            pack_number(packer, ends->at[i].end);
            pack_number(packer, ends->at[i].seq);
        }
    }
}

/* What lives in the chapter and is not over. */
static void pack_alive(struct packer *packer, struct session *s)
{
    for (uint32_t i = 0; i < s->ring.count; i++) {
        struct pending pending = *pending_at(s, i);
        const struct bytes path = pending.path, text = pending.text;
        pending.path = pending.text = bytes_of(NULL, 0);
        pack_words(packer, &pending, sizeof pending);
        pack_bytes(packer, path);
        pack_bytes(packer, text);
    }
    if (s->transaction)
        transaction_pack(packer, s->transaction);
}

static void strip_alive(struct session *s)
{
    draft_free(s->draft);
    s->draft = NULL;
    free(s->ring.at);
    s->ring.at = NULL;
    s->ring.first = s->ring.size = 0;
    s->recipients_tail = NULL;
}

/* What is left when its parts are packed: fields without pointers to what is freed here. A buffer
 * in which something stands stays where it is. */
static void strip(struct session *s)
{
    struct bytes *texts[OWN_TEXTS];
    own_texts(s, texts);
    for (int i = 0; i < OWN_TEXTS; i++)
        *texts[i] = bytes_of(NULL, 0);
    arena_free(&s->own);
    if (much_is_alive(s))
        session_empty_draft(s);
    else
        strip_alive(s);
    s->log = (struct chapter_log){0};
    s->interned_texts = NULL;
    for (int side = 0; side < 2; side++) {
        struct direction *direction = &s->direction[side];
        struct landmarks *ends = &s->ends[side];
        if (ends->count <= LANDMARKS_PACKED) {
            free(ends->at);
            ends->at = NULL;
            ends->size = 0;
        }
        if (!direction->held_length) {
            free(direction->held);
            direction->held = NULL;
            direction->held_size = 0;
            if (!direction->skipped)
                direction->held_mark = (struct mark){0};
        }
    }
    if (!s->reply.length && !s->reply.lines) {
        free(s->reply.text);
        s->reply = (struct reply_building){.mark = s->reply.mark}; /* when it last spoke */
    }
    s->identify.server.memo = s->identify.client.memo = NULL;
}

/* Adds the chapter so far to the log. */
static void write_log(struct freezer *room, struct session *s)
{
    struct packer *packer = &room->packer;
    const size_t from = packer->length;
    if (!s->draft)
        return;
    chapter_pack(packer, &s->draft->chapter, &s->log_place, room->interned_texts);
    chapter_log_append(&s->log, bytes_from(bytes_of(packer->at, packer->length), from));
    packer->length = from;
}

static void pack_session(struct freezer *room, struct session *s, struct frozen *frozen)
{
    struct packer *packer = &room->packer;
    write_log(room, s);
    frozen->log = s->log;
    size_t from = packer->length;
    pack_own(packer, s);
    pack_landmarks(packer, s);
    if (!much_is_alive(s))
        pack_alive(packer, s);
    frozen->parts = (uint32_t)(packer->length - from);
    strip(s);
    from = packer->length;
    pack_words(packer, s, sizeof *s);
    frozen->fields = (uint32_t)(packer->length - from);
}

static void make_spare(struct freezer *room, struct session *s)
{
    free(room->spare);
    room->spare = s;
}

/* Sizes are few, so that what one left fits the next. */
static struct frozen *take_memory(struct freezer *room, size_t octets)
{
    const uint32_t size = (uint32_t)((octets + REST_STEP - 1) / REST_STEP);
    struct spares *spares = size < REST_SIZES ? &room->spares[size] : NULL;
    if (!spares || !spares->first)
        return memory_resize(NULL, (size_t)size * REST_STEP);
    struct frozen *frozen = spares->first;
    spares->first = frozen->next;
    spares->count--;
    return frozen;
}

static void give_back(struct freezer *room, struct frozen *frozen)
{
    struct spares *spares = frozen->size < REST_SIZES ? &room->spares[frozen->size] : NULL;
    if (!spares || spares->count == REST_SPARES) {
        free(frozen);
        return;
    }
    frozen->next = spares->first;
    spares->first = frozen;
    spares->count++;
}

struct frozen *frozen_make(struct freezer *room, const void *beside, size_t size, struct session *s,
                           struct frozen *before)
{
    struct packer *packer = &room->packer;
    struct frozen head = {0};
    packer->length = 0;
    pack_words(packer, beside, size);
    const uint32_t length = (uint32_t)packer->length;
    if (s) {
        pack_session(room, s, &head);
        make_spare(room, s);
    } else if (before) {
        head = *before;
        pack_raw(packer, before->octets + before->beside, before->parts + before->fields);
    }
    if (before)
        give_back(room, before);
    const size_t octets = sizeof head + packer->length + PACK_SPARE;
    struct frozen *frozen = take_memory(room, octets);
    head.beside = length;
    head.size = (uint32_t)((octets + REST_STEP - 1) / REST_STEP);
    *frozen = head;
    memcpy(frozen->octets, packer->at, packer->length);
    return frozen;
}

struct freezer *freezer_new(struct memo *memo)
{
    struct freezer *room = memory_get(sizeof *room);
    room->memo = memo;
    room->interned_texts = interned_new();
    return room;
}

void freezer_free(struct freezer *room)
{
    if (!room)
        return;
    for (int i = 0; i < REST_SIZES; i++)
        while (room->spares[i].first) {
            struct frozen *frozen = room->spares[i].first;
            room->spares[i].first = frozen->next;
            free(frozen);
        }
    packer_free(&room->packer);
    interned_free(room->interned_texts);
    free(room->spare);
    free(room);
}

/* --------------------------------------------------------------------------------------- and back
 */

static void unpack_own(struct bytes *from, struct session *s)
{
    struct bytes *texts[OWN_TEXTS];
    own_texts(s, texts);
    for (int i = 0; i < OWN_TEXTS; i++)
        *texts[i] = arena_copy(&s->own, unpack_bytes(from));
}

static void unpack_landmarks(struct bytes *from, struct session *s)
{
    for (int side = 0; side < 2; side++) {
        struct landmarks *ends = &s->ends[side];
        if (!ends->count || ends->at)
            continue;
        ends->size = ends->count;
        ends->at = memory_resize(NULL, ends->size * sizeof *ends->at);
        for (uint32_t i = 0; i < ends->count; i++) {
            ends->at[i].end = unpack_number(from);
            ends->at[i].seq = (event_no)unpack_number(from);
        }
    }
}

/* Into a chapter: what is alive ends there one day. */
static void unpack_alive(struct bytes from, struct session *s)
{
    const uint32_t waiting = s->ring.count;
    const bool transaction = s->transaction;
    struct recipient *last;
    if (s->draft || (!waiting && !transaction))
        return;
    session_open_draft(s);
    struct arena *arena = &s->draft->arena;
    from.at = arena_copy(arena, bytes_of(from.at, from.len + PACK_SPARE)).at;
    pending_reserve(s, waiting);
    for (uint32_t i = 0; i < waiting; i++) {
        struct pending *pending = pending_at(s, i);
        unpack_words(&from, pending, sizeof *pending);
        pending->path = unpack_bytes(&from);
        pending->text = unpack_bytes(&from);
    }
    if (!transaction)
        return;
    s->transaction = transaction_unpack(&from, arena, &last);
    s->recipients_tail = last ? &last->next : &s->transaction->recipient_list;
}

struct session *frozen_thaw(struct freezer *room, struct frozen *frozen)
{
    struct bytes parts = bytes_of(frozen->octets + frozen->beside, frozen->parts);
    struct bytes fields = bytes_of(parts.at + frozen->parts, frozen->fields);
    struct session *s = NULL;
    if (frozen_has_session(frozen)) {
        s = room->spare ? room->spare : memory_resize(NULL, sizeof *s);
        room->spare = NULL;
        unpack_words(&fields, s, sizeof *s);
        s->identify.server.memo = s->identify.client.memo = room->memo;
        s->log = frozen->log;
        s->interned_texts = room->interned_texts;
        unpack_own(&parts, s);
        unpack_landmarks(&parts, s);
        unpack_alive(parts, s);
    }
    give_back(room, frozen);
    return s;
}
