/* The way in, and what a caller sees of it all. The way that a packet takes from here is told in
 * pipeline_stages.h. */
#include "heloscope/pipeline/pipeline.h"

#include <stdlib.h>

#include "heloscope/transport/intake.h"
#include "writer.h"
#include "stages.h"

static const uint16_t default_ports[] = {25, 465, 587, 2525, 24};

struct pipeline *pipeline_new(const struct pipeline_options *options, struct store *store,
                              struct failure *why)
{
    struct pipeline *p = memory_get(sizeof *p);
    p->writer = writer_new(store, why);
    if (!p->writer) {
        free(p);
        return NULL;
    }
    p->store = store;
    p->pseudonyms = options->pseudonyms;
    p->thawed = options->freeze_always ? 0 : THAWED_LIMIT;
    p->intake = intake_new();
    p->memo = memo_new();
    p->room = freezer_new(p->memo);
    flow_table_init(&p->table);
    size_t count = sizeof default_ports / sizeof *default_ports;
    const uint16_t *ports = default_ports;
    if (options->ports) {
        ports = options->ports;
        count = options->port_count;
    }
    for (size_t i = 0; i < count; i++)
        p->declared[ports[i] / 8] |= (uint8_t)(1 << (ports[i] % 8));
    return p;
}

static bool report(struct pipeline *p, struct failure *why)
{
    if (p->failed && why)
        *why = p->failure;
    return !p->failed;
}

static bool commit(struct pipeline *p, struct failure *why)
{
    if (!writer_commit(p->writer, p->failed ? NULL : &p->failure))
        p->failed = true;
    return report(p, why);
}

bool pipeline_packet(struct pipeline *p, const struct packet_record *packet, struct failure *why)
{
    struct segment segment;
    uint32_t path;
    if (packet->ts_us > p->now_us)
        p->now_us = packet->ts_us;
    switch (intake_packet(p->intake, packet, p->now_us, &segment, &path)) {
    case INTAKE_SEGMENT:
        pipeline_take_segment(p, packet, &segment);
        break;
    case INTAKE_COPY:
        pipeline_take_copy(p, &segment, path);
        break;
    case INTAKE_NOTHING:
        break;
    }
    pipeline_expire(p);
    pipeline_freeze(p);
    return report(p, why);
}

bool pipeline_flush(struct pipeline *p, int64_t now_us, struct failure *why)
{
    if (now_us > p->now_us)
        p->now_us = now_us;
    pipeline_expire(p);
    for (struct flow *f = p->queue[QUEUE_SMTP].newest; f; f = f->older) {
        struct connection *c = (struct connection *)f;
        if (c->decoding->dirty)
            pipeline_hand_over(p, c, false);
    }
    pipeline_write_frozen(p);
    p->news = false;
    return commit(p, why);
}

bool pipeline_has_news(const struct pipeline *p)
{
    return p->news;
}

static int by_beginning(const void *a, const void *b)
{
    const struct connection *x = *(struct connection *const *)a,
                            *y = *(struct connection *const *)b;
    if (x->first.ts_us != y->first.ts_us)
        return x->first.ts_us < y->first.ts_us ? -1 : 1;
    return x->first.packet < y->first.packet ? -1 : x->first.packet > y->first.packet;
}

bool pipeline_finish(struct pipeline *p, struct failure *why)
{
    size_t count = p->table.count, n = 0;
    struct connection **all = memory_get((count + 1) * sizeof *all);
    for (enum queue queue = 0; queue < QUEUE_COUNT; queue++)
        for (struct flow *f = p->queue[queue].oldest; f; f = f->newer)
            if (connection_is_live((struct connection *)f))
                all[n++] = (struct connection *)f;
    qsort(all, n, sizeof *all, by_beginning);
    for (size_t i = 0; i < n; i++)
        pipeline_forget(p, all[i],
                        connection_thaw(all[i])->reset.packet ? "reset" : "capture ended");
    free(all);
    return commit(p, why);
}

void pipeline_totals(const struct pipeline *p, struct pipeline_totals *out)
{
    struct intake_counts in;
    intake_counts(p->intake, &in);
    *out = p->totals;
    out->packets = in.packets;
    out->tcp_packets = in.tcp;
    out->other_packets = in.other;
    out->unreadable_packets = in.unreadable;
    out->unknown_link_type = in.unknown_link_type;
    out->duplicates = in.duplicates;
    out->fragments = in.fragments.fragments;
    out->datagrams = in.fragments.datagrams;
    out->incomplete_datagrams = in.incomplete;
    out->overlapping_fragments = in.fragments.overlaps;
    out->contradicting_fragments = in.fragments.contradicting;
    out->malformed_fragments = in.fragments.malformed;
    out->costs.of[COST_FRAGMENTS] = in.fragments.given_up;
    out->costs.of[COST_LAYERS] = in.too_deep;
    out->costs.of[COST_NESTED] = in.nested;
    store_counts(p->store, &out->sessions_added, &out->sessions_known);
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    p->failed = true; /* nothing more is written */
    for (enum queue queue = 0; queue < QUEUE_COUNT; queue++)
        while (oldest_in(p, queue))
            pipeline_forget(p, oldest_in(p, queue), NULL);
    writer_free(p->writer);
    flow_table_free(&p->table);
    classifier_free(p->classifier);
    intake_free(p->intake);
    memo_free(p->memo);
    freezer_free(p->room);
    free(p);
}
