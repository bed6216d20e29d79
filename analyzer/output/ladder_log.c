/* SPDX-License-Identifier: ISC */
#include "ladder_log.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"
#include "heloscope/db/logbook.h"

enum {
    ROWS_MOST = 2,     /* of a line, in a ladder that is not full */
    FINDING_LINES = 3, /* of a finding */
};

struct ladder_log {
    struct arena arena;
    struct log_line *lines; /* texts are in the arena */
    size_t count, size, next;
};

static const char *keep(struct ladder_log *log, const char *text)
{
    return (const char *)arena_print(&log->arena, "%s", text_or(text, "")).at;
}

static bool take_line(void *context, const struct log_line *line)
{
    struct ladder_log *log = context;
    if (log->count == log->size) {
        log->size = log->size ? 2 * log->size : 32;
        log->lines = memory_resize(log->lines, log->size * sizeof *log->lines);
    }
    struct log_line *kept = &log->lines[log->count++];
    *kept = *line;
    kept->server = keep(log, line->server);
    kept->kind = keep(log, line->kind);
    kept->joined = keep(log, line->joined);
    kept->text = arena_copy(&log->arena, line->text);
    return true;
}

bool ladder_log_read(struct ladder_log **log, struct history *history, int64_t session_id,
                     struct failure *why)
{
    *log = memory_get(sizeof **log);
    return history_log(history, session_id, take_line, *log, why);
}

void ladder_log_free(struct ladder_log *log)
{
    if (!log)
        return;
    free(log->lines);
    arena_free(&log->arena);
    free(log);
}

/* "Postfix, 01:41:32", by its own clock. */
static struct bytes words_of(struct ladder_log *log, const struct page *page,
                             const struct log_line *line)
{
    char at[TEXT_TIME];
    const char *time = terminal_time(page->terminal, line->ts_us, at);
    const char *clock = strchr(time, ' ');
    return arena_print(&log->arena, "log of %s, %.8s: %.*s", line->server, clock ? clock + 1 : time,
                       (int)line->text.len, (const char *)line->text.at);
}

static void print_line(struct page *page, struct bytes text)
{
    const int indent = 2;
    for (int row = 0; text.len && (row < ROWS_MOST || page->ladder->full); row++) {
        size_t octets = page_fitting(page, text, page->body - (row ? 2 : 1) * indent);
        const bool cut = row + 1 == ROWS_MOST && octets < text.len && !page->ladder->full;
        if (cut)
            octets = page_fitting(page, text, page->body - 2 * indent - 3);
        page_begin_row(page);
        fprintf(page->out, "%*s%s", (row ? 2 : 1) * indent, "", page_style(page, STYLE_FAINT));
        page_print_piece(page, bytes_of(text.at, octets));
        fputs(cut ? "..." : "", page->out);
        fputs(page_style(page, STYLE_PLAIN), page->out);
        page_end_row(page);
        text = bytes_from(text, octets);
    }
}

void ladder_log_print(struct page *page)
{
    struct ladder_log *log = page->log;
    for (; log->next < log->count && log->lines[log->next].seq <= page->event->seq; log->next++)
        print_line(page, words_of(log, page, &log->lines[log->next]));
}

static bool is_about(const struct log_line *line, const struct cascade *cascade)
{
    for (size_t i = 0; i < cascade->reply_count; i++)
        if (line->answer && line->seq == cascade->replies[i])
            return true;
    return false;
}

/* The last line that says how it went: Postfix's counts, Haraka's last refusal, Sendmail's "did not
 * issue MAIL". */
static const struct log_line *summary_of(const struct ladder_log *log)
{
    for (size_t i = log->count; i-- > 0;)
        if (strcmp(log->lines[i].kind, "end") == 0)
            return &log->lines[i];
    return NULL;
}

void ladder_log_print_finding(struct page *page, const struct cascade *cascade)
{
    struct ladder_log *log = page->log;
    size_t printed = 0;
    for (size_t i = 0; i < log->count; i++)
        if (is_about(&log->lines[i], cascade) && (printed < FINDING_LINES || page->ladder->full)) {
            const struct bytes words = words_of(log, page, &log->lines[i]);
            timeline_print_paragraph(page->out, printed++ ? "" : "Logged", (const char *)words.at,
                                     page->ladder->width);
        }
    const struct log_line *summary = printed ? NULL : summary_of(log);
    if (summary)
        timeline_print_paragraph(page->out, "Logged", (const char *)words_of(log, page, summary).at,
                                 page->ladder->width);
}
