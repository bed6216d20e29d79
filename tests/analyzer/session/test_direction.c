/* What is kept of one side's octets. */
#include "heloscope/session/direction.h"

#include <criterion/criterion.h>

static const struct mark nowhere = {0};

Test(half, holds_a_line_in_pieces_and_knows_where_it_began)
{
    struct half half = {.offset = 0};
    struct mark first = {.ts_us = 5, .packet = 7}, second = {.ts_us = 6, .packet = 8};
    half_hold(&half, bytes_of_string("MAIL FR"), 100, &first);
    half_hold(&half, bytes_of_string("OM:<>\r"), 107, &second);
    cr_expect(
        bytes_equal(bytes_of(half.held, half.held_length), bytes_of_string("MAIL FROM:<>\r")));
    cr_expect_eq(half.held_offset, 100);
    cr_expect_eq(half.held_mark.packet, 7);
    cr_expect_eq(half.last, '\r');
    half_release(&half);
    cr_expect_eq(half.held_length, 0);
    half_free(&half);
}

Test(half, of_a_line_that_is_too_long_the_rest_is_counted)
{
    struct half half = {.offset = 0};
    static const uint8_t much[3000];
    uint64_t sent = 0;
    for (; sent < LINE_LIMIT + 5000; sent += sizeof much)
        half_hold(&half, bytes_of(much, sizeof much), sent, &nowhere);
    cr_expect_eq(half.held_length, LINE_LIMIT);
    cr_expect_eq(half.held_length + half.skipped, sent);
    half_release(&half);
    cr_expect_null(half.held, "an idle session keeps little");
    half_free(&half);
}

Test(half, what_waits_is_a_copy_and_can_be_looked_at_across_spans)
{
    struct half half = {.offset = 0};
    char text[] = "abc";
    struct span span = {.offset = 10, .data = bytes_of(text, 3)};
    half_enqueue(&half, &span);
    memcpy(text, "def", 3);
    half_enqueue(&half, &span);
    half_enqueue(&half, &(struct span){.offset = 16, .gap = 4});
    half_enqueue(&half, &span);
    cr_expect_eq(half.queued, 9);
    cr_expect_eq(half.queued_spans, 4);
    uint8_t head[16];
    cr_assert_eq(half_peek(&half, head, sizeof head), 6, "nothing is read across a hole");
    cr_expect_eq(memcmp(head, "abcdef", 6), 0);
    cr_expect_eq(half_peek(&half, head, 4), 4);
    half_free(&half);
}
