/* SPDX-License-Identifier: ISC */
/* Addresses as text. The rows for IPv6 are the rules of RFC 5952 one by one. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "heloscope/network/packet.h"

static const struct row {
    const char *expected;
    struct address address;
} rows[] = {
    {"127.0.0.1", {4, {127, 0, 0, 1}}},
    {"127.255.10.254", {4, {127, 255, 10, 254}}},
    {"::1", {6, {[15] = 1}}},
    {"::", {6, {0}}},
    {"::ffff:127.0.0.1", {6, {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}}},
    {"1::", {6, {[1] = 1}}},
    {"1::1", {6, {[1] = 1, [15] = 1}}},
    {"a0:b:0:c0de::", {6, {[1] = 0xa0, [3] = 0xb, [6] = 0xc0, [7] = 0xde}}},
    {"0:1:2:3:4:5:6:7", {6, {[3] = 1, [5] = 2, [7] = 3, [9] = 4, [11] = 5, [13] = 6, [15] = 7}}},
    {"1:0:0:2::3", {6, {[1] = 1, [7] = 2, [15] = 3}}},
    {"1::2:0:0:3:4", {6, {[1] = 1, [7] = 2, [13] = 3, [15] = 4}}},
    {"1:2:3:4:5:6:7:0", {6, {[1] = 1, [3] = 2, [5] = 3, [7] = 4, [9] = 5, [11] = 6, [13] = 7}}},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     {6, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}}},
    {"?", {0, {0}}},
};

Test(address, print)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[46];
        cr_expect_eq(address_print(&rows[i].address, out), out);
        cr_expect_str_eq(out, rows[i].expected, "%s, not %s", out, rows[i].expected);
    }
}

Test(address, numbers_of_every_size)
{
    char out[46], expected[64];
    for (unsigned value = 0; value <= 0xffff; value++) {
        uint8_t high = (uint8_t)(value >> 8), low = (uint8_t)value;
        struct address four = {4, {low, high, 0, low}};
        struct address six = {6, {[1] = 1, [3] = 2, [5] = 3, [7] = 4, [9] = 5, [11] = 6, [13] = 7}};
        six.octets[14] = high;
        six.octets[15] = low;
        snprintf(expected, sizeof expected, "%u.%u.0.%u", low, high, low);
        cr_assert_str_eq(address_print(&four, out), expected);
        snprintf(expected, sizeof expected, "1:2:3:4:5:6:7:%x", value);
        cr_assert_str_eq(address_print(&six, out), expected);
    }
}
