/* SPDX-License-Identifier: ISC */
/* heloscope: the subcommands, their help, and the one place that prints what the machine refused.
 */
#include <string.h>

#include "command.h"
#include "completion.h"
#include "sandbox.h"
#include "heloscope/base/text.h"
#include "scratch_history.h"

static const struct subcommand_row {
    enum subcommand id;
    const char *name, *synopsis, *summary, *more;
    command_fn *run;
} subcommands[] = {
    {FOR_ANALYZE, "analyze", "[options] FILE...", "read captures, store, print what went wrong",
     "FILEs are pcap or pcapng, also compressed; - is standard input, a directory the captures in "
     "it.\nSeveral are one capture in time order.",
     cmd_analyze},
    {FOR_MONITOR, "monitor", "-i NAME [options] [FILTER]",
     "the same live, until stopped: each 503 as it happens",
     "FILTER is an expression in tcpdump's language, such as: tcp port 25", cmd_monitor},
    {FOR_SHOW, "show", "[options] [SESSION...]", "list sessions, or print their timelines",
     "SESSION is a number from the list, a range (1-3, 5-), a uid or a Community ID. These, and "
     "what\n"
     "a queue id or Message-ID finds, are printed whole; all other words choose what is listed. "
     "Of\n"
     "one word given twice either will do.",
     cmd_show},
    {FOR_REPORT, "report", "[options] [SESSION...]",
     "what went wrong, by cause, client, server, day",
     "Counts what the history holds, or the sessions that are asked for.", cmd_report},
    {FOR_DIFF, "diff", "[options] SESSION [SESSION]", "two sessions side by side: where they part",
     "With --with-healthy the second is the last of the same client and server that went well.",
     cmd_diff},
    {FOR_QUERY, "query", "[options] [NAME [VALUE...]]", "ask the history a ready-made question",
     "Without a NAME all are listed. A NAME with a / is a file of SQL; each VALUE is for one of\n"
     "its parameters.",
     cmd_query},
    {FOR_EXPLAIN, "explain", "[options] [CAUSE...]", "what a cause means, its rule, the remedy",
     "Without a CAUSE all are listed; with --rules the rules that they rest on.", cmd_explain},
    {FOR_BROWSE, "browse", "[options] [SESSION...]", "the sessions on a full screen",
     "? shows the keys. What a monitor writes meanwhile appears in the list.", cmd_browse},
    {FOR_CUT, "cut", "[options] SESSION... -w FILE",
     "packets of sessions, the findings as comments",
     "Without words that choose sessions, all of them.", cmd_cut},
    {FOR_LOGS, "logs", "[options] FILE...", "mail servers' logs beside the sessions",
     "FILEs are logs of Postfix, Exim, Sendmail, OpenSMTPD or Haraka as syslog, journalctl -o "
     "export\nor they themselves write them, also compressed; - is standard input. show prints "
     "their lines\nin the sessions that they belong to.",
     cmd_logs},
    {FOR_EXPORT, "export", "[options]", "sessions and findings as lines for other programs",
     "Sessions come when they have ended, and again when more of them becomes known.", cmd_export},
    {FOR_SHIP, "ship", "[options]", "the history into the database of a fleet",
     "Sends what is new to ClickHouse; see heloscope-fleet(7).", cmd_ship},
    {FOR_TAIL, "tail", "[options] [SESSION...]", "what a monitor prints, from its history",
     "Findings as they are stored, all or those that are asked for, until stopped.", cmd_tail},
    {FOR_PRUNE, "prune", "[options]", "remove what is old from a history",
     "The oldest sessions go first; a monitor may write meanwhile.", cmd_prune},
};
#define SUBCOMMANDS (sizeof subcommands / sizeof subcommands[0])

static void print_overview(FILE *out)
{
    fputs("heloscope: a flight recorder for SMTP that shows where a 503 came from\n\n", out);
    for (size_t i = 0; i < SUBCOMMANDS; i++) {
        char left[48];
        snprintf(left, sizeof left, "%s %s", subcommands[i].name, subcommands[i].synopsis);
        fprintf(out, "  heloscope %-36s %s\n", left, subcommands[i].summary);
    }
    fputs("\nheloscope help COMMAND prints the options of one; heloscope --version the version.\n"
          "The sessions are kept in an SQLite database, heloscope.db unless --db names another.\n",
          out);
}

