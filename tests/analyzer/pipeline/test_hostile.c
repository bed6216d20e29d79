/* SPDX-License-Identifier: ISC */
/* Captures made to exhaust: what is held and what is stored stays within the limits, what that
 * costs is counted, and none takes more work than is its due. Memory is asked of the allocator,
 * work is counted in basic blocks; nothing here looks at a clock. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/smtp/decoder.h"
#include "tests/support/peak.h"
#include "tests/support/told.h"
#include "tests/support/work.h"

enum {
    MILLION = 1000 * 1000,
    MEGABYTE = 1 << 20,
};

/* A number that looks like chance, and is always the same. */
static uint32_t next_chance(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* --- one stream --- */

struct received {
    uint64_t octets, missing, calls;
};

static void receive(void *context, enum side side, const struct span *span)
{
    struct received *r = context;
    (void)side;
    r->octets += span->data.len;
    r->missing += span->gap;
    r->calls++;
}

static void push(struct reassembly *c, enum side side, uint8_t flags, uint32_t seq, uint32_t ack,
                 struct bytes payload, struct received *r)
{
    struct segment segment = {.seq = seq, .ack = ack, .flags = flags, .payload = payload};
    reassembly_push(c, side, &segment, 1, c->packets + 1, receive, r);
}

static void open_reassembly(struct reassembly *c, struct received *r)
{
    push(c, SIDE_CLIENT, TCP_SYN, 999, 0, bytes_of(NULL, 0), r);
    push(c, SIDE_SERVER, TCP_SYN | TCP_ACK, 4999, 1000, bytes_of(NULL, 0), r);
}

/* `block` octets, one to a segment, in any order; then the next block. */
static void push_shuffled(size_t count, size_t block, struct received *r, struct peak *peak,
                          uint32_t *overfull)
{
    struct reassembly c = {0};
    uint32_t *order = malloc(block * sizeof *order), chance = 1;
    open_reassembly(&c, r);
    for (size_t done = 0; done < count; done += block) {
        for (size_t i = 0; i < block; i++)
            order[i] = (uint32_t)i;
        for (size_t i = block - 1; i > 0; i--) {
            size_t k = next_chance(&chance) % (i + 1);
            uint32_t other = order[i];
            order[i] = order[k];
            order[k] = other;
        }
        for (size_t i = 0; i < block; i++) {
            push(&c, SIDE_CLIENT, TCP_ACK, 1000 + (uint32_t)done + order[i], 5000, bytes_of("x", 1),
                 r);
            cr_assert_leq(c.side[SIDE_CLIENT].waiting_count, STREAM_MAX_PIECES);
            if (i % 128 == 0)
                peak_note(peak);
        }
    }
    reassembly_drain(&c, receive, r);
    *overfull = c.overfull;
    reassembly_free(&c);
    free(order);
}

Test(hostile, a_million_segments_of_one_octet_out_of_order)
{
    enum {
        BLOCK = 1000
    };
    struct received r = {0};
    uint32_t overfull;
    struct peak peak = peak_begin();
    struct work work = work_begin();
    push_shuffled(MILLION, BLOCK, &r, &peak, &overfull);
    work_expect(&work, MILLION, 1300);
    cr_expect_eq(r.octets, MILLION);
    cr_expect_eq(r.missing, 0);
    cr_expect_eq(overfull, 0);
    peak_expect(&peak, STREAM_MAX_PIECES * 2 * sizeof(struct piece));
}

/* Further apart than is waited for: holes are given up, and counted; nothing comes twice. */
Test(hostile, a_million_segments_far_out_of_order)
{
    enum {
        BLOCK = 10 * STREAM_MAX_PIECES
    };
    struct received r = {0};
    uint32_t overfull;
    size_t count = MILLION / BLOCK * BLOCK;
    struct peak peak = peak_begin();
    struct work work = work_begin();
    push_shuffled(count, BLOCK, &r, &peak, &overfull);
    work_expect(&work, count, 800);
    cr_expect_eq(r.octets + r.missing, count);
    cr_expect_gt(r.missing, 0);
    cr_expect_gt(overfull, 0);
    cr_expect_leq(r.calls, 2 * count);
    peak_expect(&peak, STREAM_MAX_PIECES * 2 * sizeof(struct piece) + BLOCK * sizeof(uint32_t));
}

/* --- one session --- */

/* A session whose chapters are handed over as the pipeline does. */
struct stage {
    struct told told;
    struct peak peak;
    struct work work;
    uint64_t events, diagnoses, violations, longest;
    struct transaction transaction; /* the last that ended */
    uint32_t recipients;            /* in its list */
};

static void count_chapter(struct stage *stage, bool last)
{
    struct draft *draft = session_detach(stage->told.session, last);
    const struct chapter *chapter = &draft->chapter;
    for (const struct event *e = chapter->events; e; e = e->next) {
        stage->events++;
        stage->longest = e->bytes > stage->longest ? e->bytes : stage->longest;
    }
    for (const struct diagnosis *d = chapter->diagnoses; d; d = d->next)
        stage->diagnoses++;
    for (const struct violation *v = chapter->violations; v; v = v->next)
        stage->violations++;
    for (const struct transaction *t = chapter->transactions; t; t = t->next) {
        stage->transaction = *t;
        stage->recipients = 0;
        for (const struct recipient *r = t->recipient_list; r; r = r->next)
            stage->recipients++;
    }
    draft_free(draft);
}

static void stage_begin(struct stage *stage)
{
    *stage = (struct stage){.peak = peak_begin(), .work = work_begin()};
    told_begin(&stage->told, false);
    TOLD(&stage->told, "S: 220 localhost", "C: EHLO localhost", "S: 250 localhost");
}

static void stage_note(struct stage *stage)
{
    peak_note(&stage->peak);
    if (session_chapter_is_full(stage->told.session))
        count_chapter(stage, false);
}

/* It took no more than `most` octets, and `blocks` for each of `count` things. */
static void stage_end(struct stage *stage, size_t most, uint64_t count, uint64_t blocks)
{
    struct mark mark = {.ts_us = 1, .packet = 1};
    session_end(stage->told.session, &mark, SIDE_CLIENT, NULL);
    count_chapter(stage, true);
    peak_note(&stage->peak);
    peak_expect(&stage->peak, most);
    work_expect(&stage->work, count, blocks);
    session_free(stage->told.session);
}

static uint64_t cost(const struct stage *stage, enum limit limit)
{
    return stage->told.session->costs.of[limit];
}

Test(hostile, a_reply_of_a_million_lines)
{
    struct stage stage;
    stage_begin(&stage);
    TOLD(&stage.told, "C: HELP");
    for (int i = 0; i < MILLION; i++) {
        told_octets(&stage.told, SIDE_SERVER, bytes_of_string("214-line\r\n"));
        if (i % 1024 == 0)
            stage_note(&stage);
    }
    TOLD(&stage.told, "S: 214 end", "C: QUIT", "S: 221 bye");
    cr_expect_eq(cost(&stage, COST_REPLIES), 1);
    cr_expect_eq(stage.told.session->row.replies, 4);
    stage_end(&stage, 4 * CHAPTER_LIMIT, MILLION, 150);
    cr_expect_eq(stage.events, 9);
    cr_expect_eq(stage.diagnoses, 0);
}

Test(hostile, a_line_of_a_gigabyte)
{
    static uint8_t part[MEGABYTE];
    struct stage stage;
    stage_begin(&stage);
    memset(part, 'x', sizeof part);
    for (int i = 0; i < 1024; i++) {
        told_octets(&stage.told, SIDE_CLIENT, bytes_of(part, sizeof part));
        stage_note(&stage);
        cr_assert_leq(stage.told.session->direction[SIDE_CLIENT].held_length, LINE_LIMIT);
    }
    TOLD(&stage.told, "C: ", "S: 500 too long", "C: QUIT", "S: 221 bye");
    cr_expect_eq(cost(&stage, COST_LINES), 1);
    stage_end(&stage, 4 * CHAPTER_LIMIT, 1024, 250);
    cr_expect_eq(stage.longest, 1024 * MEGABYTE);
    cr_expect_eq(stage.events, 9);
}

Test(hostile, an_address_of_a_kilobyte)
{
    struct stage stage;
    char line[1024] = "C: RCPT TO:<";
    memset(line + strlen(line), 'a', sizeof line - strlen(line) - 1);
    memcpy(line + sizeof line - 4, "@b>", 4);
    stage_begin(&stage);
    TOLD(&stage.told, "C: MAIL FROM:<a@localhost>", "S: 250 ok", line, "S: 250 ok");
    cr_expect_eq(cost(&stage, COST_PATHS), 1);
    TOLD(&stage.told, "C: QUIT", "S: 221 bye");
    stage_end(&stage, 4 * CHAPTER_LIMIT, 1024, 250);
}

Test(hostile, a_hundred_thousand_recipients)
{
    enum {
        COUNT = 100 * 1000
    };
    struct stage stage;
    stage_begin(&stage);
    TOLD(&stage.told, "C: MAIL FROM:<a@localhost>", "S: 250 ok");
    for (int i = 0; i < COUNT; i++) {
        TOLD(&stage.told, "C: RCPT TO:<b@localhost>", "S: 250 ok");
        stage_note(&stage);
    }
    cr_expect_eq(cost(&stage, COST_RECIPIENTS), COUNT - RECIPIENT_LIMIT);
    TOLD(&stage.told, "C: DATA", "S: 354 go on", "C: .", "S: 250 ok");
    stage_end(&stage, 8 * CHAPTER_LIMIT, COUNT, 2500);
    cr_expect_eq(stage.transaction.recipients, COUNT);
    cr_expect_eq(stage.transaction.accepted, COUNT);
    cr_expect_eq(stage.recipients, RECIPIENT_LIMIT);
    cr_expect_eq(stage.diagnoses, 0);
    cr_expect_eq(stage.violations, 0);
}

/* It has acknowledged a reply once: its numbers mean something (receipt.h). */
Test(hostile, a_client_that_never_acknowledges)
{
    struct stage stage;
    stage_begin(&stage);
    TOLD(&stage.told, "C: NOOP", "S: 250 ok", "C: NOOP", "S: 250 ok");
    for (int i = 0; i < MILLION / 10; i++) {
        told_blindly(&stage.told, SIDE_CLIENT, bytes_of_string("NOOP\r\n"), 0);
        TOLD(&stage.told, "S: 250 ok");
        cr_assert_leq(stage.told.session->ends[SIDE_SERVER].count, PENDING_LIMIT);
        cr_assert_leq(stage.told.session->ends[SIDE_CLIENT].count, PENDING_LIMIT);
        stage_note(&stage);
    }
    cr_expect_gt(cost(&stage, COST_RECEIPTS), 0);
    stage_end(&stage, 8 * CHAPTER_LIMIT, MILLION / 10, 2500);
}

Test(hostile, commands_that_are_never_answered)
{
    struct stage stage;
    stage_begin(&stage);
    for (int i = 0; i < MILLION / 10; i++) {
        told_octets(&stage.told, SIDE_CLIENT, bytes_of_string("NOOP\r\n"));
        cr_assert_leq(stage.told.session->ring.count, PENDING_LIMIT);
        stage_note(&stage);
    }
    cr_expect_eq(cost(&stage, COST_PENDING), MILLION / 10 - PENDING_LIMIT);
    stage_end(&stage, 32 * CHAPTER_LIMIT, MILLION / 10, 800);
    cr_expect_eq(stage.events, 5 + MILLION / 10);
}

/* What waits takes more than a chapter may: it does not move for every command. */
Test(hostile, long_commands_that_are_never_answered)
{
    enum {
        COUNT = 4 * PENDING_LIMIT
    };
    struct stage stage;
    char line[TEXT_LIMIT] = "NOOP ";
    memset(line + strlen(line), 'x', sizeof line - strlen(line));
    memcpy(line + sizeof line - 2, "\r\n", 2);
    stage_begin(&stage);
    for (int i = 0; i < COUNT; i++) {
        told_octets(&stage.told, SIDE_CLIENT, bytes_of(line, sizeof line));
        stage_note(&stage);
    }
    stage_end(&stage, (size_t)6 * PENDING_LIMIT * TEXT_LIMIT, COUNT, 2500);
    cr_expect_eq(stage.events, 5 + COUNT);
}

Test(hostile, replies_to_nothing_by_the_million)
{
    struct stage stage;
    stage_begin(&stage);
    for (int i = 0; i < MILLION; i++) {
        told_octets(&stage.told, SIDE_SERVER, bytes_of_string("250 ok\r\n"));
        stage_note(&stage);
    }
    cr_expect_eq(stage.told.session->row.replies, MILLION + 2);
    stage_end(&stage, 8 * CHAPTER_LIMIT, MILLION, 4000);
    cr_expect_eq(stage.events, MILLION + 5);
    cr_expect_leq(stage.diagnoses, 16, "%lu", (unsigned long)stage.diagnoses);
}
