/* The dialogues of tests/dialogues: each is played to the analysis line by line and judged, then
 * cut in other ways, which must change nothing. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
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

static void expect_as_wanted(const struct dialogue *d, const struct played *played)
{
    char *wrong = dialogue_judge(d, played);
    if (d->open) {
        cr_log_info("open: %s:%d: %s: %s\n%s", d->file, d->number, d->title, d->open, wrong);
        cr_expect(*wrong, "%s:%d: \"%s\" is marked as open, but holds now: take the mark away",
                  d->file, d->number, d->title);
    } else {
        char *timeline = played_print(played);
        cr_expect(!*wrong, "%s:%d: %s\n%s\n%s", d->file, d->number, d->title, wrong, timeline);
        free(timeline);
    }
    free(wrong);
}

/* The first line in which two timelines differ. */
static void expect_alike(const struct dialogue *d, const char *how, const char *a, const char *b)
{
    size_t i = 0, line = 0;
    for (; a[i] && a[i] == b[i]; i++)
        if (a[i] == '\n')
            line = i + 1;
    cr_expect(a[i] == b[i], "%s:%d: %s\n%s\n  line by line: %.*s\n  now:          %.*s", d->file,
              d->number, d->title, how, (int)strcspn(a + line, "\n"), a + line,
              (int)strcspn(b + line, "\n"), b + line);
}

static void expect_cut_changes_nothing(const struct dialogue *d, const char *whole, enum cut cut,
                                       const char *how)
{
    int times = cut == CUT_RANDOM ? RANDOM_CUTS : 1;
    for (int seed = 0; seed < times; seed++) {
        struct played played;
        dialogue_play(d, cut, (unsigned)seed, &played);
        char *text = played_print(&played);
        expect_alike(d, how, whole, text);
        free(text);
        played_free(&played);
    }
}

ParameterizedTestParameters(dialogues, each)
{
    return every_dialogue();
}

ParameterizedTest(size_t *number, dialogues, each)
{
    struct dialogues all = {0};
    struct played played;
    dialogues_read(&all);
    const struct dialogue *d = &all.at[*number];
    cr_assert_null(d->problem, "%s", d->problem);
    dialogue_play(d, CUT_LINES, 0, &played);
    expect_as_wanted(d, &played);
    char *whole = played_print(&played);
    expect_cut_changes_nothing(d, whole, CUT_SEGMENTS, "in the segments of the dialogue");
    expect_cut_changes_nothing(d, whole, CUT_OCTETS, "octet by octet");
    expect_cut_changes_nothing(d, whole, CUT_RANDOM, "cut at random places");
    expect_cut_changes_nothing(d, whole, CUT_CHAPTERS, "handed over after each line");
    free(whole);
    played_free(&played);
    dialogues_free(&all);
}
