/* SPDX-License-Identifier: ISC */
/* What is no capture that is read here is named, with what turns it into one. */
#include <criterion/criterion.h>
#include <string.h>

#include "analyzer/capture/foreign_format.h"

static void expect(const char *start, size_t length, const char *words)
{
    const char *is = foreign_format(bytes_of(start, length));
    cr_expect_not_null(strstr(is, words), "\"%s\" has no \"%s\"", is, words);
}

Test(foreign_format, each_says_what_it_is)
{
    expect("Received: from mx.example.org\n", 30, "not a capture file");
    expect("Hi", 2, "not a capture file");
    expect("BZh91AY&SY", 10, "bzip2");
    expect("PK\x03\x04\0\0", 6, "zip");
    expect("\x02\x21\x4c\x18\0\0", 6, "lz4");
    expect("snoop\0\0\0\0\0\0\2", 12, "snoop");
    expect("SQLite format 3\0\x10", 17, "SQLite");
    expect("7z\xbc\xaf\x27\x1c", 6, "7-Zip");
    expect("MSCF\0\0\0\0", 8, "etl2pcap");
    expect("RTSS\1\1\1\0", 8, "Network Monitor 1; turn it into pcap first (editcap -F pcap)");
    expect("TRSNIFF data    \x1a", 17, "Sniffer for DOS");
    expect("XCP\000002.001", 11, "Sniffer for Windows");
    expect("\005VNF\x17\0", 6, "Visual Networks");
    expect("\xaa\xaa\xaa\xaa\x20\0", 6, "5Views");
    expect("ObserverPktBufferVersion=15.00", 30, "Observer");
    expect("\001\x10\x4c\0\001\005Trace Display Trace File", 30, "LANalyzer");
    expect("iptrace 2.0", 11, "iptrace");
    expect("\1\1\x1f\0NetScaler Performance Data", 30, "-traceformat PCAP");
    expect("\1\x22\0Netscaler V35 Performance Data", 33, "-traceformat PCAP");
    expect("TR\0\x64\0\0", 6, "nettl; turn it into pcap first (editcap -T ether -F pcap)");
    expect("+---------+---------------+----------+\n", 39, "K12");
    expect("\x4a\0\x4a\0\0\xea\x07\x0b\x15\x15\x29\x0a\0\0\0\0", 16, "CommView");
    expect("\x4a\0\0\0\xea\x07\x0b\x15\x15\x29\x0a\0\0\0\0\0", 16, "CommView");
    expect("\0\0\0\0\xf6\x0f\x02\x6b\2\4\0\x5e\0\0\0\x4a", 16, "ERF");
}

Test(foreign_format, a_part_of_a_magic_number_is_none)
{
    static const char *const starts[] = {"", "B", "snoop", "RTS", "TRSNIFF data", "\1\1\x1f\0Net"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        expect(starts[i], strlen(starts[i]), "not a capture file");
    expect("\x4a\0\x4a\0\0\xea\x07\x0d\x15\x15\x29\x0a\0\0\0\0", 16, "not a capture file");
    expect("\0\0\0\0\xf6\x0f\x02\x6b\2\4\xff\x5e\0\0\0\x4a", 16, "not a capture file");
}