static void print_help(const struct subcommand_row *row)
{
    printf("Usage: heloscope %s %s\n\n%s\n\nOptions:\n", row->name, row->synopsis, row->more);
    options_help(row->id, stdout);
}

/* A failure's line and, for a wrong command line, where to look. */
static enum status report(enum status status, const char *subcommand, const struct failure *why)
{
    struct terminal terminal = {0};
    if (why->text[0])
        terminal_warn(&terminal, "%s", why->text);
    if (status == STATUS_USAGE)
        fprintf(stderr, "Try: heloscope %s--help\n", subcommand);
    return status;
}

static void print_version(void)
{
    puts("heloscope " PACKAGE_VERSION);
}

static enum status run_with_history(const struct subcommand_row *row, struct options *options,
                                    struct terminal *terminal, struct failure *why)
{
    if (options->no_database && !(options->database = scratch_history_make(why)))
        return STATUS_INCOMPLETE;
    enum status status = row->run(options, terminal, why);
    scratch_history_remove();
    return status;
}

static enum status run(const struct subcommand_row *row, int argc, char **argv, struct failure *why)
{
    struct options options;
    struct terminal terminal;
    enum status status = STATUS_USAGE;
    bool fine = options_read(row->id, argc, argv, &options, why);
    if (fine && options.help) {
        print_help(row);
        status = STATUS_DONE;
    } else if (fine && options.version) {
        print_version();
        status = STATUS_DONE;
    } else if (fine) {
        terminal_setup(&terminal, options.colour, options.quiet);
        terminal.utc = options.utc;
        if (row->id & FOR_CAPTURE)
            sandbox_harden();
        status = run_with_history(row, &options, &terminal, why);
    }
    options_free(&options);
    if (status == STATUS_DONE && !terminal_flush(why))
        status = STATUS_INCOMPLETE;
    return status;
}

static const struct subcommand_row *find_subcommand(const char *name)
{
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        if (strcmp(name, subcommands[i].name) == 0)
            return &subcommands[i];
    return NULL;
}

/* "heloscope help", "heloscope help show". */
static enum status help_about(const char *name, struct failure *why)
{
    const struct subcommand_row *row = name ? find_subcommand(name) : NULL;
    if (row)
        print_help(row);
    else if (name)
        failure_set(why, "there is no subcommand '%s'", name);
    else
        print_overview(stdout);
    return row || !name ? STATUS_DONE : STATUS_USAGE;
}

/* For the shell: which words may come next. */
static enum status complete(int argc, char **argv)
{
    struct completion_command commands[SUBCOMMANDS];
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        commands[i] = (struct completion_command){subcommands[i].id, subcommands[i].name,
                                                  subcommands[i].summary};
    completion_print(commands, SUBCOMMANDS, (const char *const *)argv, (size_t)argc);
    return STATUS_DONE;
}

/* What is no subcommand. */
static enum status other_word(int argc, char **argv, struct failure *why)
{
    const char *word = argv[1];
    if (strcmp(word, "--complete") == 0)
        return complete(argc - 2, argv + 2);
    if (strcmp(word, "help") == 0)
        return help_about(argc > 2 ? argv[2] : NULL, why);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help_about(NULL, why);
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        print_version();
        return STATUS_DONE;
    }
    failure_set(why, "there is no subcommand '%s'", word);
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
    struct failure why = {""};
    if (argc < 2) {
        print_overview(stderr);
        return STATUS_USAGE;
    }
    const struct subcommand_row *row = find_subcommand(argv[1]);
    if (!row)
        return report(other_word(argc, argv, &why), "", &why);
    char name[16];
    snprintf(name, sizeof name, "%s ", row->name);
    return report(run(row, argc - 1, argv + 1, &why), name, &why);
}
