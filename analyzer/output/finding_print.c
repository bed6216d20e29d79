/* SPDX-License-Identifier: ISC */
#include "heloscope/output/finding_print.h"

#include <inttypes.h>

#include "heloscope/capture/capture.h"
#include "heloscope/base/text.h"

/* What a callback of the history needs to print the events of a finding. */
struct excerpt {
    FILE *out;
    const struct terminal *terminal;
    const struct finding *finding;
    struct json *json;
    int64_t start_us;
    event_no printed; /* the last event that was */
    bool brief;
};

static void print_head(FILE *out, const struct terminal *terminal, const struct finding *finding,
                       const struct history_session *session)
{
    char when[TEXT_TIME];
    char code[TEXT_CODE];
    fprintf(out, "%s%s at #%" PRIu32, terminal_style(terminal, STYLE_HEADING),
            text_code(finding->code, code), finding->reply);
    if (finding->refusals > 1)
        fprintf(out, " and %" PRIu64 " more", finding->refusals - 1);
    if (finding->origin)
        fprintf(out, ", origin #%" PRIu32, finding->origin);
    fprintf(out, " in session %" PRId64 ": ", finding->session_id);
    text_endpoint(out, session->client_addr, session->client_port);
    if (session->proxied_addr) {
        fputs(" for ", out);
        text_endpoint(out, session->proxied_addr, session->proxied_port);
    }
    fputs(" -> ", out);
    text_endpoint(out, session->server_addr, session->server_port);
    fprintf(out, "%s\n    %s", terminal_style(terminal, STYLE_PLAIN),
            terminal_time(terminal, finding->ts_us, when));
    if (session->helo) {
        fputs(", client ", out);
        text_print(out, bytes_of_string(session->helo));
    }
    fputs(", ", out);
    text_print(out, bytes_of_string(capture_source_title(text_or(session->source, "-"))));
    putc('\n', out);
}

static bool head_of_session(void *context, const struct history_session *session)
{
    struct excerpt *excerpt = context;
    excerpt->start_us = session->started_us;
    print_head(excerpt->out, excerpt->terminal, excerpt->finding, session);
    return true;
}

static bool is_key(const struct finding *finding, event_no seq)
{
    for (size_t i = 0; i < finding->key_count; i++)
        if (finding->keys[i] == seq)
            return true;
    return false;
}

/* Of a reply that is only a neighbour one line is enough. */
static void fold(struct history_event *event, char *line, size_t size)
{
    const char *text = event->text, *end = text ? strchr(text, '\n') : NULL;
    if (!end)
        return;
    unsigned more = 0;
    for (const char *c = end; c; c = strchr(c + 1, '\n'))
        more++;
    snprintf(line, size, "%.*s (+%u line%s)", (int)(end - text < 200 ? end - text : 200), text,
             more, more == 1 ? "" : "s");
    event->text = line;
}

static bool print_event(void *context, const struct history_event *event)
{
    struct excerpt *excerpt = context;
    const struct finding *finding = excerpt->finding;
    bool key = is_key(finding, event->seq);
    if (excerpt->brief ? !key : !finding_shows(finding, event->seq))
        return true;
    if (!excerpt->brief && event->seq > excerpt->printed + 1)
        timeline_print_elision(excerpt->out, excerpt->terminal, event->seq - excerpt->printed - 1);
    excerpt->printed = event->seq;

    /* The origins of other findings would only mislead here. */
    struct history_event shown = *event;
    char line[256];
    shown.is_origin = event->seq == finding->origin;
    if (!key)
        fold(&shown, line, sizeof line);
    timeline_print_event(excerpt->out, excerpt->terminal, &shown, excerpt->start_us);
    return true;
}

static bool print_excerpt(struct excerpt *excerpt, struct history *history, struct failure *why)
{
    const struct finding *finding = excerpt->finding;
    event_no first, last;
    finding_span(finding, &first, &last);
    if (!history_session(history, finding->session_id, head_of_session, excerpt, why))
        return false;
    if (!excerpt->brief)
        timeline_print_heading(excerpt->out, excerpt->terminal);
    if (!history_events(history, finding->session_id, first, last, print_event, excerpt, why))
        return false;
    if (finding->untold) {
        char words[TEXT_COUNT];
        fprintf(excerpt->out, "   ... %s with the same origin\n",
                text_counted(finding->untold, "further refusal", words));
    }
    return true;
}

bool finding_print(FILE *out, const struct terminal *terminal, struct history *history,
                   const struct finding *finding, struct failure *why)
{
    struct excerpt excerpt = {.out = out, .terminal = terminal, .finding = finding};
    if (!print_excerpt(&excerpt, history, why))
        return false;
    timeline_print_ruling(out, &finding->ruling, TIMELINE_WIDTH);
    return true;
}

bool finding_print_brief(FILE *out, const struct terminal *terminal, struct history *history,
                         const struct finding *finding, struct failure *why)
{
    struct excerpt excerpt = {.out = out, .terminal = terminal, .finding = finding, .brief = true};
    if (!print_excerpt(&excerpt, history, why))
        return false;
    timeline_print_ruling(out, &finding->ruling, TIMELINE_WIDTH);
    return true;
}

static bool json_event(void *context, const struct history_event *event)
{
    struct excerpt *excerpt = context;
    if (finding_shows(excerpt->finding, event->seq))
        timeline_json_event(excerpt->json, event);
    return true;
}

void finding_json_parties(struct json *json, const struct history_session *session)
{
    json_string(json, "source", session->source);
    json_string(json, "client_addr", session->client_addr);
    json_integer(json, "client_port", session->client_port);
    if (session->proxied_addr) {
        json_string(json, "proxied_addr", session->proxied_addr);
        json_integer(json, "proxied_port", session->proxied_port);
    }
    json_string(json, "server_addr", session->server_addr);
    json_integer(json, "server_port", session->server_port);
    json_string(json, "helo", session->helo);
}

static bool json_session(void *context, const struct history_session *session)
{
    finding_json_parties(context, session);
    return true;
}

bool finding_json(struct json *json, struct history *history, const struct finding *finding,
                  struct failure *why)
{
    const struct ruling *ruling = &finding->ruling;
    json_open(json, NULL, '{');
    json_integer(json, "session_id", finding->session_id);
    if (!history_session(history, finding->session_id, json_session, json, why))
        return false;
    json_integer(json, "ts_us", finding->ts_us);
    json_integer(json, "code", finding->code);
    json_integer(json, "reply_seq", finding->reply);
    json_integer(json, "command_seq", finding->command);
    json_integer(json, "origin_seq", finding->origin);
    json_integer(json, "refusals", (int64_t)finding->refusals);
    json_string(json, "cause", ruling->cause);
    json_string(json, "fault", ruling->fault);
    json_string(json, "certainty", ruling->certainty);
    json_string(json, "server_says", ruling->server_says);
    json_string(json, "explanation", ruling->explanation);
    json_string(json, "client_habit", ruling->habit);
    json_string(json, "advice", ruling->advice);
    json_open(json, "events", '[');
    struct excerpt excerpt = {.json = json, .finding = finding};
    event_no first, last;
    finding_span(finding, &first, &last);
    if (!history_events(history, finding->session_id, first, last, json_event, &excerpt, why))
        return false;
    json_close(json);
    json_close(json);
    return true;
}
