/* SPDX-License-Identifier: ISC */
#include "recording.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "sandbox_run.h"
#include "heloscope/capture/capture.h"
#include "heloscope/network/packet.h"
#include "heloscope/tls/keylog.h"

void recording_warn_keylog(struct keylog *keylog)
{
    struct keylog_slip slip;
    if (!keylog_take_slip(keylog, &slip))
        return;
    fprintf(stderr,
            "heloscope: %s:%" PRIu64 ": no secret that can be read; %" PRIu64 " such line%s",
            slip.path, slip.line, slip.lines, slip.lines == 1 ? "" : "s");
    fprintf(stderr, " passed over (a line is LABEL, client random and secret in hexadecimal)\n");
}

struct keylog *recording_keylog(const struct options *options, bool growing, struct failure *why)
{
    struct keylog *keylog = keylog_new();
    for (size_t i = 0; i < options->keylog_count; i++) {
        if (growing) {
            keylog_follow(keylog, options->keylogs[i]);
        } else if (!keylog_add_file(keylog, options->keylogs[i], why)) {
            keylog_free(keylog);
            return NULL;
        }
        recording_warn_keylog(keylog);
    }
    return keylog;
}

bool recording_open(struct recording *recording, const struct options *options,
                    enum persistence persistence, struct capture *capture,
                    struct terminal *terminal, struct keylog *keylog, struct failure *why)
{
    *recording = (struct recording){.capture = capture, .terminal = terminal, .keylog = keylog};
    const struct pipeline_options pipeline = {
        .persistence = persistence,
        .keylog = recording->keylog,
        .ports = options->port_count ? options->ports : NULL,
        .port_count = options->port_count,
        .pseudonyms = options->anonymize ? &recording->pseudonyms : NULL,
    };
    if (options->anonymize &&
        !pseudonyms_begin(&recording->pseudonyms, options->pseudonym_key, why))
        return false;
    const struct store_options store = {.patient = persistence != PERSISTENCE_NONE,
                                        .nameless = options->anonymize,
                                        .keep = options->keep};
    recording->store = store_open_as(options->database, &store, why);
    if (recording->store)
        sandbox_run_enter(options, recording->store, terminal);
    if (recording->store)
        recording->pipeline = pipeline_new(&pipeline, recording->store, why);
    if (recording->pipeline)
        return true;
    recording_close(recording, NULL);
    return false;
}

void recording_say(struct recording *recording)
{
    struct store_notice notice;
    while (recording->store && store_take_notice(recording->store, &notice))
        terminal_warn(recording->terminal, "%s", notice.text);
}

static bool note_source(struct recording *recording, struct capture_source *source,
                        struct failure *why)
{
    source->capture_id = store_capture(recording->store, source->name,
                                       source->live ? "live" : "file", source->started_us, why);
    return source->capture_id != 0;
}

bool recording_packet(struct recording *recording, const struct packet_record *packet,
                      struct failure *why)
{
    struct capture_source *source = packet->source;
    if (!source->capture_id) {
        if (!note_source(recording, source, why))
            return false;
        if (!link_type_known(packet->link_type)) {
            recording->incomplete = true;
            terminal_warn(recording->terminal,
                          "%s: link type %d is not known to heloscope; its packets are counted, "
                          "not read",
                          capture_source_title(source->name), packet->link_type);
        }
    }
    return pipeline_packet(recording->pipeline, packet, why);
}

static bool note_totals(struct recording *recording, struct capture_source *source,
                        struct failure *why)
{
    const struct capture_totals totals = {
        .packets = source->packets,
        .bytes = source->bytes,
        .dropped = source->dropped,
        .duplicates = source->duplicates,
        .overlaps = source->overlaps,
        .ended_us = source->ended_us,
        .problem = source->problem[0] ? source->problem : NULL,
    };
    source->noted = source->packets;
    return store_capture_totals(recording->store, source->capture_id, &totals, why);
}

bool recording_totals(struct recording *recording, struct failure *why)
{
    struct capture_source **sources;
    size_t count = capture_sources(recording->capture, &sources);
    for (size_t i = 0; i < count; i++)
        if (sources[i]->capture_id && sources[i]->packets != sources[i]->noted &&
            !note_totals(recording, sources[i], why))
            return false;
    return true;
}

bool recording_finish(struct recording *recording, struct failure *why)
{
    struct capture_source **sources;
    size_t count = capture_sources(recording->capture, &sources);
    for (size_t i = 0; i < count; i++)
        if ((!sources[i]->capture_id && !note_source(recording, sources[i], why)) ||
            !note_totals(recording, sources[i], why))
            return false;
    return pipeline_finish(recording->pipeline, why);
}

bool recording_close(struct recording *recording, struct failure *why)
{
    pipeline_free(recording->pipeline);
    recording_say(recording);
    bool closed = store_close(recording->store, why);
    recording->pipeline = NULL;
    recording->store = NULL;
    return closed;
}

size_t recording_warn(struct capture *capture, struct terminal *terminal)
{
    struct capture_source **sources;
    size_t count = capture_sources(capture, &sources), problems = 0;
    const char *note;
    for (size_t i = 0; (note = capture_note(capture, i)); i++)
        terminal_warn(terminal, "%s", note);
    for (size_t i = 0; i < count; i++)
        if (sources[i]->problem[0]) {
            terminal_warn(terminal, "%s", sources[i]->problem);
            problems++;
        }
    return problems;
}

/* ---------------------------------------------------------------------------------- interruption
 */

/* A signal finds its way only through these two. */
static struct capture *volatile watched;
static volatile sig_atomic_t came;

static void on_signal(int number)
{
    (void)number;
    came = 1;
    if (watched)
        capture_stop(watched);
}

void interrupt_watch(struct capture *capture)
{
    struct sigaction action = {.sa_handler = capture ? on_signal : SIG_DFL};
    action.sa_flags = capture ? (int)SA_RESETHAND : 0;
    watched = capture;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupt_came(void)
{
    return came;
}
