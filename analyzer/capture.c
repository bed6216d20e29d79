/* Several files as one capture. Those that are open stand in the order of their next packets; those
 * whose first packet is still to come wait unopened. A packet that was handed out is the front
 * file's current one until the next call, so nothing is copied. */
#include "heloscope/capture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/capture_input.h"
#include "heloscope/capture_problem.h"

/* Up to so many files are opened only once. */
enum {
    KEPT_OPEN = 16
};

struct capture {
    struct capture_input *inputs;
    struct capture_source **sources;
    size_t count;
    struct capture_input **waiting; /* by the time of their first packet */
    size_t waiting_from, waiting_to;
    struct capture_input **open; /* by the time of their next packet */
    size_t open_count;
    bool handed_out; /* the packet of open[0] is with the caller */
    char *filter;
    char *interface; /* live: its name */
    volatile sig_atomic_t stopped;
};

static struct capture *capture_allocate(size_t count)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture)
        return NULL;
    capture->inputs = calloc(count + 1, sizeof *capture->inputs);
    capture->sources = calloc(count + 1, sizeof *capture->sources);
    capture->waiting = calloc(count + 1, sizeof *capture->waiting);
    capture->open = calloc(count + 1, sizeof *capture->open);
    if (!capture->inputs || !capture->sources || !capture->waiting || !capture->open) {
        capture_close(capture);
        return NULL;
    }
    capture->count = count;
    for (size_t i = 0; i < count; i++)
        capture->sources[i] = &capture->inputs[i].source;
    return capture;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    for (size_t i = 0; i < capture->count; i++)
        capture_input_close(&capture->inputs[i]);
    free(capture->inputs);
    free(capture->sources);
    free(capture->waiting);
    free(capture->open);
    free(capture->filter);
    free(capture->interface);
    free(capture);
}

/* -------------------------------------------------------------------------------------- opening */

static int by_start(const void *a, const void *b)
{
    const struct capture_input *one = *(struct capture_input *const *)a;
    const struct capture_input *other = *(struct capture_input *const *)b;
    if (one->source.started_us != other->source.started_us)
        return one->source.started_us < other->source.started_us ? -1 : 1;
    return one < other ? -1 : 1; /* as given */
}

/* Looks at the first packet's time, which decides when the file's turn comes. */
static bool examine(struct capture_input *input, const char *filter, bool keep_open)
{
    if (!capture_input_open(input, filter))
        return false;
    input->source.started_us = input->next_us;
    if (input->regular && !keep_open)
        capture_input_close(input);
    return true;
}

static void examine_all(struct capture *capture, const char *const *paths)
{
    bool stdin_taken = false;
    for (size_t i = 0; i < capture->count; i++) {
        struct capture_input *input = &capture->inputs[i];
        bool standard = strcmp(paths[i], "-") == 0;
        input->source.name = paths[i];
        if (standard && stdin_taken)
            capture_problem_set(&input->source, "can be read only once");
        else if (examine(input, capture->filter, capture->count <= KEPT_OPEN))
            capture->waiting[capture->waiting_to++] = input;
        stdin_taken |= standard;
    }
    qsort(capture->waiting, capture->waiting_to, sizeof *capture->waiting, by_start);
}

/* A filter that no file can take is the user's mistake; where there is no file to try it on,
 * Ethernet stands for them. */
static bool filter_is_usable(const struct capture *capture, struct failure *why)
{
    size_t refused = 0, fine = 0;
    for (size_t i = 0; i < capture->count; i++) {
        refused += capture->inputs[i].filter_refused;
        fine += !capture->inputs[i].source.problem[0];
    }
    if (!capture->filter || fine)
        return true;
    if (!capture_filter_check(capture->filter, why))
        return false;
    if (refused)
        return failure_set(why, "filter \"%.200s\" does not fit the link type of any of the files",
                           capture->filter);
    return true;
}

struct capture *capture_open_files(const char *const *paths, size_t count, const char *filter,
                                   struct failure *why)
{
    struct capture *capture = capture_allocate(count);
    if (!capture || (filter && !(capture->filter = strdup(filter)))) {
        capture_close(capture);
        failure_set(why, "out of memory");
        return NULL;
    }
    examine_all(capture, paths);
    if (!filter_is_usable(capture, why)) {
        capture_close(capture);
        return NULL;
    }
    return capture;
}

