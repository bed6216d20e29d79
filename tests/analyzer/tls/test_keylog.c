/* SPDX-License-Identifier: ISC */
/* Lines of a key log, as programs write them. */
#include <criterion/criterion.h>

#include "heloscope/tls/keylog.h"

#define RANDOM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"

static const uint8_t random_octets[32] = {
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static size_t count(const struct keylog *keylog, enum keylog_label label)
{
    size_t place = 0, n = 0;
    while (keylog_find(keylog, label, bytes_of(random_octets, 32), &place))
        n++;
    return n;
}

static size_t count_in(const char *text, enum keylog_label label)
{
    struct keylog *keylog = keylog_new();
    keylog_add_text(keylog, bytes_of_string(text));
    const size_t n = count(keylog, label);
    keylog_free(keylog);
    return n;
}

Test(keylog, a_line_is_found_by_label_and_random)
{
    cr_expect(count_in("CLIENT_RANDOM " RANDOM " " SECRET "\n", KEYLOG_CLIENT_RANDOM) == 1);
    cr_expect(count_in("CLIENT_RANDOM " RANDOM " " SECRET "\n", KEYLOG_CLIENT_TRAFFIC) == 0);
    cr_expect(count_in("SERVER_TRAFFIC_SECRET_0 " RANDOM " " SECRET, KEYLOG_SERVER_TRAFFIC) == 1);
    cr_expect(count_in("# a comment\r\n\r\nCLIENT_RANDOM " RANDOM " " SECRET "\r\n",
                       KEYLOG_CLIENT_RANDOM) == 1);
}

Test(keylog, what_is_no_line_is_passed_over)
{
    cr_expect(count_in("CLIENT_RANDOM " RANDOM "\n", KEYLOG_CLIENT_RANDOM) == 0);
    cr_expect(count_in("CLIENT_RANDOM " RANDOM " 0g\n", KEYLOG_CLIENT_RANDOM) == 0);
    cr_expect(count_in("UNKNOWN " RANDOM " " SECRET "\n", KEYLOG_CLIENT_RANDOM) == 0);
}
