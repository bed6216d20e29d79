/* SPDX-License-Identifier: ISC */
/* Which format a file has, and its packets. libpcap is not asked: it cannot read pcapng files of
 * several link types, cannot wait for the rest of a record that is still being written, and copies
 * each packet out of the buffer in which it lies. */
#include "file.h"

#include <sys/stat.h>

enum {
    MAGIC = 4
};

bool capture_file_open(struct capture_file *file, const char *name, bool growing,
                       struct failure *why)
{
    *file = (struct capture_file){.format = FORMAT_UNKNOWN};
    return byte_source_open(&file->source, name, growing, why);
}

void capture_file_close(struct capture_file *file)
{
    byte_source_close(&file->source);
    pcapng_close(&file->pcapng);
}

/* A magic number that the end of the file cuts off is still one. */
static bool begins_like_capture(struct bytes start)
{
    static const char *const magics[] = {
        "\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d",
        "\x4d\x3c\xb2\xa1", "\xa1\xb2\xcd\x34", "\x34\xcd\xb2\xa1",
        "\xa1\xe2\xcb\x12", "\x12\xcb\xe2\xa1", "\x0a\x0d\x0d\x0a",
    };
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (memcmp(start.at, magics[i], start.len) == 0)
            return true;
    return false;
}

static enum file_result not_a_capture(struct capture_file *file)
{
    enum bytes_result result = byte_source_need(&file->source, sizeof file->start);
    if (result == BYTES_IDLE && byte_source_left(&file->source) < MAGIC)
        return FILE_IDLE;
    struct bytes start =
        bytes_first(bytes_of(file->source.at, byte_source_left(&file->source)), sizeof file->start);
    memcpy(file->start, start.at, start.len);
    file->start_length = start.len;
    return FILE_FOREIGN;
}

/* Too short for a magic number. */
static enum file_result stump(struct capture_file *file, enum bytes_result result)
{
    size_t left = byte_source_left(&file->source);
    if (result != BYTES_END)
        return file_result_of(result, &file->source);
    if (!left)
        return FILE_EMPTY;
    return begins_like_capture(bytes_of(file->source.at, left)) ? FILE_CUT : not_a_capture(file);
}

static enum file_result read_header(struct capture_file *file)
{
    enum bytes_result read = byte_source_need(&file->source, MAGIC);
    if (read != BYTES_READY)
        return stump(file, read);
    struct bytes start = bytes_of(file->source.at, MAGIC);
    if (pcapng_begins(start)) {
        file->format = FORMAT_PCAPNG; /* its header is a block like others */
        return FILE_PACKET;
    }
    if (!pcap_format_begins(start))
        return not_a_capture(file);
    enum file_result result = pcap_format_open(&file->pcap_format, &file->source, &file->why);
    if (result == FILE_PACKET)
        file->format = FORMAT_PCAP;
    return result;
}

static enum file_result read_record(struct capture_file *file, struct file_packet *out)
{
    enum file_result result =
        file->format == FORMAT_PCAP
            ? pcap_format_next(&file->pcap_format, &file->source, out, &file->why)
            : pcapng_next(&file->pcapng, &file->source, out, &file->why);
    if (result == FILE_PACKET)
        out->number = ++file->packets + file->pcapng.others;
    return result;
}

enum file_result capture_file_next(struct capture_file *file, struct file_packet *out)
{
    enum file_result result = FILE_PACKET;
    if (file->format == FORMAT_UNKNOWN)
        result = read_header(file);
    if (result == FILE_PACKET)
        result = read_record(file, out);
    if (file->source.failed && (result == FILE_CUT || result == FILE_UNREADABLE))
        file->why = file->source.why;
    return result;
}

void capture_file_secrets(const char *name, struct keylog *keylog)
{
    struct capture_file file;
    struct file_packet packet;
    struct stat status;
    struct failure why;
    if (stat(name, &status) || !S_ISREG(status.st_mode) ||
        !capture_file_open(&file, name, false, &why))
        return;
    file.pcapng.keylog = keylog;
    while (capture_file_next(&file, &packet) == FILE_PACKET && file.format == FORMAT_PCAPNG)
        ;
    capture_file_close(&file);
}
