/* SPDX-License-Identifier: ISC */
/* The list of sessions, which grows while a monitor writes. */
#include "heloscope/screens/browse.h"

#include <inttypes.h>
#include <string.h>

#include "screens.h"

enum {
    LIST_HEAD = 3, /* rows above the first session */
};

static int visible_rows(void)
{
    return canvas_rows() - LIST_HEAD - 1;
}

/* Where the columns begin on a terminal of `columns`; what is left goes to the last. */
struct columns {
    int start, client, server, helo, counts, cause;
};

static struct columns place_columns(int columns)
{
    struct columns at = {
        .start = 8, .client = 18, .server = 38, .helo = 0, .counts = 58, .cause = 63};
    if (columns >= 120)
        at = (struct columns){
            .start = 8, .client = 32, .server = 58, .helo = 84, .counts = 106, .cause = 112};
    return at;
}

static void draw_heads(const struct columns *at)
{
    canvas_put(2, 0, canvas_columns(), CANVAS_FAINT, "  session");
    canvas_put(2, at->start + 2, 10, CANVAS_FAINT, "start");
    canvas_put(2, at->client, 18, CANVAS_FAINT, "client");
    canvas_put(2, at->server, 18, CANVAS_FAINT, "server");
    if (at->helo)
        canvas_put(2, at->helo, 20, CANVAS_FAINT, "helo");
    canvas_put(2, at->counts, 4, CANVAS_FAINT, "503s");
    canvas_put(2, at->cause, canvas_columns() - at->cause, CANVAS_FAINT, "cause");
}

static void draw_session(const struct screens *screens, const struct listed *row,
                         const struct columns *at, int line, bool chosen)
{
    const enum canvas_style style = chosen        ? CANVAS_CHOSEN
                                    : row->errors ? CANVAS_REFUSED
                                                  : CANVAS_PLAIN;
    char cell[64], when[TEXT_TIME];
    canvas_put(line, 0, canvas_columns(), style, "");
    snprintf(cell, sizeof cell, "%c%6" PRId64, row->id == screens->marked ? '+' : ' ', row->id);
    canvas_put(line, 0, at->start, style, cell);
    terminal_time(&screens->terminal, row->started_us, when);
    /* A narrow list has the time of day alone. */
    snprintf(cell, sizeof cell, canvas_columns() >= 120 ? "%.19s" : "%.8s",
             canvas_columns() >= 120 || strlen(when) < 19 ? when : when + 11);
    canvas_put(line, at->start + 1, at->client - at->start - 2, style, cell);
    canvas_put(line, at->client, at->server - at->client - 1, style, row->client);
    canvas_put(line, at->server, (at->helo ? at->helo : at->counts) - at->server - 1, style,
               row->server);
    if (at->helo)
        canvas_put(line, at->helo, at->counts - at->helo - 1, style, row->helo);
    snprintf(cell, sizeof cell, "%4d", row->errors_503);
    canvas_put(line, at->counts, 4, style, cell);
    canvas_put(line, at->cause, canvas_columns() - at->cause, style,
               *row->cause ? row->cause : row->outcome);
}

static void draw_list(struct screens *screens, bool typing)
{
    const struct listing *listing = &screens->listing;
    const struct columns at = place_columns(canvas_columns());
    char line[256];
    size_t troubled = 0;
    for (size_t i = 0; i < listing->count; i++)
        troubled += listing->all[i].errors > 0;
    canvas_clear();
    snprintf(line, sizeof line, "heloscope  %s  %zu sessions, %zu with errors",
             screens->job->database, listing->count, troubled);
    canvas_put(0, 0, canvas_columns(), CANVAS_TITLE, line);
    snprintf(line, sizeof line, "Filter: %s", listing->filter);
    canvas_put(1, 0, canvas_columns(), typing ? CANVAS_TITLE : CANVAS_FAINT, line);
    const int after = (int)strlen(line);
    snprintf(line, sizeof line, "%zu shown%s", listing->shown_count,
             listing->only_errors ? ", only with errors" : "");
    canvas_put(1, canvas_columns() - 30, 30, CANVAS_FAINT, line);
    draw_heads(&at);
    const int visible = visible_rows();
    for (int i = 0; i < visible && screens->top + (size_t)i < listing->shown_count; i++) {
        const size_t row = screens->top + (size_t)i;
        draw_session(screens, &listing->all[listing->shown[row]], &at, LIST_HEAD + i,
                     row == screens->chosen);
    }
    draw_footer(screens, typing
                             ? " type words  Enter keep  Esc drop"
                             : " Enter ladder  r text  / filter  e errors  space mark  d compare  "
                               "? help  q quit");
    canvas_show(typing ? 1 : -1, after);
}

