/* SPDX-License-Identifier: ISC */
/* One direction put back in order. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/transport/stream.h"

/* Keeps `text` at `offset`, from packet number `packet`, whose sender had received `seen`. */
static void keep(struct stream *s, int64_t offset, const char *text, uint64_t packet, uint64_t seen)
{
    struct mark mark = {.ts_us = (int64_t)packet, .packet = packet, .seen = seen};
    stream_keep(s, offset, bytes_of_string(text), false, &mark);
}

static void keep_missing(struct stream *s, int64_t offset, size_t length)
{
    struct mark mark = {.packet = 99};
    stream_keep(s, offset, bytes_of(NULL, length), true, &mark);
}

/* Everything that is ready, as text; a hole of n octets is n times '?'. */
static const char *take(struct stream *s)
{
    static char out[256];
    size_t n = 0;
    struct span span;
    while (stream_ready(s, &span)) {
        size_t length = span.gap ? span.gap : span.data.len;
        cr_assert_eq(span.offset, s->next);
        cr_assert_gt(length, 0);
        cr_assert_lt(n + length, sizeof out);
        if (span.gap)
            memset(out + n, '?', length);
        else
            memcpy(out + n, span.data.at, length);
        n += length;
        stream_advance(s, length);
    }
    out[n] = '\0';
    return out;
}

static struct stream started(void)
{
    struct stream s = {0};
    stream_start(&s, 1000);
    return s;
}

Test(stream, what_comes_early_waits)
{
    struct stream s = started();
    keep(&s, 3, "def", 1, 0);
    cr_expect_str_eq(take(&s), "");
    keep(&s, 0, "abc", 2, 0);
    cr_expect_str_eq(take(&s), "abcdef");
    cr_expect_eq(s.next, 6);
    cr_expect_eq(s.waiting_count, 0);
    cr_expect_eq(s.waiting_octets, 0);
    cr_expect_null(s.last);
    stream_free(&s);
}

/* Who was there first keeps the place, however the second lies across it. */
Test(stream, the_first_copy_wins)
{
    static const struct {
        int64_t offset;
        const char *text, *whole;
        uint64_t repeated;
    } second[] = {
        {4, "XX", "....ab....cd....", 2}, /* the same place */
        {3, "XXXX",
         "...Xab"
         "X...cd....",
         2},                             /* around it */
        {4, "X", "....ab....cd....", 1}, /* its beginning */
        {5, "XX",
         "....ab"
         "X...cd....",
         1},                              /* over its end */
        {3, "XX", "...Xab....cd....", 1}, /* over its beginning */
        {2, "XXXXXXXXXXXX",
         "..XX"
         "ab"
         "XXXX"
         "cd"
         "XX..",
         4},
        {6, "XXXX", "....abXXXXcd....", 0}, /* just between */
    };
    for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
        struct stream s = started();
        keep(&s, 4, "ab", 1, 0);
        keep(&s, 10, "cd", 2, 0);
        keep(&s, second[i].offset, second[i].text, 3, 0);
        cr_expect_eq(s.repeated, second[i].repeated, "row %zu", i);
        keep(&s, 0, "................", 4, 0); /* fills what is left */
        cr_expect_str_eq(take(&s), second[i].whole, "row %zu", i);
        stream_free(&s);
    }
}

Test(stream, what_was_delivered_is_only_counted)
{
    struct stream s = started();
    keep(&s, 0, "abcd", 1, 0);
    cr_expect_str_eq(take(&s), "abcd");
    keep(&s, 0, "ABCD", 2, 0);
    keep(&s, -1, "x", 3, 0); /* a keep-alive: the octet before the first */
    cr_expect_str_eq(take(&s), "");
    cr_expect_eq(s.repeated, 5);
    keep(&s, 2, "CDef", 4, 0);
    cr_expect_str_eq(take(&s), "ef");
    cr_expect_eq(s.repeated, 7);
    stream_free(&s);
}

Test(stream, octets_that_were_cut_are_a_hole_of_known_length)
{
    struct stream s = started();
    keep(&s, 0, "abc", 1, 0);
    keep_missing(&s, 3, 4);
    keep(&s, 7, "hi", 2, 0);
    cr_expect_eq(s.waiting_octets, 5, "a hole takes no memory");
    cr_expect_str_eq(take(&s), "abc????hi");
    stream_free(&s);
}

