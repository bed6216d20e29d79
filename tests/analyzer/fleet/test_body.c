/* SPDX-License-Identifier: ISC */
/* Bodies are whole gzip streams, one after the other, however long they get. */
#include <criterion/criterion.h>

#include "analyzer/fleet/body.h"

#ifdef HAVE_ZLIB
#include <stdlib.h>
#include <zlib.h>

static char unpacked[8 << 20];

static size_t unpack(struct bytes packed)
{
    z_stream stream = {.next_in = (Bytef *)packed.at,
                       .avail_in = (uInt)packed.len,
                       .next_out = (Bytef *)unpacked,
                       .avail_out = sizeof unpacked};
    cr_assert_eq(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    cr_expect_eq(inflate(&stream, Z_FINISH), Z_STREAM_END, "the stream has no end");
    cr_expect_eq(stream.avail_in, 0, "octets behind the end");
    inflateEnd(&stream);
    return stream.total_out;
}

Test(body, rows_come_out_as_they_went_in)
{
    struct body *body = body_new();
    for (int round = 0; round < 2; round++) {
        body_add(body, bytes_of_string("{\"a\":1}"));
        body_add(body, bytes_of_string("{\"a\":2}"));
        cr_expect_eq(body_rows(body), 2);
        cr_expect_eq(body_octets(body), 16);
        cr_expect_eq(unpack(body_finish(body)), 16);
        cr_expect_eq(memcmp(unpacked, "{\"a\":1}\n{\"a\":2}\n", 16), 0);
        body_clear(body);
        cr_expect_eq(body_rows(body), 0);
    }
    body_free(body);
}

/* Octets of chance do not get shorter: the room must grow. */
Test(body, a_long_body_gets_its_room)
{
    static char row[4097];
    struct body *body = body_new();
    for (int i = 0; i < 1000; i++) {
        for (size_t j = 0; j < sizeof row - 1; j++)
            row[j] = (char)('!' + rand() % 90);
        body_add(body, bytes_of_string(row));
    }
    cr_expect_eq(unpack(body_finish(body)), 4097000);
    cr_expect_eq(memcmp(unpacked + 4097 * 999, row, 4096), 0);
    body_free(body);
}
#endif
