/* SPDX-License-Identifier: ISC */
/* A session for other programs: for diff, and as a dialogue of the tests. */
#include <inttypes.h>
#include <string.h>

#include "heloscope/base/text.h"
#include "heloscope/output/ladder.h"

struct form {
    FILE *out;
    int64_t previous_us;
    int64_t packet; /* of the event above, ... */
    char side;      /* ... and whose it was */
    event_no client_last, server_last;
};

static bool is(const struct history_event *event, const char *kind)
{
    return strcmp(text_or(event->kind, ""), kind) == 0;
}

static bool is_spoken(const struct history_event *event)
{
    return is(event, "command") || is(event, "reply") || is(event, "greeting") ||
           (is(event, "auth") && event->text && *event->text);
}

/* --- side and text --- */

static void plain_lines(FILE *out, char side, const char *text)
{
    for (;;) {
        const size_t length = strcspn(text, "\n");
        fprintf(out, "%c: ", side);
        text_print(out, bytes_of(text, length));
        fputc('\n', out);
        if (!text[length])
            return;
        text += length + 1;
    }
}

static bool plain_event(void *context, const struct history_event *event)
{
    FILE *out = ((struct form *)context)->out;
    char size[TEXT_COUNT];
    if (is(event, "open"))
        return true;
    if (is_spoken(event)) {
        plain_lines(out, event->side, text_or(event->text, ""));
        return true;
    }
    fprintf(out, "%c: (%s", event->side, is(event, "gap") ? "hole" : text_or(event->kind, "?"));
    if (event->bytes >= 0)
        fprintf(out, ", %s", text_counted((uint64_t)event->bytes, "octet", size));
    if (is(event, "close") && event->text && *event->text) {
        fputs(": ", out);
        text_print(out, bytes_of_string(event->text));
    }
    fputs(")\n", out);
    return true;
}

bool ladder_print_plain(FILE *out, struct history *history, int64_t session_id, struct failure *why)
{
    struct form form = {.out = out};
    return history_events(history, session_id, 1, UINT32_MAX, plain_event, &form, why);
}

/* --- a dialogue of tests/dialogues --- */

/* The escapes that a dialogue knows; a backslash stands for itself when doubled. */
static void dialogue_text(FILE *out, struct bytes text)
{
    while (text.len) {
        const size_t length = text_visible(text);
        if (text.at[0] == '\\')
            fputs("\\\\", out);
        else if (length)
            fwrite(text.at, 1, length, out);
        else if (text.at[0] == '\t')
            fputs("\\t", out);
        else
            fprintf(out, "\\x%02x", text.at[0]);
        text = bytes_from(text, length ? length : 1);
    }
}

/* '+' in the same segment as the line above, '~' sent before that had arrived, ':' else. */
static char dialogue_mark(const struct form *form, const struct history_event *event)
{
    const event_no peer = event->side == 'C' ? form->server_last : form->client_last;
    if (form->side == event->side && form->packet == event->packet)
        return '+';
    return event->saw && event->saw < peer ? '~' : ':';
}

static void dialogue_lines(FILE *out, const struct history_event *event, char mark)
{
    const char *text = text_or(event->text, "");
    const bool bare = event->note && strstr(event->note, "bare LF");
    for (;;) {
        const size_t length = strcspn(text, "\n");
        fprintf(out, "%c%c ", event->side, mark);
        dialogue_text(out, bytes_of(text, length));
        fputs(bare ? "\\n\\\n" : "\n", out);
        if (!text[length])
            return;
        text += length + 1;
    }
}

/* Content itself is not kept: so much of it, and the line that ends it. */
static void dialogue_content(FILE *out, const struct history_event *event)
{
    const char *side = event->side == 'C' ? "C" : "S";
    const int64_t size = event->bytes;
    if (is(event, "gap"))
        fprintf(out, "%s-* %" PRId64 " octets\n", side, size > 0 ? size : 1);
    else if (is(event, "tls"))
        fprintf(out, "%s* TLS %s hello\n", side, event->side == 'C' ? "client" : "server");
    else if (is(event, "chunk") && size > 0)
        fprintf(out, "%s* %" PRId64 " octets\n", side, size);
    else if (is(event, "data")) {
        if (size > 0)
            fprintf(out, "%s* %" PRId64 " octets\n", side, size);
        fprintf(out, "%s+ .\n", side);
    } else if (is(event, "auth"))
        fprintf(out, "%s: AHgAeA==\n", side);
}

/* What a line takes in a dialogue is a millisecond. */
static void dialogue_pause(struct form *form, const struct history_event *event)
{
    const int64_t us = event->ts_us - form->previous_us;
    if (form->previous_us && us >= 1000000)
        fprintf(form->out, "-- %" PRId64 " second%s pass\n", us / 1000000,
                us / 1000000 == 1 ? "" : "s");
    else if (form->previous_us && us > 0 && us < 1000 && event->side != form->side)
        fprintf(form->out, "-- only %" PRId64 " microsecond%s pass\n", us, us == 1 ? "" : "s");
    form->previous_us = event->ts_us;
}

static bool dialogue_event(void *context, const struct history_event *event)
{
    struct form *form = context;
    if (is(event, "open"))
        return true;
    dialogue_pause(form, event);
    if (is(event, "close"))
        fprintf(form->out, "-- the %s %s\n", event->side == 'C' ? "client" : "server",
                event->text && strstr(event->text, "reset") ? "resets" : "closes");
    else if (is_spoken(event))
        dialogue_lines(form->out, event, dialogue_mark(form, event));
    else
        dialogue_content(form->out, event);
    form->packet = event->packet;
    form->side = event->side;
    *(event->side == 'C' ? &form->client_last : &form->server_last) = event->seq;
    return true;
}

static bool dialogue_head(void *context, const struct history_session *row)
{
    struct form *form = context;
    fprintf(form->out, "== session %" PRId64 " of ", row->session_id);
    text_print(form->out, bytes_of_string(text_or(row->source, "?")));
    fprintf(form->out, "\n-- port %d\n", row->server_port);
    if (row->midstream)
        fputs("-- the capture begins here\n", form->out);
    return true;
}

bool ladder_print_dialogue(FILE *out, struct history *history, int64_t session_id,
                           struct failure *why)
{
    struct form form = {.out = out};
    return history_session(history, session_id, dialogue_head, &form, why) &&
           history_events(history, session_id, 1, UINT32_MAX, dialogue_event, &form, why);
}
