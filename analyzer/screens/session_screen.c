/* SPDX-License-Identifier: ISC */
/* One session, as a ladder or as what was said; and two of them side by side. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "screens.h"

enum {
    MARGIN = 2,
    LEAD = 19,   /* columns in front of what was said: margin, number, seconds */
    DETAILS = 6, /* rows about the chosen event */
    HEAD_ROWS = 2,
};

/* --- the ladder --- */

/* Texts that are longer than their part of the lane are cut; the rows below have them whole. */
static void draw_rung(const struct told_event *event, int row, enum canvas_style style)
{
    const int lane = canvas_columns() - LEAD;
    const int most = lane - 4;
    int columns = (int)text_columns(bytes_of_string(event->line));
    if (columns > most)
        columns = most;
    if (event->fact) {
        canvas_put(row, LEAD + (lane - columns) / 2, columns, style, event->line);
    } else if (event->client) {
        canvas_put(row, LEAD, columns, style, event->line);
        canvas_put(row, LEAD + columns + 1, 3, CANVAS_FAINT, "-->");
    } else {
        canvas_put(row, LEAD + lane - columns, columns, style, event->line);
        canvas_put(row, LEAD + lane - columns - 4, 3, CANVAS_FAINT, "<--");
    }
}

static enum canvas_style style_of(const struct told_event *event, bool chosen)
{
    if (chosen)
        return CANVAS_CHOSEN;
    if (event->is_origin)
        return CANVAS_ORIGIN;
    if (event->is_refusal)
        return CANVAS_REFUSED;
    if (event->fact)
        return CANVAS_FAINT;
    return event->client ? CANVAS_CLIENT : CANVAS_PLAIN;
}

static void draw_event(const struct telling *telling, size_t index, size_t chosen, int row)
{
    const struct told_event *event = &telling->events[index];
    char lead[64];
    const char margin = telling_margin(telling, index, chosen);
    snprintf(lead, sizeof lead, "%c %4" PRIu32 " %6" PRId64 ".%03d", margin, event->seq,
             event->us / 1000000, (int)(event->us % 1000000 / 1000));
    canvas_put(row, 0, LEAD - 1, margin == '*' || margin == '>' ? CANVAS_REFUSED : CANVAS_FAINT,
               lead);
    draw_rung(event, row, style_of(event, index == chosen));
}

/* Wraps `text` into the rows from `row` to `end`; returns the next one. */
static int draw_wrapped(int row, int end, enum canvas_style style, const char *text)
{
    char *out = NULL;
    size_t length = 0;
    FILE *memory = *text ? open_memstream(&out, &length) : NULL;
    if (!memory)
        return row;
    text_wrap(memory, text, 0, 0, canvas_columns() - 1);
    fclose(memory);
    for (char *line = strtok(out, "\n"); line && row < end; line = strtok(NULL, "\n"))
        canvas_put(row++, 0, canvas_columns(), style, line);
    free(out);
    return row;
}

static void draw_details(const struct telling *telling, size_t chosen, int row, int end)
{
    const struct told_event *event = &telling->events[chosen];
    const struct told_finding *finding = telling_finding(telling, event->seq);
    char line[256];
    snprintf(line, sizeof line, "#%" PRIu32 ", packet %" PRId64 "%s%s", event->seq, event->packet,
             *event->note ? ": " : "", event->note);
    canvas_put(row++, 0, canvas_columns(), CANVAS_FAINT, line);
    if (finding) {
        row = draw_wrapped(row, end, CANVAS_TITLE, finding->head);
        row = draw_wrapped(row, end, CANVAS_PLAIN, finding->explanation);
        draw_wrapped(row, end, CANVAS_PLAIN, finding->advice);
        return;
    }
    row = draw_wrapped(row, end, CANVAS_PLAIN, event->line);
    for (const char *at = event->more; *at && row < end;) {
        const size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        canvas_put(row++, 0, canvas_columns(), CANVAS_PLAIN, line);
        at += length + (at[length] == '\n');
    }
}

