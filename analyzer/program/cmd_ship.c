/* SPDX-License-Identifier: ISC */
/* heloscope ship: the history into the database of a fleet. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "command.h"
#include "heloscope/base/text.h"
#include "heloscope/fleet/fleet.h"
#include "heloscope/fleet/stop.h"

static void print_totals(const struct ship_totals *totals)
{
    char words[TEXT_COUNT];
    fprintf(stderr, "heloscope: %s sent", text_counted(totals->sessions, "session", words));
    fprintf(stderr, " in %s", text_counted(totals->rows, "row", words));
    fprintf(stderr, ", %s", text_counted(totals->wire_octets, "octet", words));
    fprintf(stderr, " of gzip for %" PRIu64 "\n", totals->octets);
}

enum status cmd_ship(const struct options *options, struct terminal *terminal, struct failure *why)
{
    (void)terminal;
    const struct fleet_words words = {
        .credentials = options->credentials,
        .url = options->fleet,
        .sensor = options->sensor,
        .cluster = options->cluster,
    };
    if (options->word_count || (options->cluster && !options->init)) {
        failure_set(why, options->word_count ? "ship takes no names; --db names the history"
                                             : "--cluster goes with --init");
        return STATUS_USAGE;
    }
    if (options->init)
        return fleet_init(&words, why) ? STATUS_DONE : STATUS_INCOMPLETE;
    const struct ship_job job = {
        .follow = options->follow >= 0, .restart = options->again, .quiet = options->quiet};
    struct ship_totals totals;
    signal(SIGPIPE, SIG_IGN);
    stop_watch();
    const bool done = fleet_ship(options->database, &words, &job, &totals, why);
    if (!options->quiet)
        print_totals(&totals);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
