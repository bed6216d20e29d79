/* SPDX-License-Identifier: ISC */
/* The command line: what is understood, and what is refused with which words. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/program/options.h"

enum {
    WORDS = 16
};

/* Splits `line` at blanks and reads it as the words behind "heloscope". */
static bool read_line(enum subcommand subcommand, const char *line, struct options *out,
                      struct failure *why)
{
    static char copy[256];
    static char name[] = "subcommand";
    char *argv[WORDS + 1] = {name};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word && argc < WORDS; word = strtok(NULL, " "))
        argv[argc++] = word;
    return options_read(subcommand, argc, argv, out, why);
}

static void expect_wrong(enum subcommand subcommand, const char *line, const char *words)
{
    struct options options;
    struct failure why = {""};
    cr_expect_not(read_line(subcommand, line, &options, &why), "%s", line);
    cr_expect_not_null(strstr(why.text, words), "%s: \"%s\" has no \"%s\"", line, why.text, words);
    options_free(&options);
}

Test(options, defaults)
{
    struct options o;
    cr_assert(read_line(FOR_ANALYZE, "", &o, NULL));
    cr_expect_str_eq(o.database, "heloscope.db");
    cr_expect_eq(o.limit, -1);
    cr_expect_eq(o.follow, -1);
    cr_expect_eq(o.port_count, 0);
    cr_expect_eq(o.word_count, 0);
    cr_expect_eq(o.colour, COLOUR_AUTO);
    cr_expect_not(o.json || o.quiet || o.help);
    options_free(&o);
}

/* "cut 7 -w" once wrote all sessions to a file called 7. */
Test(options, an_option_at_the_end_does_not_take_the_word_before_it)
{
    expect_wrong(FOR_CUT, "7 -w", "--write needs FILE behind it");
    expect_wrong(FOR_SHOW, "7 --last", "--last needs N behind it");
    expect_wrong(FOR_ANALYZE, "x.pcap --db", "--db needs FILE behind it");
}

Test(options, follow_with_and_without_seconds)
{
    struct options o;
    cr_assert(read_line(FOR_ANALYZE, "--follow 7", &o, NULL));
    cr_expect_eq(o.follow, 0);
    cr_assert_eq(o.word_count, 1); /* 7 is a file */
    cr_expect_str_eq(o.words[0], "7");
    options_free(&o);
    cr_assert(read_line(FOR_ANALYZE, "--follow=7 x.pcap", &o, NULL));
    cr_expect_eq(o.follow, 7);
    options_free(&o);
    expect_wrong(FOR_ANALYZE, "--follow=soon x.pcap", "--follow wants a number");
    expect_wrong(FOR_ANALYZE, "--follow=0 x.pcap", "from 1 to");
    expect_wrong(FOR_MONITOR, "--follow", "unknown option");
}

Test(options, of_analyze)
{
    struct options o;
    struct failure why = {""};
    cr_assert(read_line(FOR_ANALYZE,
                        "a.pcap --db x.db -r b.pcap --ports 25,2526 --limit=3 --json -q "
                        "--filter arp --color never -",
                        &o, &why),
              "%s", why.text);
    cr_expect_str_eq(o.database, "x.db");
    cr_assert_eq(o.port_count, 2);
    cr_expect_eq(o.ports[0], 25);
    cr_expect_eq(o.ports[1], 2526);
    cr_expect_eq(o.limit, 3);
    cr_expect_str_eq(o.filter, "arp");
    cr_expect(o.json && o.quiet);
    cr_expect_eq(o.colour, COLOUR_NEVER);
    cr_assert_eq(o.word_count, 3);
    cr_expect_str_eq(o.words[0], "b.pcap");
    cr_expect_str_eq(o.words[1], "a.pcap");
    cr_expect_str_eq(o.words[2], "-");
    options_free(&o);
}

Test(options, of_monitor_as_tcpdump_names_them)
{
    struct options o;
    cr_assert(read_line(FOR_MONITOR, "-i lo -p -s 200 -B 4096 tcp port 25", &o, NULL));
    cr_expect_str_eq(o.interfaces[0], "lo");
    cr_expect(o.no_promiscuous);
    cr_expect_eq(o.snap_length, 200);
    cr_expect_eq(o.buffer_kib, 4096);
    cr_expect_eq(o.word_count, 3);
    options_free(&o);
    cr_assert(read_line(FOR_MONITOR, "--interface lo --list-interfaces", &o, NULL));
    cr_expect(o.list_interfaces);
    options_free(&o);
}

Test(options, an_option_is_known_only_where_it_means_something)
{
    expect_wrong(FOR_ANALYZE, "-i lo", "unknown option -i");
    expect_wrong(FOR_SHOW, "--ports 25", "unknown option --ports");
    expect_wrong(FOR_EXPLAIN, "--db x.db", "unknown option --db");
    expect_wrong(FOR_REPORT, "--dance", "unknown option --dance");
}

Test(options, wrong_values_are_named)
{
    expect_wrong(FOR_ANALYZE, "--db", "--db needs FILE");
    expect_wrong(FOR_MONITOR, "-i", "--interface needs NAME");
    expect_wrong(FOR_ANALYZE, "--json=yes", "--json takes no value");
    static const char *const ports[] = {"0",    "65536",           "25,", ",25", "25;26", "smtp",
                                        "25,x", "999999999999999", "-25", "+25"};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        char line[64];
        snprintf(line, sizeof line, "--ports %s", ports[i]);
        expect_wrong(FOR_ANALYZE, line, "--ports wants");
    }
    expect_wrong(FOR_ANALYZE, "--limit 1x", "'1x'");
    expect_wrong(FOR_ANALYZE, "--limit -1", "'-1'");
    expect_wrong(FOR_MONITOR, "-s 99999999999999999999", "--snapshot-length wants");
    expect_wrong(FOR_MONITOR, "-B 0", "--buffer-size wants");
    expect_wrong(FOR_REPORT, "--by weather", "'weather'");
    expect_wrong(FOR_SHOW, "--color sometimes", "'sometimes'");
}

Test(options, at_most_so_many_ports)
{
    char line[512] = "--ports 1";
    for (int i = 1; i < OPTIONS_PORTS_MAX; i++)
        strcat(line, ",1");
    char name[] = "analyze", option[] = "--ports";
    char *argv[] = {name, option, line + strlen("--ports "), NULL};
    struct options o;
    cr_expect(options_read(FOR_ANALYZE, 3, argv, &o, NULL));
    cr_expect_eq(o.port_count, OPTIONS_PORTS_MAX);
    options_free(&o);
    strcat(line, ",1");
    cr_expect_not(options_read(FOR_ANALYZE, 3, argv, &o, NULL));
    options_free(&o);
}

Test(options, help_lists_what_is_known)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    options_help(FOR_MONITOR, out);
    fclose(out);
    cr_expect_not_null(strstr(text, "-i, --interface NAME"));
    cr_expect_not_null(strstr(text, "--db FILE"));
    cr_expect_null(strstr(text, "--by"));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        cr_expect_leq(strcspn(line, "\n"), 80, "%.*s", (int)strcspn(line, "\n"), line);
    free(text);
}
