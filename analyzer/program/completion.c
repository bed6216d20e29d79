/* SPDX-License-Identifier: ISC */
#include "completion.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/text.h"
#include "heloscope/cause.h"
#include "heloscope/db/selection.h"
#include "option_row.h"

enum {
    SESSIONS_MAX = 200
};

/* What an option's value may be; of those that are not named here nothing is known. */
static const struct {
    const char *option;
    const char *values; /* separated by blanks; or one of the kinds below */
} known[] = {
    {"db", ":files"},
    {"read", ":files"},
    {"keylog", ":files"},
    {"source", ":files"},
    {"write", ":files"},
    {"output", ":files"},
    {"html", ":files"},
    {"credentials", ":files"},
    {"captures", ":folders"},
    {"cause", ":causes"},
    {"interface", ":interfaces"},
    {"by", "cause client server software client-software problem day hour"},
    {"color", "auto always never"},
    {"fault", "client pipelining server middlebox policy unknown"},
    {"certainty", "certain likely unknown"},
    {"fail-on", "client server any 503 violation"},
    {"from", "today yesterday"},
    {"to", "today yesterday now"},
    {"since", "1h 24h 7d today yesterday"},
    {"code", "503 5xx 4xx close"},
    {"format", "jsonl eve zeek"},
};

/* What the words of a subcommand are that are no options. */
static const struct {
    enum subcommand id;
    const char *values;
} positional[] = {
    {FOR_ANALYZE, ":files"}, {FOR_SHOW, ":sessions"}, {FOR_REPORT, ":sessions"},
    {FOR_CUT, ":sessions"},  {FOR_DIFF, ":sessions"}, {FOR_EXPLAIN, ":causes"},
    {FOR_QUERY, ":queries"}, {FOR_LOGS, ":files"},
};

static const char *const *typed; /* all words, for the history that they name */
static size_t typed_count;

static void offer(const char *word, const char *meaning)
{
    const char *start = typed[typed_count - 1];
    if (strncmp(word, start, strlen(start)) != 0)
        return;
    text_print(stdout, bytes_of_string(word));
    if (meaning && *meaning) {
        fputc('\t', stdout);
        text_print(stdout, bytes_of(meaning, strcspn(meaning, "\n")));
    }
    fputc('\n', stdout);
}

static void offer_causes(void)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        offer(cause_entry((enum cause)i)->name, cause_entry((enum cause)i)->title);
}

static void offer_names(const char *folder, const char *ending)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name, *dot = strrchr(name, '.');
        if (name[0] != '.' && (!ending || (dot && strcmp(dot, ending) == 0))) {
            if (ending)
                *dot = '\0';
            offer(name, NULL);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static bool offer_session(void *context, const struct history_session *row)
{
    char id[24], meaning[256];
    (void)context;
    snprintf(id, sizeof id, "%" PRId64, row->session_id);
    snprintf(meaning, sizeof meaning, "%.60s -> %.60s, %" PRId64 " errors", row->client_addr,
             row->server_addr, row->errors_503 + row->errors_other);
    offer(id, meaning);
    return true;
}

static void offer_sessions(void)
{
    const char *database = OPTIONS_DATABASE;
    for (size_t i = 0; i + 1 < typed_count; i++)
        if (strcmp(typed[i], "--db") == 0)
            database = typed[i + 1];
    struct history *history = history_open(database, NULL);
    if (!history)
        return;
    history_select(history, &(struct selection){.last = SESSIONS_MAX}, offer_session, NULL, NULL);
    history_close(history);
}

static void offer_list(const char *words)
{
    char word[32];
    while (*words) {
        const size_t length = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, words);
        offer(word, NULL);
        words += length + (words[length] != '\0');
    }
}

static void offer_values(const char *values)
{
    if (strcmp(values, ":causes") == 0)
        offer_causes();
    else if (strcmp(values, ":sessions") == 0)
        offer_sessions();
    else if (strcmp(values, ":interfaces") == 0)
        offer_names("/sys/class/net", NULL);
    else if (strcmp(values, ":queries") == 0)
        offer_names(options_queries(), ".sql");
    else if (values[0] == ':')
        puts(values);
    else
        offer_list(values);
}

static const struct option_row *find_option(enum subcommand id, const char *word)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_row_at(i)); i++) {
        const bool named = strncmp(word, "--", 2) == 0 && strcmp(word + 2, row->name) == 0;
        const bool lettered = word[0] == '-' && word[1] && word[1] == row->letter && !word[2];
        if ((row->where & id) && (named || lettered))
            return row;
    }
    return NULL;
}

static void offer_options(enum subcommand id)
{
    const struct option_row *row;
    char word[64];
    for (size_t i = 0; (row = option_row_at(i)); i++) {
        if (!(row->where & id))
            continue;
        snprintf(word, sizeof word, "--%s", row->name);
        offer(word, row->help);
    }
}

static void offer_value_of(const struct option_row *row)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].option, row->name) == 0)
            offer_values(known[i].values);
}

static void offer_words(enum subcommand id)
{
    const char *before = typed[typed_count - 2];
    const struct option_row *row = find_option(id, before);
    if (row && row->argument && row->argument[0] != '[')
        offer_value_of(row);
    else if (typed[typed_count - 1][0] == '-')
        offer_options(id);
    else
        for (size_t i = 0; i < sizeof positional / sizeof *positional; i++)
            if (positional[i].id == id)
                offer_values(positional[i].values);
}

void completion_print(const struct completion_command *commands, size_t command_count,
                      const char *const *words, size_t count)
{
    typed = words;
    typed_count = count;
    if (!count)
        return;
    const bool help = count == 2 && strcmp(words[0], "help") == 0;
    for (size_t i = 0; i < command_count; i++)
        if (count == 1 || help)
            offer(commands[i].name, commands[i].summary);
        else if (strcmp(commands[i].name, words[0]) == 0)
            offer_words(commands[i].id);
    if (count == 1) {
        offer("help", "what there is, or the options of one");
        offer("--help", NULL);
        offer("--version", NULL);
    }
}
