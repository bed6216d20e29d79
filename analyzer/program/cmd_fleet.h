/* SPDX-License-Identifier: ISC */
/* report, show and query of a fleet in the place of a history. */
#ifndef ANALYZER_PROGRAM_CMD_FLEET_H
#define ANALYZER_PROGRAM_CMD_FLEET_H

#include "command.h"
#include "heloscope/db/history.h"

/* Whether the command line asks a fleet: --fleet or --credentials. */
bool fleet_is_asked(const struct options *options);

/* What report and show (without names) print of it. */
command_fn cmd_report_fleet, cmd_list_fleet;

/* What query prints of it: the table that `sql` yields; NULL = the names of the views. */
enum status cmd_query_fleet(const struct options *options, const char *sql,
                            struct terminal *terminal, struct failure *why);

/* A history of the program's own (scratch_history.h) that holds the sessions that are named by
 * their uids, to be closed like any other. NULL with `why`. */
struct history *fleet_history(const struct options *options, struct failure *why);

#endif