/* Puts the chosen session back to where it is now. */
static void find_chosen(struct screens *screens)
{
    const struct listing *listing = &screens->listing;
    for (size_t i = 0; i < listing->shown_count; i++)
        if (listing->all[listing->shown[i]].id == screens->chosen_id)
            screens->chosen = i;
    scroll_by(CANVAS_OTHER, listing->shown_count, visible_rows(), &screens->chosen, &screens->top);
}

static int64_t chosen_session(const struct screens *screens)
{
    const struct listing *listing = &screens->listing;
    return screens->chosen < listing->shown_count ? listing->all[listing->shown[screens->chosen]].id
                                                  : 0;
}

/* A key while the filter is typed; false when that is over. */
static bool type_filter(struct screens *screens, int key)
{
    char *filter = screens->listing.filter;
    const size_t length = strlen(filter);
    if (key == CANVAS_ENTER)
        return false;
    if (key == CANVAS_ESCAPE)
        filter[0] = '\0';
    else if (key == CANVAS_ERASE && length)
        filter[length - 1] = '\0';
    else if (key >= ' ' && key < 127 && length + 1 < FILTER_SIZE) {
        filter[length] = (char)key;
        filter[length + 1] = '\0';
    }
    listing_filter(&screens->listing);
    find_chosen(screens);
    return key != CANVAS_ESCAPE;
}

static void compare(struct screens *screens)
{
    if (!screens->marked || screens->marked == chosen_session(screens))
        snprintf(screens->message, sizeof screens->message,
                 "mark another session with the space bar first");
    else
        pair_screen(screens, screens->marked, chosen_session(screens));
}

/* What is done with the chosen session. */
static void act(struct screens *screens, int key)
{
    const int64_t id = chosen_session(screens);
    if (!id)
        return;
    if (key == CANVAS_ENTER || key == CANVAS_RIGHT)
        session_screen(screens, id, false);
    else if (key == 'r')
        session_screen(screens, id, true);
    else if (key == ' ')
        screens->marked = screens->marked == id ? 0 : id;
    else if (key == 'd')
        compare(screens);
    else if (key == 's')
        save_text(screens, id);
    else if (key == 'c')
        save_packets(screens, id);
}

/* False when the list is left. */
static bool obey(struct screens *screens, int key, bool *typing)
{
    if (*typing) {
        *typing = type_filter(screens, key);
        screens->chosen_id = chosen_session(screens);
        return true;
    }
    scroll_by(key, screens->listing.shown_count, visible_rows(), &screens->chosen, &screens->top);
    screens->chosen_id = chosen_session(screens);
    if (key == '/')
        *typing = true;
    else if (key == '?' || key == CANVAS_HELP)
        help_screen();
    else if (key == 'e') {
        screens->listing.only_errors = !screens->listing.only_errors;
        listing_filter(&screens->listing);
        find_chosen(screens);
    } else
        act(screens, key);
    return key != 'q';
}

/* Until the user leaves; false when the history cannot be read any more. */
static bool run_list(struct screens *screens)
{
    bool typing = false, changed = false;
    for (;;) {
        if (!listing_read(&screens->listing, &changed, screens->why))
            return false;
        if (changed)
            find_chosen(screens);
        draw_list(screens, typing);
        const int key = canvas_key(REFRESH_MS);
        if (key == CANVAS_NOTHING)
            continue;
        screens->message[0] = '\0';
        if (key == CANVAS_RESIZED)
            find_chosen(screens);
        else if (!obey(screens, key, &typing))
            return true;
    }
}

bool browse(struct history *history, const struct browse_job *job, struct failure *why)
{
    struct screens screens = {
        .history = history,
        .job = job,
        .terminal = {.utc = job->utc},
        .listing = {.history = history, .selection = job->selection},
        .why = why,
    };
    if (!canvas_open(why))
        return false;
    const bool done = run_list(&screens);
    canvas_close();
    listing_free(&screens.listing);
    return done;
}
