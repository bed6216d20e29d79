/* SPDX-License-Identifier: ISC */
#include "assertion.h"
#include "option_row.h"
#include "selection_options.h"
#include "heloscope/tls/tls.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool read_number(const char *name, const char *value, long low, long high, long *out,
                        struct failure *why)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (!*value || *end || errno || number < low || number > high)
        return failure_set(why, "--%s wants a number from %ld to %ld, not '%s'", name, low, high,
                           value);
    *out = number;
    return true;
}

static bool set_database(struct options *o, const char *name, const char *value,
                         struct failure *why)
{
    o->database = value;
    o->no_database = strcmp(value, ":memory:") == 0; /* as SQLite calls it */
    return *value || failure_set(why, "--%s wants the name of a file", name);
}

static bool set_filter(struct options *o, const char *name, const char *value, struct failure *why)
{
    (void)name, (void)why;
    o->filter = value;
    return true;
}

static bool set_interface(struct options *o, const char *name, const char *value,
                          struct failure *why)
{
    o->interfaces[o->interface_count++] = value;
    return *value || failure_set(why, "--%s wants the name of an interface", name);
}

static bool set_limit(struct options *o, const char *name, const char *value, struct failure *why)
{
    return read_number(name, value, 0, 1000000, &o->limit, why);
}

/* --follow, or --follow=SECONDS. */
static bool set_follow(struct options *o, const char *name, const char *value, struct failure *why)
{
    o->follow = 0;
    return !value || read_number(name, value, 1, 1000000, &o->follow, why);
}

/* --follow of a subcommand that follows the history and not files. */
static bool set_following(struct options *o, const char *name, const char *value,
                          struct failure *why)
{
    (void)name, (void)value, (void)why;
    o->follow = 0;
    return true;
}

/* --anonymize, or --anonymize=KEYFILE. */
static bool set_anonymize(struct options *o, const char *name, const char *value,
                          struct failure *why)
{
    (void)name, (void)why;
    o->anonymize = true;
    o->pseudonym_key = value;
    return true;
}

static bool set_snap_length(struct options *o, const char *name, const char *value,
                            struct failure *why)
{
    long number = 0;
    bool fine = read_number(name, value, 0, 262144, &number, why);
    o->snap_length = (int)number;
    return fine;
}

static bool set_buffer(struct options *o, const char *name, const char *value, struct failure *why)
{
    long number = 0;
    bool fine = read_number(name, value, 1, INT_MAX / 1024, &number, why);
    o->buffer_kib = (int)number;
    return fine;
}

static bool set_keylog(struct options *o, const char *name, const char *value, struct failure *why)
{
    if (!tls_is_built())
        return failure_set(
            why, "--%s: this program was built without TLS (configure --without-tls)", name);
    o->keylogs[o->keylog_count++] = value;
    return true;
}

/* A list such as 25,587,2525. */
static bool set_ports(struct options *o, const char *name, const char *value, struct failure *why)
{
    o->port_count = 0;
    for (const char *at = value;;) {
        char *end;
        long port = strtol(at, &end, 10);
        bool digits = *at >= '0' && *at <= '9';
        if (!digits || port < 1 || port > 65535 || (*end && *end != ','))
            return failure_set(why, "--%s wants ports such as 25,587, not '%s'", name, value);
        if (o->port_count == OPTIONS_PORTS_MAX)
            return failure_set(why, "--%s takes at most %d ports", name, OPTIONS_PORTS_MAX);
        o->ports[o->port_count++] = (uint16_t)port;
        if (!*end)
            return true;
        at = end + 1;
    }
}

