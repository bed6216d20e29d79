/* SPDX-License-Identifier: ISC */
/* Words that are stored: what changes here changes databases and scripts. */
#include <criterion/criterion.h>

#include "heloscope/timeline.h"

Test(timeline_names, kinds)
{
    static const char *const kinds[] = {"open", "greeting", "command", "reply", "auth",
                                        "data", "chunk",    "tls",     "gap",   "close"};
    cr_assert_eq(EVENT_KIND_COUNT, sizeof kinds / sizeof *kinds);
    for (int i = 0; i < EVENT_KIND_COUNT; i++)
        cr_expect_str_eq(event_kind_name((enum event_kind)i), kinds[i]);
    cr_expect_str_eq(event_kind_name(EVENT_KIND_COUNT), "unknown");
}

Test(timeline_names, roles)
{
    static const char *const roles[] = {"opened", "refusal", "cascade", "group", "offer", "gap"};
    cr_assert_eq(ROLE_COUNT, sizeof roles / sizeof *roles);
    for (int i = 0; i < ROLE_COUNT; i++)
        cr_expect_str_eq(role_name((enum role)i), roles[i]);
    cr_expect_str_eq(role_name(ROLE_COUNT), "unknown");
}

Test(timeline_names, notes)
{
    char out[256];
    cr_expect_str_eq(notes_print(0, out, sizeof out), "");
    cr_expect_str_eq(notes_print(NOTE_MASKED, out, sizeof out), "masked");
    cr_expect_str_eq(notes_print(NOTE_MASKED | NOTE_BARE_LF, out, sizeof out), "masked, bare LF");
}

Test(timeline_names, every_note_has_words_of_its_own)
{
    char all[256], one[64];
    notes_print(~0u, all, sizeof all);
    for (unsigned note = NOTE_BARE_LF; note <= NOTE_DOUBTFUL; note <<= 1) {
        cr_expect_gt(strlen(notes_print(note, one, sizeof one)), 0, "%#x has none", note);
        cr_expect_not_null(strstr(all, one), "'%s' is not in '%s'", one, all);
    }
    cr_expect_lt(strlen(all), sizeof all - 1, "the words of all do not fit");
}

Test(timeline_names, notes_that_do_not_fit_are_cut_within_the_room)
{
    char out[12];
    memset(out, '#', sizeof out);
    notes_print(NOTE_MASKED | NOTE_BARE_LF, out, 10);
    cr_expect_lt(strlen(out), 10);
    cr_expect_eq(out[10], '#');
}
