/* SPDX-License-Identifier: ISC */
/* The expectations of a dialogue, "= 503 mail_missing at "RCPT TO" (client, certain)". */
#include "dialogue.h"

#include <stdio.h>
#include <stdlib.h>

/* What is left of the line. */
struct words {
    const struct dialogue *dialogue;
    struct bytes left;
    const char *what; /* is wrong; NULL = nothing */
};

static bool wrong(struct words *w, const char *what)
{
    if (!w->what)
        w->what = what;
    return false;
}

/* Steps over `text` when it stands next. */
static bool take(struct words *w, const char *text)
{
    size_t n = strlen(text);
    if (!bytes_equal(bytes_first(w->left, n), bytes_of_string(text)))
        return false;
    w->left = bytes_from(w->left, n);
    return true;
}

/* What stands before the next of the octets `stops`, or all. */
static struct bytes take_until(struct words *w, const char *stops)
{
    size_t n = 0;
    while (n < w->left.len && !strchr(stops, w->left.at[n]))
        n++;
    struct bytes word = bytes_first(w->left, n);
    w->left = bytes_from(w->left, n);
    return word;
}

static bool take_rest(struct words *w, struct bytes *out)
{
    *out = take_until(w, "");
    return out->len > 0 || wrong(w, "the line ends too early");
}

static bool take_number(struct words *w, uint64_t *out)
{
    size_t digits = 0;
    *out = 0;
    while (w->left.len && w->left.at[0] >= '0' && w->left.at[0] <= '9' && digits++ < 9) {
        *out = *out * 10 + (uint64_t)(w->left.at[0] - '0');
        w->left = bytes_from(w->left, 1);
    }
    return digits > 0;
}

/* The last of what was spoken that begins with `text`. */
static bool find_spoken(struct words *w, struct bytes text, struct spot *out)
{
    const struct dialogue *d = w->dialogue;
    for (size_t i = d->spoken_count; i-- > 0;) {
        if (bytes_equal(bytes_first(d->spoken[i].text, text.len), text)) {
            *out = (struct spot){SPOT_SPOKEN, i};
            return true;
        }
    }
    return wrong(w, "nothing above begins with the text in quotes");
}

static bool take_spot(struct words *w, struct spot *out)
{
    static const struct {
        const char *name;
        enum spot_kind kind;
    } names[] = {{"the message", SPOT_MESSAGE},
                 {"the chunk", SPOT_CHUNK},
                 {"the hole", SPOT_HOLE},
                 {"the start", SPOT_START},
                 {"the handshake", SPOT_TLS}};
    *out = (struct spot){SPOT_NONE, 0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (take(w, names[i].name)) {
            out->kind = names[i].kind;
            return true;
        }
    }
    if (!take(w, "\""))
        return wrong(w, "a place is a text in quotes, the message, the chunk, the hole, the start "
                        "or the handshake");
    struct bytes text = take_until(w, "\"");
    return take(w, "\"") ? find_spoken(w, text, out) : wrong(w, "a quote is not closed");
}

static bool take_cause(struct words *w, enum cause *out)
{
    *out = cause_by_name(take_until(w, " ,"));
    return *out != CAUSE_NONE || wrong(w, "no cause is called so");
}

static bool take_fault(struct words *w, enum fault *out)
{
    struct bytes name = take_until(w, ",");
    for (int f = 0; f < FAULT_COUNT; f++)
        if (bytes_equal(name, bytes_of_string(fault_name((enum fault)f)))) {
            *out = (enum fault)f;
            return true;
        }
    return wrong(w, "no fault is called so");
}

static bool take_certainty(struct words *w, enum certainty *out)
{
    struct bytes name = take_until(w, ")");
    for (int c = 0; c < CERTAINTY_COUNT; c++)
        if (bytes_equal(name, bytes_of_string(certainty_name((enum certainty)c)))) {
            *out = (enum certainty)c;
            return true;
        }
    return wrong(w, "no certainty is called so");
}

