/* SPDX-License-Identifier: ISC */
#include "problem.h"

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

/* Files that people hand over instead of the capture, by their first octets. */
static const struct {
    const char *magic;
    size_t length;
    const char *problem;
} known_formats[] = {
    {"BZh", 3, "compressed with bzip2; unpack it first (bzip2 -d)"},
    {"\x02\x21\x4c\x18", 4, "compressed with lz4 in its legacy form; unpack it first (lz4 -d)"},
    {"PK\x03\x04", 4, "a zip archive; unpack it first"},
    {"snoop\0\0", 8, "a capture of snoop; turn it into pcap first (editcap -F pcap)"},
    {"GMBU", 4, "a capture of Network Monitor; turn it into pcap first (editcap -F pcap)"},
    {"SQLite format 3", 15, "an SQLite database, not a capture file (did you mean --db?)"},
};

static const char *what_is_it(struct bytes start)
{
    for (size_t i = 0; i < sizeof known_formats / sizeof known_formats[0]; i++) {
        struct bytes magic = bytes_of(known_formats[i].magic, known_formats[i].length);
        if (bytes_equal(bytes_first(start, magic.len), magic))
            return known_formats[i].problem;
    }
    return "not a capture file (neither pcap nor pcapng)";
}

static bool header_is_read(const struct capture_file *file)
{
    return file->format == FORMAT_PCAP ||
           (file->format == FORMAT_PCAPNG && file->pcapng.in_section);
}

void capture_problem_of_file(struct capture_source *source, const struct capture_file *file,
                             enum file_result result)
{
    char place[64] = "the file header";
    const char *why = file->why.text;
    if (source->packets)
        snprintf(place, sizeof place, "the record behind packet %" PRIu64, source->packets);
    else if (header_is_read(file))
        strcpy(place, "its first record");

    if (result == FILE_EMPTY)
        capture_problem_set(source, "empty file");
    else if (result == FILE_FOREIGN)
        capture_problem_set(source, "%s", what_is_it(bytes_of(file->start, file->start_length)));
    else if (result == FILE_CUT)
        capture_problem_set(source, "cut off in %s%s%s%s%s", place, *why ? " (" : "", why,
                            *why ? ")" : "", source->packets ? "" : "; it holds no packets");
    else if (result == FILE_DAMAGED)
        capture_problem_set(source, "damaged in %s: %.200s", place, why);
    else if (result == FILE_UNREADABLE && source->packets)
        capture_problem_set(source, "not readable behind packet %" PRIu64 ": %.200s",
                            source->packets, why);
    else if (result == FILE_UNREADABLE)
        capture_problem_set(source, "%.200s", why);
}