Test(stream, a_hole_does_not_take_the_place_of_octets_that_were_seen)
{
    struct stream s = started();
    keep(&s, 2, "cd", 1, 0);
    keep_missing(&s, 0, 6);
    cr_expect_str_eq(take(&s), "??cd??");
    stream_free(&s);
}

/* A capture that puts a retransmission where the original was, in time, behind what acknowledged
 * more: what lies before has been sent before. */
Test(stream, what_fills_a_hole_was_not_sent_later_than_what_lies_behind)
{
    struct stream s = started();
    struct span span;
    keep(&s, 3, "def", 1, 10);
    keep(&s, 0, "abc", 2, 90);
    cr_assert(stream_ready(&s, &span));
    cr_expect_eq(span.mark.seen, 10);
    cr_expect_eq(span.mark.packet, 2);
    stream_advance(&s, 3);
    cr_assert(stream_ready(&s, &span));
    cr_expect_eq(span.mark.seen, 10);
    stream_free(&s);
}

Test(stream, sequence_numbers_wrap)
{
    static const uint32_t bases[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        struct stream s = {0};
        stream_start(&s, bases[i]);
        for (uint64_t offset = 0; offset < 3ull << 32; offset += 0x0fffffff) {
            s.next = offset;
            cr_assert_eq(stream_offset(&s, bases[i] + (uint32_t)offset), (int64_t)offset);
            cr_assert_eq(stream_offset(&s, bases[i] + (uint32_t)offset + 70000),
                         (int64_t)offset + 70000);
            cr_assert_eq(stream_offset(&s, bases[i] + (uint32_t)offset - 70000),
                         (int64_t)offset - 70000);
        }
    }
}

Test(stream, what_lies_too_far_ahead_is_not_believed)
{
    struct stream s = started();
    keep(&s, STREAM_MAX_WAITING * 64ll + 1, "x", 1, 0);
    cr_expect_eq(s.dropped, 1);
    cr_expect_eq(s.waiting_count, 0);
    keep(&s, STREAM_MAX_WAITING * 64ll, "y", 1, 0);
    cr_expect_eq(s.waiting_count, 1);
    stream_free(&s);
}

Test(stream, too_many_octets_or_pieces_are_told)
{
    static char big[STREAM_MAX_WAITING / 4 + 2];
    memset(big, 'x', sizeof big - 1);
    struct stream s = started();
    for (int i = 0; i < 3; i++)
        keep(&s, 1 + i * (int64_t)sizeof big, big, 1, 0);
    cr_expect_not(stream_overfull(&s));
    keep(&s, 1 + 3 * (int64_t)sizeof big, big, 1, 0);
    cr_expect(stream_overfull(&s));
    stream_free(&s);

    s = started();
    for (int i = 1; i <= STREAM_MAX_PIECES; i++)
        keep(&s, 2 * i, "x", 1, 0);
    cr_expect_not(stream_overfull(&s));
    keep(&s, 1 + 2 * STREAM_MAX_PIECES + 1, "x", 1, 0);
    cr_expect(stream_overfull(&s));
    stream_free(&s);
}

Test(stream, a_free_stream_is_empty)
{
    struct stream s = started();
    keep(&s, 3, "def", 1, 0);
    stream_free(&s);
    cr_expect_null(s.waiting);
    cr_expect_null(s.last);
    cr_expect_eq(s.waiting_count, 0);
    cr_expect_eq(s.waiting_octets, 0);
}

/* --- a model: every octet remembers which copy came first --- */

enum {
    MODEL_SIZE = 300,
    ROUNDS = 3000
};

/* Copy number `copy` of the octet at `offset`; copies differ. */
static uint8_t octet_of(unsigned copy, size_t offset)
{
    return (uint8_t)(copy * 37 + offset * 101 + 1);
}

struct model {
    unsigned seed;
    unsigned first[MODEL_SIZE]; /* the copy that came first; 0 = none yet */
    uint64_t delivered;
};

