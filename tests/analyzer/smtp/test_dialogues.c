/* SPDX-License-Identifier: ISC */
/* The dialogues of tests/dialogues: each is played to the analysis line by line and judged, then
 * cut in other ways, which must change nothing. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/dialogue_play.h"

enum {
    RANDOM_CUTS = 8
};

/* Tests run in processes of their own, so only a number goes there. */
static struct criterion_test_params every_dialogue(void)
{
    struct dialogues all = {0};
    dialogues_read(&all);
    size_t count = all.count;
    dialogues_free(&all);
    size_t *numbers = cr_malloc((count + 1) * sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, count);
}

/* What cutting changes: the first line in which two timelines differ. */
static void compare(FILE *problems, const char *how, const char *whole, const char *cut)
{
    size_t i = 0, line = 0;
    for (; whole[i] && whole[i] == cut[i]; i++)
        if (whole[i] == '\n')
            line = i + 1;
    if (whole[i] != cut[i])
        fprintf(problems, "%s\n  line by line: %.*s\n  now:          %.*s\n", how,
                (int)strcspn(whole + line, "\n"), whole + line, (int)strcspn(cut + line, "\n"),
                cut + line);
}

static void cut_and_compare(FILE *problems, const struct dialogue *d, const char *whole)
{
    static const struct {
        enum cut cut;
        unsigned times;
        const char *how;
    } ways[] = {{CUT_SEGMENTS, 1, "in the segments of the dialogue"},
                {CUT_OCTETS, 1, "octet by octet"},
                {CUT_RANDOM, RANDOM_CUTS, "cut at random places"},
                {CUT_CHAPTERS, 1, "handed over after each line"},
                {CUT_RESTS, 1, "put to rest after each octet"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (unsigned seed = 0; seed < ways[i].times; seed++) {
            struct played played;
            dialogue_play(d, ways[i].cut, seed, &played);
            char *text = played_print(&played);
            compare(problems, ways[i].how, whole, text);
            free(text);
            played_free(&played);
        }
}

/* All that is wrong with a dialogue, "" when nothing is. `*timeline` is what was made of it. */
static char *problems_of(const struct dialogue *d, char **timeline)
{
    char *text = NULL;
    size_t size;
    struct played played;
    FILE *problems = open_memstream(&text, &size);
    dialogue_play(d, CUT_LINES, 0, &played);
    char *wrong = dialogue_judge(d, &played);
    fputs(wrong, problems);
    *timeline = played_print(&played);
    cut_and_compare(problems, d, *timeline);
    fclose(problems);
    free(wrong);
    played_free(&played);
    return text;
}

ParameterizedTestParameters(dialogues, each)
{
    return every_dialogue();
}

ParameterizedTest(size_t *number, dialogues, each)
{
    struct dialogues all = {0};
    dialogues_read(&all);
    const struct dialogue *d = &all.at[*number];
    cr_assert_null(d->problem, "%s", d->problem);
    char *timeline, *problems = problems_of(d, &timeline);
    if (d->open) {
        fprintf(stderr, "# open: %s:%d: %s: %s\n", d->file, d->number, d->title, d->open);
        cr_log_info("open: %s:%d: %s: %s\n%s", d->file, d->number, d->title, d->open, problems);
        cr_expect(*problems, "%s:%d: \"%s\" is marked as open, but holds now: take the mark away",
                  d->file, d->number, d->title);
    } else {
        cr_expect(!*problems, "%s:%d: %s\n%s\n%s", d->file, d->number, d->title, problems,
                  timeline);
    }
    free(problems);
    free(timeline);
    dialogues_free(&all);
}
