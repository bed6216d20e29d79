/* SPDX-License-Identifier: ISC */
/* The dialogues of tests/dialogues as a capture file, through the whole pipeline into a history:
 * what lies there must be what the same dialogues lead to when they are played directly. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "heloscope/db/history.h"
#include "heloscope/pipeline/pipeline.h"
#include "tests/support/capture_image.h"
#include "tests/support/dialogue_play.h"
#include "tests/support/dialogue_wire.h"

struct run {
    char folder[64], capture[96], database[96];
    struct dialogues dialogues;
    uint16_t *ports;
    int64_t *sessions; /* session_id of each dialogue, 0 = none */
};

/* --- into a history --- */

static void make_run(struct run *run)
{
    *run = (struct run){0};
    strcpy(run->folder, "/tmp/heloscope-test-XXXXXX");
    cr_assert_not_null(mkdtemp(run->folder));
    snprintf(run->capture, sizeof run->capture, "%s/dialogues.pcap", run->folder);
    snprintf(run->database, sizeof run->database, "%s/history.db", run->folder);
    dialogues_read(&run->dialogues);
    run->ports = memory_get(run->dialogues.count * sizeof *run->ports);
    run->sessions = memory_get(run->dialogues.count * sizeof *run->sessions);
    for (size_t i = 0; i < run->dialogues.count; i++)
        run->ports[i] = run->dialogues.at[i].port;
    dialogues_write_pcap(&run->dialogues, run->capture);
}

static void end_run(struct run *run)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char path[128];
    unlink(run->capture);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s%s", run->database, endings[i]);
        unlink(path);
    }
    cr_expect_eq(rmdir(run->folder), 0);
    dialogues_free(&run->dialogues);
    free(run->ports);
    free(run->sessions);
}

static void push_packets(struct capture *capture, struct pipeline *pipeline, struct store *store)
{
    struct packet_record record;
    struct failure why = {""};
    while (capture_next(capture, &record) == CAPTURE_PACKET) {
        if (!record.source->capture_id)
            record.source->capture_id =
                store_capture(store, record.source->name, "file", record.ts_us, &why);
        cr_assert(pipeline_packet(pipeline, &record, &why), "%s", why.text);
    }
    cr_assert(pipeline_finish(pipeline, &why), "%s", why.text);
}

static void analyze(const struct run *run, bool freeze_always)
{
    const char *paths[] = {run->capture};
    struct failure why = {""};
    struct capture *capture = capture_open_files(paths, 1, NULL, &why);
    cr_assert_not_null(capture, "%s", why.text);
    struct store *store = store_open(run->database, &why);
    cr_assert_not_null(store, "%s", why.text);
    struct pipeline_options options = {
        .ports = run->ports, .port_count = run->dialogues.count, .freeze_always = freeze_always};
    struct pipeline *pipeline = pipeline_new(&options, store, &why);
    cr_assert_not_null(pipeline, "%s", why.text);
    push_packets(capture, pipeline, store);
    pipeline_free(pipeline);
    cr_assert(store_close(store, &why), "%s", why.text);
    capture_close(capture);
}

/* --- a session in words, from either side --- */

static void tell(FILE *out, event_no seq, char side, const char *kind, int code, struct bytes text)
{
    bool open = !strcmp(kind, "open"); /* its text holds the ports */
    fprintf(out, "%u %c %s %d <%.*s>", seq, side, kind, code, open ? 0 : (int)text.len,
            text.at ? (const char *)text.at : "");
}

static bool tell_stored(void *context, const struct history_event *e)
{
    FILE *out = context;
    tell(out, e->seq, e->side, e->kind, e->code, bytes_of_string(e->text ? e->text : ""));
    fprintf(out, " bytes %lld answers %u saw %u", (long long)e->bytes, e->answers, e->saw);
    if (e->cause)
        fprintf(out, " %s at %u", e->cause, e->origin);
    if (e->violation)
        fprintf(out, " violates: %s", e->violation);
    fputc('\n', out);
    return true;
}

static void tell_played(FILE *out, const struct chapter *chapter)
{
    for (const struct event *e = chapter->events; e; e = e->next) {
        tell(out, e->seq, e->side == SIDE_CLIENT ? 'C' : 'S', event_kind_name(e->kind), e->code,
             e->text);
        fprintf(out, " bytes %lld answers %u saw %u", e->has_bytes ? (long long)e->bytes : -1,
                e->answers, e->saw);
        for (const struct diagnosis *d = chapter->diagnoses; d; d = d->next)
            if (d->reply == e->seq)
                fprintf(out, " %s at %u", cause_entry(d->cause)->name, d->origin);
        for (const struct violation *v = chapter->violations; v; v = v->next)
            if (v->seq == e->seq)
                fprintf(out, " violates: %s", v->rule);
        fputc('\n', out);
    }
}

static char *words_of_played(const struct dialogue *d)
{
    char *text = NULL;
    size_t size;
    struct played played;
    dialogue_play(d, CUT_SEGMENTS, 0, &played);
    FILE *out = open_memstream(&text, &size);
    tell_played(out, &played.drafts[0]->chapter);
    fclose(out);
    played_free(&played);
    return text;
}

static char *words_of_stored(struct history *history, int64_t session)
{
    char *text = NULL;
    size_t size;
    struct failure why = {""};
    FILE *out = open_memstream(&text, &size);
    cr_expect(history_events(history, session, 1, UINT32_MAX, tell_stored, out, &why), "%s",
              why.text);
    fclose(out);
    return text;
}

/* --- one against the other --- */

static bool note_session(void *context, const struct history_session *row)
{
    struct run *run = context;
    size_t i = (size_t)(row->client_port - WIRE_PORT);
    cr_assert_lt(i, run->dialogues.count);
    cr_expect_eq(run->sessions[i], 0, "%s is stored twice", run->dialogues.at[i].title);
    run->sessions[i] = row->session_id;
    return true;
}

static void expect_alike(const struct dialogue *d, const char *played, const char *stored)
{
    size_t i = 0, line = 0;
    for (; played[i] && played[i] == stored[i]; i++)
        if (played[i] == '\n')
            line = i + 1;
    cr_expect(played[i] == stored[i], "%s:%d: %s\n  played:   %.*s\n  captured: %.*s", d->file,
              d->number, d->title, (int)strcspn(played + line, "\n"), played + line,
              (int)strcspn(stored + line, "\n"), stored + line);
}

static void compare(struct run *run)
{
    struct failure why = {""};
    struct history *history = history_open(run->database, &why);
    cr_assert_not_null(history, "%s", why.text);
    cr_assert(history_sessions(history, false, note_session, run, &why), "%s", why.text);
    for (size_t i = 0; i < run->dialogues.count; i++) {
        const struct dialogue *d = &run->dialogues.at[i];
        cr_expect_neq(run->sessions[i], 0, "%s:%d: not in the history", d->file, d->number);
        char *played = words_of_played(d), *stored = words_of_stored(history, run->sessions[i]);
        expect_alike(d, played, stored);
        free(played);
        free(stored);
    }
    history_close(history);
}

static void check(bool freeze_always)
{
    struct run run;
    make_run(&run);
    cr_assert_gt(run.dialogues.count, 0);
    analyze(&run, freeze_always);
    compare(&run);
    end_run(&run);
}

Test(dialogues_captured, the_history_holds_what_was_played)
{
    check(false);
}

Test(dialogues_captured, and_does_so_when_sessions_rest)
{
    check(true);
}
