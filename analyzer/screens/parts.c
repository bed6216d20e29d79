/* SPDX-License-Identifier: ISC */
/* What the screens have in common: scrolling, the last line, questions, help, files. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/software/client_habits.h"
#include "heloscope/evidence/cut.h"
#include "heloscope/output/timeline_print.h"
#include "screens.h"

bool scroll_by(int key, size_t count, int visible, size_t *chosen, size_t *top)
{
    const size_t page = visible > 1 ? (size_t)visible - 1 : 1;
    const size_t last = count ? count - 1 : 0;
    bool moved = true;
    switch (key) {
    case CANVAS_UP:
    case 'k':
        *chosen -= *chosen > 0;
        break;
    case CANVAS_DOWN:
    case 'j':
        ++*chosen;
        break;
    case CANVAS_PAGE_UP:
        *chosen = *chosen > page ? *chosen - page : 0;
        break;
    case CANVAS_PAGE_DOWN:
        *chosen += page;
        break;
    case CANVAS_HOME:
    case 'g':
        *chosen = 0;
        break;
    case CANVAS_END:
    case 'G':
        *chosen = last;
        break;
    default:
        moved = false;
    }
    if (*chosen > last)
        *chosen = last;
    if (*top > *chosen)
        *top = *chosen;
    if (visible > 0 && *chosen >= *top + (size_t)visible)
        *top = *chosen - (size_t)visible + 1;
    return moved;
}

void draw_footer(struct screens *screens, const char *keys)
{
    const bool told = screens->message[0] != '\0';
    canvas_put(canvas_rows() - 1, 0, canvas_columns(), told ? CANVAS_TITLE : CANVAS_CHOSEN,
               told ? screens->message : keys);
}

bool prompt_line(const char *question, char *text, size_t size)
{
    for (;;) {
        char line[512];
        snprintf(line, sizeof line, "%s%s", question, text);
        canvas_put(canvas_rows() - 1, 0, canvas_columns(), CANVAS_TITLE, line);
        canvas_show(canvas_rows() - 1, (int)strlen(line));
        const int key = canvas_key(-1);
        size_t length = strlen(text);
        if (key == CANVAS_ENTER)
            return length > 0;
        if (key == CANVAS_ESCAPE || key == CANVAS_NOTHING)
            return false;
        if (key == CANVAS_ERASE && length)
            text[length - 1] = '\0';
        else if (key >= ' ' && key < 127 && length + 1 < size) {
            text[length] = (char)key;
            text[length + 1] = '\0';
        }
    }
}

void help_screen(void)
{
    static const char *const lines[] = {
        "heloscope browse",
        "",
        "Everywhere",
        "  up, down, PgUp, PgDn, Home, End   move (also k, j, g, G)",
        "  s  save the session as text        c  cut its packets into a file of pcapng",
        "  ?  this help                       q, Esc  back, and out of the list",
        "",
        "In the list",
        "  Enter  the session as a ladder     r  what was said",
        "  /  filter as you type: words that must all be in a row (address, name,",
        "     program, cause, fault, capture); Enter keeps the filter, Esc drops it",
        "  e  only sessions with errors, and all again",
        "  space  mark a session             d  the marked one and this one side by side",
        "",
        "In a session",
        "  o  from a 503 to its origin, and from an origin to its first 503",
        "  O  to the next 503 of the same origin",
        "  r  what was said, and the ladder again",
        "  n, p  the next session of the list, the one before",
        "",
        "In the margin * is the origin, > what was refused because of it.",
    };
    const int count = (int)(sizeof lines / sizeof *lines);
    int key;
    do {
        canvas_clear();
        for (int i = 0; i < count; i++)
            canvas_put(i, 1, canvas_columns() - 1, lines[i][0] == ' ' ? CANVAS_PLAIN : CANVAS_TITLE,
                       lines[i]);
        canvas_put(canvas_rows() - 1, 0, canvas_columns(), CANVAS_CHOSEN, " any key: back");
        canvas_show(-1, 0);
        key = canvas_key(-1);
    } while (key == CANVAS_RESIZED);
}

/* --- files --- */