static void model_keep(struct model *m, struct stream *s, unsigned copy, size_t from, size_t to)
{
    uint8_t octets[MODEL_SIZE];
    struct mark mark = {.packet = copy, .seen = copy};
    for (size_t i = from; i < to; i++)
        octets[i - from] = octet_of(copy, i);
    for (size_t i = from < m->delivered ? m->delivered : from; i < to; i++)
        if (!m->first[i])
            m->first[i] = copy;
    stream_keep(s, (int64_t)from, bytes_of(octets, to - from), false, &mark);
}

static void model_take(struct model *m, struct stream *s)
{
    struct span span;
    while (stream_ready(s, &span)) {
        cr_assert_eq(span.offset, m->delivered);
        for (size_t i = 0; i < span.data.len; i++) {
            size_t at = m->delivered + i;
            cr_assert_lt(at, MODEL_SIZE);
            cr_assert_neq(m->first[at], 0);
            cr_assert_eq(span.data.at[i], octet_of(m->first[at], at), "seed %u, octet %zu", m->seed,
                         at);
            cr_assert_eq(span.mark.packet, m->first[at]);
        }
        m->delivered += span.data.len;
        stream_advance(s, span.data.len);
    }
    /* What was not delivered must really lack its next octet. */
    cr_assert(m->delivered == MODEL_SIZE || !m->first[m->delivered], "seed %u", m->seed);
}

/* The list of what waits is sorted, without overlap, and counted rightly. */
static void check_waiting(const struct stream *s)
{
    uint64_t at = s->next;
    size_t octets = 0, count = 0;
    const struct piece *last = NULL;
    for (const struct piece *p = s->waiting; p; p = p->next) {
        cr_assert_geq(p->offset, at);
        cr_assert_gt(p->length, 0);
        at = p->offset + p->length;
        octets += p->missing ? 0 : p->length;
        count++;
        last = p;
    }
    cr_assert_eq(s->last, last);
    cr_assert_eq(s->waiting_count, count);
    cr_assert_eq(s->waiting_octets, octets);
}

static void run_round(unsigned seed)
{
    struct model m = {.seed = seed};
    struct stream s = {0};
    srandom(seed);
    stream_start(&s, (uint32_t)random());
    unsigned copy = 0;
    while (m.delivered < MODEL_SIZE) {
        size_t from = (size_t)random() % MODEL_SIZE;
        size_t length = 1 + (size_t)random() % (random() % 4 ? 20 : MODEL_SIZE);
        size_t to = from + length < MODEL_SIZE ? from + length : MODEL_SIZE;
        if (random() % 3 == 0 || copy > 200)
            from = m.delivered < to ? m.delivered : from;
        model_keep(&m, &s, ++copy, from, to);
        check_waiting(&s);
        if (random() % 2)
            model_take(&m, &s);
    }
    check_waiting(&s);
    stream_free(&s);
}

Test(stream, the_model_agrees_for_segments_in_any_order)
{
    for (unsigned seed = 1; seed <= ROUNDS; seed++)
        run_round(seed);
}

/* Every other octet, from the back, from the front, and at random: the owner, told that it is too
 * much, steps over the holes. What it costs is counted in pieces, not in time. */
Test(stream, a_million_tiny_segments)
{
    for (int order = 0; order < 3; order++) {
        struct stream s = started();
        uint64_t taken = 0;
        uint32_t most = 0;
        srandom(7);
        for (int i = 0; i < 350 * 1000; i++) {
            int64_t ahead = order == 0 ? 2 * (i % 4096) + 1 : 2 * (4096 - i % 4096);
            keep(&s, (int64_t)s.next + (order < 2 ? ahead : random() % 8192), "x", 1, 0);
            most = s.waiting_count > most ? s.waiting_count : most;
            if (stream_overfull(&s))
                stream_advance(&s, s.waiting->offset - s.next);
            for (struct span span; stream_ready(&s, &span); taken++)
                stream_advance(&s, span.data.len);
        }
        cr_expect_gt(taken, 100 * 1000);
        cr_expect_leq(most, STREAM_MAX_PIECES + 1);
        stream_free(&s);
    }
}
