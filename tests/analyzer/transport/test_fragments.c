/* SPDX-License-Identifier: ISC */
/* Fragments in every order and size must give the datagram; what is hostile costs a bounded amount
 * and gives nothing. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/transport/fragments.h"

enum {
    ROOM = 65536,
    SECOND = 1000 * 1000
};

static struct fragments *f;
static uint8_t original[ROOM];

static void make(void)
{
    f = fragments_new();
    srandom(1);
    for (size_t i = 0; i < sizeof original; i++)
        original[i] = (uint8_t)random();
}

static void clean(void)
{
    fragments_free(f);
}

TestSuite(fragments, .init = make, .fini = clean);

static struct segment piece(uint32_t id, size_t from, size_t to, bool more)
{
    return (struct segment){
        .src = {4, {127, 0, 0, 1}},
        .dst = {4, {127, 0, 0, 2}},
        .ip_id = id,
        .protocol = 6,
        .offset = (uint16_t)from,
        .more = more,
        .payload = bytes_of(original + from, to - from),
    };
}

static bool take(struct segment *s, int64_t now_us)
{
    return fragments_take(f, s, now_us);
}

static struct fragment_counts counts(void)
{
    struct fragment_counts out;
    fragments_counts(f, &out);
    return out;
}

static void expect_whole(const struct segment *s, size_t length)
{
    cr_expect_eq(s->payload.len, length);
    cr_expect_eq(s->cut, 0);
    cr_expect_eq(s->protocol, 6);
    cr_expect_arr_eq(s->payload.at, original, s->payload.len);
}

/* Every permutation of four pieces, with each of them sent twice. */
Test(fragments, any_order_gives_the_datagram)
{
    static const size_t ends[] = {0, 8, 24, 1024, 1501};
    uint32_t id = 0;
    for (int code = 0; code < 256; code++) {
        int order[4], seen = 0;
        for (int i = 0; i < 4; i++)
            seen |= 1 << (order[i] = code >> (2 * i) & 3);
        if (seen != 15)
            continue;
        id++;
        for (int i = 0; i < 4; i++) {
            struct segment s = piece(id, ends[order[i]], ends[order[i] + 1], order[i] < 3);
            struct segment again = s;
            cr_expect_eq(take(&s, 1), i == 3, "order %d, piece %d", code, i);
            if (i == 3)
                expect_whole(&s, 1501);
            cr_expect_not(take(&again, 1), "order %d, piece %d again", code, i);
        }
    }
    struct fragment_counts c = counts();
    cr_expect_eq(id, 24);
    cr_expect_eq(c.datagrams, 24);
    cr_expect_eq(c.fragments, 24 * 8);
    cr_expect_eq(c.repeated, 24 * 4);
    cr_expect_eq(c.overlaps + c.malformed + c.expired + c.given_up, 0);
    cr_expect_eq(fragments_waiting(f), 0);
}

/* Random pieces, overlapping and repeated, against the model of octets that are there or not. */
Test(fragments, random_pieces_against_a_model)
{
    for (uint32_t id = 1; id <= 300; id++) {
        size_t length = 1 + (size_t)random() % (id % 10 ? 3000 : 65535), units = (length + 7) / 8;
        uint8_t *there = calloc(units, 1);
        size_t count = 0;
        bool ended = false, done = false;
        while (!done) {
            size_t from = (size_t)random() % units, many = 1 + (size_t)random() % (units / 4 + 1);
            size_t to = from + many < units ? (from + many) * 8 : length;
            struct segment s = piece(id, from * 8, to, to < length);
            for (size_t i = from; i * 8 < to; i++) {
                count += !there[i];
                there[i] = 1;
            }
            ended |= to == length;
            done = take(&s, id);
            cr_assert_eq(done, ended && count == units, "datagram %u", id);
            if (done)
                expect_whole(&s, length);
        }
        free(there);
    }
    cr_expect_gt(counts().overlaps, 0);
    cr_expect_eq(counts().contradicting, 0, "what overlapped was the same");
    cr_expect_eq(counts().malformed, 0);
}

