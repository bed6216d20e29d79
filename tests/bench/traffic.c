/* SPDX-License-Identifier: ISC */
#include "traffic.h"

#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "dialogue.h"
#include "truth.h"

/* Questions asked of a connection's number. */
enum question {
    ASK_OTHER,
    ASK_KIND,
    ASK_DIALOGUE,
    ASK_SIZE,
    ASK_PORT,
    ASK_ODD_PORT,
    ASK_IP6,
    ASK_TAGS,
    ASK_VLAN,
    ASK_LOST_HELLO,
    ASK_LOST_TURN,
    ASK_TURN,
    ASK_FROZEN,
    ASK_SEQUENCE, /* and one more, for the other side */
    ASK_PACKET = ASK_SEQUENCE + 2,
};

enum {
    STARTED_S = 1767225600, /* 2026-01-01 00:00:00 UTC */
    RETRANSMIT_US = 200000,
    CLIENTS = 40009, /* addresses; a prime, so that ports change slowest */
    SERVERS = 8,
};

enum phase {
    PHASE_SYN,
    PHASE_SYN_ACK,
    PHASE_ACK,
    PHASE_TURNS,
    PHASE_FIN,
    PHASE_FIN_BACK,
    PHASE_LAST_ACK,
    PHASE_OVER,
};

/* A connection that is open. What can be computed from its number is not kept. */
struct live {
    int64_t time_us; /* of its next packet */
    uint32_t index;
    uint32_t offset;  /* in the turn */
    uint32_t sent[2]; /* octets, by side; SYN and FIN count */
    uint16_t packet;
    uint8_t phase, turn;
    uint8_t unacknowledged; /* segments of this turn */
    bool acknowledge;       /* the next packet acknowledges the last one, and no more */
    bool again;             /* the next packet is the last one again */
};

struct fleet {
    const struct traffic *traffic;
    struct wire *wire;
    struct live *heap; /* the earliest next packet on top */
    uint32_t count, started, smtp;
    int64_t gap_us; /* from packet to packet of one connection, on average */
    uint8_t payload[WIRE_PAYLOAD];
};

/* A connection as its number tells it. */
struct connection {
    struct plan plan;
    struct endpoint ends[2];
    bool ip6;
    int tags;
    uint16_t vlan;
    uint32_t sequence[2]; /* initial */
};

/* ----------------------------------------------------------------------------------------- plans
 */

static uint64_t number_of(const struct traffic *t, uint32_t index)
{
    return chance_mix(t->seed ^ (uint64_t)index << 20);
}

static bool is_other(const struct traffic *t, uint64_t number)
{
    return chance_hit(chance_of(number, ASK_OTHER), t->other);
}

static enum group group_of(const struct traffic *t, uint64_t number)
{
    if (is_other(t, number))
        return GROUP_OTHER;
    const struct {
        double share;
        enum group group;
    } kinds[] = {
        {t->starttls, GROUP_STARTTLS},
        {t->implicit_tls, GROUP_IMPLICIT_TLS},
        {t->faulty, GROUP_FAULTY},
        {t->pipelined * (1 - t->starttls - t->implicit_tls - t->faulty), GROUP_PIPELINED},
    };
    double left = (double)(chance_of(number, ASK_KIND) >> 11) * 0x1p-53;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (left < kinds[i].share)
            return kinds[i].group;
        left -= kinds[i].share;
    }
    return GROUP_LOCKSTEP;
}

static uint16_t server_port(const struct traffic *t, uint64_t number, enum group group,
                            const struct dialogue *dialogue)
{
    static const uint16_t odd[] = {1025, 8025, 10025, 10026, 26, 5252};
    uint32_t count = 0;
    if (group != GROUP_OTHER && chance_hit(chance_of(number, ASK_ODD_PORT), t->odd_ports))
        return odd[chance_below(chance_of(number, ASK_PORT), sizeof odd / sizeof odd[0])];
    while (dialogue->ports[count])
        count++;
    return dialogue->ports[chance_below(chance_of(number, ASK_PORT), count)];
}

static void make_connection(const struct traffic *t, uint32_t index, struct connection *c)
{
    const uint64_t number = number_of(t, index);
    const enum group group = group_of(t, number);
    size_t count;
    const struct dialogue *table = dialogue_group(group, &count);
    c->plan.number = number;
    c->plan.dialogue = &table[chance_below(chance_of(number, ASK_DIALOGUE), (uint32_t)count)];
    c->plan.size =
        t->size_min + chance_below(chance_of(number, ASK_SIZE), t->size_max - t->size_min + 1);
    c->ends[CLIENT] = (struct endpoint){0x7f400000 + index % CLIENTS,
                                        (uint16_t)(10000 + index / CLIENTS % 50000)};
    c->ends[SERVER] = (struct endpoint){0x7f000010 + index % SERVERS,
                                        server_port(t, number, group, c->plan.dialogue)};
    c->ip6 = chance_hit(chance_of(number, ASK_IP6), t->ip6);
    c->tags = chance_hit(chance_of(number, ASK_TAGS), t->tagged) ? 1 + (int)(number & 1) : 0;
    c->vlan = (uint16_t)(100 + chance_below(chance_of(number, ASK_VLAN), 50));
    c->sequence[CLIENT] = (uint32_t)chance_of(number, ASK_SEQUENCE);
    c->sequence[SERVER] = (uint32_t)chance_of(number, ASK_SEQUENCE + 1);
}

