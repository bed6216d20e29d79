/* SPDX-License-Identifier: ISC */
/* The pcap format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html, and what older
 * programs and patched libraries wrote. */
#include <stdlib.h>

#include "byte_order.h"
#include "pcap_format.h"
#include "heloscope/base/limits.h"

enum {
    HEADER = 24,
    RECORD = 16,
    RECORD_MODIFIED = 24,   /* of a patch to libpcap that is still met */
    RECORD_NOKIA = 20,      /* IPSO's tcpdump, under the common magic number */
    RECORD_SUSE = 28,       /* SuSE 6.3, under the number of the modified format */
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
    {0xa1e2cb12, true, RECORD_MODIFIED}, /* netsniff-ng -T */
};

/* Records with more in front of the frame, under magic numbers of others: Red Hat 6.1 wrote the
 * modified ones under the common number. */
static const struct variant {
    size_t usual, record_header;
} variants[] = {
    {RECORD, RECORD_NOKIA},
    {RECORD, RECORD_MODIFIED},
    {RECORD_MODIFIED, RECORD_SUSE},
};

static const struct magic *find_magic(const uint8_t *at, bool big_endian)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (load_u32(at, big_endian) == magics[i].number)
            return &magics[i];
    return NULL;
}

/* AIX numbers link types as interfaces are numbered (RFC 1573's ifType), in version 2.2, and counts
 * nanoseconds. */
static const struct {
    uint32_t interface_type;
    int link_type;
} aix_links[] = {{6, 1}, {9, 6}, {15, 10}, {24, 0}};

static void read_as_aix(struct pcap_format *file, uint32_t interface_type)
{
    for (size_t i = 0; i < sizeof aix_links / sizeof aix_links[0]; i++) {
        if (aix_links[i].interface_type != interface_type)
            continue;
        file->link_type = aix_links[i].link_type;
        file->nanoseconds = true;
    }
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
    if (big_endian && major == 2 && minor == 2)
        read_as_aix(file, load_u32(at + 20, true));
    source->at += HEADER;
    return FILE_PACKET;
}

static int64_t record_time(const struct pcap_format *file, const uint8_t *at)
{
    int64_t seconds = load_u32(at, file->big_endian);
    uint32_t fraction = load_u32(at + 4, file->big_endian);
    return seconds * 1000000 + (file->nanoseconds ? fraction / 1000 : fraction);
}

enum {
    LOOK_AHEAD = 16,                   /* records */
    YEAR_SECONDS = 366 * 24 * 60 * 60, /* a capture is not much longer */
};

/* Whether the records that are in the buffer are what they should be when each has a header of
 * `record_header` octets; one that the buffer cuts counts as far as it is there. `*count` = how
 * many were seen. */
static bool fits(const struct pcap_format *file, const struct byte_source *source,
                 size_t record_header, int *count)
{
    struct bytes left = bytes_of(source->at, byte_source_left(source));
    const uint32_t fractions = file->nanoseconds ? 1000000000 : 1000000;
    int64_t first = 0;
    for (*count = 0; *count < LOOK_AHEAD && left.len >= record_header; ++*count) {
        const int64_t seconds = load_u32(left.at, file->big_endian);
        const uint32_t length = load_u32(left.at + 8, file->big_endian);
        const uint32_t wire_length = load_u32(left.at + 12, file->big_endian);
        first = *count ? first : seconds;
        if (load_u32(left.at + 4, file->big_endian) >= fractions || length > FRAME_LIMIT ||
            wire_length < length || llabs(seconds - first) > YEAR_SECONDS)
            return false;
        left = bytes_from(left, record_header + length);
    }
    return true;
}

/* The magic number does not tell all record headers apart: the first records do. */
static void choose_record_header(struct pcap_format *file, const struct byte_source *source)
{
    const size_t usual = file->record_header;
    int count;
    if (file->lengths_swapped || fits(file, source, usual, &count))
        return;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        if (variants[i].usual == usual && fits(file, source, variants[i].record_header, &count) &&
            count > 1)
            file->record_header = variants[i].record_header;
}

enum file_result pcap_format_next(struct pcap_format *file, struct byte_source *source,
                                  struct file_packet *out, struct failure *why)
{
    enum bytes_result result = byte_source_need(source, file->record_header);
    if (result != BYTES_READY)
        return file_result_of(result, source);
    if (!file->begun)
        choose_record_header(file, source);
    file->begun = true;
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