struct saving {
    FILE *out;
    const struct terminal *terminal;
    int64_t start_us;
};

static bool put_head(void *context, const struct history_session *row)
{
    struct saving *saving = context;
    saving->start_us = row->started_us;
    fprintf(saving->out, "Session %" PRId64 ": ", row->session_id);
    text_endpoint(saving->out, row->client_addr, row->client_port);
    fputs(" -> ", saving->out);
    text_endpoint(saving->out, row->server_addr, row->server_port);
    putc('\n', saving->out);
    timeline_print_heading(saving->out, saving->terminal);
    return true;
}

static bool put_event(void *context, const struct history_event *row)
{
    struct saving *saving = context;
    timeline_print_event(saving->out, saving->terminal, row, saving->start_us);
    return true;
}

static bool put_finding(void *context, const struct history_diagnosis *row)
{
    struct saving *saving = context;
    char code[TEXT_CODE];
    fprintf(saving->out, "\n%s at #%" PRIu32 ", origin #%" PRIu32 "\n", text_code(row->code, code),
            row->reply, row->origin);
    char habit[HABIT_TEXT];
    const enum cause cause = cause_by_name(bytes_of_string(text_or(row->cause, "unknown")));
    const bool known = client_habit_tell(row->client_software, cause, habit);
    const struct ruling ruling = {
        text_or(row->cause, "unknown"),
        text_or(row->fault, "unknown"),
        text_or(row->certainty, "unknown"),
        row->server_says,
        row->explanation,
        row->advice,
        known ? habit : NULL,
        row->agrees,
    };
    timeline_print_ruling(saving->out, &ruling, TIMELINE_WIDTH);
    return true;
}

/* Never over a file that is there. */
static bool write_text(struct screens *screens, int64_t session_id, const char *path,
                       struct failure *why)
{
    FILE *out = fopen(path, "wx");
    if (!out)
        return failure_set(why, "'%s' cannot be written: %s", path, strerror(errno));
    struct saving saving = {out, &screens->terminal, 0};
    bool done =
        history_session(screens->history, session_id, put_head, &saving, why) &&
        history_events(screens->history, session_id, 1, UINT32_MAX, put_event, &saving, why) &&
        history_session_diagnoses(screens->history, session_id, put_finding, &saving, why);
    if (fclose(out) != 0 && done)
        done = failure_set(why, "'%s' cannot be written: %s", path, strerror(errno));
    return done;
}

void save_text(struct screens *screens, int64_t session_id)
{
    char path[200];
    struct failure why = {""};
    snprintf(path, sizeof path, "session-%" PRId64 ".txt", session_id);
    if (!prompt_line("Save as text to: ", path, sizeof path))
        return;
    if (write_text(screens, session_id, path, &why))
        snprintf(screens->message, sizeof screens->message, "saved to %s", path);
    else
        snprintf(screens->message, sizeof screens->message, "%s", why.text);
}

void save_packets(struct screens *screens, int64_t session_id)
{
    char path[200], packets[TEXT_COUNT], comments[TEXT_COUNT];
    struct failure why = {""};
    struct cut_result result;
    snprintf(path, sizeof path, "session-%" PRId64 ".pcapng", session_id);
    if (!prompt_line("Cut its packets to: ", path, sizeof path))
        return;
    if (strcmp(path, "-") == 0)
        return;
    const struct cut_job job = {.output = path};
    if (cut_sessions(screens->history, &session_id, 1, &job, &result, &why))
        snprintf(screens->message, sizeof screens->message, "%s in %s, %s",
                 text_counted(result.packets, "packet", packets), path,
                 text_counted(result.comments, "comment", comments));
    else
        snprintf(screens->message, sizeof screens->message, "%s", why.text);
}
