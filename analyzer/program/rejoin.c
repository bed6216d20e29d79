/* SPDX-License-Identifier: ISC */
#include "rejoin.h"

#include <stdlib.h>
#include <unistd.h>

#include "heloscope/base/memory.h"
#include "heloscope/capture/capture.h"
#include "heloscope/db/cut.h"

/* Files that are read for it at most: a connection that goes through more stays in parts. */
enum {
    FILES = 64
};

static struct capture *open_files(const struct cut *cut, const struct options *options,
                                  struct keylog *keylog)
{
    const char *paths[FILES];
    struct failure ignored;
    for (size_t i = 0; i < cut->file_count; i++)
        paths[i] = cut->files[i].path;
    const struct capture_files files = {
        .paths = paths, .count = cut->file_count, .filter = options->filter, .keylog = keylog};
    return capture_open(&files, &ignored);
}

static void leave_out(struct cut *cut, size_t index)
{
    struct cut_file gone = cut->files[index];
    for (size_t i = index + 1; i < cut->file_count; i++)
        cut->files[i - 1] = cut->files[i];
    cut->files[--cut->file_count] = gone;
    free(gone.source);
    free(gone.path);
}

/* Gives the sources the numbers and names that they have in the history. Returns false when some
 * are not the files that were read then; these are left out. */
static bool recognize(struct capture *capture, struct cut *cut)
{
    struct capture_source **sources;
    const size_t count = capture_sources(capture, &sources);
    bool all = count == cut->file_count;
    for (size_t i = cut->file_count; all && i-- > 0;)
        if (sources[i]->started_us != cut->files[i].started_us) {
            leave_out(cut, i);
            all = false;
        } else {
            sources[i]->capture_id = cut->files[i].capture_id;
            sources[i]->name = cut->files[i].source;
        }
    return all;
}

/* Opens the files that are what they were; NULL when there are not two of them. */
static struct capture *open_known(struct cut *cut, const struct options *options,
                                  struct keylog *keylog)
{
    for (size_t i = cut->file_count; i-- > 0;)
        if (access(cut->files[i].path, R_OK) != 0)
            leave_out(cut, i);
    while (cut->file_count > 1 && cut->file_count <= FILES) {
        struct capture *capture = open_files(cut, options, keylog);
        if (!capture || recognize(capture, cut))
            return capture;
        capture_close(capture);
    }
    return NULL;
}

static bool read_again(const struct recording *recording, const struct options *options,
                       struct capture *capture, const struct cut *cut, struct failure *why)
{
    const struct pipeline_options pipeline = {
        .keylog = recording->keylog,
        .ports = options->port_count ? options->ports : NULL,
        .port_count = options->port_count,
        .pseudonyms = options->anonymize ? &recording->pseudonyms : NULL,
        .only = options->anonymize ? NULL : cut->endpoints, /* those are of the pseudonyms */
        .only_count = cut->endpoint_count,
    };
    struct pipeline *joined = pipeline_new(&pipeline, recording->store, why);
    struct packet_record packet;
    bool done = joined != NULL;
    while (done && capture_next(capture, &packet) == CAPTURE_PACKET)
        done = pipeline_packet(joined, &packet, why);
    if (done && !interrupt_came())
        done = pipeline_finish(joined, why);
    pipeline_free(joined);
    return done;
}

bool rejoin(const struct recording *recording, const struct options *options, struct failure *why)
{
    struct cut cut;
    bool done = store_take_cut(recording->store, &cut, why);
    struct capture *capture =
        done && !interrupt_came() ? open_known(&cut, options, recording->keylog) : NULL;
    if (capture) {
        interrupt_watch(capture);
        done = read_again(recording, options, capture, &cut, why);
        interrupt_watch(recording->capture);
    }
    capture_close(capture);
    cut_free(&cut);
    return done;
}
