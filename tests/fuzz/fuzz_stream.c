/* SPDX-License-Identifier: ISC */
/* Segments of a connection in any order, cut, doubled and contradicting each other: what is
 * delivered follows without a break, is the copy that was captured first, and never comes before
 * what it acknowledges; a hole is only where nothing was captured.
 *
 * The first octet chooses the sequence numbers of the two SYNs and whether the handshake is
 * captured. Then eight octets a segment: flags and side; offset (two); length; acknowledged octets
 * (two); octets that the snap length cut off; time. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdlib.h>

#include "heloscope/transport/reassembly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    OFFSETS = 2048, /* octets begin before this one */
    ROOM = OFFSETS + 256 + 2,
    ACKS = ROOM + 32,
};

struct model {
    uint16_t copy[2][ROOM]; /* the copy that was captured first, 0 = none */
    bool cut[2][ROOM];      /* before that one was captured that lacks this octet */
    uint64_t delivered[2];
    bool whole; /* the handshake was captured: offsets are known, and the model holds */
};

static uint8_t octet_of(unsigned copy, size_t offset)
{
    return (uint8_t)(copy * 37 + offset * 101 + 1);
}

static void check_span(void *context, enum side side, const struct span *span)
{
    struct model *m = context;
    uint64_t length = span->gap ? span->gap : span->data.len;
    assert(length > 0);
    assert(span->offset == m->delivered[side]);
    assert(span->mark.seen <= m->delivered[!side]);
    assert((span->data.at == NULL) == (span->gap != 0));
    for (size_t i = 0; i < length && m->whole; i++) {
        size_t at = span->offset + i;
        if (span->gap)
            assert(at >= ROOM || !m->copy[side][at] || m->cut[side][at]);
        else
            assert(at < ROOM && m->copy[side][at] &&
                   span->data.at[i] == octet_of(m->copy[side][at], at));
    }
    m->delivered[side] += length;
}

/* What the segment captured, as far as it is not too late. */
static void note(struct model *m, enum side side, unsigned copy, size_t from, size_t length,
                 size_t cut)
{
    for (size_t at = from; at < from + length + cut && at < ROOM; at++) {
        if (at < m->delivered[side] || m->copy[side][at])
            continue;
        if (at < from + length)
            m->copy[side][at] = (uint16_t)copy;
        else
            m->cut[side][at] = true;
    }
}

static void check_state(const struct reassembly *c)
{
    for (int side = 0; side < 2; side++) {
        const struct stream *s = &c->side[side];
        assert(s->waiting_count <= STREAM_MAX_PIECES);
        assert(s->waiting_octets <= STREAM_MAX_WAITING);
        uint64_t at = s->provisional ? 0 : s->next;
        for (const struct piece *p = s->waiting; p; p = p->next) {
            assert(p->offset >= at && p->length > 0);
            at = p->offset + p->length;
            assert(p->next || p == s->last);
        }
    }
}

static void shake_hands(struct reassembly *c, struct model *m, const uint32_t base[2])
{
    for (int side = 0; side < 2; side++) {
        struct segment syn = {.seq = base[side],
                              .ack = side ? base[0] + 1 : 0,
                              .flags = side ? TCP_SYN | TCP_ACK : TCP_SYN};
        reassembly_push(c, side, &syn, 1, (uint64_t)side + 1, check_span, m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model m;
    struct reassembly c = {.packets = 0};
    if (size < 1)
        return 0;
    memset(&m, 0, sizeof m);
    m.whole = data[0] & 1;
    const uint32_t base[2] = {0u - (data[0] & 2 ? 700u : 0u), 0u - (data[0] & 4 ? 900u : 1u << 31)};
    if (m.whole)
        shake_hands(&c, &m, base);
    int64_t now = 1000;
    unsigned copy = 0;
    for (const uint8_t *op = data + 1; op + 8 <= data + size && copy < 2000; op += 8) {
        uint8_t octets[256];
        int side = op[0] & 1;
        size_t from = (size_t)(op[1] << 8 | op[2]) % OFFSETS, length = op[3];
        size_t cut = op[0] & 2 ? op[6] : 0;
        copy++;
        for (size_t i = 0; i < length; i++)
            octets[i] = octet_of(copy, from + i);
        struct segment segment = {
            .seq = base[side] + 1 + (uint32_t)from,
            .ack = base[!side] + 1 + (uint32_t)(op[4] << 8 | op[5]) % ACKS,
            .flags = (uint8_t)(TCP_ACK | (op[0] >> 4 == 1 ? TCP_FIN : 0) |
                               (op[0] >> 4 == 2 ? TCP_RST : 0)),
            .payload = bytes_of(octets, length),
            .cut = (uint32_t)cut,
        };
        if (!(segment.flags & TCP_RST))
            note(&m, side, copy, from, length, cut);
        now += (int64_t)op[7] * 2000;
        reassembly_push(&c, side, &segment, now, copy + 2, check_span, &m);
        check_state(&c);
    }
    reassembly_drain(&c, check_span, &m);
    assert(!reassembly_waits(&c));
    for (int side = 0; side < 2 && m.whole; side++)
        for (size_t at = m.delivered[side]; at < ROOM; at++)
            assert(!m.copy[side][at]);
    reassembly_free(&c);
    return 0;
}
