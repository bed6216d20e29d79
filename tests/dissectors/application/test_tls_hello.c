/* SPDX-License-Identifier: ISC */
/* TLS records and hellos, whole and cut at every octet. */
#include <criterion/criterion.h>

#include "heloscope/application/tls_hello.h"
#include "tests/support/frame.h"
#include "tests/support/guard.h"

#define RANDOM         "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define MAIL_LOCALHOST "6d61696c2e6c6f63616c686f7374"
#define SNI            "0000 0013 0011 00 000e " MAIL_LOCALHOST
#define CIPHERS        "0002 1301 01 00 "

static struct bytes from_hex(struct frame *frame, const char *hex)
{
    frame_clear(frame);
    frame_append(frame, hex);
    return frame_bytes(frame);
}

static const struct row {
    const char *name, *hex;
    bool read, server;
    uint16_t version, cipher;
    const char *sni;
} rows[] = {
    {"client, TLS 1.3",
     "01 000051 0303 " RANDOM "00" CIPHERS "0026 0a0a 0000" SNI "002b 0007 06 3a3a 0304 0303", true,
     false, 0x0304, 0, "mail.localhost"},
    {"client, versions before the name",
     "01 000053 0303 " RANDOM "00" CIPHERS "0028 002b 0009 08 0301 0302 0303 7f1c 0017 0000"
     "0000 0013 0011 00 000e " MAIL_LOCALHOST,
     true, false, 0x0303, 0, "mail.localhost"},
    {"client, TLS 1.2 without extensions", "01 000029 0303 " RANDOM "00" CIPHERS, true, false,
     0x0303, 0, ""},
    {"client, TLS 1.0 with a session", "01 00002d 0301 " RANDOM "04 01020304" CIPHERS, true, false,
     0x0301, 0, ""},
    {"client, a name of another type",
     "01 000037 0303 " RANDOM "00" CIPHERS "000c 0000 0008 0006 01 0003 616263", true, false,
     0x0303, 0, ""},
    {"client, nothing but values without meaning",
     "01 000034 0303 " RANDOM "00" CIPHERS "0009 002b 0005 04 3a3a dada", true, false, 0x0303, 0,
     ""},
    {"client, a name longer than its list",
     "01 000037 0303 " RANDOM "00" CIPHERS "000c 0000 0008 0006 00 00ff 616263", true, false,
     0x0303, 0, ""},
    {"server, TLS 1.3", "02 00002e 0303 " RANDOM "00 1302 00 0006 002b 0002 0304", true, true,
     0x0304, 0x1302, ""},
    {"server, TLS 1.2", "02 000026 0303 " RANDOM "00 c030 00", true, true, 0x0303, 0xc030, ""},
    {"server's name extension is only an echo",
     "02 000035 0303 " RANDOM "00 c030 00 000d 0000 0009 0007 00 0004 78787878", true, true, 0x0303,
     0xc030, ""},
    {"what stands behind the hello is not of it",
     "02 000026 0303 " RANDOM "00 c030 00 0006 002b 0002 0304", true, true, 0x0303, 0xc030, ""},
    {"certificate", "0b 000003 000000", false, false, 0, 0, ""},
    {"hello request", "00 000000", false, false, 0, 0, ""},
    {"version of another protocol", "01 000002 4854", false, false, 0, 0, ""},
    {"length too small for a version", "01 000001 0303", false, false, 0, 0, ""},
};

static bool is_text(struct bytes b, const char *text)
{
    return bytes_equal(b, bytes_of_string(text));
}

Test(tls_hello, hellos)
{
    struct frame frame;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct tls_hello h;
        bool read = tls_hello_read(from_hex(&frame, r->hex), &h);
        cr_expect_eq(read, r->read, "%s: read %d", r->name, read);
        if (!read || !r->read)
            continue;
        cr_expect_eq(h.server, r->server, "%s: server", r->name);
        cr_expect_eq(h.version, r->version, "%s: version %#x", r->name, h.version);
        cr_expect_eq(h.cipher, r->cipher, "%s: cipher %#x", r->name, h.cipher);
        cr_expect(is_text(h.sni, r->sni), "%s: sni", r->name);
    }
}

