/* SPDX-License-Identifier: ISC */
/* Queue ids in the replies of the servers that have them. */
#include <criterion/criterion.h>

#include "heloscope/software/queue_id.h"
#include "tests/support/guard.h"

static const struct row {
    const char *server, *text, *id; /* NULL = none */
} rows[] = {
    {"Postfix", "Ok: queued as 4XyZ12", "4XyZ12"},
    {"Postfix, long ids", "Ok: queued as 4TBzCd3Gz0zNqL", "4TBzCd3Gz0zNqL"},
    {"Postfix, BDAT", "Ok: 1234 bytes queued as 4636913B", "4636913B"},
    {"MailHog", "Ok: queued as abc-_DEF0123=@mailhog.example", "abc-_DEF0123=@mailhog.example"},
    {"go-guerrilla", "OK: queued as 9f86d081884c7d65", "9f86d081884c7d65"},
    {"QQ has none", "Ok: queued as.", NULL},
    {"Exim", "OK id=1xUsqQ-0000qU-2a", "1xUsqQ-0000qU-2a"},
    {"Exim 4.97", "OK id=1xUsqQ-000000000qU-2ab1", "1xUsqQ-000000000qU-2ab1"},
    {"Exim, BDAT", "123 byte chunk, total 123\nOK id=1xUsqQ-0000qU-2a", "1xUsqQ-0000qU-2a"},
    {"Sendmail", "6ALLgUFx003423 Message accepted for delivery", "6ALLgUFx003423"},
    {"OpenSMTPD", "96acc2d5 Message accepted for delivery", "96acc2d5"},
    {"Domino has none", "Message accepted for delivery", NULL},
    {"Exchange",
     "<ab@example.net> [InternalId=1234567890, Hostname=mx.example.org] 900 bytes in 0.1, 9 KB/sec "
     "Queued mail for delivery",
     "1234567890"},
    {"Gmail", "OK  1700000000 ab12-20020a05600c00.123 - gsmtp", "ab12-20020a05600c00.123"},
    {"Haraka", "Message Queued (0A1B2C3D-4E5F-6789-ABCD-EF0123456789.1)",
     "0A1B2C3D-4E5F-6789-ABCD-EF0123456789.1"},
    {"qmail", "ok 1700000000 qp 12345", "12345"},
    {"qpsmtpd", "Queued! 1700000000 qp 4711 <ab@example.net>", "4711"},
    {"qpsmtpd, Postfix behind it", "Queued! <ab@example.net> (Queue-Id: 4XyZ12)", "4XyZ12"},
    {"Cisco ESA", "ok:  Message 4711 accepted", "4711"},
    {"Amazon SES", "Ok 0100018b12345678-0a1b2c3d-4e5f-6789-abcd-ef0123456789-000000",
     "0100018b12345678-0a1b2c3d-4e5f-6789-abcd-ef0123456789-000000"},
    {"Campaign Monitor", "OK:0123456789abcdef0123456789abcdef0123456789abcdef",
     "0123456789abcdef0123456789abcdef0123456789abcdef"},
    {"Stalwart", "Message queued with id 1a2b3c4d.", "1a2b3c4d"},
    {"KumoMTA", "OK ids=1a2b3c4d5e6f 7a8b9c0d1e2f", "1a2b3c4d5e6f 7a8b9c0d1e2f"},
    {"ZoneMTA", "Message queued as 18b9c0d1e2f000abc", "18b9c0d1e2f000abc"},
    {"Courier", "Ok. 0000000000A04A03.000000005F5E2A3C.00001234",
     "0000000000A04A03.000000005F5E2A3C.00001234"},
    {"Cyrus", "Ok SESSIONID=<cyrus-1234-1700000000-1-9876543210>",
     "cyrus-1234-1700000000-1-9876543210"},
    {"Dovecot", "<alice@example.org> gBinAUsQAmuRDQAAdBcN+A Saved", "gBinAUsQAmuRDQAAdBcN+A"},
    {"mox", "it is done (18b9c0d1e2f)", "18b9c0d1e2f"},
    {"1&1", "Requested mail action okay, completed: id=0MXYZ1-1a2B3c4D5E-00AbCd",
     "0MXYZ1-1a2B3c4D5E-00AbCd"},
    {"a filter before Postfix", "from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4XyZ12",
     "4XyZ12"},
    {"a filter with an id of its own",
     "Message Queued (0A1B2C3D-4E5F-6789-ABCD-EF0123456789.1): 250 2.0.0 Ok: queued as 4XyZ12",
     "4XyZ12"},
    {"the same twice", "Ok: queued as OUTER1, Ok: queued as INNER2", "INNER2"},
    {"aiosmtpd has none", "OK", NULL},
    {"hMailServer has none", "Queued (0.047 seconds)", NULL},
    {"smtp-server has none", "OK: message queued", NULL},
    {"a word is none", "Ok. Thanks", NULL},
    {"no end", "Ok: queued as ", NULL},
    {"nothing", "", NULL},
};

Test(queue_id, found)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes text = guard_place(&guard, bytes_of_string(rows[i].text));
        struct bytes id = queue_id_of(text);
        cr_expect_eq(id.at != NULL, rows[i].id != NULL, "%s: \"%.*s\"", rows[i].server, (int)id.len,
                     (const char *)id.at);
        if (!id.at || !rows[i].id)
            continue;
        cr_expect(bytes_equal(id, bytes_of_string(rows[i].id)), "%s: \"%.*s\"", rows[i].server,
                  (int)id.len, (const char *)id.at);
        cr_expect(id.at >= text.at && id.at + id.len <= text.at + text.len, "%s: borrowed",
                  rows[i].server);
    }
    guard_close(&guard);
}

Test(queue_id, cut_anywhere_reads_no_further)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = 0; n <= strlen(rows[i].text); n++) {
            struct bytes text = guard_place(&guard, bytes_of(rows[i].text, n));
            struct bytes id = queue_id_of(text);
            cr_expect(!id.at || (id.at >= text.at && id.at + id.len <= text.at + text.len));
        }
    guard_close(&guard);
}
