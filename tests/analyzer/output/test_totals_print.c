/* SPDX-License-Identifier: ISC */
#include "heloscope/output/totals_print.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(const struct pipeline_totals *totals, const char *wanted)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    totals_print_packets(out, totals);
    fclose(out);
    cr_expect_str_eq(text, wanted);
    free(text);
}

Test(totals_print, what_is_zero_is_not_said)
{
    const struct pipeline_totals totals = {.packets = 20, .tcp_packets = 15, .connections = 1};
    expect(&totals, "15 TCP in 1 connection");
}

Test(totals_print, everything)
{
    const struct pipeline_totals totals = {
        .packets = 20,
        .tcp_packets = 15,
        .connections = 2,
        .unreadable_packets = 1,
        .duplicates = 2,
        .fragments = 3,
        .incomplete_datagrams = 1,
        .overlapping_fragments = 2,
        .contradicting_fragments = 1,
        .malformed_fragments = 4,
    };
    expect(&totals, "15 TCP in 2 connections, 1 unreadable, 2 duplicates, 3 fragments with 1 "
                    "datagram incomplete, 2 overlapping, 1 contradicting others, 4 impossible");
}
