/* SPDX-License-Identifier: ISC */
#include "heloscope/output/ladder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ladder_log.h"
#include "heloscope/base/text.h"

enum {
    FOLD_LINES = 16, /* a longer reply is folded ... */
    FOLD_HEAD = 3,   /* ... to so many lines */
    FOLD_ROWS = 4,   /* a longer line is cut */
    INDENT = 2,
};

static enum style event_style(const struct history_event *event)
{
    if (event->is_origin)
        return STYLE_ORIGIN;
    if (event->cause)
        return STYLE_REFUSED;
    return event->side == 'C' ? STYLE_CLIENT : STYLE_PLAIN;
}

/* --- what was said --- */

/* One row of the client: the text, and behind the last row of it an arrow to the other side. */
static void client_row(struct page *page, struct bytes text, bool first, bool last)
{
    page_begin_row(page);
    fputs(page_style(page, event_style(page->event)), page->out);
    fprintf(page->out, "%*s", first ? 0 : INDENT, "");
    page_print_piece(page, text);
    const int rest = page->body - page_columns_of(page, text) - (first ? 0 : INDENT) - 2;
    if (last && rest >= 1) {
        fputc(' ', page->out);
        page_fill(page, rest, "\u2500", "-");
        fputs(page_pick(page, "\u25b6", ">"), page->out);
    }
    fputs(page_style(page, STYLE_PLAIN), page->out);
    page_end_row(page);
}

/* One row of the server: in the first an arrow to the client. */
static void server_row(struct page *page, struct bytes text, bool first)
{
    page_begin_row(page);
    fputs(page_style(page, event_style(page->event)), page->out);
    if (first) {
        fputs(page_pick(page, "\u25c0", "<"), page->out);
        page_fill(page, page->server_column - 2, "\u2500", "-");
        fputc(' ', page->out);
    } else {
        fprintf(page->out, "%*s", page->server_column, "");
    }
    page_print_piece(page, text);
    fputs(page_style(page, STYLE_PLAIN), page->out);
    page_end_row(page);
}

/* The blank at which a line was broken needs no room. */
static struct bytes without_blank(struct bytes text)
{
    if (text.len > 1 && text.at[text.len - 1] == ' ')
        text.len--;
    return text;
}

/* One line, in as many rows as it takes. */
static void print_line(struct page *page, struct bytes line, bool first, bool last)
{
    const bool client = page->event->side == 'C';
    char words[TEXT_COUNT + 8], count[TEXT_COUNT];
    for (int row = 0;; row++) {
        const int room =
            client ? page->body - 4 - (row ? INDENT : 0) : page->body - page->server_column;
        size_t octets = page_fitting(page, line, room);
        const bool cut = row + 1 == FOLD_ROWS && octets < line.len && !page->ladder->full;
        if (cut) {
            snprintf(words, sizeof words, "... %s more", text_counted(line.len, "octet", count));
            line = bytes_of_string(words);
            octets = line.len;
        }
        const struct bytes piece = without_blank(bytes_of(line.at, octets));
        const bool end = octets >= line.len;
        if (client)
            client_row(page, piece, first && !row, last && end);
        else
            server_row(page, piece, first && !row);
        if (end)
            return;
        line = bytes_from(line, octets);
    }
}

static size_t count_lines(const char *text)
{
    size_t lines = 1;
    while ((text = strchr(text, '\n'))) {
        lines++;
        text++;
    }
    return lines;
}

static void print_text(struct page *page, const char *text)
{
    const size_t lines = count_lines(text);
    const bool fold = lines > FOLD_LINES && !page->ladder->full && !page->event->cause;
    for (size_t i = 0; i < lines; i++) {
        const size_t length = strcspn(text, "\n");
        if (fold && i == FOLD_HEAD) {
            char words[TEXT_COUNT + 16], count[TEXT_COUNT];
            snprintf(words, sizeof words, "... %s more", text_counted(lines - i, "line", count));
            print_line(page, bytes_of_string(words), false, true);
            return;
        }
        print_line(page, bytes_of(text, length), i == 0, i + 1 == lines);
        text += length + (text[length] != '\0');
    }
}

/* --- what was not said: rows across both sides --- */

static void print_across(struct page *page, const char *words, const char *drawn, const char *plain)
{
    struct bytes text = bytes_of_string(words);
    do {
        const size_t octets = page_fitting(page, text, page->body - 8);
        const struct bytes piece = bytes_of(text.at, octets);
        const int rest = page->body - 2 - page_columns_of(page, piece);
        page_begin_row(page);
        fputs(page_style(page, event_style(page->event)), page->out);
        page_fill(page, rest / 2, drawn, plain);
        fputc(' ', page->out);
        page_print_piece(page, piece);
        fputc(' ', page->out);
        page_fill(page, rest - rest / 2, drawn, plain);
        fputs(page_style(page, STYLE_PLAIN), page->out);
        page_end_row(page);
        text = bytes_from(text, octets);
    } while (text.len);
}

