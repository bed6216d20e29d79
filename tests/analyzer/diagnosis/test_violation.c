/* SPDX-License-Identifier: ISC */
/* Who is said to have broken a rule, and who is not. */
#include <criterion/criterion.h>

#include "tests/support/told.h"

struct row {
    const char *name;
    const char *lines;   /* as TOLD() takes them, a bar between them */
    const char *command; /* by how its text begins */
    const char *rule;    /* that it breaks; NULL = none */
    bool tolerated;
    unsigned others; /* commands of the session that break one too */
};

static const char early[] = "wait for a 220 greeting";

static const struct row rows[] = {
    {"refused", "S: 220 mx|C: MAIL FROM:<a@x>|S: 503 hello first", "MAIL", "MAIL needs a hello",
     false, 0},
    {"the code does not matter", "S: 220 mx|C: MAIL FROM:<a@x>|S: 550 no", "MAIL",
     "MAIL needs a hello", false, 0},
    {"tolerated", "S: 220 mx|C: MAIL FROM:<a@x>|S: 250 ok", "MAIL", "MAIL needs a hello", true, 0},
    {"legal and refused", "S: 220 mx|C: EHLO c|S: 250 mx|C: MAIL FROM:<a@x>|S: 503 no", "MAIL",
     NULL, false, 0},

    /* RFC 5321 section 4.3.1: the greeting is waited for. */
    {"early", "C: EHLO c|S: 220 mx|S: 250 mx", "EHLO", early, true, 0},
    {"early and refused", "C: EHLO c|S: 220 mx|S: 503 no", "EHLO", early, false, 0},
    {"early, and nothing else of the same command", "C: MAIL FROM:<a@x>|S: 220 mx|S: 503 no",
     "MAIL", early, false, 0},
    {"to a greeting that refuses", "S: 554 no|C: MAIL FROM:<a@x>|S: 503 no", "MAIL", early, false,
     0},

    /* RFC 2920 section 3.1: groups by agreement only, and some verbs end them. */
    {"a group that was not offered",
     "S: 220 mx|C: EHLO c|S: 250 mx|C: MAIL FROM:<a@x>|C+ RCPT TO:<b@x>|S: 250 ok|S: 250 ok",
     "RCPT", "no PIPELINING was offered", true, 0},
    {"its first command broke nothing",
     "S: 220 mx|C: EHLO c|S: 250 mx|C: MAIL FROM:<a@x>|C+ RCPT TO:<b@x>|S: 250 ok|S: 250 ok",
     "MAIL", NULL, false, 1},
    {"a group that was offered",
     "S: 220 mx|C: EHLO c|S: 250-mx|S: 250 PIPELINING|C: MAIL FROM:<a@x>|C+ RCPT TO:<b@x>|"
     "S: 250 ok|S: 250 ok",
     "RCPT", NULL, false, 0},
    {"behind a command that ends a group",
     "S: 220 mx|C: EHLO c|S: 250-mx|S: 250 PIPELINING|C: NOOP|C+ MAIL FROM:<a@x>|S: 250 ok|"
     "S: 250 ok",
     "MAIL", "last command of a group", true, 0},

    /* A refusal that had not arrived is not ignored. */
    {"behind a refusal on its way",
     "S: 220 mx|C: EHLO c|S: 250-mx|S: 250 PIPELINING|C: MAIL FROM:<a@x>|C+ RCPT TO:<b@x>|"
     "S: 550 no|S: 503 no",
     "RCPT", NULL, false, 0},
    {"behind a refusal that was read",
     "S: 220 mx|C: EHLO c|S: 250-mx|S: 250 PIPELINING|C: MAIL FROM:<a@x>|S: 550 no|"
     "C: RCPT TO:<b@x>|S: 503 no",
     "RCPT", "RCPT needs MAIL", false, 0},

    /* What the capture leaves open accuses nobody. */
    {"behind a hole that may hold the hello",
     "S: 220 mx|G: C 8|G: S 8|C: MAIL FROM:<a@x>|S: 503 no", "MAIL", NULL, false, 0},
    {"taken behind a hole: the hello was in it", "S: 220 mx|G: C 8|C: MAIL FROM:<a@x>|S: 250 ok",
     "MAIL", NULL, false, 0},
    {"not answered", "S: 220 mx|C: MAIL FROM:<a@x>", "MAIL", NULL, false, 0},

    /* Lines that are no commands of the client's. */
    {"message content that was read as commands",
     "S: 220 mx|C: EHLO c|S: 250 mx|C: DATA|S: 503 no|C: From: <a@x>|S: 500 what|"
     "C: MAIL FROM:<a@x> is what I sent|S: 503 no|C: .|S: 500 what",
     "From:", NULL, false, 1},
    {"what STARTTLS throws away",
     "S: 220 mx|C: EHLO c|S: 250-mx|S: 250 STARTTLS|C: STARTTLS|C+ MAIL FROM:<a@x>|S: 220 go",
     "MAIL", NULL, false, 0},
};

static void say(struct told *told, const char *lines)
{
    char copy[1024], *next;
    cr_assert_lt(strlen(lines), sizeof copy);
    strcpy(copy, lines);
    for (char *line = strtok_r(copy, "|", &next); line; line = strtok_r(NULL, "|", &next))
        TOLD(told, line);
}

Test(violation, each)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct told told;
        told_begin(&told, false);
        say(&told, row->lines);
        event_no command = told_text(&told, row->command);
        cr_assert_neq(command, 0, "%s: %s", row->name, told_shape(&told));
        const struct violation *v = told_violation(&told, command);
        cr_expect_eq(v != NULL, row->rule != NULL, "%s: %s", row->name, v ? v->rule : "nothing");
        if (v && row->rule) {
            cr_expect_str_eq(v->rule, row->rule, "%s: %s", row->name, v->rule);
            cr_expect_eq(v->tolerated, row->tolerated, "%s", row->name);
        }
        cr_expect_eq(told.session->row.violations, row->others + (row->rule != NULL), "%s: %u",
                     row->name, told.session->row.violations);
        told_free(&told);
    }
}

Test(violation, a_session_begun_midway_is_not_accused)
{
    struct told told;
    told_begin(&told, true);
    TOLD(&told, "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@x>", "S: 250 ok");
    cr_expect_eq(told.session->row.violations, 0);
    told_free(&told);
}

Test(violation, each_command_is_accused_once)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 mx", "C: MAIL FROM:<a@x>", "S: 503 no", "C: RCPT TO:<b@x>", "S: 503 no",
         "C: DATA", "S: 503 no", "C: QUIT", "S: 221 bye");
    told_end(&told);
    static const char *const rules[] = {"MAIL needs a hello", "RCPT needs MAIL",
                                        "DATA needs an accepted RCPT"};
    size_t count = 0;
    for (const struct violation *v = told.drafts[0]->chapter.violations; v; v = v->next, count++) {
        cr_assert_lt(count, sizeof rules / sizeof *rules);
        cr_expect_str_eq(v->rule, rules[count]);
        cr_expect_not(v->tolerated);
    }
    cr_expect_eq(count, sizeof rules / sizeof *rules);
    cr_expect_eq(told.drafts[0]->chapter.session.violations, count);
    told_free(&told);
}
