/* SPDX-License-Identifier: ISC */
#include "place.h"

#include <stdlib.h>

/* What is needed of an event. */
struct place_event {
    event_no seq;
    int64_t ts_us;
    int code;         /* of a reply */
    bool of_client;   /* it says something */
    bool taken;       /* a line is about it */
    char verb[12];    /* of the command that it answers */
    uint64_t command; /* octets of its text, folded */
    struct bytes text;
};

struct place_events {
    struct arena arena;
    struct place_event *all;
    size_t count, size;
};

static bool take_event(void *context, const struct history_event *event)
{
    struct place_events *events = context;
    if (events->count == events->size) {
        events->size = events->size ? 2 * events->size : 64;
        events->all = memory_resize(events->all, events->size * sizeof *events->all);
    }
    struct place_event *e = &events->all[events->count++];
    *e = (struct place_event){.seq = event->seq, .ts_us = event->ts_us};
    e->text = arena_copy(&events->arena, bytes_of_string(event->text ? event->text : ""));
    if (event->side == 'S' && event->code)
        e->code = event->code;
    e->of_client = event->side == 'C' && strcmp(event->kind, "open") != 0;
    if (event->side == 'C' && event->verb)
        snprintf(e->verb, sizeof e->verb, "%s", event->verb);
    const size_t answered = event->answers;
    if (!e->code || !answered)
        return true;
    for (size_t i = events->count - 1; i-- > 0;)
        if (events->all[i].seq == answered) {
            memcpy(e->verb, events->all[i].verb, sizeof e->verb);
            e->command = i + 1;
            break;
        }
    return true;
}

static bool is_of_command(const struct place_events *events, const struct place_event *e,
                          struct bytes command)
{
    if (!command.len || !e->command)
        return true;
    const struct bytes sent = events->all[e->command - 1].text;
    const size_t shorter = sent.len < command.len ? sent.len : command.len;
    return bytes_equal(bytes_first(sent, shorter), bytes_first(command, shorter));
}

/* Whether a line can be about this reply. */
static bool is_about(const struct place_events *events, const struct place_event *e,
                     const struct visit_line *line)
{
    if (!e->code || e->taken)
        return false;
    if (line->kind == LOG_MESSAGE)
        return line->queue.len && e->code < 300 && bytes_find(e->text, line->queue) != SIZE_MAX;
    if (line->kind != LOG_REFUSAL && line->kind != LOG_DISORDER)
        return false;
    if (e->code < 400 || (line->code && line->code != e->code))
        return false;
    if (!line->code && !line->verb.len)
        return false;
    if (line->verb.len && e->verb[0] && !bytes_equal_nocase(line->verb, e->verb))
        return false;
    return is_of_command(events, e, line->command);
}

/* The line that names only where it happened, "improper command pipelining after DATA", is about no
 * reply. */
static bool tells_of_a_reply(const struct visit *visit, const struct visit_line *line)
{
    return !(line->kind == LOG_DISORDER && !line->code && !line->command.len &&
             (visit->server == LOG_POSTFIX || visit->server == LOG_POSTSCREEN));
}

static struct place_event *find_reply(struct place_events *events, const struct visit *visit,
                                      const struct visit_line *line)
{
    if (!tells_of_a_reply(visit, line))
        return NULL;
    for (size_t i = 0; i < events->count; i++)
        if (is_about(events, &events->all[i], line))
            return &events->all[i];
    return NULL;
}

/* "improper command pipelining after EHLO": behind what the client sent next. Behind CONNECT it is
 * the first that it sent at all. */
static event_no behind_verb(const struct place_events *events, const struct visit_line *line)
{
    bool next = bytes_equal_nocase(line->verb, "CONNECT");
    for (size_t i = 0; i < events->count; i++) {
        const struct place_event *e = &events->all[i];
        if (e->of_client && next)
            return e->seq;
        next = next || (e->of_client && bytes_equal_nocase(line->verb, e->verb));
    }
    return 0;
}

static event_no by_time(const struct place_events *events, int64_t us)
{
    event_no seq = events->count ? events->all[0].seq : 0;
    for (size_t i = 0; i < events->count && events->all[i].ts_us <= us; i++)
        seq = events->all[i].seq;
    return seq;
}

static event_no place_of(struct place_events *events, const struct log_join *join,
                         const struct visit *visit, const struct visit_line *line, bool *answer)
{
    const bool later = line->kind == LOG_END || line->kind == LOG_DELIVERY;
    struct place_event *reply = find_reply(events, visit, line);
    *answer = reply != NULL;
    if (reply) {
        reply->taken = true;
        return reply->seq;
    }
    if (!events->count)
        return 0;
    if (line->kind == LOG_CONNECT)
        return events->all[0].seq;
    if (later)
        return events->all[events->count - 1].seq;
    const event_no behind =
        line->kind == LOG_DISORDER && line->verb.len ? behind_verb(events, line) : 0;
    return behind ? behind
                  : by_time(events, line->time.us + line->time.step_us - 1 - join->clock_us);
}

/* "mail=1/2": not all of the commands were accepted. */
static bool counts_refusals(struct bytes counts)
{
    return counts.len && memchr(counts.at, '/', counts.len) != NULL;
}

/* Trouble inside TLS that was not read, which the log alone tells. */
static bool is_alone(const struct log_session *session, const struct visit_line *line, bool answer)
{
    return session->hidden && !answer &&
           (log_kind_is_trouble(line->kind) || line->code >= 400 || counts_refusals(line->counts));
}

static bool read_events(const struct log_join *join, const struct log_session *session,
                        struct place_events *events, struct failure *why)
{
    return history_events(join->history, session->session_id, 1, UINT32_MAX, take_event, events,
                          why);
}

static void free_events(struct place_events *events)
{
    free(events->all);
    arena_free(&events->arena);
}

bool place_agreement(const struct log_join *join, const struct visit *visit,
                     const struct log_session *session, int *agreement, struct failure *why)
{
    struct place_events events = {0};
    const bool done = read_events(join, session, &events, why);
    *agreement = 0;
    for (const struct visit_line *line = visit->lines; done && line; line = line->next) {
        struct place_event *reply = find_reply(&events, visit, line);
        if (reply) {
            reply->taken = true;
            ++*agreement;
        } else if (log_kind_is_trouble(line->kind) && (line->code || line->command.len) &&
                   !session->hidden && !session->partial) {
            --*agreement;
        }
    }
    free_events(&events);
    return done;
}

bool place_lines(struct logbook *book, const struct log_join *join, const struct visit *visit,
                 struct failure *why)
{
    const struct log_session *session = &join->sessions[visit->session];
    struct place_events events = {0};
    bool done =
        history_events(join->history, session->session_id, 1, UINT32_MAX, take_event, &events, why);
    event_no last = 0;
    for (const struct visit_line *line = visit->lines; done && line; line = line->next) {
        struct log_line out = {
            .session_id = session->session_id,
            .ts_us = line->time.us,
            .clock_us = join->clock_us,
            .server = log_server_name(visit->server),
            .kind = log_kind_name(line->kind),
            .joined = visit->joined,
            .text = line->text,
            .code = line->code,
            .line = (int64_t)line->line,
        };
        out.seq = place_of(&events, join, visit, line, &out.answer);
        out.alone = is_alone(session, line, out.answer);
        if (!out.answer && out.seq < last) /* lines stay in their order */
            out.seq = last;
        last = out.seq;
        done = logbook_add(book, &out, why);
    }
    free_events(&events);
    return done;
}
