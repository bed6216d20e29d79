/* SPDX-License-Identifier: ISC */
/* The file of credentials, and what the command line says beyond it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/fleet/account.h"

static char path[] = "/tmp/heloscope-account-XXXXXX";
static struct account account;
static struct failure why;

static void make(void)
{
    const int file = mkstemp(path);
    cr_assert_geq(file, 0);
    close(file);
}

static void clean(void)
{
    unlink(path);
}

TestSuite(account, .init = make, .fini = clean);

static bool reads(const char *text, struct fleet_words words)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    words.credentials = path;
    why.text[0] = '\0';
    return account_read(&words, &account, &why);
}

static void says(const char *word)
{
    cr_expect_not_null(strstr(why.text, word), "%s", why.text);
}

Test(account, lines_are_names_and_values)
{
    cr_assert(reads("# ours\n\nendpoint https://a:8443/\nendpoint = http://[::1]:8123\r\n"
                    "  user mx\npassword a b = #c\ndatabase mail_fleet\nsensor mx1.example\n",
                    (struct fleet_words){0}),
              "%s", why.text);
    cr_expect_eq(account.endpoint_count, 2);
    cr_expect_str_eq(account.endpoints[0], "https://a:8443");
    cr_expect_str_eq(account.endpoints[1], "http://[::1]:8123");
    cr_expect_str_eq(account.password, "a b = #c");
    cr_expect_str_eq(account.database, "mail_fleet");
    cr_expect_str_eq(account.sensor, "mx1.example");
}

Test(account, the_command_line_comes_first)
{
    cr_assert(reads("endpoint https://a:1\nendpoint https://b:1\nsensor x\n",
                    (struct fleet_words){.url = "http://c:2", .sensor = "y", .cluster = "mail"}));
    cr_expect_eq(account.endpoint_count, 1);
    cr_expect_str_eq(account.endpoints[0], "http://c:2");
    cr_expect_str_eq(account.sensor, "y");
    cr_expect_str_eq(account.cluster, "mail");
    cr_expect_str_eq(account.user, "default");
    cr_expect_str_eq(account.database, "heloscope");
}

Test(account, a_file_that_others_can_read_is_refused)
{
    cr_assert_eq(chmod(path, 0640), 0);
    cr_expect_not(reads("endpoint https://a:1\n", (struct fleet_words){0}));
    says("chmod 600");
}

Test(account, what_is_not_understood_is_said_with_its_line)
{
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"user a\ncolour red\n", "line 2"},
        {"endpoint a:1\n", "https://HOST:PORT"},
        {"endpoint https://me:secret@a:1\n", "https://HOST:PORT"},
        {"endpoint https://a:1/path\n", "https://HOST:PORT"},
        {"database a;b\n", "is no name"},
        {"cluster `x`\n", "is no name"},
        {"user a\n", "no fleet is named"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_not(reads(cases[i].text, (struct fleet_words){0}), "%s", cases[i].text);
        says(cases[i].word);
        cr_expect_null(strstr(why.text, "secret@a:1,"), "%s", why.text);
    }
}
