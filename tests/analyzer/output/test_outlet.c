/* SPDX-License-Identifier: ISC */
#include "heloscope/output/outlet.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/limits.h"

static char *filled(size_t length, char letter)
{
    char *text = malloc(length);
    memset(text, letter, length);
    return text;
}

static size_t read_all(int file)
{
    char room[4096];
    size_t total = 0;
    ssize_t count;
    while ((count = read(file, room, sizeof room)) > 0)
        total += (size_t)count;
    return total;
}

Test(outlet, prints_all_in_order)
{
    int ends[2];
    struct failure why;
    char read_back[8] = "";
    cr_assert_eq(pipe(ends), 0);
    struct outlet *outlet = outlet_new(ends[1], &why);
    outlet_put(outlet, filled(2, 'a'), 2);
    outlet_put(outlet, filled(3, 'b'), 3);
    cr_expect_eq(outlet_free(outlet), 0);
    cr_expect_eq(read(ends[0], read_back, sizeof read_back), 5);
    cr_expect_str_eq(read_back, "aabbb");
}

/* A pipe holds 64 KiB and OUTLET_LIMIT octets wait: of three times as much the rest is counted. */
Test(outlet, counts_what_is_not_read, .timeout = 20)
{
    int ends[2];
    struct failure why;
    enum {
        COUNT = 3 * OUTLET_LIMIT / 1000
    };
    cr_assert_eq(pipe(ends), 0);
    struct outlet *outlet = outlet_new(ends[1], &why);
    for (int i = 0; i < COUNT; i++)
        outlet_put(outlet, filled(1000, 'x'), 1000);
    const uint64_t left_out = outlet_take_left_out(outlet);
    cr_expect_gt(left_out, COUNT / 2);
    cr_expect_lt(left_out, COUNT);
    cr_expect_eq(outlet_error(outlet), 0);
    cr_expect_leq(outlet_waiting(outlet), OUTLET_LIMIT);
    /* Nobody ever reads: its end does not wait for long, and the rest is counted too. */
    const uint64_t rest = outlet_free(outlet);
    close(ends[1]);
    cr_expect_eq(read_all(ends[0]) / 1000, COUNT - left_out - rest);
}

Test(outlet, goes_on_without_its_reader, .timeout = 20)
{
    int ends[2];
    struct failure why;
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    struct outlet *outlet = outlet_new(ends[1], &why);
    outlet_put(outlet, filled(10, 'x'), 10);
    while (!outlet_error(outlet))
        usleep(1000);
    cr_expect_eq(outlet_error(outlet), EPIPE);
    outlet_put(outlet, filled(10, 'y'), 10);
    cr_expect_eq(outlet_free(outlet), 2);
}
