/* SPDX-License-Identifier: ISC */
/* Lines that are no commands, and what they look like. */
#include <criterion/criterion.h>

#include "heloscope/application/smtp_command.h"
#include "tests/support/guard.h"

static const struct row {
    const char *line;
    bool header, base64;
} rows[] = {
    {"Subject: hello", true, false},
    {"Subject:hello", true, false},
    {"X-Mailer: x", true, false},
    {"X_Odd.Name2: x", true, false},
    {"Received:", true, false},
    {"Content-Type: text/plain", true, false},
    {"MAIL FROM:<a@b>", false, false},
    {"RCPT TO:<a@b>", false, false},
    {"From a@b Mon Jan  1", false, false},
    {" folded: line", false, false},
    {":", false, false},
    {": x", false, false},
    {"{\"json\":1}", false, false},
    {"12:30", false, false},
    {"QUIT", false, true},
    {"dXNlcg==", false, true},
    {"cGFzc3dvcmQ=", false, true},
    {"ab+/", false, true},
    {"=", false, true},
    {"==", false, true},
    {"===", false, false},
    {"ab=c", false, false},
    {"ab cd", false, false},
    {"ab-_", false, false},
    {"*", false, false},
    {"", false, false},
    {"--boundary", false, false},
};

Test(smtp_shape, headers_and_base64)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct bytes line = guard_place(&guard, bytes_of_string(r->line));
        cr_expect_eq(looks_like_header(line), r->header, "\"%s\": header", r->line);
        cr_expect_eq(looks_like_base64(line), r->base64, "\"%s\": base64", r->line);
    }
    guard_close(&guard);
}
