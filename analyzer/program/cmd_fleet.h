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

/* A history that holds the sessions that are named by their uids, and goes when it is closed by
 * fleet_history_close(). NULL with `why`. */
struct history *fleet_history(const struct options *options, struct failure *why);
void fleet_history_close(struct history *history);

#endif
