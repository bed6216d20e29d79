/* SPDX-License-Identifier: ISC */
/* The pipeline from its first packet to its last: made, flushed and asked while it runs, finished,
 * freed. The way of a packet is in pipeline.c. */
#include <stdlib.h>

#include "heloscope/pipeline/pipeline.h"
#include "heloscope/smtp/decoder.h"
#include "heloscope/transport/intake.h"
#include "stages.h"
#include "writer.h"

/* --- what is open so far, and the end of all --- */

static bool commit_chapters(struct pipeline *p, struct failure *why)
{
    if (!writer_commit(p->writer, p->failed ? NULL : &p->failure))
        p->failed = true;
    return pipeline_result(p, why);
}

bool pipeline_flush(struct pipeline *p, int64_t now_us, struct failure *why)
{
    if (now_us > p->clock.now_us)
        p->clock.now_us = now_us;
    pipeline_expire(p);
    for (struct flow *f = p->queue[QUEUE_SMTP].newest; f; f = f->older) {
        struct connection *c = (struct connection *)f;
        if (c->decoding->dirty)
            pipeline_hand_over(p, c, false);
    }
    while (oldest_in(p, QUEUE_FROZEN))
        pipeline_write_frozen(p, oldest_in(p, QUEUE_FROZEN));
    p->news = false;
    return commit_chapters(p, why);
}

void pipeline_poll(struct pipeline *p, int64_t now_us)
{
    for (struct flow *f = p->queue[QUEUE_SMTP].newest; f; f = f->older) {
        struct connection *c = (struct connection *)f;
        if (!c->decoding->session || !session_poll(c->decoding->session, now_us))
            continue;
        c->decoding->dirty = true;
        p->news |= c->decoding->session->news;
    }
}

void pipeline_tell_time(struct pipeline *p, int64_t now_us)
{
    steady_clock_set(&p->clock, now_us);
}

int64_t pipeline_time(const struct pipeline *p)
{
    return p->clock.now_us;
}

bool pipeline_has_news(const struct pipeline *p)
{
    return p->news;
}

bool pipeline_finish(struct pipeline *p, struct failure *why)
{
    size_t count;
    struct connection **all = connections_live(p->queue, &count);
    for (size_t i = 0; i < count; i++)
        pipeline_forget(p, all[i],
                        connection_thaw(all[i])->reset.packet ? "reset" : "capture ended");
    free(all);
    return commit_chapters(p, why);
}

/* --- the pipeline itself --- */

struct pipeline *pipeline_new(const struct pipeline_options *options, struct store *store,
                              struct failure *why)
{
    struct pipeline *p = memory_get(sizeof *p);
    p->writer = writer_new(store, options->persistence, why);
    if (!p->writer) {
        free(p);
        return NULL;
    }
    p->store = store;
    p->pseudonyms = options->pseudonyms;
    p->keylog = options->keylog;
    p->only = options->only;
    p->only_count = options->only_count;
    p->thawed = options->freeze_always ? 0 : THAWED_LIMIT;
    p->intake = intake_new();
    p->memo = memo_new();
    p->room = freezer_new(p->memo);
    flow_table_init(&p->table);
    port_set_fill(&p->declared, options->ports, options->port_count);
    return p;
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
