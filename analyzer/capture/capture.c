/* SPDX-License-Identifier: ISC */
/* Where packets come from: the files that are named or lie in directories, or an interface. */
#include "heloscope/capture/capture.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clocks.h"
#include "folder.h"
#include "live_capture.h"
#include "merge.h"
#include "paths.h"
#include "problem.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/limits.h"

enum {
    PAUSE_MS = 100,    /* when no file has grown */
    QUIET_TURNS = 256, /* packets between two questions to those that rest, and to the clock */
    LOOK_US = 200000,  /* between two looks at a directory that may get files; but not more ... */
    LOOK_SHARE = 20,   /* ... than one part in so many of the time */
};

struct capture {
    struct capture_paths paths;    /* the names of files, in the order of the inputs */
    struct capture_input **inputs; /* each keeps its place in memory: packets point to it */
    size_t input_count, room;
    struct capture_source **sources; /* of the inputs that are captures, or were named */
    size_t source_count;
    size_t settled; /* so many of the inputs need not be asked again whether they are captures */
    struct capture_merge merge;
    struct packet_filter *filter;
    bool growing;
    struct keylog *keylog;
    unsigned turns; /* packets since the quiet ones were asked */
    bool stdin_taken;
    struct clock_curve *clocks; /* of the files that were given; NULL = all are right */
    size_t clock_count;
    char clock_note[512];

    /* Growing. */
    struct capture_folder *folders; /* those of `paths` */
    int64_t look_clock;             /* when they are looked at next */
    int64_t news_clock;             /* when the last file was found */
    int64_t quiet_us; /* all is complete when nothing has grown for so long; 0 = never */
    bool over;        /* that is so */

    struct live_capture *live; /* interfaces; NULL = files, and all of the above */
};

/* A new input, with room for it in all lists; NULL when memory is short. */
static struct capture_input *add_input(struct capture *capture)
{
    if (capture->input_count == capture->room) {
        size_t room = capture->room ? 2 * capture->room : 16;
        struct capture_input **inputs = realloc(capture->inputs, room * sizeof *inputs);
        if (inputs)
            capture->inputs = inputs;
        struct capture_source **sources = realloc(capture->sources, room * sizeof *sources);
        if (sources)
            capture->sources = sources;
        if (!inputs || !sources || !capture_merge_reserve(&capture->merge, room))
            return NULL;
        capture->room = room;
    }
    struct capture_input *input = calloc(1, sizeof *input);
    if (!input)
        return NULL;
    input->number = capture->input_count;
    input->filter = capture->filter;
    capture->inputs[capture->input_count++] = input;
    return input;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    for (size_t i = 0; i < capture->input_count; i++) {
        capture_input_close(capture->inputs[i]);
        free(capture->inputs[i]);
    }
    for (size_t i = 0; capture->folders && i < capture->paths.folder_count; i++)
        capture_folder_free(&capture->folders[i]);
    capture_merge_free(&capture->merge);
    capture_paths_free(&capture->paths);
    packet_filter_free(capture->filter);
    for (size_t i = 0; i < capture->clock_count; i++)
        clock_curve_free(&capture->clocks[i]);
    free(capture->clocks);
    free(capture->folders);
    free(capture->inputs);
    free(capture->sources);
    live_capture_close(capture->live);
    free(capture);
}

/* -------------------------------------------------------------------------------------- opening */

/* An input for file `index` of the paths, whose number it has too. */
static struct capture_input *add_file(struct capture *capture, size_t index, bool keep_open)
{
    struct capture_path *path = &capture->paths.all[index];
    struct capture_input *input = add_input(capture);
    bool standard = strcmp(path->name, "-") == 0;
    if (!input)
        return NULL;
    input->source.name = path->name;
    input->source.rough_clock = capture_clocks_differ(capture->clocks, capture->clock_count);
    input->growing = capture->growing;
    input->keylog = capture->keylog;
    input->of_folder = path->folder && capture->growing;
    input->clock = index < capture->clock_count ? &capture->clocks[index] : NULL;
    if (standard && capture->stdin_taken)
        capture_problem_set(&input->source, "can be read only once");
    else
        capture_merge_add(&capture->merge, input, keep_open);
    capture->stdin_taken |= standard;
    return input;
}

/* False when memory is short. */
static bool find_clocks(struct capture *capture)
{
    size_t count = capture->paths.count;
    const char **names = calloc(count + 1, sizeof *names);
    if (!names)
        return false;
    for (size_t i = 0; i < count; i++)
        names[i] = capture->paths.all[i].name;
    capture->clocks = capture_clocks_find(names, count);
    capture->clock_count = capture->clocks ? count : 0;
    free(names);
    return true;
}