Test(fragments, the_first_copy_of_an_octet_wins_and_another_is_noted)
{
    static uint8_t other[64];
    struct segment s = piece(1, 8, 32, true), t = piece(1, 0, 24, true),
                   u = piece(1, 24, 40, false);
    t.payload = bytes_of(other, 24); /* octets 8 to 24 differ: those of `s` stay */
    cr_expect_not(take(&s, 1));
    cr_expect_not(take(&t, 1));
    cr_expect(take(&u, 1));
    cr_expect_eq(u.payload.len, 40);
    cr_expect_arr_eq(u.payload.at, other, 8);
    cr_expect_arr_eq(u.payload.at + 8, original + 8, 32);
    cr_expect_eq(counts().overlaps, 2, "the second with the first, the third with the end of both");
    cr_expect_eq(counts().contradicting, 1);
}

/* Of each the first is kept, what contradicts it is not. */
Test(fragments, what_cannot_be_true_is_not_kept)
{
    static const struct {
        size_t from, to;
        bool more;
    } rows[] = {
        {0, 0, true},          /* nothing */
        {0, 12, true},         /* not the last, and no whole units */
        {65528, 65536, false}, /* longer than any datagram */
        {0, 48, false},        /* behind the end */
        {24, 32, false},       /* another end */
        {32, 64, true},        /* goes on behind the end */
    };
    struct segment last = piece(1, 32, 40, false);
    cr_expect_not(take(&last, 1));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct segment s = piece(1, rows[i].from, rows[i].to, rows[i].more);
        cr_expect_not(take(&s, 1), "row %zu", i);
        cr_expect_eq(counts().malformed, i + 1, "row %zu", i);
    }
    struct segment rest = piece(1, 0, 32, true);
    cr_expect(take(&rest, 1));
    expect_whole(&rest, 40);

    struct segment far = piece(2, 64, 128, true), before_it = piece(2, 0, 72, false);
    cr_expect_not(take(&far, 1));
    cr_expect_not(take(&before_it, 1), "ends before what has come");
    cr_expect_eq(counts().malformed, sizeof rows / sizeof *rows + 1);
}

/* The second lies within the first: an old way to crash hosts. */
Test(fragments, teardrop_gives_nothing)
{
    struct segment a = piece(1, 0, 40, true), b = piece(1, 24, 28, false);
    cr_expect_not(take(&a, 1));
    cr_expect_not(take(&b, 1));
    cr_expect_eq(counts().datagrams, 0);
}

Test(fragments, datagrams_are_told_apart)
{
    struct segment ways[6];
    for (int i = 0; i < 6; i++)
        ways[i] = piece(1, 0, 8, true);
    ways[1].ip_id = 2;
    ways[2].src.octets[3] = 9;
    ways[3].dst.octets[3] = 9;
    ways[4].protocol = 17;
    ways[5].path = 7;
    for (int i = 0; i < 6; i++) {
        struct segment s = ways[i];
        cr_expect_not(take(&s, 1));
        cr_expect_eq(fragments_waiting(f), i + 1);
    }
    for (int i = 0; i < 6; i++) {
        struct segment s = ways[i];
        s.offset = 8;
        s.more = false;
        cr_expect(take(&s, 1), "%d", i);
        cr_expect_eq(s.protocol, i == 4 ? 17 : 6);
    }
}

/* RFC 8200 section 4.5: what follows is said by the first fragment; others may say anything. */
Test(fragments, in_ipv6_the_first_says_what_is_inside)
{
    for (uint32_t id = 0; id < 2; id++) {
        struct segment parts[2] = {piece(id, 8, 16, false), piece(id, 0, 8, true)};
        for (int i = 0; i < 2; i++)
            parts[i].src.family = parts[i].dst.family = 6;
        parts[0].protocol = 0;
        struct segment first = parts[id], second = parts[!id];
        cr_expect_not(take(&first, 1));
        cr_expect(take(&second, 1));
        cr_expect_eq(second.protocol, 6);
    }
}