struct capture *capture_open_live(const struct capture_live *options, struct failure *why)
{
    char *name = NULL;
    if (options->interface)
        name = strdup(options->interface);
    else if (!capture_input_default(&name, why))
        return NULL;
    struct capture *capture = capture_allocate(1);
    if (!name || !capture) {
        failure_set(why, "out of memory");
        free(name);
        capture_close(capture);
        return NULL;
    }
    capture->interface = name;
    capture->inputs[0].source.name = name;
    if (!capture_input_open_live(&capture->inputs[0], options, why)) {
        capture_close(capture);
        return NULL;
    }
    return capture;
}

/* -------------------------------------------------------------------------------------- reading */

/* Lets the front file, whose next packet has changed, sink to its place. Files seldom overlap by
 * much, so this is hardly ever more than one step. */
static void sink_front(struct capture *capture)
{
    struct capture_input *front = capture->open[0];
    size_t i = 0;
    while (i + 1 < capture->open_count && capture->open[i + 1]->next_us < front->next_us) {
        capture->open[i] = capture->open[i + 1];
        i++;
    }
    capture->open[i] = front;
}

static void insert_open(struct capture *capture, struct capture_input *input)
{
    size_t i = capture->open_count++;
    while (i > 0 && capture->open[i - 1]->next_us > input->next_us) {
        capture->open[i] = capture->open[i - 1];
        i--;
    }
    capture->open[i] = input;
}

/* Opens the files whose turn has come: those that begin no later than the next packet of those that
 * are open. */
static void admit_waiting(struct capture *capture)
{
    while (capture->waiting_from < capture->waiting_to) {
        struct capture_input *next = capture->waiting[capture->waiting_from];
        if (capture->open_count && capture->open[0]->next_us < next->source.started_us)
            return;
        capture->waiting_from++;
        if (next->handle || capture_input_open(next, capture->filter))
            insert_open(capture, next);
    }
}

/* Moves the front file on, behind the packet that the caller has seen. */
static void step_front(struct capture *capture)
{
    if (!capture->handed_out)
        return;
    capture->handed_out = false;
    if (capture_input_advance(capture->open[0]) == INPUT_PACKET) {
        sink_front(capture);
        return;
    }
    capture->open_count--;
    memmove(capture->open, capture->open + 1, capture->open_count * sizeof *capture->open);
}

static enum capture_result next_of_files(struct capture *capture, struct packet_record *out)
{
    while (!capture->stopped) {
        step_front(capture);
        admit_waiting(capture);
        if (!capture->open_count)
            return CAPTURE_END;
        struct capture_input *front = capture->open[0];
        capture->handed_out = true;
        capture_input_hand_out(front, out);
        if (capture_input_passes(front))
            return CAPTURE_PACKET;
    }
    return CAPTURE_END;
}

static enum capture_result next_live(struct capture *capture, struct packet_record *out)
{
    enum input_result result = INPUT_END;
    if (!capture->stopped)
        result = capture_input_advance(&capture->inputs[0]);
    if (capture->stopped || result == INPUT_END)
        return CAPTURE_END;
    if (result == INPUT_IDLE)
        return CAPTURE_IDLE;
    capture_input_hand_out(&capture->inputs[0], out);
    return CAPTURE_PACKET;
}

enum capture_result capture_next(struct capture *capture, struct packet_record *out)
{
    return capture->interface ? next_live(capture, out) : next_of_files(capture, out);
}

void capture_stop(struct capture *capture)
{
    capture->stopped = 1;
    if (capture->interface)
        capture_input_interrupt(&capture->inputs[0]);
}

/* --------------------------------------------------------------------------------- what there is
 */

size_t capture_sources(struct capture *capture, struct capture_source ***out)
{
    if (capture->interface)
        capture_input_count_dropped(&capture->inputs[0]);
    *out = capture->sources;
    return capture->count;
}

void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *total)
{
    *done = *total = 0;
    bool known = !capture->interface;
    for (size_t i = 0; i < capture->count; i++) {
        const struct capture_input *input = &capture->inputs[i];
        bool unread = input->source.problem[0] && !input->source.packets;
        if (unread)
            continue;
        known = known && input->regular;
        *done += capture_input_position(input);
        *total += input->size;
    }
    if (!known)
        *total = 0;
}