/* --------------------------------------------------------------------------------------- packets
 */

static const struct turn *turn_of(const struct connection *c, const struct live *live)
{
    return &c->plan.dialogue->turns[live->turn];
}

static uint32_t count_turns(const struct dialogue *dialogue)
{
    uint32_t count = 0;
    while (dialogue->turns[count].kind != TURN_END)
        count++;
    return count;
}

/* Whether the turn is one that the capture misses as a whole. */
static bool is_missed(const struct traffic *t, const struct connection *c, uint32_t turn)
{
    const uint64_t number = c->plan.number;
    const struct turn *said = &c->plan.dialogue->turns[turn];
    if (said->kind == TURN_TEXT && said->side == SERVER && strncmp(said->text, "250-", 4) == 0 &&
        chance_hit(chance_of(number, ASK_LOST_HELLO), t->lost_hello))
        return true;
    return chance_hit(chance_of(number, ASK_LOST_TURN), t->lost_turn) &&
           turn == chance_below(chance_of(number, ASK_TURN), count_turns(c->plan.dialogue));
}

/* What the segment of `side` acknowledges. The greeting is the first turn where there is one. */
static uint32_t acknowledged(const struct traffic *t, const struct live *live,
                             const struct connection *c, int side)
{
    const struct turn *first = c->plan.dialogue->turns;
    uint32_t octets = live->sent[!side];
    if (side == CLIENT && first->kind == TURN_TEXT && first->side == SERVER &&
        chance_hit(chance_of(c->plan.number, ASK_FROZEN), t->frozen) &&
        octets > turn_length(&c->plan, first) + 1)
        octets = turn_length(&c->plan, first) + 1;
    return c->sequence[!side] + octets;
}

/* Sends a segment of `side`, and decides what becomes of it. */
static void send(struct fleet *fleet, struct live *live, const struct connection *c, int side,
                 uint8_t flags, uint32_t length)
{
    const struct traffic *t = fleet->traffic;
    const uint64_t fate = chance_of(c->plan.number, ASK_PACKET + live->packet);
    const bool missed = length && is_missed(t, c, live->turn);
    const struct wire_segment segment = {
        .time_us = live->time_us,
        .from = c->ends[side],
        .to = c->ends[!side],
        .ip6 = c->ip6,
        .udp = c->plan.dialogue->datagrams,
        .tags = c->tags,
        .vlan = c->vlan,
        .seq = c->sequence[side] + live->sent[side],
        .ack = acknowledged(t, live, c, side),
        .flags = flags,
        .payload = fleet->payload,
        .length = length,
        .lost = missed || chance_hit(chance_mix(fate), t->lost),
        .twice = chance_hit(chance_mix(fate + 1), t->twice),
        .late_us = chance_hit(chance_mix(fate + 2), t->late) ? fleet->gap_us * 7 / 4 : 0,
    };
    wire_put(fleet->wire, &segment);
    if (length && t->truth && segment.lost != live->again)
        truth_segment(t->truth, live->index, side, live->sent[side] - 1, length, segment.lost);
    live->again = length && !live->again && chance_hit(chance_mix(fate + 3), t->repeated);
    if (!live->again)
        live->sent[side] += length + !!(flags & FLAG_SYN) + !!(flags & FLAG_FIN);
}

/* An acknowledgement comes back behind every second segment of a long turn, and at its end where
 * the turn says so. */
static void plan_acknowledgement(struct live *live, const struct turn *turn, bool done)
{
    live->unacknowledged++;
    live->acknowledge = done ? turn->acked : live->unacknowledged == 2;
    if (done || live->acknowledge)
        live->unacknowledged = 0;
}

static void next_turn(struct live *live, const struct connection *c)
{
    live->turn++;
    live->offset = 0;
    if (turn_of(c, live)->kind == TURN_END && !live->acknowledge)
        live->phase = c->plan.dialogue->datagrams ? PHASE_OVER : PHASE_FIN;
}

static void send_data(struct fleet *fleet, struct live *live, const struct connection *c)
{
    const struct turn *turn = turn_of(c, live);
    const uint32_t left = turn_length(&c->plan, turn) - live->offset,
                   length = left < fleet->traffic->segment ? left : fleet->traffic->segment;
    const bool done = length == left;
    turn_read(&c->plan, turn, live->offset, length, fleet->payload);
    send(fleet, live, c, turn->side, done ? FLAG_PSH | FLAG_ACK : FLAG_ACK, length);
    if (live->again)
        return;
    live->offset += length;
    plan_acknowledgement(live, turn, done);
    if (done)
        next_turn(live, c);
}

