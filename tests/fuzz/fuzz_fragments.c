/* SPDX-License-Identifier: ISC */
/* Fragments of four datagrams in any order, overlapping and contradicting each other: what is put
 * together has of each octet the first copy that was kept, lacks nothing in front of what was cut
 * off, and comes once.
 *
 * Five octets a fragment: datagram and whether it is the last; offset (two); length; octets that
 * the snap length cut off. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdlib.h>

#include "heloscope/transport/fragments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    INSTRUCTION = 5,
    DATAGRAMS = 4,
    LONGEST = 65535,
    UNIT = 8,
};

struct model {
    uint8_t copy[LONGEST + UNIT]; /* which fragment brought it; 0 = none */
    bool complete;
};

static struct model models[DATAGRAMS];

static uint8_t octet_of(uint8_t copy, size_t at)
{
    return (uint8_t)(copy * 41 + at * 3 + (at >> 8));
}

static void note(struct model *m, uint8_t copy, const struct segment *s)
{
    size_t length = s->payload.len + s->cut;
    for (size_t at = s->offset; at < s->offset + length; at += UNIT) {
        if (m->copy[at]) /* units are kept as a whole */
            continue;
        for (size_t i = at; i < at + UNIT && i < s->offset + length; i++)
            m->copy[i] = copy;
    }
}

static void check_whole(struct model *m, const struct segment *s)
{
    size_t length = s->payload.len + s->cut;
    assert(!m->complete && length > 0 && length <= LONGEST);
    for (size_t at = 0; at < length; at++) {
        assert(m->copy[at]);
        if (at < s->payload.len)
            assert(s->payload.at[at] == octet_of(m->copy[at], at));
    }
    m->complete = true;
}

/* A fragment in memory of exactly its size, so that a read past its end is noticed. */
static uint8_t *make(const uint8_t *instruction, uint8_t copy, struct segment *out)
{
    size_t offset = ((size_t)instruction[1] << 8 | instruction[2]) * UNIT % (LONGEST + 1);
    size_t cut = instruction[4];
    /* Large ones too, or the far end of a datagram is hard to come by. */
    size_t length = instruction[0] & 0x40 ? instruction[3] * 256u : instruction[3];
    uint8_t *octets = malloc(length + 1);
    for (size_t i = 0; i < length; i++)
        octets[i] = octet_of(copy, offset + i);
    *out = (struct segment){
        .src = {4, {127, 0, 0, 1}},
        .dst = {4, {127, 0, 0, 2}},
        .ip_id = instruction[0] % DATAGRAMS,
        .protocol = 6,
        .offset = (uint16_t)offset,
        .more = !(instruction[0] & 0x80),
        .payload = bytes_of(octets, length),
        .cut = (uint32_t)cut,
    };
    return octets;
}

static void take(struct fragments *f, const uint8_t *instruction, uint8_t copy)
{
    struct segment s;
    uint8_t *octets = make(instruction, copy, &s);
    struct model *m = &models[s.ip_id];
    struct fragment_counts before, after;
    fragments_counts(f, &before);
    struct segment given = s;
    bool done = fragments_take(f, &s, 1);
    fragments_counts(f, &after);
    assert(after.fragments == before.fragments + 1);
    assert(after.expired == 0 && after.given_up == 0);
    if (after.malformed == before.malformed && !m->complete)
        note(m, copy, &given);
    free(octets);
    if (done)
        check_whole(m, &s);
    assert(done == (after.datagrams == before.datagrams + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fragments *f = fragments_new();
    memset(models, 0, sizeof models);
    uint8_t copy = 0;
    for (size_t at = 0; at + INSTRUCTION <= size && copy < UINT8_MAX; at += INSTRUCTION)
        take(f, data + at, ++copy);
    assert(fragments_memory(f) <= FRAGMENTS_MEMORY);
    assert(fragments_waiting(f) <= DATAGRAMS);
    fragments_free(f);
    return 0;
}
