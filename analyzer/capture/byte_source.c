/* SPDX-License-Identifier: ISC */
/* One buffer that slides along the file. What is not compressed is read straight into it, and the
 * readers of records look at it there: no octet is copied but the rest of a record that the end of
 * the buffer cuts. */
#include "byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER = 1 << 18,
    FIRST_READ = 1 << 14, /* enough to know what it is: a folder's files are all tried */
    PIPE_WAIT_MS = 100
};

bool byte_source_open(struct byte_source *source, const char *name, bool growing,
                      struct failure *why)
{
    struct stat status;
    bool standard = strcmp(name, "-") == 0;
    *source = (struct byte_source){.fd = STDIN_FILENO, .growing = growing};
    if (!standard)
        source->fd = open(name, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 || fstat(source->fd, &status) != 0) {
        failure_set(why, "%s", strerror(errno));
        byte_source_close(source);
        return false;
    }
    source->regular = S_ISREG(status.st_mode);
    source->data = malloc(BUFFER);
    source->capacity = BUFFER;
    source->at = source->end = source->data;
    if (S_ISDIR(status.st_mode))
        failure_set(why, "a directory without capture files");
    else if (!source->data)
        failure_set(why, "out of memory");
    else
        return true;
    byte_source_close(source);
    return false;
}

void byte_source_close(struct byte_source *source)
{
    if (source->fd > STDIN_FILENO)
        close(source->fd);
    source->fd = -1;
    decompressor_free(source->decompressor);
    free(source->data);
    free(source->packed);
    source->decompressor = NULL;
    source->data = source->packed = NULL;
    source->at = source->end = NULL;
}

uint64_t byte_source_position(const struct byte_source *source)
{
    size_t waiting = source->decompressor ? source->packed_left.len : byte_source_left(source);
    return source->fetched - waiting;
}

uint64_t byte_source_size(const struct byte_source *source)
{
    struct stat status;
    if (!source->regular || fstat(source->fd, &status) != 0)
        return 0;
    return (uint64_t)status.st_size;
}

static enum bytes_result fail(struct byte_source *source)
{
    source->failed = true;
    return BYTES_FAILED;
}

/* ----------------------------------------------------------------------------- from the system */

/* A pipe is waited for only so long, so that whoever asks can see in between whether it is to stop.
 */
static bool pipe_is_silent(const struct byte_source *source)
{
    struct pollfd waited = {.fd = source->fd, .events = POLLIN};
    return !source->regular && poll(&waited, 1, PIPE_WAIT_MS) <= 0;
}

/* Reads up to `room` octets to `to`; `*got` is how many came when the result is BYTES_READY. */
static enum bytes_result read_some(struct byte_source *source, uint8_t *to, size_t room,
                                   size_t *got)
{
    if (source->ended)
        return BYTES_END;
    if (pipe_is_silent(source))
        return BYTES_IDLE;
    ssize_t count = read(source->fd, to, room);
    if (count > 0) {
        source->fetched += (uint64_t)count;
        *got = (size_t)count;
        return BYTES_READY;
    }
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return BYTES_IDLE;
    if (count < 0) {
        failure_set(&source->why, "%s", strerror(errno));
        return fail(source);
    }
    if (source->regular && source->growing)
        return BYTES_IDLE;
    source->ended = true;
    return BYTES_END;
}

/* Room behind what is left, for `wanted` octets in all. */
static bool make_room(struct byte_source *source, size_t wanted)
{
    size_t left = byte_source_left(source);
    if (source->at > source->data)
        memmove(source->data, source->at, left);
    if (wanted > source->capacity) {
        size_t capacity = source->capacity;
        while (capacity < wanted)
            capacity *= 2;
        uint8_t *larger = realloc(source->data, capacity);
        if (larger) {
            source->data = larger;
            source->capacity = capacity;
        }
    }
    source->at = source->data;
    source->end = source->data + left;
    return wanted <= source->capacity || failure_set(&source->why, "out of memory");
}

static enum bytes_result fill_plain(struct byte_source *source)
{
    size_t left = byte_source_left(source), got;
    enum bytes_result result =
        read_some(source, source->data + left, source->capacity - left, &got);
    if (result == BYTES_READY)
        source->end += got;
    return result;
}

/* ------------------------------------------------------------------------------ from a library */

