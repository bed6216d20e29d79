/* SPDX-License-Identifier: ISC */
/* What lines of mail servers' logs say, and what of them may be kept. */
#include <criterion/criterion.h>

#include "analyzer/logs/log_record.h"
#include "analyzer/logs/saying.h"

/* "refusal 127.0.0.1:4711 503 RCPT"; the text that is kept behind it in `kept`. */
static const char *said(const char *line, char kept[512])
{
    static char out[256];
    char address[46] = "-";
    const struct log_calendar calendar = {.utc = true, .near_us = 1};
    struct arena arena = {0};
    struct log_record record;
    struct saying saying;
    strcpy(out, "nothing");
    kept[0] = '\0';
    if (log_record_of_line(bytes_of_string(line), &calendar, &record) &&
        saying_read(&record, &arena, &saying)) {
        if (saying.client.family)
            address_print(&saying.client, address);
        snprintf(out, sizeof out, "%s %s %s:%d %d %.*s", log_server_name(saying.server),
                 log_kind_name(saying.kind), address, saying.client_port, saying.code,
                 (int)saying.verb.len, (const char *)saying.verb.at);
        snprintf(kept, 512, "%.*s", (int)saying.text.len, (const char *)saying.text.at);
    }
    arena_free(&arena);
    return out;
}

