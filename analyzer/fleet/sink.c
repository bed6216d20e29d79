/* SPDX-License-Identifier: ISC */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/memory.h"

void sink_begin(struct sink *sink, const char *path, const char *header)
{
    *sink = (struct sink){.path = path, .header = header, .file = path ? -1 : STDOUT_FILENO};
}

void sink_put(struct sink *sink, struct bytes octets)
{
    if (sink->length + octets.len > sink->size) {
        while (sink->length + octets.len > sink->size)
            sink->size = sink->size ? 2 * sink->size : 65536;
        sink->text = memory_resize(sink->text, sink->size);
    }
    if (octets.len)
        memcpy(sink->text + sink->length, octets.at, octets.len);
    sink->length += octets.len;
}

static bool trouble(const struct sink *sink, struct failure *why)
{
    return failure_set(why, "output '%s' cannot be written: %m; what was not written comes again",
                       sink->path ? sink->path : "(standard output)");
}

/* Whether the name still leads to the file that is open. */
static bool is_current(const struct sink *sink)
{
    struct stat named, open;
    return sink->file >= 0 && stat(sink->path, &named) == 0 && fstat(sink->file, &open) == 0 &&
           named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

/* Where the last whole line ends. */
static off_t last_line_end(int file, off_t size)
{
    char piece[4096];
    while (size > 0) {
        const off_t from = size > (off_t)sizeof piece ? size - (off_t)sizeof piece : 0;
        const ssize_t got = pread(file, piece, (size_t)(size - from), from);
        for (ssize_t i = got; i > 0; i--)
            if (piece[i - 1] == '\n')
                return from + i;
        if (got <= 0)
            return size;
        size = from;
    }
    return 0;
}

static bool open_again(struct sink *sink, struct failure *why)
{
    if (sink->file >= 0)
        close(sink->file);
    sink->file = open(sink->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    struct stat now;
    if (sink->file < 0 || fstat(sink->file, &now) != 0)
        return trouble(sink, why);
    if (!S_ISREG(now.st_mode)) /* a pipe or a terminal: there is nothing to cut */
        return true;
    const off_t whole = last_line_end(sink->file, now.st_size);
    return whole == now.st_size || ftruncate(sink->file, whole) == 0 || trouble(sink, why);
}

static bool write_all(int file, const char *text, size_t length)
{
    while (length) {
        const ssize_t done = write(file, text, length);
        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0) {
            text += done;
            length -= (size_t)done;
        }
    }
    return true;
}

static bool needs_header(struct sink *sink)
{
    struct stat now;
    if (!sink->header || sink->begun)
        return false;
    sink->begun = !sink->path;
    return !sink->path || (fstat(sink->file, &now) == 0 && now.st_size == 0);
}

/* A full disk must not leave half a line: it is cut off again. */
static bool write_lines(struct sink *sink, struct failure *why)
{
    struct stat before;
    const bool regular = sink->path && fstat(sink->file, &before) == 0 && S_ISREG(before.st_mode);
    const bool headed =
        !needs_header(sink) || write_all(sink->file, sink->header, strlen(sink->header));
    if (headed && write_all(sink->file, sink->text, sink->length) &&
        (!regular || fdatasync(sink->file) == 0))
        return true;
    trouble(sink, why);
    if (regular && ftruncate(sink->file, before.st_size) != 0)
        return false; /* the next to open the file cuts it */
    return false;
}

bool sink_flush(struct sink *sink, struct failure *why)
{
    if (sink->path && !is_current(sink) && !open_again(sink, why))
        return false;
    if (!sink->length && !sink->header)
        return true;
    const bool done = write_lines(sink, why);
    sink->length = 0;
    return done;
}

void sink_end(struct sink *sink)
{
    if (sink->path && sink->file >= 0)
        close(sink->file);
    free(sink->text);
}