/* The one who spoke last is behind us when the turn is over. */
static void acknowledge(struct fleet *fleet, struct live *live, const struct connection *c)
{
    const struct turn *turn = turn_of(c, live) - !live->offset;
    live->acknowledge = false;
    send(fleet, live, c, !turn->side, FLAG_ACK, 0);
    if (turn_of(c, live)->kind == TURN_END)
        live->phase = PHASE_FIN;
}

static void send_next(struct fleet *fleet, struct live *live, const struct connection *c)
{
    static const struct {
        int side;
        uint8_t flags;
    } bare[] = {
        [PHASE_SYN] = {CLIENT, FLAG_SYN},
        [PHASE_SYN_ACK] = {SERVER, FLAG_SYN | FLAG_ACK},
        [PHASE_ACK] = {CLIENT, FLAG_ACK},
        [PHASE_FIN] = {SERVER, FLAG_FIN | FLAG_ACK},
        [PHASE_FIN_BACK] = {CLIENT, FLAG_FIN | FLAG_ACK},
        [PHASE_LAST_ACK] = {SERVER, FLAG_ACK},
    };
    if (live->phase == PHASE_TURNS) {
        if (live->acknowledge)
            acknowledge(fleet, live, c);
        else
            send_data(fleet, live, c);
    } else {
        send(fleet, live, c, bare[live->phase].side, bare[live->phase].flags, 0);
        live->phase++;
    }
    live->packet++;
}

/* ----------------------------------------------------------------------------------------- order
 */

static bool earlier(const struct live *a, const struct live *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us : a->index < b->index;
}

/* Puts `live` where the top is free. */
static void sink(struct fleet *fleet, struct live live)
{
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < fleet->count; i = child) {
        if (child + 1 < fleet->count && earlier(&fleet->heap[child + 1], &fleet->heap[child]))
            child++;
        if (!earlier(&fleet->heap[child], &live))
            break;
        fleet->heap[i] = fleet->heap[child];
    }
    fleet->heap[i] = live;
}

/* The next connection, if there is one, begins at `time_us`. */
static bool start(struct fleet *fleet, int64_t time_us, struct live *live)
{
    const struct traffic *t = fleet->traffic;
    if (fleet->smtp == t->sessions)
        return false;
    struct connection c;
    *live = (struct live){.time_us = time_us, .index = fleet->started++};
    make_connection(t, live->index, &c);
    if (t->truth && !is_other(t, c.plan.number))
        truth_session(t->truth, live->index, c.ends, &c.plan);
    live->phase = c.plan.dialogue->datagrams ? PHASE_TURNS : PHASE_SYN;
    fleet->smtp += !is_other(t, c.plan.number);
    return true;
}

/* From 3/4 to 5/4 of the average. */
static int64_t pause(const struct fleet *fleet, const struct live *live, uint64_t number)
{
    if (live->again)
        return RETRANSMIT_US;
    const uint32_t spread = (uint32_t)(fleet->gap_us / 2 + 1);
    return fleet->gap_us * 3 / 4 + chance_below(chance_of(~number, live->packet), spread);
}

/* The packet on top is sent; its connection goes on, or another takes its place. */
static void step(struct fleet *fleet)
{
    struct live live = fleet->heap[0];
    struct connection c;
    make_connection(fleet->traffic, live.index, &c);
    send_next(fleet, &live, &c);
    live.time_us += pause(fleet, &live, c.plan.number);
    if (live.phase == PHASE_OVER && !start(fleet, live.time_us, &live)) {
        live = fleet->heap[--fleet->count];
        if (!fleet->count)
            return;
    }
    sink(fleet, live);
}

void traffic_write(const struct traffic *traffic, struct wire *wire)
{
    struct fleet *fleet = calloc(1, sizeof *fleet);
    if (fleet)
        fleet->heap = calloc(traffic->open, sizeof *fleet->heap);
    if (!fleet || !fleet->heap)
        abort();
    fleet->traffic = traffic;
    fleet->wire = wire;
    fleet->gap_us = (int64_t)traffic->open * 1000000 / traffic->rate + 1;
    dialogue_prepare(traffic->seed);
    /* The first ones begin one after another, so that they do not go in step; their times ascend,
     * which is what a heap is to begin with. */
    const int64_t first_us = (int64_t)STARTED_S * 1000000;
    while (fleet->count < traffic->open &&
           start(fleet, first_us + fleet->gap_us * fleet->count / traffic->open,
                 &fleet->heap[fleet->count]))
        fleet->count++;
    while (fleet->count)
        step(fleet);
    free(fleet->heap);
    free(fleet);
}
