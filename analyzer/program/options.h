/* SPDX-License-Identifier: ISC */
/* The command line: one table of options, from which parsing and help are made. */
#ifndef ANALYZER_PROGRAM_OPTIONS_H
#define ANALYZER_PROGRAM_OPTIONS_H

#include <stdio.h>

#include "config_file.h"
#include "heloscope/db/selection.h"
#include "heloscope/db/store.h"
#include "heloscope/failure.h"
#include "heloscope/output/rows_print.h"
#include "heloscope/output/terminal.h"

enum {
    OPTIONS_PORTS_MAX = 64
};

#define OPTIONS_DATABASE "heloscope.db" /* the history unless --db names another */

struct options {
    const char *database;
    const char *filter;
    const char *by;                                /* NULL = all rankings */
    const char *pseudonym_key;                     /* a file; NULL = a key of chance */
    const char *of_client, *of_server;             /* programs to explain; NULL = none was given */
    const char *format, *output, *cursor, *sensor; /* of export; NULL = none was given */
    const char *html;                              /* of report; NULL = a page was not asked for */
    const char *captures;                          /* of cut: where they lie now; NULL = as then */
    const char *fleet, *credentials, *cluster;     /* of ship; likewise */
    bool all;                                      /* of tail: every session */
    struct retention keep;                         /* how much of the past */
    long limit;                                    /* -1 = none was given */
    long follow; /* seconds without growth that end a file; 0 = none do, -1 = do not */
    int snap_length, buffer_kib;
    uint16_t ports[OPTIONS_PORTS_MAX];
    size_t port_count;
    enum colour_choice colour;
    bool json, quiet, no_promiscuous, list_interfaces, rules, help, anonymize, utc, init, again,
        partial, ship;
    bool script, secrets; /* of cut */
    struct config_file config;
    bool wait; /* of monitor */
    bool no_sandbox;
    const char *user;           /* of monitor: whom root becomes; NULL = stays root */
    const char *metrics;        /* of monitor; NULL = none */
    bool full, plain, dialogue; /* of show */
    bool with_healthy;          /* of diff */
    bool csv, jsonl;            /* of tables, as is json */
    bool no_database, version;
    unsigned fail_on; /* bits of assertion.h */

    /* The sessions that are asked for; its texts point into the command line or to `copies`. */
    struct selection selection;
    const char *since, *from, *to; /* as they were given; NULL = not */
    char **copies;                 /* owned, with what is in them */
    size_t copy_count;

    char *const *arguments; /* as they were given, without the program; ends with NULL */

    /* What is left on the command line, and the files of -r in front of it; owned, see
     * options_free(). */
    const char **words;
    size_t word_count;
    const char **keylogs; /* of --keylog, in their order; owned like the words */
    size_t keylog_count;
    const char **interfaces; /* of -i, so too; none = the first that is up */
    size_t interface_count;
};

/* Where an option is valid. */
enum subcommand {
    FOR_ANALYZE = 1 << 0,
    FOR_MONITOR = 1 << 1,
    FOR_SHOW = 1 << 2,
    FOR_REPORT = 1 << 3,
    FOR_EXPLAIN = 1 << 4,
    FOR_EXPORT = 1 << 5,
    FOR_CUT = 1 << 6,
    FOR_SHIP = 1 << 7,
    FOR_QUERY = 1 << 8,
    FOR_DIFF = 1 << 9,
    FOR_BROWSE = 1 << 10,
    FOR_LOGS = 1 << 11,
    FOR_PRUNE = 1 << 16,
    FOR_TAIL = 1 << 17,

    FOR_HISTORY = FOR_ANALYZE | FOR_MONITOR | FOR_SHOW | FOR_REPORT | FOR_EXPORT | FOR_CUT |
                  FOR_SHIP | FOR_BROWSE | FOR_QUERY | FOR_DIFF | FOR_PRUNE | FOR_TAIL | FOR_LOGS,
    FOR_CAPTURE = FOR_ANALYZE | FOR_MONITOR,
    FOR_SELECTION = FOR_SHOW | FOR_REPORT | FOR_CUT | FOR_DIFF | FOR_BROWSE |
                    FOR_TAIL, /* of selection_options.c */
    FOR_TABLES = FOR_SHOW | FOR_REPORT | FOR_QUERY,
    FOR_ALL = FOR_HISTORY | FOR_EXPLAIN,
    FOR_FLEET = FOR_SHIP | FOR_SHOW | FOR_REPORT | FOR_QUERY | FOR_MONITOR,
    FOR_PRINTING = FOR_ALL & ~(FOR_SHIP | FOR_EXPORT | FOR_CUT | FOR_BROWSE),
};

/* The form that tables are to be printed in. */
static inline enum rows_form options_form(const struct options *options)
{
    return options->csv     ? ROWS_CSV
           : options->jsonl ? ROWS_JSONL
           : options->json  ? ROWS_JSON
                            : ROWS_TABLE;
}

/* Reads the words behind the subcommand's name (argv[0]). False with `why` when they are wrong. */
bool options_read(enum subcommand subcommand, int argc, char **argv, struct options *out,
                  struct failure *why);
void options_free(struct options *options);

/* Prints the options that `subcommand` has. */
void options_help(enum subcommand subcommand, FILE *out);

/* The folder of the queries that `heloscope query` knows by name. */
const char *options_queries(void);

#endif
