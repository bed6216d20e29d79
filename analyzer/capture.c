/* Several files as one capture. Those that are open stand in the order of their next packets; those
 * whose first packet is still to come wait unopened. A packet that was handed out is the front
 * file's current one until the next call, so nothing is copied. */
#include "heloscope/capture.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/capture_input.h"
#include "heloscope/capture_paths.h"
#include "heloscope/capture_problem.h"

enum {
    KEPT_OPEN = 16, /* up to so many files are opened only once */
    PAUSE_MS = 100, /* when no file has grown */
    QUIET_TURNS = 256
};

struct capture {
    struct capture_paths paths; /* the names of files */
    struct capture_input *inputs;
    size_t input_count;
    struct capture_source **sources; /* of the inputs that are captures, or were named */
    size_t source_count;
    struct capture_input **waiting; /* by the time of their first packet */
    size_t waiting_from, waiting_to;
    struct capture_input **open; /* by the time of their next packet */
    size_t open_count;
    struct capture_input **quiet; /* growing, and without a next packet for now */
    size_t quiet_count;
    bool handed_out; /* the packet of open[0] is with the caller */
    bool growing;
    unsigned turns; /* calls since the quiet ones were asked */
    struct packet_filter *filter;
    char *interface; /* live: its name */
    volatile sig_atomic_t stopped;
};

static bool allocate(struct capture *capture, size_t count)
{
    capture->input_count = count;
    capture->inputs = calloc(count + 1, sizeof *capture->inputs);
    capture->sources = calloc(count + 1, sizeof *capture->sources);
    capture->waiting = calloc(count + 1, sizeof(struct capture_input *));
    capture->open = calloc(count + 1, sizeof(struct capture_input *));
    capture->quiet = calloc(count + 1, sizeof(struct capture_input *));
    return capture->inputs && capture->sources && capture->waiting && capture->open &&
           capture->quiet;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    for (size_t i = 0; capture->inputs && i < capture->input_count; i++)
        capture_input_close(&capture->inputs[i]);
    capture_paths_free(&capture->paths);
    packet_filter_free(capture->filter);
    free(capture->inputs);
    free(capture->sources);
    free(capture->waiting);
    free(capture->open);
    free(capture->quiet);
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

/* Reads on. What is being waited for, of a pipe for example, holds up the others, since it may be
 * older than their packets; unless files may grow, which may take for ever. */
static enum input_result advance(const struct capture *capture, struct capture_input *input)
{
    enum input_result result;
    do
        result = capture_input_advance(input);
    while (result == INPUT_IDLE && !capture->growing && !capture->stopped);
    return result;
}

/* Looks at the first packet's time, which decides when the file's turn comes. */
static void examine(struct capture *capture, struct capture_input *input, bool keep_open)
{
    if (!capture_input_open(input))
        return;
    switch (advance(capture, input)) {
    case INPUT_PACKET:
        input->source.started_us = input->packet.ts_us;
        input->filter_refused = !capture_input_passes(input) && input->source.problem[0];
        capture->waiting[capture->waiting_to++] = input;
        if (input->regular && !keep_open)
            capture_input_close(input);
        break;
    case INPUT_IDLE:
        capture->quiet[capture->quiet_count++] = input;
        break;
    case INPUT_END:
        break;
    }
}

static void examine_all(struct capture *capture, int64_t quiet_us)
{
    bool stdin_taken = false;
    bool keep_open = capture->growing || capture->input_count <= KEPT_OPEN;
    for (size_t i = 0; i < capture->input_count; i++) {
        struct capture_input *input = &capture->inputs[i];
        bool standard = strcmp(capture->paths.all[i].name, "-") == 0;
        input->source.name = capture->paths.all[i].name;
        input->filter = capture->filter;
        input->growing = capture->growing;
        input->quiet_us = quiet_us;
        if (standard && stdin_taken)
            capture_problem_set(&input->source, "can be read only once");
        else
            examine(capture, input, keep_open);
        capture->paths.all[i].foreign = input->foreign;
        stdin_taken |= standard;
    }
    qsort(capture->waiting, capture->waiting_to, sizeof *capture->waiting, by_start);
}

/* A filter that makes no sense is the user's mistake. One that makes sense for the first packet of
 * any file is no such; otherwise it is tried on Ethernet. What it does not fit is said of each
 * file.
 */
static bool filter_is_usable(const struct capture *capture, struct failure *why)
{
    if (!capture->filter)
        return true;
    for (size_t i = 0; i < capture->waiting_to; i++)
        if (!capture->waiting[i]->filter_refused)
            return true;
    return packet_filter_fits_ethernet(capture->filter, why);
}

/* Leaves files of directories that are no captures out of the sources; a directory that holds
 * nothing else is named itself. */
static bool choose_sources(struct capture *capture)
{
    if (!capture_paths_judge(&capture->paths))
        return false;
    for (size_t i = 0; i < capture->input_count; i++) {
        const struct capture_path *path = &capture->paths.all[i];
        struct capture_source *source = &capture->inputs[i].source;
        if (path->part == PATH_FOR_FOLDER) {
            source->name = path->name;
            source->problem[0] = '\0';
            capture_problem_set(source, "a directory without capture files");
        }
        if (path->part != PATH_STRANGER)
            capture->sources[capture->source_count++] = source;
    }
    return true;
}

const char *capture_note(const struct capture *capture, size_t index)
{
    return index < capture->paths.note_count ? capture->paths.notes[index] : NULL;
}

static bool open_files(struct capture *capture, const struct capture_files *files,
                       struct failure *why)
{
    if (!capture_paths_expand(&capture->paths, files->paths, files->count) ||
        !allocate(capture, capture->paths.count) ||
        (files->filter && !(capture->filter = packet_filter_new(files->filter))))
        return failure_set(why, "out of memory");
    capture->growing = files->growing;
    examine_all(capture, files->quiet_seconds * 1000000);
    return filter_is_usable(capture, why) &&
           (choose_sources(capture) || failure_set(why, "out of memory"));
}

struct capture *capture_open(const struct capture_files *files, struct failure *why)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture) {
        failure_set(why, "out of memory");
        return NULL;
    }
    if (open_files(capture, files, why))
        return capture;
    capture_close(capture);
    return NULL;
}