static const struct {
    const char *line, *said;
    const char *kept; /* NULL = all behind the name of the program */
} rows[] = {
    {"Nov 28 01:41:30 mx postfix/smtpd[116]: connect from unknown[127.0.0.1]",
     "Postfix connect 127.0.0.1:0 0 ", NULL},
    {"Nov 28 01:41:30 mx postfix/smtpd[116]: connect from mail.example[2001:db8::1]:4711",
     "Postfix connect 2001:db8::1:4711 0 ", NULL},
    {"Nov 28 01:41:30 mx postfix/submission/smtpd[116]: NOQUEUE: reject: RCPT from a[192.0.2.7]: "
     "503 "
     "5.5.1 no; from=<x> proto=ESMTP helo=<h>",
     "Postfix refusal 192.0.2.7:0 503 RCPT",
     "reject: RCPT from a[192.0.2.7]: 503 5.5.1 no; from=<x> proto=ESMTP helo=<h>"},
    {"Nov 28 01:41:30 mx postfix/smtpd[116]: improper command pipelining after DATA from "
     "a[192.0.2.7]: Subject: secret\\r\\nmore: secret",
     "Postfix disorder 192.0.2.7:0 0 DATA",
     "improper command pipelining after DATA from a[192.0.2.7]: ..."},
    {"Nov 28 01:41:30 mx postfix/smtpd[116]: warning: non-SMTP command from a[192.0.2.7]: secret",
     "Postfix disorder 192.0.2.7:0 0 ", "warning: non-SMTP command from a[192.0.2.7]: ..."},
    {"Nov 28 01:41:30 mx postfix/smtpd[116]: too many errors after RCPT from a[192.0.2.7]",
     "Postfix errors 192.0.2.7:0 0 RCPT", NULL},
    {"Nov 28 01:41:30 mx postfix/cleanup[116]: 4F1AA1: reject: header Subject: secret from "
     "a[192.0.2.7]; from=<x>: 5.7.1 no",
     "Postfix refusal 192.0.2.7:0 0 ", "reject: header ... from a[192.0.2.7]; from=<x>: 5.7.1 no"},
    {"Nov 28 01:41:30 mx postfix/postscreen[116]: PREGREET 14 after 0.1 from [192.0.2.7]:4711: "
     "EHLO "
     "secret",
     "Postfix disorder 192.0.2.7:4711 0 ", "PREGREET 14 after 0.1 from [192.0.2.7]:4711: ..."},
    {"2026-11-28 01:46:05.742 [45] SMTP protocol error in \"RCPT TO:<a@[10.0.0.1]>\" H=(b) "
     "[192.0.2.7]:4711 sender not yet given",
     "Exim disorder 192.0.2.7:4711 0 RCPT",
     "SMTP protocol error in \"RCPT TO:<a@[10.0.0.1]>\" H=(b) [192.0.2.7]:4711 sender not yet "
     "given"},
    {"2026-11-28 01:46:05 SMTP protocol error in \"AUTH LOGIN c2VjcmV0\" H=([10.0.0.1]) "
     "[192.0.2.7] "
     "AUTH command used when not advertised",
     "Exim disorder 192.0.2.7:0 0 AUTH",
     "SMTP protocol error in \"AUTH ...\" H=([10.0.0.1]) [192.0.2.7] AUTH command used when not "
     "advertised"},
    {"2026-11-28 01:46:05 SMTP syntax error in \"c2VjcmV0\" H=(b) [192.0.2.7] unrecognized command",
     "Exim disorder 192.0.2.7:0 0 ",
     "SMTP syntax error in \"...\" H=(b) [192.0.2.7] unrecognized command"},
    {"2026-11-28 01:46:05 SMTP protocol synchronization error (next input sent too soon: "
     "pipelining "
     "was advertised): rejected \"secret\" H=(e) [192.0.2.7] next input=\"secret\"",
     "Exim disorder 192.0.2.7:0 0 ",
     "SMTP protocol synchronization error (next input sent too soon: pipelining was advertised): "
     "rejected \"...\" H=(e) [192.0.2.7] next input=..."},
    {"2026-11-28 01:46:05 1xX7Va-00000g-2J <= a@b H=(b) [192.0.2.7] P=esmtpsa A=login:anna S=1 "
     "T=\"secret\"",
     "Exim message 192.0.2.7:0 0 ", "<= a@b H=(b) [192.0.2.7] P=esmtpsa A=*** S=1 T=..."},
    {"Nov 28 01:45:13 mx sm-mta[52]: 6AS1jD3X000052: ruleset=check_rcpt, arg1=<r@x>, "
     "relay=localhost [IPv6:::1], reject=451 4.1.8 no",
     "Sendmail refusal ::1:0 451 ",
     "ruleset=check_rcpt, arg1=<r@x>, relay=localhost [IPv6:::1], reject=451 4.1.8 no"},
    {"Nov 28 01:48:10 mx smtpd[33]: b974fcb73ab8e2e2 smtp failed-command command=\"RCPT TO:<r@x>\" "
     "result=\"503 5.5.1 Invalid command: no\"",
     "OpenSMTPD refusal -:0 503 RCPT",
     "smtp failed-command command=\"RCPT TO:<r@x>\" result=\"503 5.5.1 Invalid command: no\""},
    {"2026-11-28T01:43:38.538Z [NOTICE] [1B8B1A9C-7DC3-4D25-A5B9-6F3847E82029] [core] connect "
     "ip=192.0.2.7 port=39643 local_ip=127.0.0.1 local_port=25",
     "Haraka connect 192.0.2.7:39643 0 ",
     "connect ip=192.0.2.7 port=39643 local_ip=127.0.0.1 local_port=25"},
    {"Nov 28 01:41:30 mx cron[1]: connect from unknown[127.0.0.1]", "nothing", ""},
    {"Nov 28 01:41:30 mx postfix/smtpd[116]: warning: dict_nis_init: NIS domain name not set",
     "nothing", ""},
    {"Nov 28 01:41:30 mx postfix/smtpd[116]: connect from unknown[999.0.0.1]",
     "Postfix connect -:0 0 ", NULL},
};

Test(saying, each_wording_and_nothing_secret)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char kept[512];
        cr_expect_str_eq(said(rows[i].line, kept), rows[i].said, "%s", rows[i].line);
        cr_expect_str_eq(kept, rows[i].kept ? rows[i].kept : strstr(rows[i].line, "]: ") + 3, "%s",
                         rows[i].line);
        cr_expect_null(strstr(kept, "secret"), "%s", kept);
        cr_expect_null(strstr(kept, "anna"), "%s", kept);
    }
}

Test(saying, control_characters_become_visible)
{
    char kept[512];
    said("Nov 28 01:41:30 mx postfix/smtpd[1]: too many errors after R\x1b[1m from a[192.0.2.7]",
         kept);
    cr_expect_not_null(strstr(kept, "\\x1b[1m"), "%s", kept);
}