static bool set_colour(struct options *o, const char *name, const char *value, struct failure *why)
{
    static const char *const choices[] = {
        [COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never"};
    for (size_t i = 0; i < COUNT_OF(choices); i++)
        if (strcmp(value, choices[i]) == 0) {
            o->colour = (enum colour_choice)i;
            return true;
        }
    return failure_set(why, "--%s is auto, always or never, not '%s'", name, value);
}

static bool set_by(struct options *o, const char *name, const char *value, struct failure *why)
{
    static const char *const rankings[] = {"cause",           "client", "server", "software",
                                           "client-software", "day",    "hour",   "problem"};
    for (size_t i = 0; i < COUNT_OF(rankings); i++)
        if (strcmp(value, rankings[i]) == 0) {
            o->by = value;
            return true;
        }
    return failure_set(why,
                       "--%s is cause, client, server, software, client-software, problem, day "
                       "or hour, not '%s'",
                       name, value);
}

static bool set_fail_on(struct options *o, const char *name, const char *value, struct failure *why)
{
    return assertion_read(value, &o->fail_on) ||
           failure_set(why,
                       "--%s is client, server, any, 503 or violation, or several of them with "
                       "commas, not '%s'",
                       name, value);
}

static bool add_file(struct options *o, const char *name, const char *value, struct failure *why)
{
    (void)name, (void)why;
    o->words[o->word_count++] = value;
    return true;
}

/* A whole number and a unit, "30d"; `units` is a table that ends with a letter 0. */
struct unit {
    char letter;
    int64_t worth;
};

static bool read_amount(const char *value, const struct unit *units, int64_t *out)
{
    char *end;
    errno = 0;
    const long long number = strtoll(value, &end, 10);
    while (units->letter && units->letter != *end)
        units++;
    if (*value < '0' || *value > '9' || errno || !units->letter || end[1] || number < 1 ||
        number > INT64_MAX / units->worth)
        return false;
    *out = number * units->worth;
    return true;
}

static bool set_keep(struct options *o, const char *name, const char *value, struct failure *why)
{
    static const int64_t second = 1000000;
    const struct unit units[] = {{'m', 60 * second},          {'h', 3600 * second},
                                 {'d', 86400 * second},       {'w', 7 * 86400 * second},
                                 {'y', 365 * 86400 * second}, {0, 0}};
    return read_amount(value, units, &o->keep.keep_us) ||
           failure_set(why, "--%s wants a time such as 30d (m, h, d, w or y), not '%s'", name,
                       value);
}

static bool set_max_size(struct options *o, const char *name, const char *value,
                         struct failure *why)
{
    static const struct unit units[] = {
        {'M', 1000000}, {'G', 1000000000}, {'T', 1000000000000}, {0, 0}};
    return read_amount(value, units, &o->keep.max_octets) ||
           failure_set(why, "--%s wants a size such as 20G (M, G or T), not '%s'", name, value);
}

static bool set_events(struct options *o, const char *name, const char *value, struct failure *why)
{
    o->keep.problems_only = strcmp(value, "problems") == 0;
    return o->keep.problems_only || strcmp(value, "all") == 0 ||
           failure_set(why, "--%s is all or problems, not '%s'", name, value);
}

#define FLAG_SETTER(field)                                                                         \
    static bool set_##field(struct options *o, const char *name, const char *value,                \
                            struct failure *why)                                                   \
    {                                                                                              \
        (void)name, (void)value, (void)why;                                                        \
        o->field = true;                                                                           \
        return true;                                                                               \
    }
/* A setter that keeps a text, which must not be empty. */
#define TEXT_SETTER(field, what)                                                                   \
    static bool set_##field(struct options *o, const char *name, const char *value,                \
                            struct failure *why)                                                   \
    {                                                                                              \
        o->field = value;                                                                          \
        return *value || failure_set(why, "--%s wants " what, name);                               \
    }
TEXT_SETTER(format, "the name of a format")
TEXT_SETTER(output, "the name of a file")
TEXT_SETTER(cursor, "a name")
TEXT_SETTER(user, "the name of a user")
TEXT_SETTER(metrics, "the name of a file")
TEXT_SETTER(sensor, "a name")
TEXT_SETTER(html, "the name of a file")
TEXT_SETTER(captures, "the name of a folder")
TEXT_SETTER(fleet, "https://HOST:PORT")
TEXT_SETTER(credentials, "the name of a file")
TEXT_SETTER(cluster, "a name")

static bool set_of_client(struct options *o, const char *name, const char *value,
                          struct failure *why)
{
    (void)name, (void)why;
    o->of_client = value;
    return true;
}

static bool set_of_server(struct options *o, const char *name, const char *value,
                          struct failure *why)
{
    (void)name, (void)why;
    o->of_server = value;
    return true;
}

FLAG_SETTER(init)
FLAG_SETTER(again)
FLAG_SETTER(ship)
FLAG_SETTER(partial)
/* It has been read when this is called. */
static bool set_config(struct options *o, const char *name, const char *value, struct failure *why)
{
    return o->config.path == value || (!o->config.path && !*value) ||
           failure_set(why, "--%s can be given once, and not in a file", name);
}

FLAG_SETTER(json)
FLAG_SETTER(quiet)
FLAG_SETTER(no_promiscuous)
FLAG_SETTER(list_interfaces)
FLAG_SETTER(utc)
FLAG_SETTER(no_sandbox)
FLAG_SETTER(full)
FLAG_SETTER(plain)
FLAG_SETTER(with_healthy)
FLAG_SETTER(csv)
FLAG_SETTER(jsonl)
FLAG_SETTER(dialogue)
FLAG_SETTER(no_database)
FLAG_SETTER(version)
FLAG_SETTER(script)
FLAG_SETTER(secrets)
FLAG_SETTER(wait)
FLAG_SETTER(rules)
FLAG_SETTER(all)
FLAG_SETTER(help)

