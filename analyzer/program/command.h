/* SPDX-License-Identifier: ISC */
/* The subcommands. Each returns the program's exit status; what is in `why` then is printed by
 * main(), with a hint at --help when the status is STATUS_USAGE. */
#ifndef ANALYZER_PROGRAM_COMMAND_H
#define ANALYZER_PROGRAM_COMMAND_H

#include "options.h"

enum status {
    STATUS_DONE = 0,
    STATUS_INCOMPLETE = 1, /* some input could not be read, or the work could not be finished */
    STATUS_USAGE = 2,
    STATUS_FOUND = 3, /* what --fail-on names was found */
};

typedef enum status command_fn(const struct options *options, struct terminal *terminal,
                               struct failure *why);

command_fn cmd_ship; /* to the database of a fleet */
command_fn cmd_analyze, cmd_monitor, cmd_show, cmd_report, cmd_explain, cmd_export, cmd_cut;
command_fn cmd_query, cmd_diff, cmd_browse;
command_fn cmd_rules;            /* explain --rules */
command_fn cmd_explain_software; /* explain --client, --server */
command_fn cmd_prune, cmd_tail, cmd_logs;

#endif
