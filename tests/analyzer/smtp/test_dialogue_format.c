/* SPDX-License-Identifier: ISC */
/* The reading of dialogues, and that their judgement can fail: a test of the other tests. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/dialogue_play.h"

static struct dialogues parsed(const char *text)
{
    struct dialogues all = {0};
    dialogues_parse(&all, "x.txt", bytes_of_string(text));
    return all;
}

/* --- what is spoken --- */

Test(dialogue_format, lines_become_octets)
{
    struct dialogues all = parsed("== One\n"
                                  "S: 220 mx\n"
                                  "C: EHLO \\x00\\xfF\\\\\\t\\n\\\n"
                                  "C* 10 octets\n"
                                  "C:\n");
    const struct dialogue *d = &all.at[0];
    cr_assert_eq(all.count, 1);
    cr_assert_null(d->problem, "%s", d->problem);
    cr_assert_eq(d->spoken_count, 4);
    cr_expect(bytes_equal(d->spoken[0].octets, bytes_of_string("220 mx\r\n")));
    cr_expect(bytes_equal(d->spoken[1].octets, bytes_of("EHLO \0\xff\\\t\n", 10)));
    cr_expect(bytes_equal(d->spoken[2].octets, bytes_of_string("xxxxxxxx\r\n")));
    cr_expect(bytes_equal(d->spoken[3].octets, bytes_of_string("\r\n")));
    dialogues_free(&all);
}

Test(dialogue_format, each_has_seen_what_stands_above)
{
    struct dialogues all = parsed("== One\n"
                                  "S: 220 mx\n" /* 8 octets */
                                  "C: NOOP\n"   /* 6, saw 8 */
                                  "S: 250\n"    /* 5, saw 6 */
                                  "C~ RSET\n"   /* saw no more than NOOP */
                                  "C+ QUIT\n"   /* likewise */
                                  "C: NOOP\n"   /* saw 13 */
                                  "S~ 421\n");  /* saw no more than the 250 */
    static const uint64_t seen[] = {0, 8, 6, 8, 8, 13, 6};
    static const uint64_t offset[] = {0, 0, 8, 6, 12, 18, 13};
    const struct dialogue *d = &all.at[0];
    cr_assert_null(d->problem, "%s", d->problem);
    cr_assert_eq(d->spoken_count, 7);
    for (size_t i = 0; i < d->spoken_count; i++) {
        cr_expect_eq(d->spoken[i].seen, seen[i], "line %zu has seen %d", i, (int)d->spoken[i].seen);
        cr_expect_eq(d->spoken[i].offset, offset[i], "line %zu begins at %d", i,
                     (int)d->spoken[i].offset);
    }
    dialogues_free(&all);
}

Test(dialogue_format, what_was_said_before_the_capture_does_not_count)
{
    struct dialogues all = parsed("== One\n"
                                  "S: 220 mx\n"
                                  "C: NOOP\n"
                                  "-- the capture begins here\n"
                                  "S: 250\n"
                                  "C- NOOP\n"
                                  "C: QUIT\n");
    const struct dialogue *d = &all.at[0];
    cr_expect(d->midstream);
    cr_expect(d->spoken[1].before && !d->spoken[2].before);
    cr_expect_eq(d->spoken[2].offset, 0);
    cr_expect_eq(d->spoken[2].seen, 0);
    cr_expect(d->spoken[3].lost);
    cr_expect_eq(d->spoken[4].offset, 6);
    cr_expect_eq(d->spoken[4].seen, 5);
    dialogues_free(&all);
}

/* --- what cannot be understood --- */

Test(dialogue_format, mistakes_are_named_with_their_line)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"== One\nS: 220\nX: hello\n", "x.txt:3: a line begins with"},
        {"== One\nS: \\q\n", "x.txt:2: no such escape"},
        {"== One\nS: \\x0\n", "x.txt:2: no such escape"},
        {"== One\nS* lots\n", "x.txt:2: nothing can be made"},
        {"== One\nS? 220\n", "x.txt:2: behind C or S"},
        {"== One\nS: 220\nC+ NOOP\n", "x.txt:3: a segment has one sender"},
        {"== One\n-- the curtain falls\n", "x.txt:2: no stage direction"},
        {"== One\n= violation x\n", "x.txt:2: an expectation stands behind"},
        {"== One\nS: 220\n= 503 bad_luck at \"220\" (client, certain)\n", "x.txt:3: no cause"},
        {"== One\nS: 220\n= 503 unknown at \"221\" (client, certain)\n", "x.txt:3: nothing above"},
        {"== One\nS: 220\n= 503 unknown at \"220\" (nobody, certain)\n", "x.txt:3: no fault"},
        {"== One\nS: 220\n= 503 unknown at \"220\" (client, sure)\n", "x.txt:3: no certainty"},
        {"== One\nS: 220\n= 503 unknown at \"220 (client, certain)\n", "x.txt:3: a quote"},
        {"== One\nS: 220\n= answers \"220\" twice\n", "x.txt:3: the end of the line"},
        {"== One\nS: 220\n= message of some octets\n", "x.txt:3: how many"},
        {"== One\n== Two\nS: 220\n", "x.txt:1: nobody speaks"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dialogues all = parsed(rows[i].text);
        const char *problem = all.at[0].problem ? all.at[0].problem : "none";
        cr_expect(strncmp(problem, rows[i].problem, strlen(rows[i].problem)) == 0, "%s: %s",
                  rows[i].problem, problem);
        dialogues_free(&all);
    }
}

