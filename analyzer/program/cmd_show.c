/* SPDX-License-Identifier: ISC */
/* heloscope show: the sessions of the history, and the whole timeline of one. */
#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/capture/capture.h"
#include "cmd_fleet.h"
#include "selection_options.h"
#include "heloscope/output/finding_print.h"
#include "heloscope/output/table.h"
#include "heloscope/base/text.h"
#include "heloscope/db/logbook.h"
#include "heloscope/output/ladder.h"

/* -------------------------------------------------------------------------------------- the list
 */

enum {
    ENDPOINT = 80,
    NUMBER = 24
};

static void endpoint(char out[ENDPOINT], const char *address, int port)
{
    const char *shown = text_or(address, "?");
    snprintf(out, ENDPOINT, strchr(shown, ':') ? "[%.60s]:%d" : "%.60s:%d", shown, port);
}

static void number(char out[NUMBER], int64_t value)
{
    snprintf(out, NUMBER, "%" PRId64, value);
}

struct list {
    struct table table;
    const struct terminal *terminal;
};

static bool list_session(void *context, const struct history_session *row)
{
    struct list *list = context;
    char id[NUMBER], start[TEXT_TIME], client[ENDPOINT], server[ENDPOINT], messages[NUMBER],
        errors[NUMBER], others[NUMBER];
    number(id, row->session_id);
    number(messages, row->messages);
    number(errors, row->errors_503);
    number(others, row->errors_other);
    endpoint(client, row->client_addr, row->client_port);
    endpoint(server, row->server_addr, row->server_port);
    const char *cells[] = {
        id,
        terminal_time(list->terminal, row->started_us, start),
        client,
        server,
        text_or(row->helo, "-"),
        messages,
        errors,
        others,
        text_or(row->outcome, "-"),
    };
    table_row(&list->table, cells);
    return true;
}

static const char *none_words(const struct selection *selection)
{
    if (selection_is_all(selection))
        return "no sessions";
    return selection->errors_only ? "no session with an error of order" : "no such session";
}

static bool list_text(const struct options *options, struct history *history,
                      const struct terminal *terminal, struct failure *why)
{
    static const char *const names[] = {"session",  "start", "client",  "server", "helo",
                                        "messages", "503s",  "like it", "outcome"};
    struct list list = {.terminal = terminal};
    table_begin(&list.table, stdout, terminal, sizeof names / sizeof names[0], names);
    bool done = history_select(history, &options->selection, list_session, &list, why);
    bool empty = !list.table.rows && !list.table.headed;
    table_end(&list.table);
    if (done && empty)
        puts(none_words(&options->selection));
    return done;
}

static bool json_session(void *context, const struct history_session *row)
{
    struct json *json = context;
    json_open(json, NULL, '{');
    json_integer(json, "session_id", row->session_id);
    json_integer(json, "started_us", row->started_us);
    json_integer(json, "ended_us", row->ended_us);
    finding_json_parties(json, row);
    json_integer(json, "messages", row->messages);
    json_integer(json, "errors_503", row->errors_503);
    json_integer(json, "errors_other", row->errors_other);
    json_string(json, "outcome", row->outcome);
    json_close(json);
    return true;
}

/* For a spreadsheet, or a line a session. */
static bool list_rows(const struct options *options, struct history *history,
                      const struct terminal *terminal, struct failure *why)
{
    static const struct question question = {
        .name = "show",
        .sql = "SELECT session_id, strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, "
               "'unixepoch') || printf('.%06dZ', started_us % 1000000) AS started, "
               "(ended_us - started_us) / 1e6 AS seconds, coalesce(proxied_addr, client_addr) "
               "AS client, client_port, server_addr AS server, server_port, protocol, helo, "
               "client_software, server_software, tls_version, commands, messages, violations, "
               "errors_503, (SELECT ifnull(sum(1 + d.repeats), 0) FROM diagnoses d WHERE "
               "d.session_id = s.session_id AND d.code <> 503) AS errors_other, bytes_missing, "
               "outcome, source, "
               "uid, community_id FROM sessions s ORDER BY started_us, session_id",
    };
    struct rows_print print = {
        .form = options_form(options), .out = stdout, .terminal = terminal, .limit = -1};
    const bool done = history_restrict(history, &options->selection, why) &&
                      history_ask(history, &question, rows_print, &print, why);
    rows_print_end(&print);
    return done;
}