/* Zeros between and behind members are padding (xz and tapes have it); no member begins so. */
static void skip_padding(struct byte_source *source)
{
    while (!source->in_member && source->packed_left.len && source->packed_left.at[0] == 0)
        source->packed_left = bytes_from(source->packed_left, 1);
}

static enum bytes_result fetch_packed(struct byte_source *source)
{
    size_t got;
    enum bytes_result result = read_some(source, source->packed, BUFFER, &got);
    if (result == BYTES_READY)
        source->packed_left = bytes_of(source->packed, got);
    return result;
}

static enum bytes_result packed_end(struct byte_source *source)
{
    if (!source->in_member)
        return BYTES_END;
    source->cut = true;
    failure_set(&source->why, "the %s data ends too early", source->packing->name);
    return fail(source);
}

/* One step of the library. What it made counts even when it failed behind that. */
static enum bytes_result unpack(struct byte_source *source, size_t *made)
{
    size_t left = byte_source_left(source);
    const char *words = NULL;
    enum decompress_result result =
        decompressor_step(source->decompressor, &source->packed_left, source->data + left,
                          source->capacity - left, made, &words);
    source->end += *made;
    if (result == DECOMPRESS_FAILED) {
        failure_set(&source->why, "the %s data cannot be unpacked: %s", source->packing->name,
                    words);
        return fail(source);
    }
    source->in_member = result == DECOMPRESS_ON;
    return BYTES_READY;
}

static enum bytes_result fill_packed(struct byte_source *source)
{
    for (;;) {
        enum bytes_result fetched = BYTES_READY;
        skip_padding(source);
        if (!source->packed_left.len)
            fetched = fetch_packed(source);
        if (fetched == BYTES_IDLE || fetched == BYTES_FAILED)
            return fetched;
        skip_padding(source);
        /* Also without input: a library may still hold what there was no room for. */
        if (!source->in_member && !source->packed_left.len) {
            if (fetched == BYTES_END)
                return BYTES_END;
            continue;
        }
        size_t made = 0;
        enum bytes_result result = unpack(source, &made);
        if (made)
            return BYTES_READY;
        if (result == BYTES_FAILED)
            return result;
        if (fetched == BYTES_END)
            return packed_end(source);
    }
}

/* ---------------------------------------------------------------------------------- altogether */

static bool start_unpacking(struct byte_source *source)
{
    const struct packing *packing = source->packing;
    if (!packing_is_available(packing))
        return failure_set(&source->why,
                           "compressed with %s, which this heloscope was built without; unpack it "
                           "first (%s)",
                           packing->name, packing->tool);
    source->packed = source->data;
    source->packed_left = bytes_of(source->data, source->begun);
    source->data = malloc(BUFFER);
    source->capacity = BUFFER;
    source->at = source->end = source->data;
    source->decompressor = decompressor_new(packing);
    return (source->data && source->decompressor) || failure_set(&source->why, "out of memory");
}

/* Reads as much as tells whether the file is compressed. Until that is known nobody sees it. */
static enum bytes_result recognise(struct byte_source *source)
{
    enum bytes_result result = BYTES_READY;
    while (result == BYTES_READY && source->begun < DECOMPRESS_RECOGNISED) {
        size_t got = 0;
        result = read_some(source, source->data + source->begun, FIRST_READ, &got);
        source->begun += got;
    }
    if (result == BYTES_IDLE || result == BYTES_FAILED)
        return result;
    source->recognised = true;
    source->packing = packing_find(bytes_of(source->data, source->begun));
    if (!source->packing)
        source->end = source->data + source->begun;
    else if (!start_unpacking(source))
        return fail(source);
    return BYTES_READY;
}

enum bytes_result byte_source_fetch(struct byte_source *source, size_t wanted)
{
    enum bytes_result result = BYTES_READY;
    if (!source->recognised && !source->failed)
        result = recognise(source);
    if (source->failed)
        return BYTES_FAILED;
    if (result == BYTES_READY && byte_source_left(source) < wanted && !make_room(source, wanted))
        return fail(source);
    while (result == BYTES_READY && byte_source_left(source) < wanted) {
        if (source->failed) /* behind what the last step could still make */
            return BYTES_FAILED;
        result = source->decompressor ? fill_packed(source) : fill_plain(source);
    }
    return result;
}
