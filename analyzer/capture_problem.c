/* libpcap tells its errors only as text, so the few that a user can act on are recognised by words
 * of it; for the rest its own words are passed on. */
#include "heloscope/capture_problem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void capture_problem_set(struct capture_source *source, const char *format, ...)
{
    if (source->problem[0])
        return;
    int used = snprintf(source->problem, sizeof source->problem,
                        "%.300s: ", capture_source_title(source->name));
    va_list args;
    va_start(args, format);
    vsnprintf(source->problem + used, sizeof source->problem - (size_t)used, format, args);
    va_end(args);
}

const char *capture_source_title(const char *name)
{
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

/* Files that people hand over instead of the capture, by their first octets. */
static const struct {
    const char *magic;
    size_t length;
    const char *problem;
} known_formats[] = {
    {"\x1f\x8b", 2, "compressed with gzip; unpack it first (gzip -d)"},
    {"\x28\xb5\x2f\xfd", 4, "compressed with zstd; unpack it first (zstd -d)"},
    {"\xfd"
     "7zXZ",
     5, "compressed with xz; unpack it first (xz -d)"},
    {"\x04\x22\x4d\x18", 4, "compressed with lz4; unpack it first (lz4 -d)"},
    {"BZh", 3, "compressed with bzip2; unpack it first (bzip2 -d)"},
    {"PK\x03\x04", 4, "a zip archive; unpack it first"},
    {"SQLite format 3", 15, "an SQLite database, not a capture file (did you mean --db?)"},
};

/* libpcap says "truncated" of every file shorter than a header. Only what begins like a capture was
 * one once: the magic numbers of pcap in both byte orders, micro- and nanoseconds, and of pcapng.
 */
static bool begins_like_capture(struct bytes start)
{
    static const char magics[][4] = {
        {'\xa1', '\xb2', '\xc3', '\xd4'}, {'\xd4', '\xc3', '\xb2', '\xa1'},
        {'\xa1', '\xb2', '\x3c', '\x4d'}, {'\x4d', '\x3c', '\xb2', '\xa1'},
        {'\x0a', '\x0d', '\x0d', '\x0a'},
    };
    size_t compared = start.len < 4 ? start.len : 4;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (compared && memcmp(start.at, magics[i], compared) == 0)
            return true;
    return false;
}

void capture_problem_header(struct capture_source *source, struct bytes start, const char *libpcap)
{
    for (size_t i = 0; i < sizeof known_formats / sizeof known_formats[0]; i++) {
        struct bytes magic = bytes_of(known_formats[i].magic, known_formats[i].length);
        if (bytes_equal(bytes_first(start, magic.len), magic)) {
            capture_problem_set(source, "%s", known_formats[i].problem);
            return;
        }
    }
    if (strstr(libpcap, "truncated") && (start.len == 0 || begins_like_capture(start)))
        capture_problem_set(source, "cut off in the file header; it holds no packets");
    else if (start.len && begins_like_capture(start))
        capture_problem_set(source, "damaged file header: %.200s", libpcap);
    else if (strstr(libpcap, "unknown file format") || strstr(libpcap, "truncated"))
        capture_problem_set(source, "not a capture file (neither pcap nor pcapng)");
    else
        capture_problem_set(source, "not a readable capture file: %.200s", libpcap);
}

void capture_problem_record(struct capture_source *source, const char *libpcap)
{
    char place[64];
    if (source->packets)
        snprintf(place, sizeof place, "the record behind packet %" PRIu64, source->packets);
    else
        snprintf(place, sizeof place, "its first record");

    if (strstr(libpcap, "truncated"))
        capture_problem_set(source, "cut off in %s", place);
    else if (strstr(libpcap, "different from the type of the first interface"))
        capture_problem_set(
            source,
            "not readable from %s on: its interfaces have different link types; split it "
            "by interface first (editcap, or tshark -Y frame.interface_id==N)",
            place);
    else if (strstr(libpcap, "different from the snapshot length of the first interface"))
        capture_problem_set(
            source,
            "not readable from %s on: its interfaces have different snap lengths; split "
            "it by interface first (tshark -Y frame.interface_id==N)",
            place);
    else
        capture_problem_set(source, "damaged in %s: %.200s", place, libpcap);
}