static bool list_json(const struct options *options, struct history *history, struct failure *why)
{
    struct json json = {.out = stdout};
    json_open(&json, NULL, '[');
    if (!history_select(history, &options->selection, json_session, &json, why))
        return false;
    json_close(&json);
    return true;
}

/* -------------------------------------------------------------------------------- one session */

struct view {
    const struct terminal *terminal;
    struct history *history;
    struct failure *why;
    bool failed; /* with `why` */
};

static void print_field(const char *label, const char *text)
{
    if (!text || !*text)
        return;
    printf("  %-10s", label);
    text_print(stdout, bytes_of_string(text));
    putchar('\n');
}

static void print_span(const struct terminal *terminal, const struct history_session *row)
{
    char when[TEXT_TIME];
    int64_t length = row->ended_us - row->started_us;
    printf("  %-10s%s, %" PRId64 ".%03d s\n", "start",
           terminal_time(terminal, row->started_us, when), length / 1000000,
           (int)(length % 1000000 / 1000));
}

static void print_counts(const struct history_session *row)
{
    char words[TEXT_COUNT];
    printf("  %-10s%s", "content", text_counted((uint64_t)row->commands, "command", words));
    printf(", %s", text_counted((uint64_t)row->messages, "message", words));
    printf(", %s 503", text_counted((uint64_t)row->errors_503, "error", words));
    if (row->bytes_missing)
        printf(", %s missing", text_counted((uint64_t)row->bytes_missing, "octet", words));
    puts(row->midstream ? ", begun before the capture" : "");
}

static void print_tls_records(const struct history_tls *row)
{
    if (!row->octets_client && !row->octets_server)
        return;
    printf("  %-10s%" PRId64 " of the client (%" PRId64 " octets), %" PRId64
           " of the server (%" PRId64 " octets), at most %" PRId64 ".%03d s apart\n",
           "records", row->records_client, row->octets_client, row->records - row->records_client,
           row->octets_server, row->idle_us / 1000000, (int)(row->idle_us % 1000000 / 1000));
}

static void print_tls_end(const struct history_tls *row)
{
    print_field("alerts", row->alerts);
    print_field("failed", row->failure);
    if (row->closed && strcmp(row->closed, "both") != 0)
        printf("  %-10sended without close_notify by %s\n", "tls end",
               strcmp(row->closed, "client") == 0   ? "the server"
               : strcmp(row->closed, "server") == 0 ? "the client"
                                                    : "both");
    if (row->hidden)
        printf("  %-10s%s (see: heloscope explain tls_hidden)\n", "not read", row->hidden);
}

/* "TLS 1.3, TLS_AES_256_GCM_SHA384, x25519, full handshake", then what went on in it. */
static bool print_tls(void *context, const struct history_tls *row)
{
    const char *parts[] = {row->version, row->suite, row->group, row->handshake};
    (void)context;
    printf("  %-10s", "tls");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        fputs(i && parts[i] ? ", " : "", stdout);
        text_print(stdout, bytes_of_string(text_or(parts[i], i ? "" : "version not seen")));
    }
    puts(row->handshake ? " handshake" : "");
    print_tls_records(row);
    print_field("tls name", row->name);
    print_field("alpn", row->alpn);
    if (row->certificate && strcmp(row->certificate, "not asked for") != 0)
        printf("  %-10scertificate %s\n", "client's", row->certificate);
    print_tls_end(row);
    return true;
}