/* Only what lies before the first octet that was cut off is handed on. */
Test(fragments, what_the_snap_length_cut_is_cut)
{
    static const struct {
        size_t cut[3], captured;
    } rows[] = {{{0, 0, 0}, 1200},
                {{0, 0, 5}, 1195},
                {{0, 11, 5}, 789},
                {{390, 0, 0}, 10},
                {{400, 0, 0}, 0}};
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct segment s = {.flags = 0};
        for (size_t k = 3; k-- > 0;) {
            s = piece(i, 400 * k, 400 * k + 400, k < 2);
            s.payload.len -= rows[i].cut[k];
            s.cut = (uint32_t)rows[i].cut[k];
            cr_expect_eq(take(&s, 1), k == 0, "row %u", i);
        }
        cr_expect_eq(s.payload.len, rows[i].captured, "row %u: %zu", i, s.payload.len);
        cr_expect_eq(s.cut, 1200 - rows[i].captured, "row %u: %u", i, s.cut);
        cr_expect_arr_eq(s.payload.at, original, s.payload.len, "row %u", i);
    }
}

Test(fragments, the_copy_of_a_cut_fragment_is_no_contradiction)
{
    struct segment cut = piece(1, 0, 400, true), whole = cut, last = piece(1, 400, 500, false);
    cut.payload.len = 50;
    cut.cut = 350;
    cr_expect_not(take(&cut, 1));
    cr_expect_not(take(&whole, 1));
    cr_expect(take(&last, 1));
    cr_expect_eq(last.payload.len, 50);
    cr_expect_eq(counts().overlaps, 0);
}

/* --- bounds --- */

Test(fragments, what_does_not_come_in_time_is_forgotten)
{
    struct segment a = piece(1, 0, 8, true), b = piece(2, 0, 8, true);
    cr_expect_not(take(&a, 10 * SECOND));
    cr_expect_not(take(&b, 20 * SECOND));
    struct segment late = piece(1, 8, 16, false);
    cr_expect_not(take(&late, 41 * SECOND));
    cr_expect_eq(counts().expired, 1);
    struct segment in_time = piece(2, 8, 16, false);
    cr_expect(take(&in_time, 49 * SECOND));
    cr_expect_eq(counts().datagrams, 1);
}

/* Numbers are used again. */
Test(fragments, a_number_may_come_again_behind_its_datagram)
{
    for (int64_t round = 0; round < 3; round++) {
        struct segment a = piece(1, 0, 8, true), b = piece(1, 8, 16, false);
        cr_expect_not(take(&a, round * SECOND));
        cr_expect(take(&b, round * SECOND));
    }
    cr_expect_eq(counts().datagrams, 3);
    cr_expect_eq(counts().repeated, 0);
}

/* Each alone would be honest; together they are more than is given to them. The last one at the far
 * end of its datagram takes as much as one at its beginning. */
Test(fragments, memory_is_bounded)
{
    size_t most = 0;
    for (uint32_t id = 0; id < 200 * 1000; id++) {
        struct segment s = id % 3 ? piece(id, 8 * (id % 8000), 8 * (id % 8000) + 8, true)
                                  : piece(id, 0, 1480, true);
        cr_assert_not(take(&s, id));
        if (fragments_memory(f) > most)
            most = fragments_memory(f);
    }
    cr_expect_leq(most, FRAGMENTS_MEMORY);
    cr_expect_gt(most, FRAGMENTS_MEMORY * 9 / 10);
    struct fragment_counts c = counts();
    cr_expect_eq(c.given_up + fragments_waiting(f), 200 * 1000);
    cr_expect_gt(fragments_waiting(f), 2000);

    struct segment a = piece(1 << 20, 0, 8, true), b = piece(1 << 20, 8, 16, false);
    cr_expect_not(take(&a, 200 * 1000));
    cr_expect(take(&b, 200 * 1000), "what comes now is put together all the same");
}

/* The smallest pieces from the last to the first, and the even ones before the odd ones. */
Test(fragments, eight_thousand_pieces_of_one_datagram)
{
    for (uint32_t id = 0; id < 2; id++)
        for (size_t n = 8192; n-- > 0;) {
            size_t unit = id ? (n % 2 ? n / 2 : 4096 + n / 2) : n;
            size_t end = unit == 8191 ? 65535 : unit * 8 + 8;
            struct segment s = piece(id, unit * 8, end, unit < 8191);
            cr_assert_eq(take(&s, 1), n == 0, "piece %zu", n);
            if (n == 0)
                expect_whole(&s, 65535);
        }
    cr_expect_eq(counts().datagrams, 2);
    cr_expect_lt(fragments_memory(f), 4096, "what is complete takes little");
}