/* 503 CAUSE at PLACE (FAULT, CERTAINTY)[, says CAUSE][, tells "WORDS"][, with PLACE]...; in the
 * place of the code of a reply stands "close" for the end of the connection. */
static bool read_diagnosis(struct words *w, struct wanted *wanted)
{
    uint64_t code;
    wanted->kind = WANTED_DIAGNOSIS;
    wanted->at_close = take(w, "close ");
    if (!wanted->at_close && (!take_number(w, &code) || !take(w, " ")))
        return wrong(w, "a diagnosis begins with the reply's code, or with `close`");
    wanted->code = wanted->at_close ? 0 : (int)code;
    if (!take_cause(w, &wanted->cause))
        return false;
    if (take(w, " at ") && !take_spot(w, &wanted->origin))
        return false;
    if (!take(w, " (") || !take_fault(w, &wanted->fault) || !take(w, ", ") ||
        !take_certainty(w, &wanted->certainty) || !take(w, ")"))
        return wrong(w, "a diagnosis ends with (FAULT, CERTAINTY)");
    while (take(w, ", ")) {
        if (take(w, "says ")) {
            if (!take_cause(w, &wanted->says))
                return false;
        } else if (take(w, "tells \"")) {
            wanted->told = take_until(w, "\"");
            if (!take(w, "\""))
                return wrong(w, "a quote is not closed");
        } else if (!take(w, "with ") || wanted->related_count == WANTED_RELATED ||
                   !take_spot(w, &wanted->related[wanted->related_count++])) {
            return wrong(
                w, "behind a diagnosis stands `says CAUSE`, `tells \"WORDS\"` or `with PLACE`");
        }
    }
    return true;
}

static bool read_violation(struct words *w, struct wanted *wanted)
{
    wanted->kind = WANTED_VIOLATION;
    wanted->words = take_until(w, ",");
    wanted->tolerated = take(w, ", tolerated");
    return wanted->words.len > 0 || wrong(w, "a violation has the name of a rule");
}

static bool read_octets(struct words *w, struct wanted *wanted, enum spot_kind kind)
{
    wanted->kind = WANTED_OCTETS;
    wanted->origin.kind = kind;
    return (take_number(w, &wanted->octets) && take(w, " octets")) || wrong(w, "how many octets?");
}

static bool read_expectation(struct words *w, struct wanted *wanted)
{
    static const struct {
        const char *name;
        enum spot_kind kind;
    } sizes[] = {{"message of ", SPOT_MESSAGE}, {"chunk of ", SPOT_CHUNK}, {"hole of ", SPOT_HOLE}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (take(w, sizes[i].name))
            return read_octets(w, wanted, sizes[i].kind);
    if (take(w, "violation "))
        return read_violation(w, wanted);
    if (take(w, "answers ")) {
        wanted->kind = WANTED_ANSWERS;
        return take(w, "nothing") || take_spot(w, &wanted->origin);
    }
    if (take(w, "noted ")) {
        wanted->kind = WANTED_NOTE;
        return take_rest(w, &wanted->words);
    }
    if (take(w, "read as ")) {
        wanted->kind = WANTED_KIND;
        return take_rest(w, &wanted->words);
    }
    return read_diagnosis(w, wanted);
}

bool dialogue_expect(struct dialogue *d, struct bytes text, int number, const char **what)
{
    struct words w = {.dialogue = d, .left = text};
    struct wanted wanted = {.number = number, .spoken = d->spoken_count - 1};
    *what = "an expectation stands behind what it is about";
    if (!d->spoken_count)
        return false;
    if (bytes_equal(text, bytes_of_string("no violation")) ||
        bytes_equal(text, bytes_of_string("no diagnosis")))
        return true;
    bool good = read_expectation(&w, &wanted);
    if (good && w.left.len)
        good = wrong(&w, "the end of the line is not understood");
    *what = w.what;
    if (!good)
        return false;
    d->wanted = memory_resize(d->wanted, (d->wanted_count + 1) * sizeof *d->wanted);
    d->wanted[d->wanted_count++] = wanted;
    return true;
}