static bool add_files(struct capture *capture)
{
    if (!capture->growing && !find_clocks(capture))
        return false;
    bool keep_open = capture->growing || capture->paths.count <= KEPT_OPEN;
    for (size_t i = 0; i < capture->paths.count; i++)
        if (!add_file(capture, i, keep_open))
            return false;
    return true;
}

/* A filter that makes no sense is the user's mistake. One that makes sense for the first packet of
 * any file is no such; otherwise it is tried on Ethernet. What it does not fit is said of each
 * file.
 */
static bool filter_is_usable(const struct capture *capture, struct failure *why)
{
    if (!capture->filter)
        return true;
    for (size_t i = 0; i < capture->input_count; i++) {
        const struct capture_input *input = capture->inputs[i];
        if (input->source.started_us && !input->filter_refused)
            return true;
    }
    return packet_filter_fits_ethernet(capture->filter, why);
}

/* Leaves files of directories that are no captures out of the sources; a directory that holds
 * nothing else is named itself. */
static bool choose_sources(struct capture *capture)
{
    for (size_t i = 0; i < capture->input_count; i++)
        capture->paths.all[i].no_capture = capture->inputs[i]->no_capture;
    if (!capture_paths_judge(&capture->paths))
        return false;
    for (size_t i = 0; i < capture->input_count; i++) {
        const struct capture_path *path = &capture->paths.all[i];
        struct capture_source *source = &capture->inputs[i]->source;
        if (path->part == PATH_FOR_FOLDER) {
            source->name = path->name;
            source->problem[0] = '\0';
            capture_problem_set(source, "a directory without capture files");
        }
        if (path->part != PATH_STRANGER)
            capture->sources[capture->source_count++] = source;
    }
    capture->settled = capture->input_count;
    return true;
}

/* ------------------------------------------------------------------------ directories that grow
 */

static struct capture_input *add_found(struct capture *capture, const char *path, size_t folder)
{
    size_t index = capture->paths.count;
    bool keep_open = capture->merge.open_count + capture->merge.quiet_count < KEPT_OPEN;
    if (!capture_paths_add(&capture->paths, strdup(path), folder))
        return NULL;
    return add_file(capture, index, keep_open);
}

/* False when memory is short. */
static bool look_at_folder(struct capture *capture, size_t index, bool *found)
{
    struct capture_folder *folder = &capture->folders[index];
    if (!capture_folder_look(folder))
        return false;
    for (size_t i = 0; i < folder->count; i++) {
        struct folder_file *file = &folder->files[i];
        bool again = file->reader && capture_input_is_written_over(file->reader, file->size);
        if (!file->fresh && !again)
            continue;
        if (again)
            capture_input_give_up(file->reader);
        file->reader = add_found(capture, file->path, index + 1);
        if (!file->reader)
            return false;
        *found = true;
    }
    return true;
}

static void look_at_folders(struct capture *capture)
{
    int64_t began = clock_steady_us();
    bool found = false;
    if (!capture->folders || began < capture->look_clock)
        return;
    for (size_t i = 0; i < capture->paths.folder_count; i++)
        look_at_folder(capture, i, &found);
    int64_t ended = clock_steady_us(), pause = LOOK_SHARE * (ended - began);
    capture->look_clock = ended + (pause > LOOK_US ? pause : LOOK_US);
    if (!found)
        return;
    capture->news_clock = ended;
    /* The file before a new one is complete now: its last packets go first. */
    capture_merge_ask_quiet(&capture->merge);
}

static bool open_folders(struct capture *capture)
{
    size_t count = capture->paths.folder_count;
    if (!capture->growing || !count)
        return true;
    capture->folders = calloc(count, sizeof *capture->folders);
    if (!capture->folders)
        return false;
    bool done = true, found = false;
    for (size_t i = 0; i < count; i++) {
        capture->folders[i].name = capture->paths.folders[i];
        done = done && look_at_folder(capture, i, &found);
    }
    return done;
}

/* Files of directories are sources from when they are seen to be captures. */
static void find_sources(struct capture *capture)
{
    for (size_t i = capture->settled; i < capture->input_count; i++) {
        struct capture_input *input = capture->inputs[i];
        if (!input->listed && capture_input_is_capture(input)) {
            capture->sources[capture->source_count++] = &input->source;
            input->listed = true;
        }
        if (capture->settled == i && (input->listed || input->done))
            capture->settled++;
    }
}

