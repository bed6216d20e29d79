/* SPDX-License-Identifier: ISC */
/* What is kept of one side's octets. */
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"
#include "heloscope/session/direction.h"

#include <criterion/criterion.h>

static const struct mark nowhere = {0};

Test(direction, holds_a_line_in_pieces_and_knows_where_it_began)
{
    struct direction direction = {.offset = 0};
    struct mark first = {.ts_us = 5, .packet = 7}, second = {.ts_us = 6, .packet = 8};
    direction_hold(&direction, bytes_of_string("MAIL FR"), 100, &first);
    direction_hold(&direction, bytes_of_string("OM:<>\r"), 107, &second);
    cr_expect(bytes_equal(bytes_of(direction.held, direction.held_length),
                          bytes_of_string("MAIL FROM:<>\r")));
    cr_expect_eq(direction.held_offset, 100);
    cr_expect_eq(direction.held_mark.packet, 7);
    cr_expect_eq(direction.last, '\r');
    direction_release(&direction);
    cr_expect_eq(direction.held_length, 0);
    direction_free(&direction);
}

Test(direction, of_a_line_that_is_too_long_the_rest_is_counted)
{
    struct direction direction = {.offset = 0};
    static const uint8_t much[3000];
    uint64_t sent = 0;
    for (; sent < LINE_LIMIT + 5000; sent += sizeof much)
        direction_hold(&direction, bytes_of(much, sizeof much), sent, &nowhere);
    cr_expect_eq(direction.held_length, LINE_LIMIT);
    cr_expect_eq(direction.held_length + direction.skipped, sent);
    direction_release(&direction);
    cr_expect_null(direction.held, "an idle session keeps little");
    direction_free(&direction);
}

Test(direction, what_waits_is_a_copy_and_can_be_looked_at_across_spans)
{
    struct direction direction = {.offset = 0};
    char text[] = "abc";
    struct span span = {.offset = 10, .data = bytes_of(text, 3)};
    direction_enqueue(&direction, &span);
    memcpy(text, "def", 3);
    direction_enqueue(&direction, &span);
    direction_enqueue(&direction, &(struct span){.offset = 16, .gap = 4});
    direction_enqueue(&direction, &span);
    cr_expect_eq(direction.queued, 9);
    cr_expect_eq(direction.queued_spans, 4);
    uint8_t head[16];
    cr_assert_eq(direction_peek(&direction, head, sizeof head), 6, "nothing is read across a hole");
    cr_expect_eq(memcmp(head, "abcdef", 6), 0);
    cr_expect_eq(direction_peek(&direction, head, 4), 4);
    direction_free(&direction);
}
