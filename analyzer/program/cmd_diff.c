/* SPDX-License-Identifier: ISC */
/* heloscope diff: a session beside another one, or beside the last that went well. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compare.h"
#include "heloscope/base/text.h"
#include "heloscope/db/question.h"
#include "heloscope/db/selection.h"
#include "heloscope/output/ladder.h"
#include "heloscope/output/timeline_print.h"

enum {
    ROWS_AFTER = 12 /* rows that are shown behind the place where they part */
};

/* --- which two --- */

static bool take_id(void *context, const struct history_row *row)
{
    if (row->cells && row->cells[0])
        *(int64_t *)context = strtoll(row->cells[0], NULL, 10);
    return true;
}

/* The last session of the same client and server in which nothing was wrong and a message was
 * accepted: before this one, or if there is none, after it. 0 = none. */
static bool find_healthy(struct history *history, int64_t session_id, int64_t *out,
                         struct failure *why)
{
    static const char sql[] =
        "SELECT h.session_id FROM sessions s JOIN sessions h ON h.session_id <> s.session_id "
        "AND coalesce(h.proxied_addr, h.client_addr) = coalesce(s.proxied_addr, s.client_addr) "
        "AND h.server_addr = s.server_addr AND h.server_port = s.server_port "
        "WHERE s.session_id = ?1 AND h.messages > 0 AND h.violations = 0 AND NOT EXISTS "
        "(SELECT 1 FROM diagnoses d WHERE d.session_id = h.session_id) "
        "ORDER BY h.started_us > s.started_us, abs(h.started_us - s.started_us) LIMIT 1";
    char id[24];
    const char *const arguments[] = {id};
    snprintf(id, sizeof id, "%" PRId64, session_id);
    *out = 0;
    return history_ask(history, &(struct question){"diff", sql, arguments, 1}, take_id, out, why) &&
           (*out || failure_set(why,
                                "no session of the same client and server went well in this "
                                "history; name another one behind %" PRId64,
                                session_id));
}

static bool choose(const struct options *options, struct history *history, int64_t ids[2],
                   struct failure *why)
{
    int64_t *found;
    size_t count;
    if (!history_select_ids(history, &options->selection, &found, &count, why))
        return false;
    const size_t wanted = options->with_healthy ? 1 : 2;
    const bool fine = count == wanted;
    char words[TEXT_COUNT];
    if (!fine)
        failure_set(why, "%s asked for, and diff wants %s", text_counted(count, "session", words),
                    wanted == 2 ? "two" : "one with --with-healthy");
    for (size_t i = 0; fine && i < count; i++)
        ids[i] = found[i];
    /* As they were named, where they were. */
    if (fine && wanted == 2 && options->selection.term_count == 2 &&
        options->selection.terms[0].field == SELECTION_ID &&
        options->selection.terms[0].low == ids[1]) {
        ids[1] = ids[0];
        ids[0] = options->selection.terms[0].low;
    }
    free(found);
    return fine && (wanted == 2 || find_healthy(history, ids[0], &ids[1], why));
}

/* --- side by side --- */

struct sheet {
    const struct terminal *terminal;
    int half; /* columns of each side */
};

static bool print_head(void *context, const struct history_session *row)
{
    const struct sheet *sheet = context;
    char when[TEXT_TIME], words[TEXT_COUNT];
    printf("  %5" PRId64 "  ", row->session_id);
    text_endpoint(stdout, row->client_addr, row->client_port);
    fputs(" -> ", stdout);
    text_endpoint(stdout, row->server_addr, row->server_port);
    printf(", %s", terminal_time(sheet->terminal, row->started_us, when));
    if (row->errors_503 + row->errors_other)
        printf(", %s",
               text_counted((uint64_t)(row->errors_503 + row->errors_other), "error", words));
    putchar('\n');
    return true;
}

/* One event in at most `half` columns; blanks for none. */
static void print_cell(const struct sheet *sheet, const struct compared *c, size_t i, bool fill)
{
    int used = 0;
    if (i < c->count) {
        const struct compared_event *event = &c->events[i];
        const char *text = *event->text ? event->text : event->kind;
        const size_t line = strcspn(text, "\n");
        used = printf("%4" PRIu32 " %c: ", event->seq, event->side);
        const size_t octets = text_fitting(bytes_of(text, line), (size_t)(sheet->half - used));
        used += (int)text_print(stdout, bytes_of(text, octets));
    }
    if (fill && used < sheet->half)
        printf("%*s", sheet->half - used, "");
}