static const char *side_name(const struct history_event *event)
{
    return event->side == 'C' ? "client" : "server";
}

/* "1460 octets" of an event with a size, else `absent`. */
static const char *sized(const struct history_event *event, const char *absent,
                         char out[TEXT_COUNT])
{
    return event->bytes >= 0 ? text_counted((uint64_t)event->bytes, "octet", out) : absent;
}

/* True when the event is none of a line of text. */
static bool print_happening(struct page *page)
{
    const struct history_event *event = page->event;
    const char *text = text_or(event->text, "");
    char words[512], size[TEXT_COUNT];
    if (strcmp(event->kind, "open") == 0) {
        snprintf(words, sizeof words, "connection opened%s%.400s", page->ladder->full ? ": " : "",
                 page->ladder->full ? text : "");
        print_across(page, words, "\u2500", "-");
    } else if (strcmp(event->kind, "close") == 0) {
        snprintf(words, sizeof words, "connection closed by the %s%s%.400s", side_name(event),
                 *text ? ": " : "", text);
        print_across(page, words, "\u2500", "-");
    } else if (strcmp(event->kind, "tls") == 0) {
        snprintf(words, sizeof words, "TLS, %s: %.400s", side_name(event), text);
        print_across(page, words, "\u2550", "=");
    } else if (strcmp(event->kind, "gap") == 0) {
        snprintf(words, sizeof words, "hole: %s of the %s not captured",
                 sized(event, "octets", size), side_name(event));
        print_across(page, words, "\u254c", "~");
    } else {
        return false;
    }
    return true;
}

static void print_said(struct page *page)
{
    const struct history_event *event = page->event;
    char words[TEXT_COUNT + 32], size[TEXT_COUNT];
    if (strcmp(event->kind, "data") == 0)
        snprintf(words, sizeof words, "(message, %s)", sized(event, "size not known", size));
    else if (strcmp(event->kind, "chunk") == 0)
        snprintf(words, sizeof words, "(chunk, %s)", sized(event, "size not known", size));
    else if (strcmp(event->kind, "auth") == 0 && (!event->text || !*event->text))
        snprintf(words, sizeof words, "(credentials, not kept)");
    else {
        print_text(page, text_or(event->text, ""));
        return;
    }
    print_text(page, words);
}

/* --- marks below an event --- */

static void print_mark(struct page *page, enum style how, const char *words)
{
    const int indent = page->event->side == 'C' ? INDENT : page->server_column;
    struct bytes text = bytes_of_string(words);
    while (text.len) {
        const size_t octets = page_fitting(page, text, page->body - indent);
        page_begin_row(page);
        fprintf(page->out, "%*s%s", indent, "", page_style(page, how));
        page_print_piece(page, bytes_of(text.at, octets));
        fputs(page_style(page, STYLE_PLAIN), page->out);
        page_end_row(page);
        text = bytes_from(text, octets);
    }
}

/* The notes that the drawing itself does not show. */
static void print_notes(struct page *page)
{
    char words[256] = "";
    const char *at = text_or(page->event->note, "");
    while (*at) {
        const size_t length = strcspn(at, ",");
        const struct bytes note = bytes_of(at, length);
        if (!bytes_equal(note, bytes_of_string("pipelined")) &&
            !bytes_equal(note, bytes_of_string("in TLS")))
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s%.*s",
                     *words ? ", " : "[", (int)length, at);
        at += length;
        at += strspn(at, ", ");
    }
    if (*words) {
        snprintf(words + strlen(words), sizeof words - strlen(words), "]");
        print_mark(page, STYLE_FAINT, words);
    }
}

static void print_marks(struct page *page)
{
    const struct history_event *event = page->event;
    char words[256], code[TEXT_CODE];
    print_notes(page);
    if (event->violation) {
        snprintf(words, sizeof words, "violates %.200s", event->violation);
        print_mark(page, STYLE_FAINT, words);
    }
    if (event->is_origin)
        print_mark(page, STYLE_ORIGIN, "==> ORIGIN");
    if (event->cause && event->origin) {
        snprintf(words, sizeof words, "<== %s, origin #%" PRIu32 ": %.100s",
                 text_code(event->code, code), event->origin, event->cause);
        print_mark(page, STYLE_REFUSED, words);
    } else if (event->cause) {
        snprintf(words, sizeof words, "<== %s, origin not captured: %.100s",
                 text_code(event->code, code), event->cause);
        print_mark(page, STYLE_REFUSED, words);
    }
}

/* --- the whole --- */