/* "log       Postfix, joined by queue id; its clock 7200.0 s ahead", once. */
static bool print_log(void *context, const struct log_line *line)
{
    const int64_t us = line->clock_us < 0 ? -line->clock_us : line->clock_us;
    (void)context;
    printf("  %-10s%s, joined by %s", "log", line->server, line->joined);
    if (us >= 1500000)
        printf("; its clock is %.1f s %s", (double)us / 1e6,
               line->clock_us < 0 ? "behind" : "ahead");
    putchar('\n');
    return false;
}

static bool print_head(void *context, const struct history_session *row)
{
    struct view *view = context;
    printf("%sSession %" PRId64 ": ", terminal_style(view->terminal, STYLE_HEADING),
           row->session_id);
    text_endpoint(stdout, row->client_addr, row->client_port);
    if (row->proxied_addr) {
        fputs(" for ", stdout);
        text_endpoint(stdout, row->proxied_addr, row->proxied_port);
    }
    fputs(" -> ", stdout);
    text_endpoint(stdout, row->server_addr, row->server_port);
    printf(", %s%s\n", text_or(row->protocol, "SMTP"), terminal_style(view->terminal, STYLE_PLAIN));
    print_field("capture", capture_source_title(text_or(row->source, "?")));
    print_span(view->terminal, row);
    print_field("helo", row->helo);
    print_field("client", row->client_software);
    print_field("server", row->server_software);
    view->failed = !history_tls(view->history, row->session_id, print_tls, NULL, view->why);
    print_counts(row);
    view->failed |= !history_log(view->history, row->session_id, print_log, NULL, view->why);
    print_field("outcome", row->outcome);
    putchar('\n');
    return true;
}

static bool show_text(const struct options *options, struct history *history, int64_t session_id,
                      const struct terminal *terminal, struct failure *why)
{
    const struct ladder ladder = {
        .width = terminal->columns < LADDER_NARROW ? LADDER_NARROW
                 : terminal->columns > LADDER_WIDE ? LADDER_WIDE
                                                   : terminal->columns,
        .unicode = terminal->unicode,
        .full = options->full,
    };
    struct view view = {.terminal = terminal, .history = history, .why = why};
    if (options->plain)
        return ladder_print_plain(stdout, history, session_id, why);
    if (options->dialogue)
        return ladder_print_dialogue(stdout, history, session_id, why);
    return history_session(history, session_id, print_head, &view, why) && !view.failed &&
           ladder_print(stdout, terminal, &ladder, history, session_id, why);
}

static bool show_all(const struct options *options, const int64_t *ids, size_t count,
                     struct history *history, const struct terminal *terminal, struct failure *why)
{
    bool array = options->json && count > 1;
    fputs(array ? "[" : "", stdout);
    for (size_t i = 0; i < count; i++) {
        fputs(!i ? "" : options->json ? ",\n" : "\n", stdout);
        if (options->json ? !history_json_session(history, ids[i], stdout, why)
                          : !show_text(options, history, ids[i], terminal, why))
            return false;
    }
    fputs(array ? "]\n" : "", stdout);
    return true;
}

static bool show_selected(const struct options *options, struct history *history,
                          const struct terminal *terminal, struct failure *why)
{
    int64_t *ids;
    size_t count;
    if (!history_select_ids(history, &options->selection, &ids, &count, why))
        return false;
    if (!count)
        puts(options->json ? "[]" : none_words(&options->selection));
    bool done = show_all(options, ids, count, history, terminal, why);
    free(ids);
    return done;
}

enum status cmd_show(const struct options *options, struct terminal *terminal, struct failure *why)
{
    const bool fleet = fleet_is_asked(options);
    if (fleet && !options->word_count)
        return cmd_list_fleet(options, terminal, why);
    struct history *history =
        fleet ? fleet_history(options, why) : history_open(options->database, why);
    if (!history)
        return STATUS_INCOMPLETE;
    bool done;
    if (options->csv || options->jsonl)
        done = list_rows(options, history, terminal, why);
    else if (selection_is_named(&options->selection) || options->full || options->plain ||
             options->dialogue)
        done = show_selected(options, history, terminal, why);
    else if (options->json)
        done = list_json(options, history, why);
    else
        done = list_text(options, history, terminal, why);
    history_close(history);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