/* --- that the judgement can fail --- */

#define SCENE                                                                                      \
    "== One\n"                                                                                     \
    "S: 220 mx ESMTP\n"                                                                            \
    "C: EHLO client\n"                                                                             \
    "S: 250 mx\n"                                                                                  \
    "C: MAIL FROM:<a@example.org>\n"                                                               \
    "S: 550 5.7.1 Sender refused\n"                                                                \
    "C: RCPT TO:<b@example.com>\n"
#define VIOLATION "= violation RCPT needs MAIL\n"
#define REPLY     "S: 503 5.5.1 Error: need MAIL command\n"

static bool holds(const char *text)
{
    struct dialogues all = parsed(text);
    struct played played;
    cr_assert_null(all.at[0].problem, "%s", all.at[0].problem);
    dialogue_play(&all.at[0], CUT_LINES, 0, &played);
    char *wrong = dialogue_judge(&all.at[0], &played);
    bool result = !*wrong;
    free(wrong);
    played_free(&played);
    dialogues_free(&all);
    return result;
}

Test(dialogue_format, the_judgement_can_fail)
{
    static const char *const wrong[] = {
        "",                                                    /* not announced */
        "= 503 mail_missing at \"550\" (client, certain)\n",   /* another cause */
        "= 503 mail_rejected at \"RCPT\" (client, certain)\n", /* another origin */
        "= 503 mail_rejected at \"550\" (server, certain)\n",  /* another fault */
        "= 503 mail_rejected at \"550\" (client, likely)\n",   /* another certainty */
        "= 554 mail_rejected at \"550\" (client, certain)\n",  /* another code */
        "= 503 mail_rejected at \"550\" (client, certain), says policy\n",
        "= 503 mail_rejected at \"550\" (client, certain), with \"EHLO\"\n",
        "= 503 mail_rejected at the message (client, certain)\n",
    };
    const char *right = "= 503 mail_rejected at \"550\" (client, certain)\n";
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s%s", SCENE, VIOLATION, REPLY, right);
    cr_expect(holds(text), "the right one does not hold");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "%s%s%s%s", SCENE, VIOLATION, REPLY, wrong[i]);
        cr_expect(!holds(text), "holds: %s", wrong[i]);
    }
    snprintf(text, sizeof text, "%s%s%s%s", SCENE, VIOLATION, REPLY, right);
    strcat(text, right);
    cr_expect(!holds(text), "one finding meets two expectations");
}

Test(dialogue_format, so_can_that_of_events_and_violations)
{
    static const struct {
        const char *violation, *behind;
        bool holds;
    } rows[] = {
        {VIOLATION, "= answers \"RCPT\"\n", true},
        {VIOLATION, "= answers \"MAIL\"\n", false},
        {VIOLATION, "= answers nothing\n", false},
        {VIOLATION, "= read as reply\n", true},
        {VIOLATION, "= read as command\n", false},
        {VIOLATION, "= noted bare LF\n", false},
        {VIOLATION, "= hole of 3 octets\n", false},
        {"", "", false},
        {"= violation MAIL needs a hello\n", "", false},
        {"= violation RCPT needs MAIL, tolerated\n", "", false},
        {VIOLATION VIOLATION, "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s%s%s%s", SCENE, rows[i].violation, REPLY,
                 "= 503 mail_rejected at \"550\" (client, certain)\n", rows[i].behind);
        cr_expect_eq(holds(text), rows[i].holds, "row %zu", i);
    }
}

/* --- what the folder holds --- */

/* Refused only inside TLS, where a capture shows nothing. */
static bool is_hidden(enum cause cause)
{
    return cause == CAUSE_STARTTLS_REPEATED;
}

Test(dialogue_format, every_cause_has_a_dialogue)
{
    struct dialogues all = {0};
    bool told[CAUSE_COUNT] = {false};
    dialogues_read(&all);
    for (size_t i = 0; i < all.count; i++)
        for (size_t w = 0; w < all.at[i].wanted_count; w++)
            if (all.at[i].wanted[w].kind == WANTED_DIAGNOSIS)
                told[all.at[i].wanted[w].cause] = true;
    for (int c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
        cr_expect(told[c] || is_hidden((enum cause)c), "no dialogue tells of %s",
                  cause_entry((enum cause)c)->name);
    dialogues_free(&all);
}

Test(dialogue_format, titles_are_not_used_twice)
{
    struct dialogues all = {0};
    dialogues_read(&all);
    for (size_t i = 0; i < all.count; i++)
        for (size_t k = 0; k < i; k++)
            cr_expect(strcmp(all.at[i].title, all.at[k].title) != 0, "%s:%d: also %s:%d",
                      all.at[i].file, all.at[i].number, all.at[k].file, all.at[k].number);
    dialogues_free(&all);
}
