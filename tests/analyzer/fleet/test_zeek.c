/* SPDX-License-Identifier: ISC */
/* Lines of smtp.log: Zeek's columns, and its escapes for what would be taken for something else. */
#include <criterion/criterion.h>

#include "analyzer/fleet/zeek.h"

static char line[2048];

/* The line of a row with these values for helo, sender, recipients and reply. */
static const char *line_of(const char *helo, const char *from, const char *recipients,
                           const char *reply)
{
    struct bytes cells[13] = {{0}};
    const char *const plain[] = {"1700000000000007", "UID", "192.0.2.1", "4711", "::1", "25", "1"};
    for (int i = 0; i < 7; i++)
        cells[i] = bytes_of_string(plain[i]);
    const char *const told[] = {helo, from, recipients, NULL, reply};
    for (int i = 0; i < 5; i++)
        if (told[i])
            cells[7 + i] = bytes_of_string(told[i]);
    cells[12] = bytes_of_string("1");
    struct sink sink;
    sink_begin(&sink, NULL, NULL);
    zeek_line(&sink, cells);
    snprintf(line, sizeof line, "%.*s", (int)sink.length, sink.text);
    sink_end(&sink);
    return line;
}

Test(zeek, a_line_has_its_columns_in_zeeks_order)
{
    cr_expect_str_eq(
        line_of("client", "a@b",
                "c@d\x1f"
                "e@f",
                "250-x\n250 2.0.0 Ok"),
        "1700000000.000007\tUID\t192.0.2.1\t4711\t::1\t25\t1\tclient\ta@b\tc@d,e@f\t-\t-\t-\t-\t-"
        "\t-\t-\t-\t-\t-\t-\t250 2.0.0 Ok\t::1,192.0.2.1\t-\tT\t(empty)\n");
}

Test(zeek, absent_empty_and_what_looks_like_them_differ)
{
    cr_expect_not_null(strstr(line_of(NULL, "", NULL, NULL), "\t1\t-\t(empty)\t-\t"), "%s", line);
    cr_expect_not_null(strstr(line_of("-", "(empty)", NULL, NULL), "\t1\t\\x2d\t\\x28empty)\t"),
                       "%s", line);
}

Test(zeek, separators_and_what_is_not_printable_are_escaped)
{
    cr_expect_not_null(strstr(line_of("a\tb\\c\x01", "\xc3\xa9\xff", "\"x,y\"@d", NULL),
                              "\ta\\x09b\\x5cc\\x01\t\xc3\xa9\\xff\t\"x\\x2cy\"@d\t"),
                       "%s", line);
}

/* The lines that Zeek 6 writes at the head of smtp.log. */
Test(zeek, the_head_names_columns_and_types)
{
    char head[2048];
    zeek_header(head, sizeof head, 1700000000);
    cr_expect_str_eq(
        head,
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tsmtp\n"
        "#open\t2023-11-14-22-13-20\n"
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_"
        "depth\thelo\tmailfrom\t"
        "rcptto\tdate\tfrom\tto\tcc\treply_to\tmsg_id\tin_reply_to\tsubject\tx_originating_ip\t"
        "first_received\tsecond_received\tlast_reply\tpath\tuser_agent\ttls\tfuids\n"
        "#types\ttime\tstring\taddr\tport\taddr\tport\tcount\tstring\tstring\tset[string]\tstring\t"
        "string\tset[string]\tset[string]\tstring\tstring\tstring\tstring\taddr\tstring\tstring\t"
        "string\tvector[addr]\tstring\tbool\tvector[string]\n");
}