/* Numbers that no event has: what was one of very many is not kept. */
static void print_left_out(const struct page *page, event_no seq)
{
    char words[TEXT_COUNT];
    if (!page->previous || seq <= page->previous + 1)
        return;
    fprintf(page->out, "%s%*s... %s like these, counted and not kept%s\n",
            page_style(page, STYLE_FAINT), 2 * page->cascades.lanes, "",
            text_counted(seq - page->previous - 1, "event", words), page_style(page, STYLE_PLAIN));
}

static bool print_event(void *context, const struct history_event *event)
{
    struct page *page = context;
    print_left_out(page, event->seq);
    page->previous = event->seq;
    page->event = event;
    page->further = false;
    page_print_day(page);
    if (event->cause)
        cascades_keep_said(&page->cascades, event->seq, event->text);
    if (!print_happening(page))
        print_said(page);
    print_marks(page);
    ladder_log_print(page);
    page->previous_us = event->ts_us;
    return true;
}

static void print_finding(struct page *page, const struct cascade *cascade)
{
    char code[TEXT_CODE];
    const size_t shown = cascade->reply_count < 8 || page->ladder->full ? cascade->reply_count : 6;
    fprintf(page->out, "\n%s%s at ", page_style(page, STYLE_HEADING),
            text_code(cascade->code, code));
    for (size_t i = 0; i < shown; i++)
        fprintf(page->out, "%s#%" PRIu32,
                !i                              ? ""
                : i + 1 == cascade->reply_count ? " and "
                                                : ", ",
                cascade->replies[i]);
    if (shown < cascade->reply_count)
        fprintf(page->out, " and %zu more", cascade->reply_count - shown);
    if (cascade->origin)
        fprintf(page->out, ", origin #%" PRIu32, cascade->origin);
    fprintf(page->out, "%s\n", page_style(page, STYLE_PLAIN));
    timeline_print_paragraph(page->out, "Said", cascade->said, page->ladder->width);
    ladder_log_print_finding(page, cascade);
    timeline_print_ruling(page->out, &cascade->ruling, page->ladder->width);
    if (!cascade->repeats)
        return;
    char words[TEXT_COUNT], line[128];
    snprintf(line, sizeof line, "%s of this kind came later; %s counted and not kept.",
             text_counted(cascade->repeats, "further refusal", words),
             cascade->repeats == 1 ? "it is" : "they are");
    timeline_print_paragraph(page->out, "More", line, page->ladder->width);
}

enum {
    ALIKE_SHOWN = 5 /* findings in a row that say the same; of more only the places are told */
};

static bool is_alike(const struct cascade *one, const struct cascade *other)
{
    if (one->code != other->code || one->repeats != other->repeats ||
        one->ruling.agrees != other->ruling.agrees ||
        (one->said && other->said && strcmp(one->said, other->said) != 0))
        return false;
    for (size_t i = 0; i < CASCADE_TEXTS; i++)
        if (strcmp(text_or(one->texts[i], ""), text_or(other->texts[i], "")) != 0)
            return false;
    return true;
}

/* Prints the findings from number `first` on that say the same; returns how many these are. */
static size_t print_alike(struct page *page, size_t first)
{
    const struct cascade *all = page->cascades.all;
    size_t count = 1;
    while (first + count < page->cascades.count && is_alike(&all[first], &all[first + count]))
        count++;
    const size_t shown = count > ALIKE_SHOWN && !page->ladder->full ? 1 : count;
    for (size_t i = 0; i < shown; i++)
        print_finding(page, &all[first + i]);
    if (shown == count)
        return count;
    char words[TEXT_COUNT], line[160];
    snprintf(line, sizeof line,
             "The same is true of %s, from #%" PRIu32 " to #%" PRIu32 "; --full prints each.",
             text_counted(count - 1, "finding", words), all[first + 1].replies[0],
             all[first + count - 1].last);
    timeline_print_paragraph(page->out, "Again", line, page->ladder->width);
    return count;
}

bool ladder_print(FILE *out, const struct terminal *terminal, const struct ladder *ladder,
                  struct history *history, int64_t session_id, struct failure *why)
{
    struct page page = {.out = out, .terminal = terminal, .ladder = ladder};
    bool done = cascades_read(&page.cascades, history, session_id, why) &&
                ladder_log_read(&page.log, history, session_id, why) &&
                history_events(history, session_id, 1, UINT32_MAX, page_look_ahead, &page, why);
    if (done) {
        page_lay_out(&page);
        done = history_session(history, session_id, page_print_heading, &page, why) &&
               history_events(history, session_id, 1, UINT32_MAX, print_event, &page, why);
    }
    for (size_t i = 0; done && i < page.cascades.count;)
        i += print_alike(&page, i);
    cascades_free(&page.cascades);
    ladder_log_free(page.log);
    free(page.groups);
    return done;
}
