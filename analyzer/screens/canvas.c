/* SPDX-License-Identifier: ISC */
#include "canvas.h"

#ifdef HAVE_NCURSES

#include <errno.h>
#include <ncurses.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "heloscope/base/memory.h"

static int attributes[CANVAS_STYLES];

static void choose_styles(void)
{
    static const struct {
        short colour;
        int attribute;
    } rows[CANVAS_STYLES] = {
        [CANVAS_PLAIN] = {-1, A_NORMAL},        [CANVAS_TITLE] = {-1, A_BOLD},
        [CANVAS_CHOSEN] = {-1, A_REVERSE},      [CANVAS_ORIGIN] = {COLOR_YELLOW, A_BOLD},
        [CANVAS_REFUSED] = {COLOR_RED, A_BOLD}, [CANVAS_CLIENT] = {COLOR_CYAN, A_NORMAL},
        [CANVAS_FAINT] = {-1, A_DIM},
    };
    const char *no_colour = getenv("NO_COLOR");
    const bool colour = !(no_colour && *no_colour) && has_colors();
    if (colour) {
        start_color();
        use_default_colors();
    }
    for (int i = 0; i < CANVAS_STYLES; i++) {
        attributes[i] = rows[i].attribute;
        if (colour && rows[i].colour >= 0 && init_pair((short)(i + 1), rows[i].colour, -1) == OK)
            attributes[i] |= COLOR_PAIR(i + 1);
    }
}

bool canvas_open(struct failure *why)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return failure_set(why, "browse needs a terminal; heloscope show prints without one");
    setlocale(LC_CTYPE, "");
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (!screen)
        return failure_set(why, "the terminal '%s' is not known here; TERM names another one",
                           getenv("TERM") ? getenv("TERM") : "");
    set_escdelay(50);
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    choose_styles();
    return true;
}

void canvas_close(void)
{
    endwin();
}

int canvas_rows(void)
{
    return LINES;
}

int canvas_columns(void)
{
    return COLS;
}

void canvas_clear(void)
{
    erase();
}

/* The next character of `*text` as one that has a width; what has none becomes a question mark. */
static wchar_t next_character(const char **text, mbstate_t *state)
{
    wchar_t c;
    const size_t length = mbrtowc(&c, *text, MB_CUR_MAX, state);
    if (length == (size_t)-1 || length == (size_t)-2) {
        *state = (mbstate_t){0};
        ++*text;
        return L'?';
    }
    *text += length ? length : 1;
    return wcwidth(c) < 0 ? L'?' : c;
}

/* In a locale of single octets the others of a character are passed over. */
static void pass_over_rest(const char **text)
{
    while (MB_CUR_MAX == 1 && (**text & 0xC0) == 0x80)
        ++*text;
}

void canvas_put(int row, int column, int width, enum canvas_style style, const char *text)
{
    if (row < 0 || row >= LINES || column < 0 || column >= COLS || width <= 0)
        return;
    if (width > COLS - column)
        width = COLS - column;
    wchar_t *out = memory_get(((size_t)width * 4 + 2) * sizeof *out);
    mbstate_t state = {0};
    size_t n = 0, room = (size_t)width * 4;
    int used = 0, last = 0;
    size_t last_at = 0;
    while (*text && n < room) {
        const wchar_t c = next_character(&text, &state);
        pass_over_rest(&text);
        const int columns = wcwidth(c);
        if (used + columns > width) { /* its last column shows that there is more */
            n = last_at;
            used = last;
            out[n++] = L'>';
            used++;
            break;
        }
        if (used + columns <= width - 1) {
            last_at = n + 1;
            last = used + columns;
        }
        out[n++] = c;
        used += columns;
    }
    attrset(attributes[style]);
    mvaddnwstr(row, column, out, (int)n);
    for (; used < width; used++)
        addch(' ');
    attrset(A_NORMAL);
    free(out);
}

void canvas_show(int row, int column)
{
    curs_set(row >= 0);
    if (row >= 0)
        move(row, column);
    refresh();
}

static int special_key(wint_t key)
{
    static const struct {
        wint_t key;
        enum canvas_key is;
    } rows[] = {
        {KEY_UP, CANVAS_UP},          {KEY_DOWN, CANVAS_DOWN},       {KEY_LEFT, CANVAS_LEFT},
        {KEY_RIGHT, CANVAS_RIGHT},    {KEY_PPAGE, CANVAS_PAGE_UP},   {KEY_NPAGE, CANVAS_PAGE_DOWN},
        {KEY_HOME, CANVAS_HOME},      {KEY_END, CANVAS_END},         {KEY_ENTER, CANVAS_ENTER},
        {KEY_RESIZE, CANVAS_RESIZED}, {KEY_BACKSPACE, CANVAS_ERASE}, {KEY_F(1), CANVAS_HELP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].key == key)
            return rows[i].is;
    return CANVAS_OTHER;
}

int canvas_key(int milliseconds)
{
    wint_t key;
    timeout(milliseconds);
    const int result = get_wch(&key);
    if (result == ERR)
        return CANVAS_NOTHING;
    if (result == KEY_CODE_YES)
        return special_key(key);
    switch (key) {
    case L'\r':
    case L'\n':
        return CANVAS_ENTER;
    case 27:
        return CANVAS_ESCAPE;
    case 8:
    case 127:
        return CANVAS_ERASE;
    default:
        return (int)key;
    }
}

#else

bool canvas_open(struct failure *why)
{
    return failure_set(why, "this program was built without ncurses (configure --without-ncurses); "
                            "heloscope show prints the same");
}

void canvas_close(void) {}

int canvas_rows(void)
{
    return 24;
}

int canvas_columns(void)
{
    return 80;
}

void canvas_clear(void) {}

void canvas_put(int row, int column, int width, enum canvas_style style, const char *text)
{
    (void)row, (void)column, (void)width, (void)style, (void)text;
}

void canvas_show(int row, int column)
{
    (void)row, (void)column;
}

int canvas_key(int milliseconds)
{
    (void)milliseconds;
    return 'q';
}

#endif