const char *capture_note(struct capture *capture, size_t index)
{
    if (capture->folders && index == 0) {
        for (size_t i = 0; i < capture->input_count; i++)
            capture->paths.all[i].no_capture = capture->inputs[i]->no_capture;
        if (!capture_paths_judge(&capture->paths))
            return NULL;
    }
    if (index < capture->paths.note_count)
        return capture->paths.notes[index];
    const size_t wrong = capture_clocks_wrong(capture->clocks, capture->clock_count,
                                              index - capture->paths.note_count);
    return wrong < capture->clock_count
               ? capture_clocks_print(capture->paths.all[wrong].name, &capture->clocks[wrong],
                                      capture->clock_note, sizeof capture->clock_note)
               : NULL;
}

/* ------------------------------------------------------------------------------ files as a whole
 */

static bool open_files(struct capture *capture, const struct capture_files *files,
                       struct failure *why)
{
    if (!capture_paths_expand(&capture->paths, files->paths, files->count, files->growing) ||
        (files->filter && !(capture->filter = packet_filter_new(files->filter))))
        return failure_set(why, "out of memory");
    capture->growing = capture->merge.growing = files->growing;
    capture->keylog = files->keylog;
    for (size_t i = 0; files->keylog && !files->growing && i < capture->paths.count; i++)
        capture_file_secrets(capture->paths.all[i].name, files->keylog);
    capture->quiet_us = files->quiet_seconds * 1000000;
    capture->news_clock = clock_steady_us();
    bool done = add_files(capture) && choose_sources(capture) && open_folders(capture);
    return done ? filter_is_usable(capture, why) : failure_set(why, "out of memory");
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

struct capture *capture_open_live(const struct capture_live *options, struct failure *why)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture) {
        failure_set(why, "out of memory");
        return NULL;
    }
    capture->live = live_capture_open(options, why);
    if (capture->live)
        return capture;
    capture_close(capture);
    return NULL;
}

/* -------------------------------------------------------------------------------------- reading */

/* Whether nothing has come for so long that nothing more is expected. */
static bool is_over(const struct capture *capture)
{
    int64_t newest = capture->news_clock;
    for (size_t i = 0; i < capture->merge.quiet_count; i++)
        if (capture->merge.quiet[i]->grown_clock > newest)
            newest = capture->merge.quiet[i]->grown_clock;
    return capture->quiet_us && clock_steady_us() - newest >= capture->quiet_us;
}

/* Asks for what is new: files that had nothing, and directories. Not before each packet: it takes
 * calls of the system. */
static void ask_for_more(struct capture *capture)
{
    if (!capture->growing || (capture->merge.open_count && ++capture->turns % QUIET_TURNS))
        return;
    capture_merge_ask_quiet(&capture->merge);
    look_at_folders(capture);
    capture_merge_limit_quiet(&capture->merge);
}

/* No packet is to be had now: the end, or a pause. */
static enum capture_result rest(struct capture *capture)
{
    if (is_over(capture)) {
        capture_merge_end_quiet(&capture->merge);
        capture->over = true;
    }
    if (!capture->merge.open_count && !capture->merge.quiet_count &&
        (!capture->folders || capture->over))
        return CAPTURE_END;
    poll(NULL, 0, PAUSE_MS);
    return CAPTURE_IDLE;
}

static enum capture_result next_of_files(struct capture *capture, struct packet_record *out)
{
    while (!capture->merge.stopped) {
        capture_merge_step(&capture->merge);
        ask_for_more(capture);
        struct capture_input *next = capture_merge_next(&capture->merge);
        if (capture->merge.stopped)
            break;
        if (!next)
            return rest(capture);
        capture_hand_out(&next->source, &next->packet, out);
        if (capture_input_passes(next))
            return CAPTURE_PACKET;
    }
    return CAPTURE_END;
}

enum capture_result capture_next(struct capture *capture, struct packet_record *out)
{
    return capture->live ? live_capture_next(capture->live, out) : next_of_files(capture, out);
}

void capture_stop(struct capture *capture)
{
    capture->merge.stopped = 1;
    if (capture->live)
        live_capture_stop(capture->live);
}

/* --------------------------------------------------------------------------------- what there is
 */

size_t capture_sources(struct capture *capture, struct capture_source ***out)
{
    if (capture->live)
        return live_capture_sources(capture->live, out);
    find_sources(capture);
    *out = capture->sources;
    return capture->source_count;
}

bool capture_take_notice(struct capture *capture, struct capture_notice *out)
{
    return capture->live && live_capture_take_notice(capture->live, out);
}

void capture_finish(struct capture *capture)
{
    if (capture->live)
        live_capture_finish(capture->live);
}

bool capture_expects_files(const struct capture *capture)
{
    return capture->folders;
}

void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *total)
{
    *done = *total = 0;
    bool known = !capture->live;
    for (size_t i = 0; i < capture->input_count; i++) {
        const struct capture_input *input = capture->inputs[i];
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
