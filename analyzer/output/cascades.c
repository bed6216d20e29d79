/* SPDX-License-Identifier: ISC */
#include "cascades.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"
#include "heloscope/software/client_habits.h"

static char *copy(const char *text)
{
    return text ? strcpy(memory_get(strlen(text) + 1), text) : NULL;
}

static void keep_ruling(struct cascade *cascade, const struct history_diagnosis *d)
{
    char habit[HABIT_TEXT];
    const enum cause cause = cause_by_name(bytes_of_string(text_or(d->cause, "unknown")));
    const bool known = client_habit_tell(d->client_software, cause, habit);
    const char *const texts[CASCADE_TEXTS] = {
        text_or(d->cause, "unknown"),
        text_or(d->fault, "unknown"),
        text_or(d->certainty, "unknown"),
        d->server_says,
        d->explanation,
        d->advice,
        known ? habit : NULL,
    };
    for (size_t i = 0; i < CASCADE_TEXTS; i++)
        cascade->texts[i] = copy(texts[i]);
    char **kept = cascade->texts;
    cascade->ruling =
        (struct ruling){kept[0], kept[1], kept[2], kept[3], kept[4], kept[5], kept[6], d->agrees};
}

enum {
    LOOK_BACK = 256
};

/* Among the latest: what belongs together is near, and a session may have very many. */
static struct cascade *find(struct cascades *cascades, const struct history_diagnosis *d)
{
    for (size_t i = cascades->count; i-- > 0 && cascades->count - i <= LOOK_BACK;) {
        struct cascade *cascade = &cascades->all[i];
        if (cascade->origin == d->origin &&
            strcmp(cascade->ruling.cause, text_or(d->cause, "unknown")) == 0)
            return cascade;
    }
    return NULL;
}

static bool add(void *context, const struct history_diagnosis *d)
{
    struct cascades *cascades = context;
    struct cascade *cascade = find(cascades, d);
    if (!cascade) {
        cascades->all = memory_resize(cascades->all, (cascades->count + 1) * sizeof *cascades->all);
        cascade = &cascades->all[cascades->count++];
        *cascade = (struct cascade){.origin = d->origin, .code = d->code, .lane = -1};
        cascade->first = d->origin && d->origin < d->reply ? d->origin : d->reply;
        keep_ruling(cascade, d);
    }
    cascade->replies =
        memory_resize(cascade->replies, (cascade->reply_count + 1) * sizeof *cascade->replies);
    cascade->replies[cascade->reply_count++] = d->reply;
    cascade->repeats += d->repeats;
    cascade->last = d->reply > d->origin ? d->reply : d->origin;
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct cascade *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* The lane nearest to the text that is free again. */
static void give_lanes(struct cascades *cascades)
{
    event_no taken[CASCADE_LANES] = {0};
    for (size_t i = 0; i < cascades->count; i++) {
        struct cascade *cascade = &cascades->all[i];
        for (int lane = 0; lane < CASCADE_LANES && cascade->lane < 0; lane++)
            if (taken[lane] < cascade->first)
                cascade->lane = lane;
        if (cascade->lane < 0)
            continue;
        taken[cascade->lane] = cascade->last;
        if (cascade->lane >= cascades->lanes)
            cascades->lanes = cascade->lane + 1;
    }
}

bool cascades_read(struct cascades *cascades, struct history *history, int64_t session_id,
                   struct failure *why)
{
    *cascades = (struct cascades){0};
    if (!history_session_diagnoses(history, session_id, add, cascades, why))
        return false;
    if (cascades->count)
        qsort(cascades->all, cascades->count, sizeof *cascades->all, by_first);
    give_lanes(cascades);
    return true;
}

void cascades_free(struct cascades *cascades)
{
    for (size_t i = 0; i < cascades->count; i++) {
        for (size_t k = 0; k < CASCADE_TEXTS; k++)
            free(cascades->all[i].texts[k]);
        free(cascades->all[i].said);
        free(cascades->all[i].replies);
    }
    free(cascades->all);
    *cascades = (struct cascades){0};
}

void cascades_keep_said(struct cascades *cascades, event_no seq, const char *text)
{
    for (size_t i = 0; i < cascades->count && i < LOOK_BACK; i++)
        if (cascades->all[i].replies[0] == seq && !cascades->all[i].said)
            cascades->all[i].said = copy(text);
}

/* --- the margin --- */

static bool is_reply(const struct cascade *cascade, event_no seq)
{
    size_t low = 0, high = cascade->reply_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (cascade->replies[middle] < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < cascade->reply_count && cascade->replies[low] == seq;
}

/* What a lane shows beside one row, as sides to which its line goes. */
enum {
    UP = 1,
    DOWN = 2,
    RIGHT = 4,
    LEFT = 8 /* a line of another lane, on its way to the text */
};

/* The cascade whose line passes row `seq` in this lane. Rows come in their order. */
static const struct cascade *cascade_in(struct cascades *cascades, int lane, event_no seq)
{
    size_t *at = &cascades->current[lane];
    while (*at < cascades->count &&
           (cascades->all[*at].lane != lane || cascades->all[*at].last < seq))
        ++*at;
    return *at < cascades->count && cascades->all[*at].first <= seq ? &cascades->all[*at] : NULL;
}

static unsigned sides_of(const struct cascade *cascade, event_no seq, bool further)
{
    if (!cascade)
        return 0;
    unsigned sides = seq < cascade->last ? DOWN : 0;
    if (further)
        return sides ? UP | DOWN : 0;
    if (seq > cascade->first)
        sides |= UP;
    if (seq == cascade->origin || is_reply(cascade, seq))
        sides |= RIGHT;
    return sides;
}

static const char *corner(unsigned sides, bool unicode)
{
    static const char *const drawn[16] = {
        [0] = " ",
        [UP | DOWN] = "\u2502",
        [DOWN | RIGHT] = "\u250c",
        [UP | RIGHT] = "\u2514",
        [UP | DOWN | RIGHT] = "\u251c",
        [RIGHT] = "\u2576",
        [LEFT] = "\u2500",
        [UP | DOWN | LEFT] = "\u253c",
        [DOWN | RIGHT | LEFT] = "\u252c",
        [UP | RIGHT | LEFT] = "\u2534",
        [UP | DOWN | RIGHT | LEFT] = "\u253c",
        [RIGHT | LEFT] = "\u2500",
    };
    if (unicode)
        return drawn[sides] ? drawn[sides] : " ";
    return !sides ? " " : sides == LEFT ? "-" : sides == (UP | DOWN) ? "|" : "+";
}

void cascades_margin(struct cascades *cascades, event_no seq, bool further, bool unicode, FILE *out)
{
    bool line = false, arrow = false;
    /* The lane with the highest number stands farthest from the text. */
    for (int lane = cascades->lanes; lane-- > 0;) {
        const struct cascade *cascade = cascade_in(cascades, lane, seq);
        const unsigned sides = sides_of(cascade, seq, further);
        fputs(corner(sides | (line ? LEFT : 0), unicode), out);
        if (sides & RIGHT) {
            line = true;
            arrow = arrow || is_reply(cascade, seq);
        }
        if (lane)
            fputs(!line ? " " : unicode ? "\u2500" : "-", out);
    }
    if (!cascades->lanes)
        return;
    fputs(!line ? "  " : unicode ? (arrow ? "\u25b6 " : "\u2500 ") : arrow ? "> " : "- ", out);
}
