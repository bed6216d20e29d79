/* SPDX-License-Identifier: ISC */
#include "news.h"

#include <inttypes.h>
#include <stdlib.h>

#include "assertion.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/text.h"
#include "heloscope/output/finding_print.h"

struct batch {
    struct news *news;
    struct findings findings;
};

static bool add_diagnosis(void *context, const struct history_diagnosis *row)
{
    struct batch *batch = context;
    if (!batch->news->alike || alike_prints(batch->news->alike, row, clock_steady_us()))
        findings_add(&batch->findings, row);
    return true;
}

static bool write_finding(struct news *news, FILE *out, const struct finding *finding,
                          struct failure *why)
{
    if (news->options->json) {
        struct json json = {.out = out, .one_line = true};
        return finding_json(&json, news->history, finding, why);
    }
    if (!finding_print_brief(out, news->speech->terminal, news->history, finding, why))
        return false;
    putc('\n', out);
    return true;
}

static bool print_list(struct news *news, const struct finding_list *list, struct failure *why)
{
    bool done = true;
    for (size_t i = 0; done && i < list->count; i++) {
        struct speaking speaking;
        FILE *out = speech_open(&speaking);
        done = out && write_finding(news, out, &list->all[i], why);
        speech_close(news->speech, &speaking);
    }
    return done;
}

/* A flood of findings is not all printed. */
static void say_rest(const struct news *news, const struct findings *findings)
{
    const uint64_t rest = findings->total_origins_503 + findings->total_origins_other -
                          findings->with_503.count - findings->other.count;
    char words[TEXT_COUNT];
    if (rest && !news->options->quiet)
        terminal_say(news->speech->terminal,
                     "%s more, not printed; heloscope show SESSION prints any",
                     text_counted(rest, "finding", words));
}

bool news_open(struct news *news)
{
    const unsigned generation = store_generation(news->recording->store);
    if (news->history && news->generation == generation)
        return true;
    history_close(news->history);
    news->history = generation ? history_open(news->options->database, NULL) : NULL;
    news->generation = generation;
    return news->history != NULL;
}

static bool print_findings(struct news *news, const struct own_findings *own, size_t count,
                           struct failure *why)
{
    struct batch batch = {.news = news};
    struct findings *findings = &batch.findings;
    findings_begin(findings, NEWS_LIMIT);
    bool done = history_diagnoses_of(news->history, own, count, add_diagnosis, &batch, why);
    if (!news->options->quiet)
        done = done && print_list(news, &findings->with_503, why) &&
               print_list(news, &findings->other, why);
    say_rest(news, findings);
    findings_free(findings);
    return done;
}

/* The lines of --fail-on; among objects, which tell the findings themselves, none are printed. */
static bool check_assertion(struct news *news, const struct own_findings *own, size_t count,
                            struct failure *why)
{
    struct speaking speaking;
    uint64_t broken = 0;
    FILE *out = speech_open(&speaking);
    const bool done = out && assertion_check(news->options->fail_on, news->history, own, count, out,
                                             &broken, why);
    news->broken += broken;
    if (out && news->options->json) {
        fclose(out);
        speaking.out = NULL;
    }
    speech_close(news->speech, &speaking);
    return done;
}

static void say_alike(struct news *news, bool all)
{
    if (news->alike && !news->options->quiet)
        alike_say(news->alike, news->speech->terminal, clock_steady_us(), all);
}

void news_print(struct news *news)
{
    struct own_findings *own;
    struct failure why = {""};
    recording_say(news->recording);
    const size_t count = store_take_own(news->recording->store, &own);
    if (count && news_open(news) &&
        (!print_findings(news, own, count, &why) ||
         (news->options->fail_on && !check_assertion(news, own, count, &why))))
        terminal_warn(news->speech->terminal, "%s", why.text);
    free(own);
    say_alike(news, false);
    speech_check(news->speech);
}

void news_close(struct news *news)
{
    say_alike(news, true);
    alike_free(news->alike);
    news->alike = NULL;
    history_close(news->history);
    news->history = NULL;
}
