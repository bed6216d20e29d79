/* SPDX-License-Identifier: ISC */
#include "problem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "foreign_format.h"

const char *capture_source_title(const char *name)
{
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

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
        capture_problem_set(source, "%s",
                            foreign_format(bytes_of(file->start, file->start_length)));
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
