/* SPDX-License-Identifier: ISC */
#include "cmd_rules_effects.h"

#include "heloscope/order/effects.h"
#include "heloscope/base/text.h"

enum {
    REPLY_COLUMN = 2,
    FACT_COLUMN = 15,
    TEXT_COLUMN = 25,
    WIDTH = 80,
    LINE = 256,
};

static const char *const parts[] = {
    [PART_ANY] = "",
    [PART_COMMAND] = "",
    [PART_MESSAGE] = "at the end of the message",
    [PART_BINARYMIME] = "with BODY=BINARYMIME",
    [PART_CHUNK] = "without LAST",
    [PART_LAST] = "with LAST",
};

static const char *const standings[] = {
    [STANDS_ANYHOW] = "",
    [STANDS_HOLDS] = "holds",
    [STANDS_LACKS] = "does not hold",
    [STANDS_REFUSED] = "was refused",
    [STANDS_UNREFUSED] = "was not refused",
    [STANDS_DOUBTFUL] = "is doubtful",
};

static const char *const verdicts[] = {
    [VERDICT_LEGAL] = "in order",
    [VERDICT_BROKEN] = "out of order",
    [VERDICT_DOUBTFUL] = "in doubt",
};

static const struct {
    enum reply_class class;
    const char *label;
} classes[] = {
    {REPLY_POSITIVE, "2xx"},           {REPLY_INTERMEDIATE, "3xx"}, {REPLY_REFUSAL, "4xx 5xx"},
    {REPLY_MISREAD, "not understood"}, {REPLY_CLOSING, "421"},
};

enum {
    CLASSES = sizeof classes / sizeof *classes
};

/* `separator` and `word` at the end of `line`, which has room for what the table can say. */
static void add(char *line, const char *separator, const char *word)
{
    size_t length = strlen(line), room = LINE - length;
    if (length)
        length += (size_t)snprintf(line + length, room, "%s", separator);
    if (length < LINE)
        strncat(line, word, LINE - 1 - length);
}

/* As a reader counts: 421 and what was not understood are among the 4xx and 5xx, unless a row is
 * about them alone; one that leaves the latter out has a star. */
static void replies_of(const struct effect *e, char line[LINE])
{
    line[0] = '\0';
    bool refusals = e->replies & REPLY_REFUSAL;
    for (int i = 0; i < CLASSES; i++)
        if (e->replies & classes[i].class &&
            !(refusals && classes[i].class & (REPLY_MISREAD | REPLY_CLOSING)))
            add(line, " ", classes[i].label);
    if (refusals && !(e->replies & REPLY_MISREAD))
        add(line, "", "*");
    if (e->replies ==
        (REPLY_POSITIVE | REPLY_INTERMEDIATE | REPLY_REFUSAL | REPLY_MISREAD | REPLY_CLOSING))
        snprintf(line, LINE, "any");
}

static void conditions_of(const struct effect *e, char line[LINE])
{
    line[0] = '\0';
    for (int i = 0; i < EFFECT_CONDITIONS && e->given[i].is != STANDS_ANYHOW; i++) {
        enum fact_name fact = e->given[i].fact;
        if (!i || fact != e->given[i - 1].fact) {
            add(line, " and ", fact == e->fact && !i ? "it" : fact_label(fact));
            add(line, " ", standings[e->given[i].is]);
        } else {
            add(line, " and ", standings[e->given[i].is]);
        }
    }
    char judged[LINE] = "";
    for (int v = VERDICT_LEGAL; v <= VERDICT_DOUBTFUL; v++)
        if (e->verdicts >> v & 1)
            add(judged, " or ", verdicts[v]);
    if (*judged)
        add(line, " and ", "the command is");
    if (*judged)
        add(line, " ", judged);
}

static void forgotten_of(const struct effect *e, char line[LINE])
{
    line[0] = '\0';
    for (int f = 0; f < FACT_COUNT; f++)
        if (effect_forgets(e) >> f & 1)
            add(line, ", ", fact_label((enum fact_name)f));
}

