/* SPDX-License-Identifier: ISC */
/* heloscope query: ready-made questions, which lie as files of SQL where they were installed. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_fleet.h"
#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"

enum {
    QUERY_OCTETS = 65536,
    PATH_OCTETS = 4096
};

/* A file by its path, or a query of the folder by its name. */
static void path_of(const char *name, char out[PATH_OCTETS])
{
    if (strchr(name, '/'))
        snprintf(out, PATH_OCTETS, "%s", name);
    else
        snprintf(out, PATH_OCTETS, "%s/%s.sql", options_queries(), name);
}

/* The text, to be freed; NULL with errno. */
static char *read_query(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char *text = memory_get(QUERY_OCTETS + 1);
    const size_t length = fread(text, 1, QUERY_OCTETS, file);
    const bool failed = ferror(file) || length == QUERY_OCTETS;
    fclose(file);
    if (!failed)
        return text;
    free(text);
    errno = errno ? errno : EFBIG;
    return NULL;
}

/* --- the list --- */

static int is_query(const struct dirent *entry)
{
    const char *ending = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && ending && strcmp(ending, ".sql") == 0;
}

/* What the comment at its head says, to the first empty line of it. */
static void print_purpose(const char *text, int column, int width)
{
    char purpose[1024] = "";
    while (strncmp(text, "-- ", 3) == 0) {
        const size_t length = strcspn(text, "\n");
        snprintf(purpose + strlen(purpose), sizeof purpose - strlen(purpose), "%s%.*s",
                 *purpose ? " " : "", (int)length - 3, text + 3);
        text += length + (text[length] != '\0');
    }
    text_wrap(stdout, purpose, column, column, width);
}

static bool list_queries(const struct options *options, struct failure *why)
{
    struct dirent **entries;
    const int count = scandir(options_queries(), &entries, is_query, alphasort);
    if (count < 0)
        return failure_set(why,
                           "queries are not there: %s: %s; HELOSCOPE_QUERIES names their folder",
                           options_queries(), strerror(errno));
    struct json json = {.out = stdout};
    if (options->json)
        json_open(&json, NULL, '[');
    for (int i = 0; i < count; i++) {
        char path[PATH_OCTETS], *name = entries[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", options_queries(), name);
        char *text = read_query(path);
        *strrchr(name, '.') = '\0';
        if (options->json)
            json_string(&json, NULL, name);
        else {
            printf("%-28s ", name);
            print_purpose(text ? text : "", 29, 92);
        }
        free(text);
        free(entries[i]);
    }
    if (options->json)
        json_close(&json);
    free(entries);
    return true;
}

/* --- one --- */

static bool ask(const struct options *options, const struct terminal *terminal, const char *sql,
                struct failure *why)
{
    char name[256];
    snprintf(name, sizeof name, "query %.200s", options->words[0]);
    struct history *history = history_open(options->database, why);
    if (!history)
        return false;
    struct rows_print print = {.form = options_form(options),
                               .out = stdout,
                               .terminal = terminal,
                               .limit = options->limit};
    const bool done = history_ask(
        history, &(struct question){name, sql, options->words + 1, options->word_count - 1},
        rows_print, &print, why);
    rows_print_end(&print);
    if (done && !print.rows && print.form == ROWS_TABLE)
        puts("no rows");
    history_close(history);
    return done;
}

/* --- of a fleet, in its own dialect --- */

/* What is asked begins with SELECT or WITH, behind comments: a fleet is asked, not changed. */
static bool only_reads(const char *sql)
{
    for (;;) {
        sql += strspn(sql, " \t\r\n(");
        if (strncmp(sql, "--", 2) != 0)
            break;
        sql += strcspn(sql, "\n");
    }
    return strncasecmp(sql, "select", 6) == 0 || strncasecmp(sql, "with", 4) == 0;
}

/* A word is a view of the fleet; one with a / is a file of SQL. */
static char *fleet_question(const char *word, long limit, struct failure *why)
{
    if (strchr(word, '/')) {
        char *sql = read_query(word);
        if (!sql)
            failure_set(why, "%s: %s", word, strerror(errno));
        else if (only_reads(sql))
            return sql;
        else
            failure_set(why, "%s does not only read: it is to begin with SELECT or WITH", word);
        free(sql);
        return NULL;
    }
    if (word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_")]) {
        failure_set(why, "'%s' is no view of a fleet; heloscope query --fleet lists them", word);
        return NULL;
    }
    char *sql = memory_get(strlen(word) + 64);
    sprintf(sql, "SELECT * FROM @DB@.%s", word);
    if (limit >= 0)
        sprintf(sql + strlen(sql), " LIMIT %ld", limit);
    return sql;
}

static enum status query_fleet(const struct options *options, struct terminal *terminal,
                               struct failure *why)
{
    char *sql = options->word_count ? fleet_question(options->words[0], options->limit, why) : NULL;
    if (options->word_count && !sql)
        return STATUS_USAGE;
    const enum status status = cmd_query_fleet(options, sql, terminal, why);
    free(sql);
    return status;
}

enum status cmd_query(const struct options *options, struct terminal *terminal, struct failure *why)
{
    if (fleet_is_asked(options))
        return query_fleet(options, terminal, why);
    if (!options->word_count)
        return list_queries(options, why) ? STATUS_DONE : STATUS_INCOMPLETE;
    char path[PATH_OCTETS];
    path_of(options->words[0], path);
    errno = 0;
    char *sql = read_query(path);
    if (!sql) {
        failure_set(why, "there is no query '%s' (%s: %s); heloscope query lists them",
                    options->words[0], path, strerror(errno));
        return STATUS_USAGE;
    }
    const bool done = ask(options, terminal, sql, why);
    free(sql);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