struct capture *capture_open_files(const char *const *paths, size_t count, const char *filter,
                                   struct failure *why)
{
    const struct capture_files files = {.paths = paths, .count = count, .filter = filter};
    return capture_open(&files, why);
}

static bool open_live(struct capture *capture, const struct capture_live *options,
                      struct failure *why)
{
    if (!options->interface && !live_default(&capture->interface, why))
        return false;
    if (options->interface)
        capture->interface = strdup(options->interface);
    if (!capture->interface || !allocate(capture, 1))
        return failure_set(why, "out of memory");
    capture->inputs[0].source.name = capture->interface;
    capture->sources[capture->source_count++] = &capture->inputs[0].source;
    return capture_input_open_live(&capture->inputs[0], options, why);
}

struct capture *capture_open_live(const struct capture_live *options, struct failure *why)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture) {
        failure_set(why, "out of memory");
        return NULL;
    }
    if (open_live(capture, options, why))
        return capture;
    capture_close(capture);
    return NULL;
}

/* -------------------------------------------------------------------------------------- reading */

/* Lets the front file, whose next packet has changed, sink to its place. Files seldom overlap by
 * much, so this is hardly ever more than one step. */
static void sink_front(struct capture *capture)
{
    struct capture_input *front = capture->open[0];
    size_t i = 0;
    while (i + 1 < capture->open_count &&
           capture->open[i + 1]->packet.ts_us < front->packet.ts_us) {
        capture->open[i] = capture->open[i + 1];
        i++;
    }
    capture->open[i] = front;
}

static void insert_open(struct capture *capture, struct capture_input *input)
{
    size_t i = capture->open_count++;
    while (i > 0 && capture->open[i - 1]->packet.ts_us > input->packet.ts_us) {
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
        if (capture->open_count && capture->open[0]->packet.ts_us < next->source.started_us)
            return;
        capture->waiting_from++;
        if (capture_input_is_open(next) ||
            (capture_input_open(next) && advance(capture, next) == INPUT_PACKET))
            insert_open(capture, next);
    }
}

/* Moves the front file on, behind the packet that the caller has seen. */
static void step_front(struct capture *capture)
{
    if (!capture->handed_out)
        return;
    capture->handed_out = false;
    struct capture_input *front = capture->open[0];
    enum input_result result = advance(capture, front);
    if (result == INPUT_PACKET) {
        sink_front(capture);
        return;
    }
    capture->open_count--;
    memmove(capture->open, capture->open + 1, capture->open_count * sizeof *capture->open);
    if (result == INPUT_IDLE)
        capture->quiet[capture->quiet_count++] = front;
}

/* Asks the files that had nothing whether they have grown. Not before each packet of the others:
 * it is a call of the system for each. */
static void ask_quiet(struct capture *capture)
{
    if (!capture->quiet_count || (capture->open_count && ++capture->turns % QUIET_TURNS))
        return;
    size_t kept = 0;
    for (size_t i = 0; i < capture->quiet_count; i++) {
        struct capture_input *input = capture->quiet[i];
        enum input_result result = capture_input_advance(input);
        if (result == INPUT_PACKET)
            insert_open(capture, input);
        else if (result == INPUT_IDLE)
            capture->quiet[kept++] = input;
    }
    capture->quiet_count = kept;
}

static enum capture_result next_of_files(struct capture *capture, struct packet_record *out)
{
    while (!capture->stopped) {
        step_front(capture);
        ask_quiet(capture);
        admit_waiting(capture);
        if (capture->stopped)
            break;
        if (!capture->open_count && !capture->quiet_count)
            return CAPTURE_END;
        if (!capture->open_count) {
            poll(NULL, 0, PAUSE_MS);
            return CAPTURE_IDLE;
        }
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
        live_interrupt(capture->inputs[0].live);
}

/* --------------------------------------------------------------------------------- what there is
 */

size_t capture_sources(struct capture *capture, struct capture_source ***out)
{
    if (capture->interface)
        capture->inputs[0].source.dropped = live_dropped(capture->inputs[0].live);
    *out = capture->sources;
    return capture->source_count;
}

void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *total)
{
    *done = *total = 0;
    bool known = !capture->interface;
    for (size_t i = 0; i < capture->input_count; i++) {
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
