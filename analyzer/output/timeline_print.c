/* SPDX-License-Identifier: ISC */
#include "heloscope/output/timeline_print.h"

#include <inttypes.h>

#include "heloscope/base/text.h"

enum {
    TEXT_COLUMN = 32, /* where an event's text begins */
    MARK_LIMIT = 100, /* a mark that would end beyond it goes on a line of its own */
    LABEL_INDENT = 4,
    LABEL_WIDTH = 9,
};

void timeline_print_heading(FILE *out, const struct terminal *terminal)
{
    fprintf(out, "%s%6s %12s %7s%s\n", terminal_style(terminal, STYLE_FAINT), "event", "seconds",
            "packet", terminal_style(terminal, STYLE_PLAIN));
}

/* What stands for events that have no text of their own. */
static const struct {
    const char *kind, *words, *sized; /* `sized`: followed by the number of octets */
    bool sided;                       /* one of the two sides said it */
} kinds[] = {
    {"open", "(connection opened)", NULL, false},
    {"close", "(connection closed)", NULL, false},
    {"auth", "(credentials, not kept)", NULL, true},
    {"data", "(message)", "(message, ", true},
    {"chunk", "(chunk)", "(chunk, ", true},
    {"tls", "(TLS from here on)", NULL, false},
    {"gap", "(not in the capture)", "(not in the capture: ", true},
};

static bool is_sided(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].sided;
    return true;
}

static int print_substitute(FILE *out, const struct history_event *event)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].kind, event->kind) != 0)
            continue;
        char words[TEXT_COUNT];
        if (event->bytes >= 0 && kinds[i].sized)
            return fprintf(out, "%s%s)", kinds[i].sized,
                           text_counted((uint64_t)event->bytes, "octet", words));
        return fprintf(out, "%s", kinds[i].words);
    }
    return fprintf(out, "(%s)", event->kind);
}

/* The text, its further lines below the first; returns the column behind it. */
static int print_text(FILE *out, const char *text)
{
    int columns = 0;
    for (bool first = true;; first = false) {
        size_t length = strcspn(text, "\n");
        if (!first)
            fprintf(out, "\n%*s", TEXT_COLUMN, "");
        columns = (int)text_print(out, bytes_of(text, length));
        if (!text[length])
            return TEXT_COLUMN + columns;
        text += length + 1;
    }
}

/* "open", "close" and "tls" carry a remark where the text of others stands. */
static int print_content(FILE *out, const struct history_event *event)
{
    bool spoken = strcmp(event->kind, "command") == 0 || strcmp(event->kind, "reply") == 0 ||
                  strcmp(event->kind, "greeting") == 0;
    if (spoken)
        return print_text(out, event->text ? event->text : "");
    int column = TEXT_COLUMN + print_substitute(out, event);
    if (event->text && *event->text) {
        putc(' ', out);
        column += 1 + (int)text_print(out, bytes_of_string(event->text));
    }
    return column;
}

static int print_notes(FILE *out, const char *notes)
{
    if (!notes || !*notes)
        return 0;
    fputs("  [", out);
    size_t columns = text_print(out, bytes_of_string(notes));
    putc(']', out);
    return (int)columns + 4;
}

/* All marks of an event in one line; "" when it has none. */
static void compose_marks(const struct history_event *event, char *out, size_t size)
{
    int length = 0;
    char code[TEXT_CODE];
    text_code(event->code, code);
    out[0] = '\0';
    if (event->is_origin)
        length += snprintf(out, size, "  ==> ORIGIN");
    if (event->cause && event->origin)
        length +=
            snprintf(out + length, size - (size_t)length, "  <== %s, origin #%" PRIu32 ": %.40s",
                     code, event->origin, event->cause);
    else if (event->cause)
        length += snprintf(out + length, size - (size_t)length,
                           "  <== %s, origin not captured: %.40s", code, event->cause);
    if (event->violation)
        snprintf(out + length, size - (size_t)length, "  -- violates: %.60s", event->violation);
}

static void print_marks(FILE *out, const struct terminal *terminal,
                        const struct history_event *event, int column)
{
    char marks[256];
    compose_marks(event, marks, sizeof marks);
    if (!marks[0])
        return;
    if (column + (int)strlen(marks) > MARK_LIMIT)
        fprintf(out, "\n%*s", TEXT_COLUMN - 2, "");
    enum style style = event->is_origin ? STYLE_ORIGIN : event->cause ? STYLE_REFUSED : STYLE_FAINT;
    fprintf(out, "%s%s%s", terminal_style(terminal, style), marks,
            terminal_style(terminal, STYLE_PLAIN));
}

