/* SPDX-License-Identifier: ISC */
/* The command line, and the file of options before it, read by the table of options.c. */
#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/base/memory.h"
#include "option_row.h"
#include "options.h"
#include "selection_options.h"

enum {
    FIRST_LONG = 256, /* getopt's value for row i is FIRST_LONG + i */
    ROWS_MAX = 128
};

struct getopt_tables {
    char letters[2 + 2 * ROWS_MAX + 1];
    struct option names[ROWS_MAX + 1];
};

static int argument_of(const struct option_row *row)
{
    if (!row->argument)
        return no_argument;
    return option_may_be_left_out(row) ? optional_argument : required_argument;
}

/* What getopt wants to know, of the rows that the subcommand has. */
static void make_tables(enum subcommand subcommand, struct getopt_tables *tables)
{
    size_t names = 0;
    char *letter = tables->letters;
    *letter++ = ':'; /* tell a missing value from an unknown option */
    const struct option_row *row;
    for (size_t i = 0; (row = option_row_at(i)); i++) {
        if (!(row->where & subcommand))
            continue;
        assert(names < ROWS_MAX);
        tables->names[names++] = (struct option){
            .name = row->name,
            .has_arg = argument_of(row),
            .val = FIRST_LONG + (int)i,
        };
        if (row->letter) {
            *letter++ = row->letter;
            if (row->argument)
                *letter++ = ':';
        }
    }
    *letter = '\0';
    tables->names[names] = (struct option){0};
}

static const struct option_row *find_row(int value)
{
    if (value >= FIRST_LONG)
        return option_row_at((size_t)(value - FIRST_LONG));
    const struct option_row *row;
    for (size_t i = 0; (row = option_row_at(i)) && row->letter != value; i++)
        ;
    return row;
}

/* getopt's own words name neither the subcommand nor what to do, so they are switched off. */
static bool complain(int result, char **argv, struct failure *why)
{
    const struct option_row *row = optopt ? find_row(optopt) : NULL;
    if (result == ':' && row)
        return failure_set(why, "option --%s needs %s behind it", row->name, row->argument);
    if (row && optopt >= FIRST_LONG)
        return failure_set(why, "option --%s takes no value", row->name);
    if (optopt)
        return failure_set(why, "unknown option -%c", optopt);
    return failure_set(why, "unknown option %s", argv[optind - 1]);
}

/* The value of --config on the command line, which decides what stands before it; NULL = none. */
static const char *find_config(const struct getopt_tables *tables, int argc, char **argv)
{
    int result;
    const char *config = NULL;
    /* getopt puts words behind options, so that "7 --last" would be "--last 7" next time. */
    char **words = memory_get(((size_t)argc + 1) * sizeof *words);
    memcpy(words, argv, (size_t)argc * sizeof *words);
    optind = 0; /* glibc and musl: begin anew */
    while (!config &&
           (result = getopt_long(argc, words, tables->letters, tables->names, NULL)) != -1) {
        const struct option_row *row = result == '?' || result == ':' ? NULL : find_row(result);
        if (row && strcmp(row->name, OPTION_CONFIG) == 0)
            config = optarg;
    }
    free(words);
    return config;
}

/* A name may stand for one option here and for another there. */
static enum config_use use_in_config(void *subcommand, const char *name)
{
    const struct option_row *row;
    enum config_use use = CONFIG_UNKNOWN;
    for (size_t i = 0; (row = option_row_at(i)); i++) {
        if (strcmp(row->name, name) != 0)
            continue;
        if (row->where & *(enum subcommand *)subcommand)
            return argument_of(row) == required_argument ? CONFIG_TAKE_VALUE : CONFIG_TAKE;
        use = CONFIG_PASS;
    }
    return use;
}

static bool parse(const struct getopt_tables *tables, int argc, char **argv, struct options *out,
                  struct failure *why)
{
    int result;
    optind = 0;
    while ((result = getopt_long(argc, argv, tables->letters, tables->names, NULL)) != -1) {
        const struct option_row *row = result == '?' || result == ':' ? NULL : find_row(result);
        const size_t word = (size_t)optind - 2; /* options of the file are one word each */
        struct failure cause = {""};
        if (row ? row->set(out, row->name, optarg, &cause) : complain(result, argv, &cause))
            continue;
        if (word < out->config.count)
            return failure_set(why, "%s:%d: %.300s", out->config.path, out->config.lines[word],
                               cause.text);
        return failure_set(why, "%s", cause.text);
    }
    for (int i = optind; i < argc; i++)
        out->words[out->word_count++] = argv[i];
    return true;
}

/* The command line with the words of the file before its own. */
static char **join(const struct config_file *config, int argc, char **argv)
{
    char **all = calloc((size_t)argc + config->count + 1, sizeof *all);
    if (!all)
        return NULL;
    all[0] = argv[0];
    for (size_t i = 0; i < config->count; i++)
        all[1 + i] = config->words[i];
    for (int i = 1; i < argc; i++)
        all[config->count + (size_t)i] = argv[i];
    return all;
}

bool options_read(enum subcommand subcommand, int argc, char **argv, struct options *out,
                  struct failure *why)
{
    struct getopt_tables tables;
    make_tables(subcommand, &tables);
    *out = (struct options){
        .database = OPTIONS_DATABASE, .limit = -1, .follow = -1, .arguments = argv};
    opterr = 0;
    const char *config = find_config(&tables, argc, argv);
    if (config && !config_file_read(config, use_in_config, &subcommand, &out->config, why))
        return false;
    const size_t room = (size_t)argc + out->config.count + 1;
    char **all = join(&out->config, argc, argv);
    out->words = calloc(room, sizeof *out->words);
    out->keylogs = calloc(room, sizeof *out->keylogs);
    out->interfaces = calloc(room, sizeof *out->interfaces);
    const bool done = all && out->words && out->keylogs && out->interfaces
                          ? parse(&tables, (int)room - 1, all, out, why)
                          : failure_set(why, "out of memory");
    free(all);
    return done && (!(subcommand & FOR_SELECTION) || out->help || out->version ||
                    selection_settle(out, (int64_t)time(NULL) * 1000000, why));
}