static void print_row(const struct sheet *sheet, const struct compared *a, const struct compared *b,
                      size_t i, size_t part)
{
    if (i == part)
        fputs(terminal_style(sheet->terminal, STYLE_ORIGIN), stdout);
    print_cell(sheet, a, i, true);
    fputs(i == part ? " <> " : i > part ? " |  " : "    ", stdout);
    print_cell(sheet, b, i, false);
    printf("%s\n", i == part ? terminal_style(sheet->terminal, STYLE_PLAIN) : "");
}

static void print_rows(const struct sheet *sheet, const struct compared *a,
                       const struct compared *b, size_t part)
{
    const size_t longer = a->count > b->count ? a->count : b->count;
    for (size_t i = 0; i < longer; i++) {
        if (i == part + ROWS_AFTER) {
            printf("   ... %zu more\n", longer - i);
            return;
        }
        print_row(sheet, a, b, i, part);
    }
}

static void print_difference(void *context, const char *about, const char *sentence)
{
    bool *any = context;
    if (!*any)
        puts("\nBefore that");
    *any = true;
    printf("  %-12s", about);
    text_wrap(stdout, sentence, 14, 14, TIMELINE_WIDTH);
}

static void print_text(const struct sheet *sheet, const struct compared *a,
                       const struct compared *b)
{
    const size_t part = compare_part(a, b);
    bool any = false;
    putchar('\n');
    print_rows(sheet, a, b, part);
    if (part < a->count && part < b->count)
        printf("\nThey part at #%" PRIu32 " of %" PRId64 " and #%" PRIu32 " of %" PRId64 "\n",
               a->events[part].seq, a->session_id, b->events[part].seq, b->session_id);
    else if (a->count != b->count)
        printf("\nThey part where %" PRId64 " ends\n",
               part == a->count ? a->session_id : b->session_id);
    else
        puts("\nThey do not part: the same commands had the same replies");
    compare_before(a, b, part, print_difference, &any);
}

/* --- as a document --- */

static void json_difference(void *context, const char *about, const char *sentence)
{
    json_open(context, NULL, '{');
    json_string(context, "about", about);
    json_string(context, "text", sentence);
    json_close(context);
}

static void print_json(const struct compared *a, const struct compared *b)
{
    const size_t part = compare_part(a, b);
    struct json json = {.out = stdout};
    json_open(&json, NULL, '{');
    json_integer(&json, "session_id", a->session_id);
    json_integer(&json, "other_session_id", b->session_id);
    if (part < a->count)
        json_integer(&json, "parts_at", a->events[part].seq);
    if (part < b->count)
        json_integer(&json, "other_parts_at", b->events[part].seq);
    json_open(&json, "before", '[');
    compare_before(a, b, part, json_difference, &json);
    json_close(&json);
    json_close(&json);
}

static bool compare(const struct options *options, struct terminal *terminal,
                    struct history *history, struct failure *why)
{
    const int columns = terminal->columns < LADDER_NARROW ? LADDER_NARROW
                        : terminal->columns > LADDER_WIDE ? LADDER_WIDE
                                                          : terminal->columns;
    struct sheet sheet = {terminal, (columns - 4) / 2};
    struct compared a = {0}, b = {0};
    int64_t ids[2] = {0};
    bool done = choose(options, history, ids, why) && compared_read(&a, history, ids[0], why) &&
                compared_read(&b, history, ids[1], why);
    if (done && options->json) {
        print_json(&a, &b);
    } else if (done) {
        done = history_session(history, ids[0], print_head, &sheet, why) &&
               history_session(history, ids[1], print_head, &sheet, why);
        print_text(&sheet, &a, &b);
    }
    compared_free(&a);
    compared_free(&b);
    return done;
}

enum status cmd_diff(const struct options *options, struct terminal *terminal, struct failure *why)
{
    if (!options->selection.term_count && !options->selection.last) {
        failure_set(why, "diff needs two sessions, or one and --with-healthy");
        return STATUS_USAGE;
    }
    struct history *history = history_open(options->database, why);
    if (!history)
        return STATUS_INCOMPLETE;
    const bool done = compare(options, terminal, history, why);
    history_close(history);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