static enum style event_style(const struct history_event *event)
{
    if (event->is_origin)
        return STYLE_ORIGIN;
    if (event->cause)
        return STYLE_REFUSED;
    return event->side == 'C' ? STYLE_CLIENT : STYLE_PLAIN;
}

void timeline_print_event(FILE *out, const struct terminal *terminal,
                          const struct history_event *event, int64_t start_us)
{
    const char *arrow = !is_sided(event->kind) ? "" : event->side == 'C' ? "C>" : "S<";
    int64_t offset = event->ts_us - start_us;
    fprintf(out, "%6" PRIu32 " %5" PRId64 ".%06d %7" PRId64 "  %s%-2s ", event->seq,
            offset / 1000000, (int)((offset < 0 ? -offset : offset) % 1000000), event->packet,
            terminal_style(terminal, event_style(event)), arrow);
    int column = print_content(out, event);
    fputs(terminal_style(terminal, STYLE_PLAIN), out);
    column += print_notes(out, event->note);
    print_marks(out, terminal, event, column);
    putc('\n', out);
}

void timeline_print_elision(FILE *out, const struct terminal *terminal, event_no count)
{
    char words[TEXT_COUNT];
    fprintf(out, "%s%6s %s%s\n", terminal_style(terminal, STYLE_FAINT), "...",
            text_counted(count, "event", words), terminal_style(terminal, STYLE_PLAIN));
}

void timeline_print_paragraph(FILE *out, const char *label, const char *text, int width)
{
    if (!text || !*text)
        return;
    fprintf(out, "%*s%-*s", LABEL_INDENT, "", LABEL_WIDTH, label);
    text_wrap(out, text, LABEL_INDENT + LABEL_WIDTH, LABEL_INDENT + LABEL_WIDTH, width);
}

static const char *title_of(const char *cause)
{
    const struct cause_entry *entry = cause_entry(cause_by_name(bytes_of_string(cause)));
    return entry->title[0] ? entry->title : "a cause that this version does not know";
}

/* Whose fault it is, for a reader who does not know the words of the database. */
static const struct {
    const char *fault, *words;
} faults[] = {
    {"client", "the client's"},
    {"pipelining", "nobody's: the command was on its way before the refusal could be seen"},
    {"server", "the server's: the sequence of commands was legal"},
    {"middlebox", "that of a device between client and server"},
    {"policy", "nobody's: the server's rules refuse it"},
    {"unknown", "not known"},
};

static const char *fault_words(const char *fault)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (strcmp(faults[i].fault, fault) == 0)
            return faults[i].words;
    return fault;
}

void timeline_print_ruling(FILE *out, const struct ruling *ruling, int width)
{
    char line[512];
    snprintf(line, sizeof line, "%s: %s", ruling->cause, title_of(ruling->cause));
    timeline_print_paragraph(out, "Cause", line, width);
    bool open = strcmp(ruling->certainty, "unknown") == 0;
    snprintf(line, sizeof line, "%s%s%s%s", fault_words(ruling->fault), open ? "" : " (",
             open ? "" : ruling->certainty, open ? "" : ")");
    timeline_print_paragraph(out, "Fault", line, width);
    timeline_print_paragraph(out, "Why", ruling->explanation, width);
    timeline_print_paragraph(out, "Client", ruling->habit, width);
    timeline_print_paragraph(out, "To do", ruling->advice, width);
    if (ruling->agrees != 0 || !ruling->server_says || !*ruling->server_says)
        return;
    snprintf(line, sizeof line,
             "The reply's own text points to %s (%s), which is not what the session shows.",
             ruling->server_says, title_of(ruling->server_says));
    timeline_print_paragraph(out, "Note", line, width);
}

void timeline_json_event(struct json *json, const struct history_event *event)
{
    json_open(json, NULL, '{');
    json_integer(json, "seq", event->seq);
    json_integer(json, "ts_us", event->ts_us);
    json_integer(json, "packet", event->packet);
    json_string(json, "side", event->side == 'C' ? "C" : "S");
    json_string(json, "kind", event->kind);
    json_string(json, "text", event->text);
    if (event->code)
        json_integer(json, "code", event->code);
    if (event->bytes >= 0)
        json_integer(json, "bytes", event->bytes);
    if (event->answers)
        json_integer(json, "answers", event->answers);
    if (event->note && *event->note)
        json_string(json, "note", event->note);
    if (event->violation)
        json_string(json, "violation", event->violation);
    if (event->is_origin)
        json_boolean(json, "is_origin", true);
    if (event->cause) {
        json_string(json, "cause", event->cause);
        json_integer(json, "origin", event->origin);
    }
    json_close(json);
}