static int rungs(void)
{
    return canvas_rows() - HEAD_ROWS - DETAILS - 2;
}

static void draw_ladder(const struct telling *telling, size_t top, size_t chosen)
{
    const int visible = rungs(), line = HEAD_ROWS + visible;
    canvas_put(1, LEAD, 10, CANVAS_FAINT, "client");
    canvas_put(1, canvas_columns() - 6, 6, CANVAS_FAINT, "server");
    for (int i = 0; i < visible && top + (size_t)i < telling->count; i++)
        draw_event(telling, top + (size_t)i, chosen, HEAD_ROWS + i);
    for (int column = 0; column < canvas_columns(); column++)
        canvas_put(line, column, 1, CANVAS_FAINT, "-");
    if (telling->count)
        draw_details(telling, chosen, line + 1, canvas_rows() - 1);
}

/* --- what was said --- */

size_t said_lines(const struct telling *telling, struct said_line **out)
{
    size_t count = 0, room = telling->count + 1;
    *out = memory_get(room * sizeof **out);
    for (size_t i = 0; i < telling->count; i++) {
        const struct told_event *event = &telling->events[i];
        const char *texts[] = {event->line, event->more};
        for (int part = 0; part < 2 && !event->fact; part++)
            for (const char *at = texts[part]; *at;) {
                const size_t length = strcspn(at, "\n");
                if (count == room)
                    *out = memory_resize(*out, (room *= 2) * sizeof **out);
                (*out)[count++] = (struct said_line){event->client, part == 0, at, length, event};
                at += length + (at[length] == '\n');
            }
    }
    return count;
}

static void draw_said(const struct said_line *said, int row, int column, int width, bool chosen)
{
    char line[600];
    snprintf(line, sizeof line, "%c: %.*s", said->client ? 'C' : 'S', (int)said->length,
             said->text);
    canvas_put(row, column, width, style_of(said->event, chosen), line);
}

/* --- the screen --- */

struct view {
    struct screens *screens;
    struct telling telling;
    struct said_line *said;
    size_t said_count, chosen, top, said_chosen, said_top;
    bool raw;
};

static bool open_telling(struct view *view, int64_t session_id)
{
    struct failure why = {""};
    free(view->said);
    view->said = NULL;
    telling_free(&view->telling);
    const bool done = telling_read(&view->telling, view->screens->history, session_id, &why);
    if (!done)
        snprintf(view->screens->message, sizeof view->screens->message, "%s", why.text);
    view->said_count = said_lines(&view->telling, &view->said);
    view->chosen = view->top = view->said_chosen = view->said_top = 0;
    /* To where the trouble is. */
    if (view->telling.finding_count)
        for (size_t i = 0; i < view->telling.count; i++)
            if (view->telling.events[i].seq == view->telling.findings[0].reply)
                view->chosen = i;
    return done;
}

static void draw_view(struct view *view)
{
    canvas_clear();
    canvas_put(0, 0, canvas_columns(), CANVAS_TITLE, view->telling.title);
    if (view->raw) {
        const int visible = canvas_rows() - HEAD_ROWS - 1;
        scroll_by(CANVAS_OTHER, view->said_count, visible, &view->said_chosen, &view->said_top);
        for (int i = 0; i < visible && view->said_top + (size_t)i < view->said_count; i++)
            draw_said(&view->said[view->said_top + (size_t)i], HEAD_ROWS + i, 0, canvas_columns(),
                      view->said_top + (size_t)i == view->said_chosen);
    } else {
        scroll_by(CANVAS_OTHER, view->telling.count, rungs(), &view->chosen, &view->top);
        draw_ladder(&view->telling, view->top, view->chosen);
    }
    draw_footer(view->screens,
                view->raw ? " r ladder  s save  c cut  n/p next, previous  ? help  q back"
                          : " o origin/503  O next 503  r text  s save  c cut  n/p  ? help  "
                            "q back");
    canvas_show(-1, 0);
}

