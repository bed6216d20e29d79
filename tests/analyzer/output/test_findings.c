/* SPDX-License-Identifier: ISC */
/* Diagnoses counted by where they began. */
#include <criterion/criterion.h>

#include "heloscope/output/findings.h"

static struct history_diagnosis diagnosis(int64_t session, event_no reply, event_no origin,
                                          int code, const char *cause)
{
    return (struct history_diagnosis){
        .id = 1,
        .session_id = session,
        .reply = reply,
        .command = reply - 1,
        .origin = origin,
        .code = code,
        .cause = cause,
        .fault = "client",
        .certainty = "certain",
        .explanation = "because",
        .agrees = -1,
    };
}

static void add(struct findings *findings, int64_t session, event_no reply, event_no origin,
                int code, const char *cause)
{
    const struct history_diagnosis row = diagnosis(session, reply, origin, code, cause);
    findings_add(findings, &row);
}

Test(findings, a_cascade_is_three_errors_and_one_cause)
{
    struct findings f;
    findings_begin(&f, 10);
    for (event_no reply = 12; reply <= 16; reply += 2)
        add(&f, 7, reply, 10, 503, "mail_rejected");
    cr_expect_eq(f.total_503, 3);
    cr_expect_eq(f.total_origins_503, 1);
    cr_expect_eq(f.errors_503[CAUSE_MAIL_REJECTED], 3);
    cr_expect_eq(f.origins_503[CAUSE_MAIL_REJECTED], 1);
    cr_assert_eq(f.with_503.count, 1);
    const struct finding *finding = &f.with_503.all[0];
    cr_expect_eq(finding->refusals, 3);
    cr_expect_eq(finding->reply, 12);
    static const event_no keys[] = {10, 11, 12, 13, 14, 15, 16};
    cr_assert_eq(finding->key_count, 7);
    cr_expect_arr_eq(finding->keys, keys, sizeof keys);
    findings_free(&f);
}

Test(findings, another_session_or_origin_or_cause_is_another_finding)
{
    struct findings f;
    findings_begin(&f, 10);
    add(&f, 1, 12, 10, 503, "mail_rejected");
    add(&f, 2, 12, 10, 503, "mail_rejected");
    add(&f, 1, 32, 30, 503, "mail_rejected");
    add(&f, 1, 42, 10, 503, "nested_mail");
    add(&f, 1, 14, 10, 503, "mail_rejected"); /* back to the first */
    cr_expect_eq(f.total_503, 5);
    cr_expect_eq(f.total_origins_503, 4);
    cr_expect_eq(f.with_503.count, 4);
    cr_expect_eq(f.with_503.all[0].refusals, 2);
    findings_free(&f);
}

Test(findings, other_codes_are_counted_apart)
{
    struct findings f;
    findings_begin(&f, 10);
    add(&f, 1, 12, 10, 554, "all_rcpt_rejected");
    cr_expect_eq(f.total_503, 0);
    cr_expect_eq(f.total_origins_other, 1);
    cr_expect_eq(f.other.count, 1);
    add(&f, 1, 14, 10, 503, "all_rcpt_rejected"); /* now it is one with a 503 */
    cr_expect_eq(f.total_503, 1);
    cr_expect_eq(f.total_other, 1);
    cr_expect_eq(f.total_origins_503, 1);
    cr_expect_eq(f.total_origins_other, 0);
    findings_free(&f);
}

Test(findings, beyond_the_limit_they_are_still_counted)
{
    struct findings f;
    findings_begin(&f, 2);
    for (int64_t session = 1; session <= 500; session++)
        for (int k = 0; k < 2; k++)
            add(&f, session, 12 + 2 * (event_no)k, 10, 503, "hello_missing");
    cr_expect_eq(f.total_503, 1000);
    cr_expect_eq(f.total_origins_503, 500);
    cr_expect_eq(f.with_503.count, 2);
    cr_expect_eq(f.with_503.all[1].refusals, 2);
    findings_free(&f);
}

Test(findings, a_storm_keeps_its_first_events_and_counts_the_rest)
{
    struct findings f;
    findings_begin(&f, 1);
    for (event_no reply = 12; reply < 212; reply += 2)
        add(&f, 1, reply, 10, 503, "content_as_commands");
    const struct finding *finding = &f.with_503.all[0];
    cr_expect_eq(finding->refusals, 100);
    cr_expect_leq(finding->key_count, FINDING_KEYS);
    cr_expect_eq(finding->untold + (finding->key_count - 1) / 2, 100);
    findings_free(&f);
}

Test(findings, a_row_that_lacks_texts_is_no_crash)
{
    struct findings f;
    findings_begin(&f, 1);
    const struct history_diagnosis row = {.session_id = 1, .reply = 5, .code = 503};
    findings_add(&f, &row);
    cr_expect_str_eq(f.with_503.all[0].ruling.cause, "unknown");
    cr_expect_eq(f.total_503, 1);
    findings_free(&f);
}

Test(findings, the_excerpt_shows_what_matters_and_little_else)
{
    struct finding finding = {.keys = {10, 30, 31, 35}, .key_count = 4};
    static const event_no shown[] = {8, 9, 10, 11, 29, 30, 31, 32, 33, 34, 35, 36};
    event_no first, last;
    finding_span(&finding, &first, &last);
    cr_expect_eq(first, 8);
    cr_expect_eq(last, 36);
    size_t next = 0;
    for (event_no seq = 1; seq < 60; seq++) {
        bool wanted = next < sizeof shown / sizeof shown[0] && shown[next] == seq;
        next += wanted;
        cr_expect_eq(finding_shows(&finding, seq), wanted, "event %u", seq);
    }
}

Test(findings, the_excerpt_of_the_first_events)
{
    struct finding finding = {.keys = {1, 2}, .key_count = 2};
    event_no first, last;
    finding_span(&finding, &first, &last);
    cr_expect_eq(first, 1);
    cr_expect_eq(last, 3);
}
