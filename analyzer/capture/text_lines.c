/* SPDX-License-Identifier: ISC */
#include "heloscope/capture/text_lines.h"

#include <stdlib.h>

#include "byte_source.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

struct text_lines {
    struct byte_source source;
    const char *path;
};

struct text_lines *text_lines_open(const char *path, struct failure *why)
{
    struct text_lines *lines = memory_get(sizeof *lines);
    lines->path = path;
    struct failure reason = {""};
    if (byte_source_open(&lines->source, path, false, &reason))
        return lines;
    failure_set(why, "%s: %s", path, reason.text);
    free(lines);
    return NULL;
}

void text_lines_close(struct text_lines *lines)
{
    if (!lines)
        return;
    byte_source_close(&lines->source);
    free(lines);
}

/* Makes `wanted` octets available, or as many as are left; how many there are then. */
static size_t fill(struct text_lines *lines, size_t wanted, struct failure *why)
{
    enum bytes_result result;
    do
        result = byte_source_need(&lines->source, wanted);
    while (result == BYTES_IDLE);
    if (result == BYTES_FAILED && why && !why->text[0])
        failure_set(why, "%s: %s", lines->path, lines->source.why.text);
    const size_t left = byte_source_left(&lines->source);
    return left < wanted ? left : wanted;
}

/* Passes over what is left of a line that is too long. */
static void skip_line(struct text_lines *lines, struct failure *why)
{
    size_t there;
    while ((there = fill(lines, 4096, why))) {
        const uint8_t *end = memchr(lines->source.at, '\n', there);
        lines->source.at = end ? end + 1 : lines->source.at + there;
        if (end)
            return;
    }
}

bool text_lines_next(struct text_lines *lines, struct bytes *line, struct failure *why)
{
    size_t seen = 0;
    const uint8_t *end = NULL;
    while (!end && seen < LOG_LINE_LIMIT && fill(lines, seen + 1, why) > seen) {
        size_t there = byte_source_left(&lines->source); /* all that has come */
        there = there < LOG_LINE_LIMIT ? there : LOG_LINE_LIMIT;
        end = memchr(lines->source.at + seen, '\n', there - seen);
        seen = there;
    }
    if (!end && !seen)
        return false;
    const size_t length = end ? (size_t)(end - lines->source.at) : seen;
    *line = bytes_without_cr(bytes_of(lines->source.at, length));
    lines->source.at += length + (end ? 1 : 0);
    if (!end && length == LOG_LINE_LIMIT) {
        static _Thread_local uint8_t kept[LOG_LINE_LIMIT];
        memcpy(kept, line->at, line->len);
        line->at = kept;
        skip_line(lines, why);
    }
    return true;
}

bool text_lines_octets(struct text_lines *lines, uint64_t length, struct bytes *octets,
                       struct failure *why)
{
    static _Thread_local uint8_t kept[LOG_LINE_LIMIT];
    *octets = bytes_of(kept, 0);
    while (length) {
        const size_t there = fill(lines, length < 4096 ? (size_t)length : 4096, why);
        if (!there)
            return false;
        const size_t room = LOG_LINE_LIMIT - octets->len;
        memcpy(kept + octets->len, lines->source.at, there < room ? there : room);
        octets->len += there < room ? there : room;
        lines->source.at += there;
        length -= there;
    }
    return true;
}

bool text_lines_number(struct text_lines *lines, uint64_t *number, struct failure *why)
{
    if (fill(lines, 8, why) < 8)
        return false;
    *number = 0;
    for (int i = 7; i >= 0; i--)
        *number = *number << 8 | lines->source.at[i];
    lines->source.at += 8;
    return true;
}
