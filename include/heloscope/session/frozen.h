/* SPDX-License-Identifier: ISC */
/* A session at rest: all of it in few octets, a tenth of what it takes while something happens in
 * it. A busy gateway has a few sessions in which something happens, and any number of those that
 * wait. */
#ifndef HELOSCOPE_SESSION_FROZEN_H
#define HELOSCOPE_SESSION_FROZEN_H

#include "heloscope/session/packer.h"
#include "heloscope/session/session.h"

struct frozen {
    union {
        struct chapter_log log; /* what is still to be written */
        struct frozen *next;    /* in the room, when it is not in use */
    };
    uint32_t beside;        /* octets that its owner keeps beside it, in front */
    uint32_t parts, fields; /* of the session, behind these; 0 = there is no session */
    uint32_t size;          /* of all, in REST_STEPs */
    uint8_t octets[];
};

enum {
    REST_STEP = 32,   /* memory is taken in multiples of this ... */
    REST_SIZES = 64,  /* ... and what is at most so many times as large is used again */
    REST_SPARES = 16, /* so many of each size */
};

/* Where sessions go to rest and wake: memory that is used again and again. */
struct freezer {
    struct packer packer;
    struct interned_texts *interned_texts;
    struct memo *memo;     /* of the sessions */
    struct session *spare; /* of the one that went to rest last; the next that wakes takes it */
    struct spares {
        struct frozen *first;
        uint32_t count;
    } spares[REST_SIZES];
};

/* `memo` is that of all sessions that will go to rest there (struct session_begin). */
struct freezer *freezer_new(struct memo *memo);

/* What went to rest there, and what was handed over of it, is to be freed before. */
void freezer_free(struct freezer *room);

/* Puts the session to rest and frees it. Beside it goes a struct of `size` octets. When the session
 * is NULL there is none, or it goes on resting: what `before` holds of it moves (NULL: nothing).
 * `before` is used up. Owned by the caller. */
struct frozen *frozen_make(struct freezer *room, const void *beside, size_t size, struct session *s,
                           struct frozen *before);

/* The session as it was; NULL when there is none. `frozen` is used up. */
struct session *frozen_thaw(struct freezer *room, struct frozen *frozen);

static inline bool frozen_has_session(const struct frozen *frozen)
{
    return frozen->fields;
}

/* It is about to wake: its memory, which nothing has touched for long, is fetched all at once. */
static inline void frozen_expect(const struct frozen *frozen)
{
    enum {
        EXPECTED = 640, /* octets; of the few that are larger the rest follows by itself */
        CACHE_LINE = 64
    };
    for (int at = 0; at < EXPECTED; at += CACHE_LINE)
        __builtin_prefetch((const uint8_t *)frozen + at);
}

/* What is kept beside the session, `size` octets. */
static inline void frozen_beside(const struct frozen *frozen, void *beside, size_t size)
{
    struct bytes from = bytes_of(frozen->octets, frozen->beside);
    unpack_words(&from, beside, size);
}

#endif