/* What was read of a hello that is cut off is what the whole one says, or not yet there. */
Test(tls_hello, cut_at_every_octet)
{
    struct guard guard = guard_open(FRAME_ROOM);
    struct frame frame;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct bytes whole = from_hex(&frame, r->hex);
        for (size_t n = 0; n < whole.len; n++) {
            struct tls_hello h;
            bool read = tls_hello_read(guard_place(&guard, bytes_first(whole, n)), &h);
            cr_expect_eq(read, r->read && n >= 6, "%s cut to %zu: read %d", r->name, n, read);
            if (!read)
                continue;
            cr_expect(h.cipher == 0 || h.cipher == r->cipher, "%s cut to %zu", r->name, n);
            cr_expect(h.sni.len == 0 || is_text(h.sni, r->sni), "%s cut to %zu", r->name, n);
        }
    }
    guard_close(&guard);
}

static const struct record_row {
    const char *name, *hex;
    bool read;
    uint8_t type;
    size_t length, present;
} records[] = {
    {"handshake", "16 0301 0004 01020304", true, TLS_HANDSHAKE, 4, 4},
    {"what follows is another record", "17 0303 0002 0102 15 0303", true, TLS_APPLICATION_DATA, 2,
     2},
    {"alert, cut", "15 0303 0002 02", true, TLS_ALERT, 2, 1},
    {"change of ciphers, cut before its body", "14 0303 0001", true, TLS_CHANGE_CIPHER_SPEC, 1, 0},
    {"longest", "17 0303 4100 00", true, TLS_APPLICATION_DATA, 0x4100, 1},
    {"too long", "17 0303 4101 00", false, 0, 0, 0},
    {"type below", "13 0303 0001 00", false, 0, 0, 0},
    {"type above", "18 0303 0001 00", false, 0, 0, 0},
    {"version 2", "16 0200 0001 00", false, 0, 0, 0},
    {"a command", "45484c4f 20612e62", false, 0, 0, 0},
    {"header cut", "16 0301 00", false, 0, 0, 0},
    {"nothing", "", false, 0, 0, 0},
};

Test(tls_hello, records)
{
    struct guard guard = guard_open(FRAME_ROOM);
    struct frame frame;
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        const struct record_row *r = &records[i];
        struct bytes data = guard_place(&guard, from_hex(&frame, r->hex));
        struct tls_record record;
        bool read = tls_record_read(data, &record);
        cr_expect_eq(read, r->read, "%s: read %d", r->name, read);
        if (!read || !r->read)
            continue;
        cr_expect_eq(record.type, r->type, "%s: type %d", r->name, record.type);
        cr_expect_eq(record.length, r->length, "%s: length %zu", r->name, record.length);
        cr_expect_eq(record.body.len, r->present, "%s: present %zu", r->name, record.body.len);
        cr_expect(record.body.at == data.at + 5, "%s: body", r->name);
    }
    guard_close(&guard);
}

Test(tls_hello, versions_have_names)
{
    static const struct {
        uint16_t version;
        const char *expected;
    } names[] = {
        {0x0300, "SSL 3.0"}, {0x0301, "TLS 1.0"},    {0x0302, "TLS 1.1"},    {0x0303, "TLS 1.2"},
        {0x0304, "TLS 1.3"}, {0x0305, "TLS 0x0305"}, {0xffff, "TLS 0xffff"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char out[16];
        cr_expect_str_eq(tls_version_print(names[i].version, out), names[i].expected);
    }
}

Test(tls_hello, only_a_fatal_alert_in_clear_text_ends_the_handshake)
{
    cr_expect(tls_alert_is_fatal(bytes_of("\2\50", 2)));
    cr_expect_not(tls_alert_is_fatal(bytes_of("\1\0", 2)), "a warning");
    cr_expect_not(tls_alert_is_fatal(bytes_of("\2\50\0", 3)), "encrypted");
    cr_expect_not(tls_alert_is_fatal(bytes_of("\2", 1)));
    cr_expect_not(tls_alert_is_fatal(bytes_of(NULL, 0)));
    cr_expect_str_eq(tls_alert_name(40), "handshake failure");
    cr_expect_str_eq(tls_alert_name(48), "unknown CA");
    cr_expect_null(tls_alert_name(99));
}