/* Letters and long names follow tcpdump where it has the option. */
static const struct option_row rows[] = {
    {FOR_ANALYZE, 'r', "read", "FILE", add_file, "read FILE too (- is standard input)"},
    {FOR_MONITOR, 'i', "interface", "NAME", set_interface,
     "listen on NAME, which may be given again; \"any\" is all of them (default: the first that is "
     "up)"},
    {FOR_MONITOR, 0, "wait", NULL, set_wait,
     "wait for interfaces that are down or not there, at first or later (default under a service "
     "manager)"},
    {FOR_MONITOR, 0, "metrics", "FILE", set_metrics,
     "write counters to FILE for Prometheus' node_exporter, each ten seconds"},
    {FOR_MONITOR, 's', "snapshot-length", "BYTES", set_snap_length,
     "keep BYTES of each packet (default: all)"},
    {FOR_MONITOR, 'p', "no-promiscuous-mode", NULL, set_no_promiscuous,
     "do not put the interface into promiscuous mode"},
    {FOR_MONITOR, 'B', "buffer-size", "KIB", set_buffer,
     "size of the kernel's capture buffer (default: 32768)"},
    {FOR_MONITOR, 'D', "list-interfaces", NULL, set_list_interfaces,
     "list the interfaces and exit"},
    {FOR_HISTORY, 0, "db", "FILE", set_database, "the history (default: heloscope.db)"},
    {FOR_CAPTURE, 0, "no-db", NULL, set_no_database,
     "keep no history: it is gone when all is printed (also --db :memory:)"},
    {FOR_ANALYZE, 0, "fail-on", "WHAT", set_fail_on,
     "exit with 3 if there is a finding that is the fault of client or server, any, a 503, or a "
     "violation; a line for each"},
    {FOR_CAPTURE, 0, "filter", "EXPR", set_filter,
     "look only at packets that match EXPR, in tcpdump's language"},
    {FOR_ANALYZE, 0, "follow", "[=SECONDS]", set_follow,
     "go on with files that are still being written and those that come to a directory, until "
     "stopped, or until nothing has grown for SECONDS; each 503 as it happens"},
    {FOR_CUT, 'w', "write", "FILE", set_output, "write the packets to FILE (- is standard output)"},
    {FOR_CUT, 0, "captures", "FOLDER", set_captures, "the captures lie in FOLDER now"},
    {FOR_CUT, 0, "secrets", NULL, set_secrets,
     "put the secrets of the sessions' TLS into the file: those that the captures hold, and those "
     "of "
     "--keylog"},
    {FOR_CUT, 0, "script", NULL, set_script,
     "print a script for sh instead that says the same to a test server"},
    {FOR_EXPORT, 0, "format", "NAME", set_format,
     "jsonl (the default), eve (Suricata's) or zeek (smtp.log)"},
    {FOR_EXPORT, 0, "output", "FILE", set_output,
     "add to FILE, which may be rotated (default: standard output)"},
    {FOR_EXPORT, 0, "cursor", "NAME", set_cursor,
     "begin where NAME left off, and remember how far it comes (default: everything)"},
    {FOR_EXPORT | FOR_SHIP | FOR_MONITOR, 0, "sensor", "NAME", set_sensor,
     "say in each line or row that it comes from NAME"},
    {FOR_FLEET, 0, "fleet", "URL", set_fleet,
     "the fleet's database, https://HOST:PORT (default: the endpoints in the file of "
     "--credentials)"},
    {FOR_FLEET, 0, "credentials", "FILE", set_credentials,
     "endpoints, user and password (default: /etc/heloscope-fleet.conf)"},
    {FOR_SHIP, 0, "init", NULL, set_init,
     "make the database and its tables, or bring them forward"},
    {FOR_SHIP, 0, "cluster", "NAME", set_cluster, "with --init: on all servers of cluster NAME"},
    {FOR_SHOW | FOR_REPORT | FOR_QUERY, 0, "partial", NULL, set_partial,
     "with --fleet: where a shard is down, take what the others have, with a warning"},
    {FOR_MONITOR, 0, "ship", NULL, set_ship, "send to the fleet what is stored, as it is stored"},
    {FOR_SHIP, 0, "again", NULL, set_again, "send everything again, as newer versions"},
    {FOR_EXPORT | FOR_SHIP, 0, "follow", NULL, set_following,
     "go on with what is stored later, until stopped"},
    {FOR_CAPTURE, 0, "anonymize", "[=KEYFILE]", set_anonymize,
     "store pseudonyms instead of addresses and names; the same ones in each run with the same "
     "KEYFILE"},
    {FOR_CAPTURE | FOR_CUT, 0, "keylog", "FILE", set_keylog,
     "decrypt TLS with the secrets in FILE, as SSLKEYLOGFILE makes it; may be given again"},
    {FOR_CAPTURE, 0, "ports", "LIST", set_ports,
     "ports that are SMTP (default: 25,465,587,2525,24)"},
    {FOR_TAIL, 0, "all", NULL, set_all, "also each session, when it has ended"},
    {FOR_MONITOR | FOR_PRUNE, 0, "keep", "TIME", set_keep,
     "remove sessions that began longer ago, such as 30d (m, h, d, w, y)"},
    {FOR_MONITOR | FOR_PRUNE, 0, "max-size", "SIZE", set_max_size,
     "remove the oldest sessions while the history is larger, such as 20G (M, G, T)"},
    {FOR_MONITOR | FOR_PRUNE, 0, "events", "WHICH", set_events,
     "problems: of sessions in which nothing was wrong keep no events (default: all)"},
    {FOR_SHOW, 0, "full", NULL, set_full, "print sessions whole: cut no line, fold no reply"},
    {FOR_SHOW, 0, "plain", NULL, set_plain, "print nothing but side and text, for diff"},
    {FOR_SHOW, 0, "dialogue", NULL, set_dialogue, "print in the form of heloscope's own tests"},
    {FOR_DIFF, 0, "with-healthy", NULL, set_with_healthy,
     "compare with the last session of the same client and server that went well"},
    {FOR_EXPLAIN, 0, "rules", NULL, set_rules, "print the rules of order instead, verb by verb"},
    {FOR_EXPLAIN, 0, "client", "NAME", set_of_client,
     "print what the clients do that have NAME in theirs, when they are refused"},
    {FOR_EXPLAIN, 0, "server", "NAME", set_of_server,
     "print what the servers say that have NAME in theirs, and what it means"},
    {FOR_REPORT, 0, "html", "FILE", set_html,
     "write a page to FILE that shows all of it, and each finding's session (- is standard "
     "output)"},
    {FOR_REPORT, 0, "by", "WHAT", set_by,
     "cause, client, server, software (the server's), client-software, problem, day or hour "
     "(default: all)"},
    {FOR_ANALYZE | FOR_REPORT | FOR_QUERY, 0, "limit", "N", set_limit,
     "print at most N findings, or rows of a table"},
    {FOR_HISTORY & ~(FOR_EXPORT | FOR_SHIP | FOR_PRUNE), 0, "utc", NULL, set_utc,
     "read and show times in UTC, not in local time"},
    {FOR_PRINTING, 0, "json", NULL, set_json, "print for a program to read"},
    {FOR_TABLES, 0, "jsonl", NULL, set_jsonl, "the same, an object a line"},
    {FOR_TABLES, 0, "csv", NULL, set_csv, "print for a spreadsheet"},
    {FOR_CAPTURE | FOR_SHIP | FOR_PRUNE, 'q', "quiet", NULL, set_quiet,
     "print nothing but problems"},
    {FOR_PRINTING, 0, "color", "WHEN", set_colour, "auto, always or never (NO_COLOR is honoured)"},
    {FOR_MONITOR, 0, "user", "NAME", set_user,
     "become NAME when the interfaces are open (as root only)"},
    {FOR_CAPTURE, 0, "no-sandbox", NULL, set_no_sandbox,
     "do not confine the thread that reads packets"},
    {FOR_ALL, 0, OPTION_CONFIG, "FILE", set_config,
     "take options from FILE first: lines of their long names and values"},
    {FOR_ALL, 'V', "version", NULL, set_version, "print the version"},
    {FOR_ALL, 'h', "help", NULL, set_help, "print this help"},
};

const struct option_row *option_row_at(size_t i)
{
    if (i < selection_row_count)
        return &selection_rows[i];
    i -= selection_row_count;
    return i < COUNT_OF(rows) ? &rows[i] : NULL;
}

bool option_may_be_left_out(const struct option_row *row)
{
    return row->argument && row->argument[0] == '[';
}

void options_free(struct options *options)
{
    free(options->words);
    free(options->keylogs);
    free(options->interfaces);
    config_file_free(&options->config);
    options->interfaces = NULL;
    free(options->selection.terms);
    for (size_t i = 0; i < options->copy_count; i++)
        free(options->copies[i]);
    free(options->copies);
    options->copies = NULL;
    options->copy_count = 0;
    options->selection = (struct selection){0};
    options->keylogs = NULL;
    options->words = NULL;
    options->word_count = 0;
}
