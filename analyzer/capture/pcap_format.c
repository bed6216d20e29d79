/* SPDX-License-Identifier: ISC */
/* The pcap format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html, and what older
 * programs wrote. */
#include "byte_order.h"
#include "pcap_format.h"
#include "heloscope/base/limits.h"

enum {
    HEADER = 24,
    RECORD = 16,
    RECORD_MODIFIED = 24,   /* of a patch to libpcap that is still met */
    LINK_TYPE_BITS = 0xffff /* above them are flags, and the length of the frame check sequence */
};

static const struct magic {
    uint32_t number;
    bool nanoseconds;
    size_t record_header;
} magics[] = {
    {0xa1b2c3d4, false, RECORD},
    {0xa1b23c4d, true, RECORD},
    {0xa1b2cd34, false, RECORD_MODIFIED},
};

static const struct magic *find_magic(const uint8_t *at, bool big_endian)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (load_u32(at, big_endian) == magics[i].number)
            return &magics[i];
    return NULL;
}

bool pcap_format_begins(struct bytes start)
{
    return find_magic(start.at, false) || find_magic(start.at, true);
}

enum file_result pcap_format_open(struct pcap_format *file, struct byte_source *source,
                                  struct failure *why)
{
    enum bytes_result result = byte_source_need(source, HEADER);
    if (result != BYTES_READY)
        return file_result_of(result, source);
    const uint8_t *at = source->at;
    bool big_endian = find_magic(at, true) != NULL;
    const struct magic *magic = find_magic(at, big_endian);
    unsigned major = load_u16(at + 4, big_endian), minor = load_u16(at + 6, big_endian);
    /* 543.0 is what the tcpdump of DG/UX wrote. */
    if (major != 2 && !(major == 543 && minor == 0)) {
        failure_set(why, "version %u.%u of pcap is not known", major, minor);
        return FILE_DAMAGED;
    }
    *file = (struct pcap_format){
        .big_endian = big_endian,
        .nanoseconds = magic->nanoseconds,
        .record_header = magic->record_header,
        .lengths_swapped = major == 543 || minor < 4,
        .link_type = (int)(load_u32(at + 20, big_endian) & LINK_TYPE_BITS),
    };
    source->at += HEADER;
    return FILE_PACKET;
}

static int64_t record_time(const struct pcap_format *file, const uint8_t *at)
{
    int64_t seconds = load_u32(at, file->big_endian);
    uint32_t fraction = load_u32(at + 4, file->big_endian);
    return seconds * 1000000 + (file->nanoseconds ? fraction / 1000 : fraction);
}

enum file_result pcap_format_next(struct pcap_format *file, struct byte_source *source,
                                  struct file_packet *out, struct failure *why)
{
    enum bytes_result result = byte_source_need(source, file->record_header);
    if (result != BYTES_READY)
        return file_result_of(result, source);
    uint32_t length = load_u32(source->at + 8, file->big_endian);
    uint32_t wire_length = load_u32(source->at + 12, file->big_endian);
    if (file->lengths_swapped && length > wire_length) {
        uint32_t swap = length;
        length = wire_length;
        wire_length = swap;
    }
    if (length > FRAME_LIMIT) {
        failure_set(why, "a frame of %lu octets", (unsigned long)length);
        return FILE_DAMAGED;
    }
    result = byte_source_need(source, file->record_header + length);
    if (result != BYTES_READY)
        return file_result_of(result, source);
    *out = (struct file_packet){
        .frame = bytes_of(source->at + file->record_header, length),
        .wire_length = wire_length > length ? wire_length : length,
        .ts_us = record_time(file, source->at),
        .link_type = file->link_type,
    };
    source->at += file->record_header + length;
    return FILE_PACKET;
}
