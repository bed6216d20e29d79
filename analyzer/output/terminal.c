/* SPDX-License-Identifier: ISC */
#include "heloscope/output/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/text.h"

enum {
    BAR_WIDTH = 30,
    BAR_INTERVAL_US = 100000
};

static bool colour_is_wanted(enum colour_choice choice)
{
    if (choice != COLOUR_AUTO)
        return choice == COLOUR_ALWAYS;
    const char *refused = getenv("NO_COLOR"), *kind = getenv("TERM");
    if (refused && *refused)
        return false;
    return isatty(STDOUT_FILENO) && kind && strcmp(kind, "dumb") != 0;
}

/* As sd-daemon(3) tells to find out whether standard error is the journal's. */
static bool leads_to_journal(void)
{
    const char *named = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat err;
    return named && sscanf(named, "%ju:%ju", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &err) == 0 && err.st_dev == device && err.st_ino == inode;
}

/* The locale by its name alone: setlocale() would change how numbers are printed. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static int count_columns(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return columns ? (int)strtol(columns, NULL, 10) : 0;
}

void terminal_setup(struct terminal *terminal, enum colour_choice choice, bool quiet)
{
    *terminal = (struct terminal){
        .colour = colour_is_wanted(choice),
        .unicode = locale_is_utf8(),
        .columns = count_columns(),
        .progress = !quiet && isatty(STDERR_FILENO),
        .journal = leads_to_journal(),
    };
}

bool terminal_of_service(const struct terminal *terminal)
{
    return terminal->journal || getenv("NOTIFY_SOCKET");
}

const char *terminal_style(const struct terminal *terminal, enum style style)
{
    static const char *const sequences[STYLE_COUNT] = {
        [STYLE_PLAIN] = "\x1b[0m",    [STYLE_HEADING] = "\x1b[1m", [STYLE_ORIGIN] = "\x1b[1;31m",
        [STYLE_REFUSED] = "\x1b[33m", [STYLE_CLIENT] = "\x1b[36m", [STYLE_FAINT] = "\x1b[2m",
    };
    return terminal->colour ? sequences[style] : "";
}

char *terminal_time(const struct terminal *terminal, int64_t us, char out[TEXT_TIME])
{
    return terminal->utc ? text_time(us, out) : text_time_local(us, out);
}

/* The journal takes the priority of a line from its beginning (sd-daemon(3)). */
enum {
    PRIORITY_WARNING = 4,
    PRIORITY_NOTICE = 5,
};

static void print_line(const struct terminal *terminal, FILE *out, int priority, const char *line)
{
    if (terminal->journal)
        fprintf(out, "<%d>", priority);
    else
        fputs("heloscope: ", out); /* which the journal says by itself */
    text_print(out, bytes_of_string(line));
    putc('\n', out);
}

__attribute__((format(printf, 3, 0))) static void say(struct terminal *terminal, int priority,
                                                      const char *format, va_list args)
{
    char line[2048], *text = NULL;
    size_t length;
    vsnprintf(line, sizeof line, format, args);
    terminal_progress_end(terminal);
    FILE *kept = terminal->outlet ? open_memstream(&text, &length) : NULL;
    print_line(terminal, kept ? kept : stderr, priority, line);
    if (kept && fclose(kept) == 0)
        outlet_put(terminal->outlet, text, length);
}

void terminal_say(struct terminal *terminal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(terminal, PRIORITY_NOTICE, format, args);
    va_end(args);
}

void terminal_warn(struct terminal *terminal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(terminal, PRIORITY_WARNING, format, args);
    va_end(args);
}

void terminal_progress(struct terminal *terminal, uint64_t done, uint64_t total, uint64_t packets)
{
    if (!terminal->progress)
        return;
    int64_t now = clock_steady_us();
    if (now < terminal->next_bar_us)
        return;
    terminal->next_bar_us = now + BAR_INTERVAL_US;
    terminal->bar_is_drawn = true;
    char count[TEXT_COUNT];
    text_counted(packets, "packet", count);
    if (!total) {
        fprintf(stderr, "\r\x1b[K%s", count);
    } else {
        double share = (double)(done < total ? done : total) / (double)total;
        int filled = (int)(share * BAR_WIDTH);
        fprintf(stderr, "\r\x1b[K[%.*s%*s] %3d %%  %s", filled, "##############################",
                BAR_WIDTH - filled, "", (int)(share * 100), count);
    }
    fflush(stderr);
}

/* Draws `line` at the beginning of the line where the cursor stands. */
static void draw(struct terminal *terminal, const char *line)
{
    char *text = NULL;
    size_t length;
    FILE *kept = terminal->outlet ? open_memstream(&text, &length) : NULL;
    fprintf(kept ? kept : stderr, "\r\x1b[K%s", line);
    if (!kept)
        fflush(stderr);
    else if (fclose(kept) == 0)
        outlet_put(terminal->outlet, text, length);
}

void terminal_progress_end(struct terminal *terminal)
{
    if (terminal->bar_is_drawn)
        draw(terminal, "");
    terminal->bar_is_drawn = false;
}

void terminal_status(struct terminal *terminal, const char *format, ...)
{
    char line[256];
    va_list args;
    if (!terminal->progress)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    draw(terminal, line);
    terminal->bar_is_drawn = true;
}

bool terminal_flush(struct failure *why)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    if (errno == EPIPE)
        return true;
    return failure_set(why, "standard output: %s", errno ? strerror(errno) : "write error");
}
