/* SPDX-License-Identifier: ISC */
/* What the header of a message tells of the client. */
#include <criterion/criterion.h>

#include "heloscope/software/identify.h"
#include "tests/support/guard.h"

static struct arena own, arena;

#define RECEIVED_POSTFIX                                                                           \
    "Received: from app.example.net (localhost [127.0.0.1])\r\n"                                   \
    "\tby relay.example.net (Postfix) with ESMTPS id 4XyZ12\r\n"                                   \
    "\tfor <b@example.org>; Sat, 21 Nov 2026 00:00:00 +0000 (UTC)\r\n"

static const struct row {
    const char *header, *software, *evidence; /* NULL = not recognised */
} rows[] = {
    {"Subject: x\r\nX-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)\r\n",
     "PHPMailer 6.9.1", "X-Mailer \"PHPMailer <version> <rest>\""},
    {"x-mailer: Invoices 2.1\r\n", "Invoices 2.1", "X-Mailer \"Invoices 2.1\""},
    {"User-Agent: Mutt/2.2.12 (2023-09-09)\r\n", "Mutt 2.2.12",
     "User-Agent \"Mutt/<version> <rest>\""},
    {"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 "
     "Thunderbird/102.15.1\r\n",
     "Thunderbird 102.15.1", "User-Agent \"Mozilla/<rest> Thunderbird/<version>\""},
    {"Message-ID: <0123456789abcdef0123456789abcdef@swift.generated>\r\n", "Swift Mailer",
     "Message-ID \"<<hex 32>@swift.generated>\""},
    {"Message-ID:\r\n <1234567.3.1700000000000@app.example.net>\r\nContent-Type: "
     "multipart/mixed;\r\n\tboundary=\"----=_Part_2_12345.1700000000000\"\r\n",
     "Jakarta Mail",
     "Message-ID \"<<digits>.<digits>.<digits 13>@<host>>\"; Content-Type "
     "\"<type>boundary=\"----=_Part_<digits>_<digits>.<digits>\"<rest>\""},
    {"Content-Type: multipart/mixed;\r\n boundary=\"--_NmP-0a1b2c3d-Part_1\"\r\n", "Nodemailer",
     "Content-Type \"<type>boundary=<quote>--_NmP-<id>-Part_<rest>\""},
    {"Content-Type: multipart/mixed; boundary=\"===============1234567890123456789==\"\r\n",
     "Python smtplib", "Content-Type \"<type>boundary=\"===============<digits>==\"<rest>\""},
    {"X-PHP-Originating-Script: 1000:mail.php\r\n", "PHP mail()",
     "field \"X-PHP-Originating-Script\""},
    /* behind a Received field the program is somebody else's: the relay signs */
    {RECEIVED_POSTFIX "X-Mailer: Invoices 2.1\r\n", "Postfix",
     "Received \"<hop>by <host> (Postfix) with <rest>\""},
    {"Received: from a ([127.0.0.1] helo=b)\r\n\tby c with esmtps (TLS1.3)\r\n\t(Exim 4.96)\r\n\t"
     "(envelope-from <a@example.net>)\r\n\tid 1xUsqQ-0000qU-2a\r\nX-Mailer: Invoices 2.1\r\n",
     "Exim 4.96", "Received \"<hop>by <host> (Exim <version>)<rest>\""},
    {"Received: from a by b with ESMTP id 1\r\nX-Mailer: Invoices 2.1\r\n", NULL, NULL},
    /* two fields: the first that is there */
    {"X-Mailer: One 1\r\nUser-Agent: Two 2\r\n", "One 1", "X-Mailer \"One 1\""},
    {"X-Mailer: (nothing)\r\n", "(nothing)", "X-Mailer \"(nothing)\""},
    {"X-Mailer: \r\n", NULL, NULL},
    {"Subject: X-Mailer: no\r\n X-Mailer: no\r\n", NULL, NULL},
    {"X-Mailerx: no\r\nno colon\r\n: no name\r\n", NULL, NULL},
    {"Message-ID: <1@example.net>\r\n", NULL, NULL},
    {"", NULL, NULL},
    {"\r\n", NULL, NULL},
    {" \r\n", NULL, NULL},
    {"X-Mailer: a\x1b[31mb", "a\\x1b[31mb", "X-Mailer \"a\\x1b[31mb\""},
};

static void expect_bytes(struct bytes got, const char *wanted, size_t row)
{
    cr_expect(wanted ? got.at && bytes_equal(got, bytes_of_string(wanted)) : !got.at,
              "row %zu: \"%.*s\", not \"%s\"", row, (int)got.len,
              got.at ? (const char *)got.at : "", wanted ? wanted : "(none)");
}

Test(identify_header, marks)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct identify id = {0};
        struct session_row row = {0};
        identify_header(&id, &own, guard_place(&guard, bytes_of_string(rows[i].header)));
        identify_describe(&id, &row, &arena);
        expect_bytes(row.client_software, rows[i].software, i);
        expect_bytes(row.client_evidence, rows[i].evidence, i);
    }
    guard_close(&guard);
    arena_free(&own);
    arena_free(&arena);
}

Test(identify_header, cut_anywhere_reads_no_further)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = 0; n < strlen(rows[i].header); n++) {
            struct identify id = {0};
            identify_header(&id, &own, guard_place(&guard, bytes_of(rows[i].header, n)));
            cr_expect(id.program.len <= 4 * 80);
        }
    guard_close(&guard);
    arena_free(&own);
}

Test(identify_header, program_and_library)
{
    struct identify id = {0};
    struct session_row row = {0};
    struct event ok = {.code = 250, .text = bytes_of_string("250 ok")};
    identify_exchange(&id, VERB_MAIL, false, bytes_of_string("mail FROM:<a@example.net> size=42"),
                      &ok);
    identify_header(&id, &own, bytes_of_string("X-Mailer: Invoices 2.1\r\n"));
    identify_describe(&id, &row, &arena);
    expect_bytes(row.client_software, "Invoices 2.1 (Python smtplib)", 0);
    expect_bytes(row.client_evidence,
                 "X-Mailer \"Invoices 2.1\"; MAIL \"mail FROM:<<sender>> size=<digits>\"", 0);
    arena_free(&own);
    arena_free(&arena);
}

Test(identify_header, only_the_first_message_counts)
{
    struct identify id = {0};
    struct session_row row = {0};
    identify_header(&id, &own, bytes_of_string("X-Mailer: One 1\r\n"));
    identify_header(&id, &own, bytes_of_string("User-Agent: Two 2\r\n"));
    identify_describe(&id, &row, &arena);
    expect_bytes(row.client_software, "One 1", 0);
    arena_free(&own);
    arena_free(&arena);
}

Test(identify_header, long_fields_are_cut)
{
    static char header[8192];
    memset(header, 'x', sizeof header);
    memcpy(header, "X-Mailer: ", 10);
    struct identify id = {0};
    identify_header(&id, &own, bytes_of(header, sizeof header));
    cr_expect_eq(id.program.len, 80);
    arena_free(&own);
}
