/* SPDX-License-Identifier: ISC */
/* What is printed of findings that come again and again. */
#include "analyzer/program/alike.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/base/limits.h"

static const int64_t second = 1000000;

static struct history_diagnosis row(int64_t session_id, const char *client)
{
    return (struct history_diagnosis){.session_id = session_id,
                                      .code = 503,
                                      .cause = "mail_missing",
                                      .client_addr = client,
                                      .server_addr = "127.0.0.2",
                                      .server_port = 25};
}

static int count_printed(struct alike *alike, const char *client, int sessions, int64_t clock_us)
{
    int printed = 0;
    for (int i = 1; i <= sessions; i++) {
        const struct history_diagnosis one = row(i, client);
        printed += alike_prints(alike, &one, clock_us);
    }
    return printed;
}

Test(alike, a_few_a_minute_and_client)
{
    struct alike *alike = alike_new();
    cr_expect_eq(count_printed(alike, "127.0.0.1", 500, 100 * second), ALIKE_PRINTED);
    cr_expect_eq(count_printed(alike, "127.0.0.9", 5, 100 * second), 5);
    alike_free(alike);
}

Test(alike, another_minute_begins_when_nothing_was_left_out)
{
    struct alike *alike = alike_new();
    cr_expect_eq(count_printed(alike, "127.0.0.1", ALIKE_PRINTED, 100 * second), ALIKE_PRINTED);
    cr_expect_eq(count_printed(alike, "127.0.0.1", ALIKE_PRINTED, 161 * second), ALIKE_PRINTED);
    alike_free(alike);
}

/* Each refusal of a session is a row. */
Test(alike, a_session_that_is_printed_is_printed_whole)
{
    struct alike *alike = alike_new();
    const struct history_diagnosis one = row(7, "127.0.0.1");
    for (int i = 0; i < 3 * ALIKE_PRINTED; i++)
        cr_expect(alike_prints(alike, &one, 100 * second));
    const struct history_diagnosis another = row(8, "127.0.0.1");
    cr_expect(alike_prints(alike, &another, 100 * second));
    alike_free(alike);
}

/* What was counted is said once a minute, and then it is printed again. */
Test(alike, says_how_many_there_were)
{
    struct alike *alike = alike_new();
    struct terminal terminal = {0};
    cr_expect_eq(count_printed(alike, "127.0.0.1", ALIKE_PRINTED + 30, 100 * second),
                 ALIKE_PRINTED);
    alike_say(alike, &terminal, 130 * second, false);
    cr_expect_eq(count_printed(alike, "127.0.0.1", 10, 131 * second), 0);
    alike_say(alike, &terminal, 161 * second, false);
    cr_expect_eq(count_printed(alike, "127.0.0.1", 10, 162 * second), 10);
    alike_free(alike);
}
