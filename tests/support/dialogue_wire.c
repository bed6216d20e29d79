/* SPDX-License-Identifier: ISC */
#include "dialogue_wire.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>

#include "frame.h"
#include "heloscope/network/packet.h"

enum {
    SEGMENT = 536,        /* octets of payload, RFC 9293 section 3.7.1 */
    STEP_US = 300 * 1000, /* longer than any patience with reordered packets */
    ETHERNET = 1,
};

struct wire {
    FILE *file;
    int64_t now_us;
    const struct dialogue *dialogue;
    uint16_t client_port;
};

/* Close to the top, so that every connection also wraps around. */
static const uint32_t first_octet[2] = {0xfffffff0, 0xffffffc0};

static void put_u32(FILE *file, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        fputc((int)(value >> (8 * i) & 0xff), file);
}

static void put_frame(struct wire *w, struct bytes frame)
{
    put_u32(w->file, (uint32_t)(w->now_us / 1000000));
    put_u32(w->file, (uint32_t)(w->now_us % 1000000));
    put_u32(w->file, (uint32_t)frame.len);
    put_u32(w->file, (uint32_t)frame.len);
    fwrite(frame.at, 1, frame.len, w->file);
}

/* A segment of `side`; `from` and `seen` are offsets as the dialogue counts, -1 the SYN. */
static void put_segment(struct wire *w, enum side side, unsigned flags, int64_t from, int64_t seen,
                        struct bytes payload)
{
    struct frame frame;
    char header[64];
    uint16_t ports[2] = {w->client_port, w->dialogue->port};
    if (w->dialogue->unheard[side])
        return;
    snprintf(header, sizeof header, "%04x %04x %08x %08x 50%02x ffff 0000 0000", ports[side],
             ports[!side], (uint32_t)(first_octet[side] + (uint64_t)from),
             flags & TCP_ACK ? (uint32_t)(first_octet[!side] + (uint64_t)seen) : 0, flags);
    frame_clear(&frame);
    if (payload.len)
        frame_wrap_bytes(&frame, payload);
    frame_wrap(&frame, header);
    frame_wrap(&frame, side == SIDE_CLIENT ? "ip4 6"
                                           : "45 00 0000 0000 0000 40 06 0000"
                                             "7f000002 7f000001");
    if (side == SIDE_SERVER) { /* the length, which a header in hexadecimal cannot know */
        size_t length = frame_bytes(&frame).len;
        frame.octets[frame.from + 2] = (uint8_t)(length >> 8);
        frame.octets[frame.from + 3] = (uint8_t)length;
    }
    frame_wrap(&frame, "000000000000 000000000000 0800");
    put_frame(w, frame_bytes(&frame));
}

static void put_octets(struct wire *w, const struct spoken *s, struct bytes octets, uint64_t offset)
{
    while (octets.len) {
        struct bytes piece = bytes_first(octets, SEGMENT);
        put_segment(w, s->side, TCP_PSH | TCP_ACK, (int64_t)offset, (int64_t)s->seen, piece);
        offset += piece.len;
        octets = bytes_from(octets, piece.len);
    }
}

/* What is spoken from `first` on in one segment (or more, when it is long); returns where that
 * ends. */
static size_t put_spoken(struct wire *w, size_t first)
{
    const struct dialogue *d = w->dialogue;
    const struct spoken *s = &d->spoken[first];
    struct arena arena = {0};
    size_t end = first + 1, length = s->octets.len;
    while (end < d->spoken_count && d->spoken[end].joined && !d->spoken[end].lost)
        length += d->spoken[end++].octets.len;
    uint8_t *octets = arena_get(&arena, length);
    for (size_t i = first; i < end; i++)
        memcpy(octets + (d->spoken[i].offset - s->offset), d->spoken[i].octets.at,
               d->spoken[i].octets.len);
    put_octets(w, s, bytes_of(octets, length), s->offset);
    arena_free(&arena);
    return end;
}

static void put_opening(struct wire *w)
{
    struct bytes none = {NULL, 0};
    put_segment(w, SIDE_CLIENT, TCP_SYN, -1, 0, none);
    put_segment(w, SIDE_SERVER, TCP_SYN | TCP_ACK, -1, 0, none);
    put_segment(w, SIDE_CLIENT, TCP_ACK, 0, 0, none);
}

static void put_closing(struct wire *w, const int64_t sent[2])
{
    const struct dialogue *d = w->dialogue;
    struct bytes none = {NULL, 0};
    enum side first = d->ended_by, second = !first;
    if (d->how && !strcmp(d->how, "reset")) {
        put_segment(w, first, TCP_RST | TCP_ACK, sent[first], sent[second], none);
    } else if (!d->how) {
        put_segment(w, first, TCP_FIN | TCP_ACK, sent[first], sent[second], none);
        put_segment(w, second, TCP_FIN | TCP_ACK, sent[second], sent[first] + 1, none);
        put_segment(w, first, TCP_ACK, sent[first] + 1, sent[second] + 1, none);
    }
}

static void put_dialogue(struct wire *w)
{
    const struct dialogue *d = w->dialogue;
    int64_t sent[2] = {0, 0}, paused_us = 0;
    if (!d->midstream)
        put_opening(w);
    for (size_t i = 0, end; i < d->spoken_count; i = end) {
        const struct spoken *s = &d->spoken[i];
        end = i + 1;
        w->now_us += s->only_us ? s->only_us : STEP_US + s->pause_us - paused_us;
        paused_us = s->pause_us;
        if (s->before)
            continue;
        if (!s->lost)
            end = put_spoken(w, i);
        const struct spoken *last = &d->spoken[end - 1];
        sent[s->side] = (int64_t)(last->offset + last->octets.len);
    }
    w->now_us += STEP_US + d->pause_us - paused_us;
    put_closing(w, sent);
}

void dialogues_write_pcap(const struct dialogues *all, const char *path)
{
    struct wire wire = {.file = fopen(path, "wb"), .now_us = INT64_C(1700000000000000)};
    assert(wire.file);
    static const uint32_t header[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 262144, ETHERNET};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        put_u32(wire.file, header[i]);
    for (size_t i = 0; i < all->count; i++) {
        wire.dialogue = &all->at[i];
        wire.client_port = (uint16_t)(WIRE_PORT + i);
        put_dialogue(&wire);
    }
    assert(fclose(wire.file) == 0);
}