/* The next session of the list, or the one before. */
static void step(struct view *view, int by)
{
    struct screens *screens = view->screens;
    const size_t count = screens->listing.shown_count;
    if ((by < 0 && !screens->chosen) || (by > 0 && screens->chosen + 1 >= count))
        return;
    screens->chosen += (size_t)by;
    screens->chosen_id = screens->listing.all[screens->listing.shown[screens->chosen]].id;
    open_telling(view, screens->chosen_id);
}

/* False when the screen is left. */
static bool obey(struct view *view, int key)
{
    struct screens *screens = view->screens;
    if (view->raw ? scroll_by(key, view->said_count, canvas_rows() - HEAD_ROWS - 1,
                              &view->said_chosen, &view->said_top)
                  : scroll_by(key, view->telling.count, rungs(), &view->chosen, &view->top))
        return true;
    switch (key) {
    case 'q':
    case CANVAS_ESCAPE:
    case CANVAS_LEFT:
        return false;
    case 'o':
        view->chosen = telling_partner(&view->telling, view->chosen);
        break;
    case 'O':
        view->chosen = telling_next_refusal(&view->telling, view->chosen);
        break;
    case 'r':
        view->raw = !view->raw;
        break;
    case 'n':
        step(view, 1);
        break;
    case 'p':
        step(view, -1);
        break;
    case 's':
        save_text(screens, view->telling.session_id);
        break;
    case 'c':
        save_packets(screens, view->telling.session_id);
        break;
    case '?':
    case CANVAS_HELP:
        help_screen();
        break;
    default:
        break;
    }
    return true;
}

void session_screen(struct screens *screens, int64_t session_id, bool raw)
{
    struct view view = {.screens = screens, .raw = raw};
    bool on = open_telling(&view, session_id);
    while (on) {
        draw_view(&view);
        const int key = canvas_key(-1);
        screens->message[0] = '\0';
        on = key != CANVAS_NOTHING && obey(&view, key);
    }
    free(view.said);
    telling_free(&view.telling);
}

/* --- two sessions --- */

static bool same_line(const struct said_line *a, const struct said_line *b)
{
    return a->client == b->client && a->length == b->length &&
           memcmp(a->text, b->text, a->length) == 0;
}

void pair_screen(struct screens *screens, int64_t left, int64_t right)
{
    struct view views[2] = {{.screens = screens}, {.screens = screens}};
    size_t top = 0, at = 0;
    int key = CANVAS_RESIZED;
    bool on = open_telling(&views[0], left) && open_telling(&views[1], right);
    const size_t a = views[0].said_count, b = views[1].said_count;
    const size_t most = a > b ? a : b, least = a < b ? a : b;
    size_t parts = 0; /* the first line in which they differ */
    while (parts < least && same_line(&views[0].said[parts], &views[1].said[parts]))
        parts++;
    at = on && parts < most ? parts : 0;
    for (; on; key = canvas_key(-1), on = key != 'q' && key != CANVAS_ESCAPE && key >= 0) {
        const int width = (canvas_columns() - 3) / 2, visible = canvas_rows() - 2;
        scroll_by(key, most, visible, &at, &top);
        canvas_clear();
        for (int side = 0; side < 2; side++) {
            const int column = side * (width + 3);
            canvas_put(0, column, width, CANVAS_TITLE, views[side].telling.title);
            for (int i = 0; i < visible && top + (size_t)i < views[side].said_count; i++)
                draw_said(&views[side].said[top + (size_t)i], 1 + i, column, width,
                          top + (size_t)i == at);
        }
        for (int i = 0; i < visible; i++)
            canvas_put(1 + i, width + 1, 1, top + (size_t)i == parts ? CANVAS_ORIGIN : CANVAS_FAINT,
                       top + (size_t)i == parts && parts < most ? "!" : "|");
        draw_footer(screens, " ! the first line in which they differ   q back");
        canvas_show(-1, 0);
    }
    for (int side = 0; side < 2; side++) {
        free(views[side].said);
        telling_free(&views[side].telling);
    }
}
