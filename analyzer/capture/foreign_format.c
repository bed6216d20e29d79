/* SPDX-License-Identifier: ISC */
#include "foreign_format.h"

#include "byte_order.h"

#define TURN    "; turn it into pcap first (editcap -F pcap)"
#define TURN_IN "; turn it into pcap first (editcap -T ether -F pcap)"

/* By the octets at a place near the beginning, the longer first where one begins like another. What
 * editcap of Wireshark 4.0 makes of each was tried, but for iptrace and NetScaler; it does not read
 * back all packets of what it has written itself for Observer and the later CommView. */
static const struct {
    size_t offset, length;
    const char *magic;
    const char *is;
} magics[] = {
    {0, 3, "BZh", "compressed with bzip2; unpack it first (bzip2 -d)"},
    {0, 4, "\x02\x21\x4c\x18", "compressed with lz4 in its legacy form; unpack it first (lz4 -d)"},
    {0, 4, "PK\x03\x04", "a zip archive; unpack it first"},
    {0, 6, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"},
    {0, 4, "MSCF",
     "a cabinet of Windows (of netsh trace, as a rule); unpack it first, and turn the "
     ".etl in it into pcapng (pktmon etl2pcap or etl2pcapng)"},
    {0, 15, "SQLite format 3", "an SQLite database, not a capture file (did you mean --db?)"},
    {0, 8, "snoop\0\0", "a capture of snoop" TURN},
    {0, 8, "btsnoop\0", "a capture of Bluetooth, in which there is no SMTP"},
    {0, 4, "RTSS", "a capture of Network Monitor 1" TURN},
    {0, 4, "GMBU", "a capture of Network Monitor" TURN},
    {0, 16, "TRSNIFF data    ", "a capture of the Sniffer for DOS" TURN},
    {0, 4, "XCP\0", "a capture of NetXRay or the Sniffer for Windows" TURN},
    {0, 4, "\005VNF", "a capture of Visual Networks" TURN},
    {0, 4, "\xaa\xaa\xaa\xaa", "a capture of Accellent 5Views" TURN},
    {0, 16, "ObserverPktBuffe", "a capture of Network Instruments' Observer" TURN},
    {6, 24, "Trace Display Trace File", "a capture of Novell's LANalyzer" TURN},
    {0, 11, "iptrace 1.0", "a capture of AIX's iptrace" TURN},
    {0, 11, "iptrace 2.0", "a capture of AIX's iptrace" TURN},
    {3, 9, "NetScaler", "a trace of a NetScaler; have it written as pcap (-traceformat PCAP)"},
    {3, 9, "Netscaler", "a trace of a NetScaler; have it written as pcap (-traceformat PCAP)"},
    {4, 9, "NetScaler", "a trace of a NetScaler; have it written as pcap (-traceformat PCAP)"},
    {0, 4, "TR\0\x64", "a trace of HP-UX's nettl" TURN_IN},
    {0, 38, "+---------+---------------+----------+", "text of a Tektronix K12" TURN_IN},
};

/* A time of day in a year of captures: month, day, hour, minute and second in single octets behind
 * a little-endian year. */
static bool is_date(const uint8_t *at)
{
    const unsigned year = load_u16(at, false);
    return year >= 1990 && year < 2100 && at[2] >= 1 && at[2] <= 12 && at[3] >= 1 && at[3] <= 31 &&
           at[4] < 24 && at[5] < 60 && at[6] < 61;
}

/* CommView has no magic number: its first packet stands there with its length, twice, and time; the
 * later form has the length in 32 bits. */
static bool is_commview(struct bytes start)
{
    if (start.len < 16)
        return false;
    const uint8_t *at = start.at;
    return (load_u16(at, false) && load_u16(at, false) == load_u16(at + 2, false) && !at[4] &&
            is_date(at + 5)) ||
           (load_u32(at, false) && load_u32(at, false) <= UINT16_MAX && is_date(at + 4));
}

enum {
    ERF_HEAD = 16,
    ERF_TYPES = 49,
    ERF_META = 27, /* about the capture; it may have no time, and no frame */
    YEAR_1990 = 631152000,
};

/* Neither have Endace's records: a time of which the second four octets are seconds, a type, the
 * length of the record and that of the frame. */
static bool is_erf(struct bytes start)
{
    if (start.len < ERF_HEAD)
        return false;
    const uint32_t seconds = load_u32(start.at + 4, false);
    const unsigned type = start.at[8] & 0x7f;
    const unsigned record = load_u16(start.at + 10, true), wire = load_u16(start.at + 14, true);
    if (type == ERF_META)
        return record > ERF_HEAD && record % 8 == 0 && !wire;
    return seconds > YEAR_1990 && type && type < ERF_TYPES && record > ERF_HEAD && wire &&
           record <= ERF_HEAD + 8 + wire + 8;
}

const char *foreign_format(struct bytes start)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        const struct bytes magic = bytes_of(magics[i].magic, magics[i].length);
        if (bytes_equal(bytes_first(bytes_from(start, magics[i].offset), magic.len), magic))
            return magics[i].is;
    }
    if (is_commview(start))
        return "most likely a capture of CommView" TURN_IN;
    if (is_erf(start))
        return "most likely a capture in Endace's ERF" TURN;
    return "not a capture file (neither pcap nor pcapng)";
}
