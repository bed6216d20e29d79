/* SPDX-License-Identifier: ISC */
/* Those that are open stand in the order of their next packets; those whose first packet is still
 * to come wait unopened. A packet that was handed out is the front file's current one until the
 * next step, so nothing is copied. */
#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/limits.h"

static bool reserve(struct capture_input ***list, size_t count)
{
    struct capture_input **larger = realloc(*list, count * sizeof *larger);
    if (larger)
        *list = larger;
    return larger;
}

bool capture_merge_reserve(struct capture_merge *merge, size_t count)
{
    return reserve(&merge->waiting, count) && reserve(&merge->open, count) &&
           reserve(&merge->quiet, count);
}

void capture_merge_free(struct capture_merge *merge)
{
    free(merge->waiting);
    free(merge->open);
    free(merge->quiet);
    *merge = (struct capture_merge){0};
}

/* ------------------------------------------------------------------------------------ the lists */

static bool starts_before(const struct capture_input *one, const struct capture_input *other)
{
    if (one->source.started_us != other->source.started_us)
        return one->source.started_us < other->source.started_us;
    return one->number < other->number; /* as given */
}

static void insert_waiting(struct capture_merge *merge, struct capture_input *input)
{
    size_t i = merge->waiting_to++;
    while (i > merge->waiting_from && starts_before(input, merge->waiting[i - 1])) {
        merge->waiting[i] = merge->waiting[i - 1];
        i--;
    }
    merge->waiting[i] = input;
}

static struct capture_input *take_waiting(struct capture_merge *merge)
{
    struct capture_input *first = merge->waiting[merge->waiting_from++];
    if (merge->waiting_from == merge->waiting_to)
        merge->waiting_from = merge->waiting_to = 0;
    return first;
}

static void insert_open(struct capture_merge *merge, struct capture_input *input)
{
    size_t i = merge->open_count++;
    while (i > 0 && merge->open[i - 1]->packet.ts_us > input->packet.ts_us) {
        merge->open[i] = merge->open[i - 1];
        i--;
    }
    merge->open[i] = input;
}

/* Lets the front file, whose next packet has changed, sink to its place. Files seldom overlap by
 * much, so this is hardly ever more than one step. */
static void sink_front(struct capture_merge *merge)
{
    struct capture_input *front = merge->open[0];
    size_t i = 0;
    while (i + 1 < merge->open_count && merge->open[i + 1]->packet.ts_us < front->packet.ts_us) {
        merge->open[i] = merge->open[i + 1];
        i++;
    }
    merge->open[i] = front;
}

/* Into the list where it belongs after it was read. */
static void place(struct capture_merge *merge, struct capture_input *input,
                  enum input_result result)
{
    if (result == INPUT_PACKET)
        insert_open(merge, input);
    else if (result == INPUT_IDLE)
        merge->quiet[merge->quiet_count++] = input;
}

/* ------------------------------------------------------------------------------------- reading */

/* Reads on. What is being waited for, of a pipe for example, holds up the others, since it may be
 * older than their packets; unless files may grow, which may take for ever. */
static enum input_result advance(const struct capture_merge *merge, struct capture_input *input)
{
    enum input_result result;
    do
        result = capture_input_advance(input);
    while (result == INPUT_IDLE && !merge->growing && !merge->stopped);
    return result;
}

void capture_merge_add(struct capture_merge *merge, struct capture_input *input, bool keep_open)
{
    if (!capture_input_open(input))
        return;
    enum input_result result = advance(merge, input);
    if (result != INPUT_PACKET) {
        place(merge, input, result);
        return;
    }
    input->source.started_us = input->packet.ts_us;
    input->filter_refused = !capture_input_passes(input) && input->source.problem[0];
    insert_waiting(merge, input);
    if (input->regular && !keep_open)
        capture_input_close(input);
}

void capture_merge_step(struct capture_merge *merge)
{
    if (!merge->handed_out)
        return;
    merge->handed_out = false;
    struct capture_input *front = merge->open[0];
    enum input_result result = advance(merge, front);
    if (result == INPUT_PACKET) {
        sink_front(merge);
        return;
    }
    merge->open_count--;
    memmove(merge->open, merge->open + 1, merge->open_count * sizeof *merge->open);
    place(merge, front, result);
}

void capture_merge_ask_quiet(struct capture_merge *merge)
{
    size_t count = merge->quiet_count;
    merge->quiet_count = 0; /* place() fills the list anew behind the reading place */
    for (size_t i = 0; i < count; i++)
        place(merge, merge->quiet[i], capture_input_advance(merge->quiet[i]));
}

void capture_merge_end_quiet(struct capture_merge *merge)
{
    for (size_t i = 0; i < merge->quiet_count; i++)
        capture_input_complete(merge->quiet[i]);
    capture_merge_ask_quiet(merge);
}

/* The file of a directory that has been quiet for longest; NULL when there are few. */
static struct capture_input *surplus(const struct capture_merge *merge)
{
    struct capture_input *longest = NULL;
    size_t count = 0;
    for (size_t i = 0; i < merge->quiet_count; i++) {
        struct capture_input *input = merge->quiet[i];
        if (!input->of_folder)
            continue;
        count++;
        if (!longest || input->grown_clock < longest->grown_clock)
            longest = input;
    }
    return count > FOLLOWED_LIMIT ? longest : NULL;
}

void capture_merge_limit_quiet(struct capture_merge *merge)
{
    struct capture_input *input;
    while ((input = surplus(merge))) {
        size_t i = 0;
        while (merge->quiet[i] != input)
            i++;
        merge->quiet_count--;
        memmove(merge->quiet + i, merge->quiet + i + 1,
                (merge->quiet_count - i) * sizeof *merge->quiet);
        capture_input_complete(input);
        place(merge, input, advance(merge, input));
    }
}

/* Opens the files that begin no later than the next packet of those that are open. */
static void admit_waiting(struct capture_merge *merge)
{
    while (merge->waiting_from < merge->waiting_to) {
        struct capture_input *next = merge->waiting[merge->waiting_from];
        if (merge->open_count && merge->open[0]->packet.ts_us < next->source.started_us)
            return;
        take_waiting(merge);
        if (capture_input_is_open(next))
            insert_open(merge, next);
        else if (capture_input_open(next))
            place(merge, next, advance(merge, next));
    }
}

struct capture_input *capture_merge_next(struct capture_merge *merge)
{
    admit_waiting(merge);
    if (!merge->open_count)
        return NULL;
    merge->handed_out = true;
    return merge->open[0];
}
