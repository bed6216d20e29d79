/* SPDX-License-Identifier: ISC */
#include "compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"

enum {
    SENTENCE = 512,
    SLOW_US = 500000, /* a difference in time that is told, ... */
    SLOW_FACTOR = 4   /* ... when it is so many times the other */
};

/* --- reading --- */

static char *copy(const char *text)
{
    return strcpy(memory_get(strlen(text_or(text, "")) + 1), text_or(text, ""));
}

static bool add(void *context, const struct history_event *event)
{
    struct compared *out = context;
    if (out->count == COMPARE_EVENTS)
        return false;
    if (strcmp(text_or(event->kind, ""), "open") == 0)
        return true;
    out->events[out->count++] = (struct compared_event){
        .seq = event->seq,
        .answers = event->answers,
        .side = event->side,
        .code = event->code,
        .ts_us = event->ts_us,
        .kind = copy(event->kind),
        .verb = copy(event->verb),
        .text = copy(event->text),
        .pipelined = event->note && strstr(event->note, "pipelined"),
    };
    return true;
}

bool compared_read(struct compared *out, struct history *history, int64_t session_id,
                   struct failure *why)
{
    *out = (struct compared){.session_id = session_id};
    out->events = memory_get(COMPARE_EVENTS * sizeof *out->events);
    return history_events(history, session_id, 1, UINT32_MAX, add, out, why);
}

void compared_free(struct compared *compared)
{
    for (size_t i = 0; i < compared->count; i++) {
        free(compared->events[i].kind);
        free(compared->events[i].verb);
        free(compared->events[i].text);
    }
    free(compared->events);
    *compared = (struct compared){0};
}

/* --- where they part --- */

static bool alike(const struct compared_event *a, const struct compared_event *b)
{
    return a->side == b->side && a->code == b->code && strcmp(a->kind, b->kind) == 0 &&
           strcmp(a->verb, b->verb) == 0;
}

size_t compare_part(const struct compared *a, const struct compared *b)
{
    size_t i = 0;
    while (i < a->count && i < b->count && alike(&a->events[i], &b->events[i]))
        i++;
    return i;
}

/* --- what differs before --- */

/* One of two lists of words: the words of a line, or the lines of a text. */
struct words {
    const char *text;
    const char *breaks;
    size_t skip; /* octets in front of each: "250-" */
};

/* The next word at `*at`; empty at the end. */
static struct bytes next_word(const struct words *words, const char **at)
{
    *at += strspn(*at, words->breaks);
    size_t length = strcspn(*at, words->breaks);
    struct bytes word = bytes_of(*at, length);
    *at += length;
    if (word.len >= words->skip)
        word = bytes_from(word, words->skip);
    return word;
}

static bool has_word(const struct words *words, struct bytes wanted)
{
    for (const char *at = words->text; *at;) {
        const struct bytes word = next_word(words, &at);
        if (word.len == wanted.len &&
            strncasecmp((const char *)word.at, (const char *)wanted.at, word.len) == 0)
            return true;
    }
    return false;
}

/* Appends the words of `of` that `other` lacks, but for the first `passed`. */
static void only_in(char *out, const struct words *of, const struct words *other, int passed,
                    int64_t session_id)
{
    const char *separator = "";
    for (const char *at = of->text; *at;) {
        const struct bytes word = next_word(of, &at);
        if (!word.len || passed-- > 0 || has_word(other, word))
            continue;
        size_t used = strlen(out);
        if (!*separator)
            snprintf(out + used, SENTENCE - used, "%sonly in %" PRId64 ": ", used ? "; " : "",
                     session_id);
        used = strlen(out);
        snprintf(out + used, SENTENCE - used, "%s%.*s", separator, (int)word.len,
                 (const char *)word.at);
        separator = ", ";
    }
}

static void compare_words(const struct compared *a, const struct compared *b, size_t i,
                          const struct words *in_a, const struct words *in_b, int passed,
                          const char *about, compare_fn *fn, void *context)
{
    char sentence[SENTENCE] = "";
    (void)i;
    only_in(sentence, in_a, in_b, passed, a->session_id);
    only_in(sentence, in_b, in_a, passed, b->session_id);
    if (*sentence)
        fn(context, about, sentence);
}

static bool is(const struct compared_event *event, const char *verb)
{
    return strcmp(event->verb, verb) == 0;
}

/* The command that a reply answers; NULL when there is none. */
static const struct compared_event *command_of(const struct compared *c, size_t reply)
{
    for (size_t i = reply; i-- > 0;)
        if (c->events[i].seq == c->events[reply].answers)
            return &c->events[i];
    return NULL;
}

static void compare_texts(const struct compared *a, const struct compared *b, size_t i,
                          compare_fn *fn, void *context)
{
    const struct compared_event *x = &a->events[i], *y = &b->events[i];
    const struct compared_event *command = command_of(a, i);
    const struct words lines[] = {{x->text, "\n", 4}, {y->text, "\n", 4}};
    const struct words words[] = {{x->text, " ", 0}, {y->text, " ", 0}};
    char about[32];
    if (strcmp(x->text, y->text) == 0)
        return;
    if (strcmp(x->kind, "greeting") == 0)
        compare_words(a, b, i, &lines[0], &lines[1], 0, "greeting", fn, context);
    else if (x->side == 'S' && command && (is(command, "EHLO") || is(command, "LHLO")))
        compare_words(a, b, i, &lines[0], &lines[1], 1, "offers", fn, context);
    else if (is(x, "EHLO") || is(x, "HELO") || is(x, "LHLO"))
        compare_words(a, b, i, &words[0], &words[1], 1, "client name", fn, context);
    else if (is(x, "MAIL") || is(x, "RCPT")) {
        snprintf(about, sizeof about, "%s", is(x, "MAIL") ? "MAIL" : "RCPT");
        compare_words(a, b, i, &words[0], &words[1], 1, about, fn, context);
    } else if (strcmp(x->kind, "tls") == 0)
        compare_words(a, b, i, &lines[0], &lines[1], 0, "TLS", fn, context);
}

static void compare_times(const struct compared *a, const struct compared *b, size_t i,
                          compare_fn *fn, void *context)
{
    char sentence[SENTENCE];
    if (!i)
        return;
    const int64_t in_a = a->events[i].ts_us - a->events[i - 1].ts_us;
    const int64_t in_b = b->events[i].ts_us - b->events[i - 1].ts_us;
    const int64_t more = in_a > in_b ? in_a : in_b, less = in_a > in_b ? in_b : in_a;
    if (more - less < SLOW_US || more < SLOW_FACTOR * less)
        return;
    snprintf(sentence, sizeof sentence,
             "#%" PRIu32 " came after %.3f s in %" PRId64 ", after %.3f s in %" PRId64,
             a->events[i].seq, (double)in_a / 1e6, a->session_id, (double)in_b / 1e6,
             b->session_id);
    fn(context, "time", sentence);
}

void compare_before(const struct compared *a, const struct compared *b, size_t part, compare_fn *fn,
                    void *context)
{
    char sentence[SENTENCE];
    for (size_t i = 0; i < part && i < a->count && i < b->count; i++) {
        const struct compared_event *x = &a->events[i], *y = &b->events[i];
        compare_texts(a, b, i, fn, context);
        compare_times(a, b, i, fn, context);
        if (x->pipelined == y->pipelined)
            continue;
        snprintf(sentence, sizeof sentence, "#%" PRIu32 " %s was sent without waiting in %" PRId64,
                 x->pipelined ? x->seq : y->seq, x->verb,
                 x->pipelined ? a->session_id : b->session_id);
        fn(context, "pipelining", sentence);
    }
}
