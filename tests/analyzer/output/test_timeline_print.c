/* SPDX-License-Identifier: ISC */
/* Lines of a timeline, as a person reads them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/output/timeline_print.h"

static const struct terminal plain, coloured = {.colour = true};

static struct history_event reply(const char *text)
{
    return (struct history_event){.seq = 6,
                                  .ts_us = 1500000,
                                  .packet = 9,
                                  .bytes = -1,
                                  .side = 'S',
                                  .kind = "reply",
                                  .text = text};
}

static char *printed(const struct history_event *event, const struct terminal *terminal)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    timeline_print_event(out, terminal, event, 1000000);
    fclose(out);
    return text;
}

static void expect(const struct history_event *event, const char *wanted)
{
    char *text = printed(event, &plain);
    cr_expect_str_eq(text, wanted);
    free(text);
}

Test(timeline_print, a_reply_and_a_command)
{
    struct history_event event = reply("250 2.1.0 Ok");
    expect(&event, "     6     0.500000       9  S< 250 2.1.0 Ok\n");
    event.side = 'C';
    event.kind = "command";
    event.text = "RSET";
    event.note = "bare LF";
    expect(&event, "     6     0.500000       9  C> RSET  [bare LF]\n");
}

Test(timeline_print, a_reply_of_several_lines_is_indented)
{
    struct history_event event = reply("250-mx.example.org\n250 8BITMIME");
    expect(&event, "     6     0.500000       9  S< 250-mx.example.org\n"
                   "                                250 8BITMIME\n");
}

Test(timeline_print, origin_and_refusal_are_marked_in_words)
{
    struct history_event event = reply("550 5.7.1 No");
    event.code = 550;
    event.is_origin = true;
    expect(&event, "     6     0.500000       9  S< 550 5.7.1 No  ==> ORIGIN\n");
    event = reply("503 5.5.1 need MAIL");
    event.code = 503;
    event.cause = "mail_rejected";
    event.origin = 4;
    expect(&event, "     6     0.500000       9  S< 503 5.5.1 need MAIL  <== 503, origin #4: "
                   "mail_rejected\n");
    event.origin = 0;
    event.cause = "unknown";
    event.text = "503 what";
    expect(&event, "     6     0.500000       9  S< 503 what  <== 503, origin not captured: "
                   "unknown\n");
}

Test(timeline_print, a_mark_that_does_not_fit_has_its_own_line)
{
    struct history_event event =
        reply("550 5.7.1 a text that is so long that nothing fits behind it any more, really");
    event.is_origin = true;
    char *text = printed(&event, &plain);
    cr_expect_not_null(strstr(text, "really\n                                ==> ORIGIN\n"), "%s",
                       text);
    free(text);
}

Test(timeline_print, what_has_no_text_is_named)
{
    struct history_event event = reply(NULL);
    event.kind = "data";
    event.side = 'C';
    event.bytes = 1234;
    expect(&event, "     6     0.500000       9  C> (message, 1234 octets)\n");
    event.kind = "gap";
    event.bytes = 1;
    event.side = 'S';
    expect(&event, "     6     0.500000       9  S< (not in the capture: 1 octet)\n");
    event.kind = "auth";
    event.side = 'C';
    event.bytes = -1;
    expect(&event, "     6     0.500000       9  C> (credentials, not kept)\n");
    event.kind = "something new";
    expect(&event, "     6     0.500000       9  C> (something new)\n");
}

Test(timeline_print, the_wire_cannot_steer_the_terminal)
{
    struct history_event event = reply("250 \x1b]0;title\x07 ok");
    expect(&event, "     6     0.500000       9  S< 250 \\x1B]0;title\\x07 ok\n");
}

Test(timeline_print, colour_adds_only_sequences)
{
    struct history_event event = reply("550 5.7.1 No");
    event.is_origin = true;
    char *without = printed(&event, &plain), *with = printed(&event, &coloured);
    char *stripped = calloc(1, strlen(with) + 1), *end = stripped;
    for (const char *c = with; *c; c++)
        if (*c == '\x1b')
            c += strcspn(c, "m");
        else
            *end++ = *c;
    cr_expect_str_neq(with, without);
    cr_expect_str_eq(stripped, without);
    free(stripped);
    free(without);
    free(with);
}

Test(timeline_print, a_verdict_says_where_text_and_session_differ)
{
    struct ruling ruling = {.cause = "mail_rejected",
                            .fault = "pipelining",
                            .certainty = "certain",
                            .server_says = "mail_missing",
                            .explanation = "MAIL was refused.",
                            .advice = "Look at it.",
                            .agrees = 0};
    for (int agrees = -1; agrees <= 1; agrees++) {
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        ruling.agrees = agrees;
        timeline_print_ruling(out, &ruling, TIMELINE_WIDTH);
        fclose(out);
        cr_expect_not_null(strstr(text, "Cause    mail_rejected: the MAIL had been refused\n"));
        cr_expect_not_null(strstr(text, "Why      MAIL was refused.\n"));
        cr_expect_not_null(strstr(text, "To do    Look at it.\n"));
        cr_expect_eq(strstr(text, "Note     ") != NULL, agrees == 0);
        free(text);
    }
}
