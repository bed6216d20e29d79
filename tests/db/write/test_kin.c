/* SPDX-License-Identifier: ISC */
/* Which sessions are of one connection. */
#include <criterion/criterion.h>

#include "db/write/kin.h"

#define SECOND INT64_C(1000000)
#define START  INT64_C(1700000000000000)

/* Ten seconds from the SYN on, 1000 octets of the client and 2000 of the server. */
static struct extent whole(void)
{
    return (struct extent){.numbering = {{true, 5000}, {true, 90000}},
                           .octets = {1000, 2000},
                           .started_us = START,
                           .ended_us = START + 10 * SECOND,
                           .capture_id = 1};
}

/* A part of it, begun behind `client` and `server` octets. */
static struct extent part(uint32_t client, uint64_t octets, uint32_t server, uint64_t replies)
{
    struct extent extent = whole();
    extent.numbering[SIDE_CLIENT].first += client;
    extent.numbering[SIDE_SERVER].first += server;
    extent.octets[SIDE_CLIENT] = octets;
    extent.octets[SIDE_SERVER] = replies;
    extent.midstream = client || server;
    extent.started_us += client ? 4 * SECOND : 0;
    extent.ended_us -= SECOND;
    extent.capture_id = 2;
    return extent;
}

/* Both ways round. */
static void expect(const struct extent *a, const struct extent *b, enum kinship wanted)
{
    static const enum kinship turned[] = {KIN_NONE, KIN_SAME, KIN_AROUND, KIN_INSIDE, KIN_BESIDE};
    cr_expect_eq(extent_kinship(a, b), wanted, "%d is not %d", extent_kinship(a, b), wanted);
    cr_expect_eq(extent_kinship(b, a), turned[wanted], "%d is not %d", extent_kinship(b, a),
                 turned[wanted]);
}

Test(kin, a_session_captured_twice_by_clocks_that_differ_is_one)
{
    const struct extent first = whole();
    struct extent second = whole();
    second.capture_id = 2;
    second.started_us += 1;
    second.ended_us += 1;
    expect(&first, &second, KIN_SAME);
    second.started_us += SECOND / 2;
    second.ended_us += SECOND / 2;
    expect(&first, &second, KIN_SAME);
}

Test(kin, ports_and_numbers_that_come_back_are_another_connection)
{
    const struct extent first = whole();
    struct extent later = whole();
    later.capture_id = 2;
    later.started_us += 60 * SECOND;
    later.ended_us += 60 * SECOND;
    expect(&first, &later, KIN_NONE);
    struct extent same_capture = whole();
    same_capture.started_us += SECOND;
    expect(&first, &same_capture, KIN_NONE);
    struct extent other_numbers = whole();
    other_numbers.capture_id = 2;
    other_numbers.numbering[SIDE_SERVER].first++;
    expect(&first, &other_numbers, KIN_NONE);
}

Test(kin, a_part_lies_inside_the_whole)
{
    const struct extent all = whole();
    const struct extent beginning = part(0, 300, 0, 500), middle = part(300, 200, 500, 300),
                        end = part(300, 700, 500, 1500), far = part(300, 800, 500, 1500);
    expect(&beginning, &all, KIN_INSIDE);
    expect(&middle, &all, KIN_INSIDE);
    expect(&end, &all, KIN_INSIDE);
    expect(&far, &all, KIN_BESIDE);
    expect(&beginning, &end, KIN_BESIDE);
    expect(&middle, &end, KIN_INSIDE);
}

Test(kin, a_keep_alive_may_come_first)
{
    const struct extent all = whole();
    struct extent middle = part(300, 200, 500, 300);
    middle.numbering[SIDE_CLIENT].first = all.numbering[SIDE_CLIENT].first - 1;
    expect(&middle, &all, KIN_INSIDE);
    middle.numbering[SIDE_CLIENT].first--;
    expect(&middle, &all, KIN_NONE);
}

Test(kin, numbers_wrap)
{
    struct extent all = whole(), middle = part(300, 200, 500, 300);
    all.numbering[SIDE_CLIENT].first = UINT32_MAX - 100;
    middle.numbering[SIDE_CLIENT].first = 199;
    expect(&middle, &all, KIN_INSIDE);
}

Test(kin, what_fits_into_a_hole_is_not_held)
{
    struct extent all = whole();
    const struct extent middle = part(300, 200, 500, 300);
    all.missing = 499;
    expect(&middle, &all, KIN_INSIDE);
    all.missing = 500;
    expect(&middle, &all, KIN_BESIDE);
}

Test(kin, a_rest_between_two_files_is_bounded_by_a_day)
{
    const struct extent beginning = part(0, 300, 0, 500);
    struct extent end = part(300, 700, 500, 1500);
    end.started_us = beginning.ended_us + 86400 * SECOND;
    end.ended_us = end.started_us + SECOND;
    expect(&beginning, &end, KIN_BESIDE);
    end.started_us++;
    expect(&beginning, &end, KIN_NONE);
}

Test(kin, one_side_may_be_unknown_but_not_both)
{
    const struct extent all = whole();
    struct extent middle = part(300, 200, 500, 300);
    middle.numbering[SIDE_SERVER].known = false;
    expect(&middle, &all, KIN_INSIDE);
    middle.numbering[SIDE_CLIENT].known = false;
    expect(&middle, &all, KIN_NONE);
}