/* "EHLO, HELO, LHLO"; of nearly all verbs those that are left out. */
static void verbs_of(const struct effect *e, char line[LINE])
{
    line[0] = '\0';
    if (e->verbs == GREETING_ROW) {
        add(line, "", "the greeting");
        return;
    }
    bool most = e->verbs >> VERB_UNKNOWN & 1;
    if (most)
        add(line, "", "every command");
    const char *separator = most ? " but " : ", ";
    for (int v = VERB_UNKNOWN + 1; v < VERB_COUNT; v++)
        if ((e->verbs >> v & 1) != most) {
            add(line, separator, verb_name((enum verb)v));
            separator = ", ";
        }
}

static void print_effect(const struct effect *e)
{
    char line[LINE], words[LINE];
    replies_of(e, line);
    printf("%*s%-*s%-*s", REPLY_COLUMN, "", FACT_COLUMN - REPLY_COLUMN, line,
           TEXT_COLUMN - FACT_COLUMN, fact_label(e->fact));
    snprintf(line, sizeof line, "%s", effect_label(e->kind));
    if (*parts[e->part])
        add(line, ", ", parts[e->part]);
    conditions_of(e, words);
    if (*words)
        add(line, ", where ", words);
    add(line, " (", e->section);
    add(line, "", ")");
    text_wrap(stdout, line, TEXT_COLUMN, TEXT_COLUMN, WIDTH);
}

void print_effects(const struct terminal *terminal)
{
    size_t count;
    const struct effect *effects = order_effects(&count);
    puts("What a reply does to the facts, line by line:");
    for (size_t i = 0; i < count; i++) {
        if (!i || effects[i].verbs != effects[i - 1].verbs) {
            char verbs[LINE];
            verbs_of(&effects[i], verbs);
            printf("\n%s%s%s\n", terminal_style(terminal, STYLE_HEADING), verbs,
                   terminal_style(terminal, STYLE_PLAIN));
        }
        print_effect(&effects[i]);
    }
    putchar('\n');
    text_wrap(stdout,
              "* but not 500, 501 or 504 to a command that is not well formed: it changes nothing.",
              0, 2, WIDTH);
    for (enum fact_name whole = 0; whole < FACT_COUNT; whole++) {
        char forgotten[LINE], line[LINE + 128];
        forgotten_of(&(struct effect){.kind = EFFECT_CLEAR, .fact = whole}, forgotten);
        snprintf(line, sizeof line,
                 "When %s begins to hold, is refused or cleared, this is forgotten: %s.",
                 fact_label(whole), forgotten);
        if (*forgotten)
            text_wrap(stdout, line, 0, 0, WIDTH);
    }
}

static void json_verbs(struct json *json, const struct effect *e)
{
    json_open(json, "verbs", '[');
    for (int v = VERB_UNKNOWN; v < VERB_COUNT; v++)
        if (e->verbs >> v & 1)
            json_string(json, NULL, v == VERB_UNKNOWN ? "unknown" : verb_name((enum verb)v));
    json_close(json);
}

void json_effects(struct json *json)
{
    size_t count;
    const struct effect *effects = order_effects(&count);
    json_open(json, "effects", '[');
    for (size_t i = 0; i < count; i++) {
        const struct effect *e = &effects[i];
        char words[LINE];
        json_open(json, NULL, '{');
        json_verbs(json, e);
        json_string(json, "part", *parts[e->part] ? parts[e->part] : NULL);
        json_open(json, "replies", '[');
        for (int c = 0; c < CLASSES; c++)
            if (e->replies & classes[c].class)
                json_string(json, NULL, classes[c].label);
        json_close(json);
        json_string(json, "fact", fact_label(e->fact));
        json_string(json, "effect", effect_label(e->kind));
        conditions_of(e, words);
        json_string(json, "where", *words ? words : NULL);
        json_open(json, "forgets", '[');
        for (int f = 0; f < FACT_COUNT; f++)
            if (effect_forgets(e) >> f & 1)
                json_string(json, NULL, fact_label((enum fact_name)f));
        json_close(json);
        json_string(json, "section", e->section);
        json_close(json);
    }
    json_close(json);
}
