/* SPDX-License-Identifier: ISC */
/* heloscope logs: what mail servers logged of the sessions in the history. */
#include <inttypes.h>
#include <unistd.h>

#include "command.h"
#include "heloscope/base/text.h"
#include "heloscope/capture/capture.h"
#include "heloscope/logs/logs.h"
#include "heloscope/output/json.h"
#include "next_command.h"

/* "2 h 0 min 0.1 s ahead of the captures'", "0.3 s behind ..." */
static void print_clock(const struct log_file *file)
{
    const int64_t ahead = file->clock_us < 0 ? -file->clock_us : file->clock_us;
    const int64_t us = (ahead + 50000) / 100000 * 100000; /* as it is printed */
    const int64_t seconds = us / 1000000;
    if (!file->has_clock) {
        puts("  clock       by how much it differs from the captures' was not found");
        return;
    }
    fputs("  clock       ", stdout);
    if (seconds >= 3600)
        printf("%" PRId64 " h ", seconds / 3600);
    if (seconds >= 60)
        printf("%" PRId64 " min ", seconds / 60 % 60);
    printf("%.1f s %s the captures'%s\n", (double)(us % 60000000) / 1e6,
           file->clock_us < 0 ? "behind" : "ahead of",
           us >= 900 * INT64_C(1000000)
               ? " (another time zone? --utc reads times without one as UTC)"
               : "");
}

static void print_text(const struct log_file *file)
{
    char words[TEXT_COUNT];
    text_print(stdout, bytes_of_string(capture_source_title(file->path)));
    printf(": %s", text_counted((uint64_t)file->lines, "line", words));
    if (!file->known) {
        puts(", none of them of a mail server that is known here");
        return;
    }
    printf(" of %s\n", file->servers);
    printf("  joined      %" PRId64 " of %s with sessions of the history, %s\n",
           file->visits_joined, text_counted((uint64_t)file->visits, "connection", words),
           text_counted((uint64_t)file->joined, "line", (char[TEXT_COUNT]){0}));
    if (file->stray)
        printf("  not joined  %s of no session of the history%s",
               text_counted((uint64_t)file->stray, "line", words), file->unclear ? "" : "\n");
    if (file->unclear)
        printf(", of them %" PRId64 " that could be of several\n", file->unclear);
    print_clock(file);
}

static void print_json(struct json *json, const struct log_file *file)
{
    json_open(json, NULL, '{');
    json_string(json, "path", file->path);
    json_string(json, "servers", file->servers);
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"lines", file->lines},     {"known", file->known},
        {"visits", file->visits},   {"visits_joined", file->visits_joined},
        {"joined", file->joined},   {"stray", file->stray},
        {"unclear", file->unclear}, {"first_us", file->first_us},
        {"last_us", file->last_us},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_integer(json, numbers[i].name, numbers[i].value);
    if (file->has_clock)
        json_integer(json, "clock_us", file->clock_us);
    json_close(json);
}

static bool read_all(const struct options *options, struct terminal *terminal,
                     struct history *history, struct logbook *book, bool *some_failed,
                     struct failure *why)
{
    struct json json = {.out = stdout};
    if (options->json)
        json_open(&json, NULL, '[');
    for (size_t i = 0; i < options->word_count; i++) {
        const struct logs_job job = {.path = options->words[i], .utc = options->utc};
        struct log_file file;
        if (why->text[0]) { /* the last one's failure is printed by main() */
            terminal_warn(terminal, "%s", why->text);
            why->text[0] = '\0';
        }
        if (!logs_read(history, book, &job, &file, why))
            *some_failed = true;
        else if (options->json)
            print_json(&json, &file);
        else
            print_text(&file);
    }
    if (options->json)
        json_close(&json);
    return !*some_failed;
}

enum status cmd_logs(const struct options *options, struct terminal *terminal, struct failure *why)
{
    bool some_failed = false;
    if (!options->word_count) {
        failure_set(why, "logs needs a file, such as /var/log/mail.log; - is standard input");
        return STATUS_USAGE;
    }
    if (access(options->database, F_OK) != 0) {
        failure_set(why,
                    "history '%s' does not exist; heloscope analyze makes one, --db names "
                    "another",
                    options->database);
        return STATUS_INCOMPLETE;
    }
    struct logbook *book = logbook_open(options->database, why);
    struct history *history = book ? history_open(options->database, why) : NULL;
    const bool done = history && read_all(options, terminal, history, book, &some_failed, why);
    logbook_close(book);
    history_close(history);
    if (done && !options->json) {
        fputs("To see the lines in a session: ", stdout);
        next_command_show(stdout, options, 0);
        puts(" SESSION");
    }
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
