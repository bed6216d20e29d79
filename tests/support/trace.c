/* SPDX-License-Identifier: ISC */
#include "trace.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>

void trace_begin(struct trace *trace, uint16_t client_port, uint16_t server_port,
                 uint32_t client_seq, uint32_t server_seq)
{
    memset(trace, 0, sizeof *trace);
    trace->port[SIDE_CLIENT] = client_port;
    trace->port[SIDE_SERVER] = server_port;
    trace->next[SIDE_CLIENT] = client_seq;
    trace->next[SIDE_SERVER] = server_seq;
    trace->now_us = INT64_C(1700000000000000);
}

static struct trace_packet *add(struct trace *trace, enum side side, uint8_t flags,
                                struct bytes payload)
{
    assert(trace->count < TRACE_ROOM);
    struct trace_packet *p = &trace->packets[trace->count++];
    *p = (struct trace_packet){
        .side = side,
        .seq = trace->next[side],
        .ack = flags & TCP_ACK ? trace->next[!side] : 0,
        .flags = flags,
        .payload = payload,
        .ts_us = trace->now_us += 1000,
        .port = {trace->port[0], trace->port[1]},
    };
    trace->next[side] += (uint32_t)payload.len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
    return p;
}

struct trace_packet *trace_flag(struct trace *trace, enum side side, uint8_t flags)
{
    return add(trace, side, flags, bytes_of("", 0));
}

struct trace_packet *trace_open(struct trace *trace)
{
    trace_flag(trace, SIDE_CLIENT, TCP_SYN);
    trace_flag(trace, SIDE_SERVER, TCP_SYN | TCP_ACK);
    return trace_ack(trace, SIDE_CLIENT);
}

struct trace_packet *trace_say(struct trace *trace, enum side side, const char *text)
{
    return add(trace, side, TCP_PSH | TCP_ACK, bytes_of_string(text));
}

struct trace_packet *trace_ack(struct trace *trace, enum side side)
{
    return trace_flag(trace, side, TCP_ACK);
}

void trace_close(struct trace *trace, enum side first)
{
    trace_flag(trace, first, TCP_FIN | TCP_ACK);
    trace_flag(trace, !first, TCP_FIN | TCP_ACK);
    trace_ack(trace, first);
}

/* `text` and a line end, in the trace's own room. */
static const char *with_line_end(struct trace *trace, const char *text)
{
    char *line = trace->text + trace->text_used;
    int n = snprintf(line, sizeof trace->text - trace->text_used, "%s\r\n", text);
    assert(n > 0 && (size_t)n < sizeof trace->text - trace->text_used);
    trace->text_used += (size_t)n + 1;
    return line;
}

void trace_lines(struct trace *trace, const char *const *lines)
{
    for (; *lines; lines++) {
        assert(strncmp(*lines, "C: ", 3) == 0 || strncmp(*lines, "S: ", 3) == 0);
        trace_say(trace, **lines == 'C' ? SIDE_CLIENT : SIDE_SERVER,
                  with_line_end(trace, *lines + 3));
    }
}

void trace_remove(struct trace *trace, size_t at)
{
    assert(at < trace->count);
    trace->count--;
    memmove(trace->packets + at, trace->packets + at + 1,
            (trace->count - at) * sizeof *trace->packets);
}

static void insert(struct trace *trace, size_t at, struct trace_packet packet)
{
    assert(at <= trace->count && trace->count < TRACE_ROOM);
    memmove(trace->packets + at + 1, trace->packets + at,
            (trace->count - at) * sizeof *trace->packets);
    trace->packets[at] = packet;
    trace->count++;
}

void trace_move(struct trace *trace, size_t from, size_t to)
{
    struct trace_packet packet = trace->packets[from];
    trace_remove(trace, from);
    insert(trace, to, packet);
}

void trace_copy(struct trace *trace, size_t from, size_t to)
{
    insert(trace, to, trace->packets[from]);
}

void trace_split(struct trace *trace, size_t at, uint32_t length)
{
    struct trace_packet *p = &trace->packets[at];
    assert(length < p->payload.len);
    struct trace_packet rest = *p;
    p->payload.len = length;
    rest.payload = bytes_from(rest.payload, length);
    rest.seq += length;
    insert(trace, at + 1, rest);
}

void trace_remove_side(struct trace *trace, enum side side)
{
    for (size_t i = trace->count; i-- > 0;)
        if (trace->packets[i].side == side)
            trace_remove(trace, i);
}

void trace_retime(struct trace *trace, int64_t from_us)
{
    for (size_t i = 0; i < trace->count; i++)
        trace->packets[i].ts_us = from_us + (int64_t)i * 1000;
}

static struct address loopback(enum side side)
{
    return (struct address){.family = 4, .octets = {127, 0, 0, side == SIDE_CLIENT ? 1 : 2}};
}

struct segment trace_segment(const struct trace_packet *p)
{
    assert(p->cut <= p->payload.len);
    return (struct segment){
        .src = loopback(p->side),
        .dst = loopback(!p->side),
        .src_port = p->port[p->side],
        .dst_port = p->port[!p->side],
        .seq = p->seq,
        .ack = p->ack,
        .flags = p->flags,
        .payload = bytes_first(p->payload, p->payload.len - p->cut),
        .cut = p->cut,
    };
}

static uint8_t *put(uint8_t *at, uint32_t value, int octets)
{
    while (octets--)
        *at++ = (uint8_t)(value >> (8 * octets));
    return at;
}

struct bytes trace_frame(const struct trace_packet *packet, uint8_t out[TRACE_FRAME], size_t *wire)
{
    struct segment s = trace_segment(packet);
    *wire = 40 + packet->payload.len;
    assert(*wire <= TRACE_FRAME);
    memset(out, 0, 40);
    uint8_t *at = put(out, 0x4500, 2);
    put(at, (uint32_t)*wire, 2);
    out[8] = 64;
    out[9] = 6;
    memcpy(out + 12, s.src.octets, 4);
    memcpy(out + 16, s.dst.octets, 4);
    at = put(out + 20, s.src_port, 2);
    at = put(at, s.dst_port, 2);
    at = put(at, s.seq, 4);
    at = put(at, s.ack, 4);
    put(at, 0x5000u | s.flags, 2);
    if (s.payload.len)
        memcpy(out + 40, s.payload.at, s.payload.len);
    return bytes_of(out, 40 + s.payload.len);
}
