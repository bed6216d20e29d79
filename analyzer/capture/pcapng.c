/* SPDX-License-Identifier: ISC */
/* The pcapng format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html. Section
 * numbers below are of that text. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "byte_order.h"
#include "pcapng.h"
#include "pcapng_clock.h"
#include "heloscope/base/limits.h"

enum {
    BLOCK_AROUND = 12, /* type and length in front, the length again behind (3.1) */
};

static const uint32_t byte_order_magic = 0x1a2b3c4d;

struct pcapng_interface {
    int link_type;
    uint32_t snap_length;
    struct pcapng_clock clock;
    /* Packets that were lost, by what its last statistics say and by what its packets add up to. */
    uint64_t reported, summed;
};

struct block {
    uint32_t type;
    struct bytes body;
};

/* ------------------------------------------------------------------------------------- blocks */

enum {
    SECTION_HEADER = 0x0a0d0d0a, /* the same in both byte orders */
    INTERFACE_DESCRIPTION = 1,
    OBSOLETE_PACKET = 2,
    SIMPLE_PACKET = 3,
    INTERFACE_STATISTICS = 5,
    ENHANCED_PACKET = 6,
    DECRYPTION_SECRETS = 10,
    TLS_KEY_LOG = 0x544c534b, /* (4.7) */
};

bool pcapng_begins(struct bytes start)
{
    return load_u32(start.at, true) == SECTION_HEADER;
}

__attribute__((format(printf, 2, 3))) static enum file_result damaged(struct failure *why,
                                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return FILE_DAMAGED;
}

/* A section header says in its first words how all of the section is to be read. */
static enum file_result learn_byte_order(struct pcapng *file, const uint8_t *block,
                                         struct failure *why)
{
    if (load_u32(block + 8, false) != byte_order_magic &&
        load_u32(block + 8, true) != byte_order_magic) {
        return damaged(why, "a section without a byte order");
    }
    file->big_endian = load_u32(block + 8, true) == byte_order_magic;
    return FILE_PACKET;
}

static enum file_result next_block(struct pcapng *file, struct byte_source *source,
                                   struct block *out, struct failure *why)
{
    enum bytes_result result = byte_source_need(source, BLOCK_AROUND);
    if (result != BYTES_READY)
        return file_result_of(result, source);
    uint32_t type = load_u32(source->at, file->big_endian);
    if (type == SECTION_HEADER && learn_byte_order(file, source->at, why) != FILE_PACKET)
        return FILE_DAMAGED;
    uint32_t length = load_u32(source->at + 4, file->big_endian);
    if (length < BLOCK_AROUND || length % 4 || length > BLOCK_LIMIT)
        return damaged(why, "a block of %" PRIu32 " octets", length);
    result = byte_source_need(source, length);
    if (result != BYTES_READY)
        return file_result_of(result, source);
    uint32_t again = load_u32(source->at + length - 4, file->big_endian);
    if (again != length)
        return damaged(why, "a block whose end says that it has %" PRIu32 " octets", again);
    *out = (struct block){type, bytes_of(source->at + 8, length - BLOCK_AROUND)};
    source->at += length;
    return FILE_PACKET;
}

/* ------------------------------------------------------------------------------------ options */

struct option {
    uint16_t code;
    struct bytes value;
};

/* The first option of `list` (3.5), which becomes the rest. False at its end, also when that is
 * not marked; what does not fit ends it too. */
static bool next_option(const struct pcapng *file, struct bytes *list, struct option *out)
{
    if (list->len < 4)
        return false;
    out->code = load_u16(list->at, file->big_endian);
    size_t length = load_u16(list->at + 2, file->big_endian);
    struct bytes behind = bytes_from(*list, 4);
    if (!out->code || length > behind.len)
        return false;
    out->value = bytes_first(behind, length);
    *list = bytes_from(behind, (length + 3) & ~(size_t)3);
    return true;
}

/* ------------------------------------------------------------------- sections and interfaces */

static enum file_result begin_section(struct pcapng *file, struct bytes body, struct failure *why)
{
    if (body.len < 16)
        return damaged(why, "a section header of %zu octets", body.len);
    uint16_t major = load_u16(body.at + 4, file->big_endian);
    if (major != 1)
        return damaged(why, "version %u of pcapng is not known", major);
    file->in_section = true;
    file->count = 0;
    return FILE_PACKET;
}

/* if_tsresol and if_tsoffset (4.2). */
static enum file_result read_clock(const struct pcapng *file, struct bytes options,
                                   struct pcapng_clock *out, struct failure *why)
{
    enum {
        RESOLUTION = 9,
        OFFSET = 14
    };
    struct option option;
    while (next_option(file, &options, &option)) {
        size_t proper = option.code == RESOLUTION ? 1 : option.code == OFFSET ? 8 : 0;
        if (!proper)
            continue;
        if (option.value.len != proper)
            return damaged(why, "an interface's clock told in %zu octets", option.value.len);
        if (option.code == RESOLUTION) {
            out->binary = option.value.at[0] & 0x80;
            out->exponent = option.value.at[0] & 0x7f;
        } else {
            out->offset_us =
                pcapng_clock_offset_us((int64_t)load_u64(option.value.at, file->big_endian));
        }
    }
    return FILE_PACKET;
}

static enum file_result add_interface(struct pcapng *file, struct bytes body, struct failure *why)
{
    if (body.len < 8)
        return damaged(why, "an interface described in %zu octets", body.len);
    if (file->count == INTERFACE_LIMIT)
        return damaged(why, "more than %d interfaces", INTERFACE_LIMIT);
    struct pcapng_interface one = {
        .link_type = load_u16(body.at, file->big_endian),
        .snap_length = load_u32(body.at + 4, file->big_endian),
        .clock.exponent = PCAPNG_MICROSECONDS, /* of an interface that names none (4.2) */
    };
    if (read_clock(file, bytes_from(body, 8), &one.clock, why) != FILE_PACKET)
        return FILE_DAMAGED;
    if (file->count == file->room) {
        size_t room = file->room ? 2 * file->room : 8;
        struct pcapng_interface *larger = realloc(file->interfaces, room * sizeof *larger);
        if (!larger) {
            failure_set(why, "out of memory");
            return FILE_UNREADABLE;
        }
        file->interfaces = larger;
        file->room = room;
    }
    file->interfaces[file->count++] = one;
    return FILE_PACKET;
}

/* The two accounts are of the same losses, by the same interface and system: the larger one counts,
 * since either may be incomplete (a capture that was cut has no statistics at its end; few programs
 * count in packets). */
static uint64_t dropped_by(const struct pcapng_interface *one)
{
    return one->reported > one->summed ? one->reported : one->summed;
}

static void note_drops(struct pcapng *file, struct pcapng_interface *one, uint64_t reported,
                       uint64_t summed)
{
    uint64_t before = dropped_by(one);
    one->reported = reported;
    one->summed = summed;
    file->dropped += dropped_by(one) - before;
}

/* The 8 octets of a counter. */
static uint64_t read_count(const struct pcapng *file, const struct option *option)
{
    uint64_t count = option->value.len == 8 ? load_u64(option->value.at, file->big_endian) : 0;
    return count < DROPS_LIMIT ? count : 0;
}

/* isb_ifdrop and isb_osdrop (4.6). Each report holds the counts since the capture began, so the
 * last one of an interface stands. */
static void read_statistics(struct pcapng *file, struct bytes body)
{
    enum {
        DROPPED_BY_INTERFACE = 5,
        DROPPED_BY_SYSTEM = 7
    };
    if (body.len < 12 || load_u32(body.at, file->big_endian) >= file->count)
        return;
    struct pcapng_interface *one = &file->interfaces[load_u32(body.at, file->big_endian)];
    struct bytes options = bytes_from(body, 12);
    struct option option;
    uint64_t reported = 0;
    while (next_option(file, &options, &option))
        if (option.code == DROPPED_BY_INTERFACE || option.code == DROPPED_BY_SYSTEM)
            reported += read_count(file, &option);
    note_drops(file, one, reported, one->summed);
}

/* ------------------------------------------------------------------------------------ packets */

/* What the three kinds of packet blocks come to. */
struct packet_fields {
    uint32_t interface;
    bool timed;
    uint64_t ticks;
    uint32_t length, wire_length;
    uint16_t dropped; /* since the packet before */
};

static void read_enhanced(const struct pcapng *file, const uint8_t *at, struct packet_fields *out)
{
    bool big = file->big_endian;
    out->interface = load_u32(at, big);
    out->timed = true;
    out->ticks = (uint64_t)load_u32(at + 4, big) << 32 | load_u32(at + 8, big);
    out->length = load_u32(at + 12, big);
    out->wire_length = load_u32(at + 16, big);
}

/* As the enhanced one, but that a count of drops shares the interface's word (4.8 of older
 * versions of the text). */
static void read_obsolete(const struct pcapng *file, const uint8_t *at, struct packet_fields *out)
{
    const uint16_t not_known = 0xffff;
    read_enhanced(file, at, out);
    out->interface = load_u16(at, file->big_endian);
    out->dropped = load_u16(at + 2, file->big_endian);
    if (out->dropped == not_known)
        out->dropped = 0;
}

/* Of the first interface, without a time, as long as the interface lets it be (4.4). */
static void read_simple(const struct pcapng *file, const uint8_t *at, struct packet_fields *out)
{
    out->wire_length = load_u32(at, file->big_endian);
    out->length = out->wire_length;
    uint32_t snap = file->count ? file->interfaces[0].snap_length : 0;
    if (snap && out->length > snap)
        out->length = snap;
}

static const struct packet_row {
    uint32_t type;
    size_t fixed; /* octets in front of the frame */
    void (*read)(const struct pcapng *file, const uint8_t *at, struct packet_fields *out);
} packet_rows[] = {
    {ENHANCED_PACKET, 20, read_enhanced},
    {SIMPLE_PACKET, 4, read_simple},
    {OBSOLETE_PACKET, 20, read_obsolete},
};

static const struct packet_row *packet_row_of(uint32_t type)
{
    for (size_t i = 0; i < sizeof packet_rows / sizeof packet_rows[0]; i++)
        if (packet_rows[i].type == type)
            return &packet_rows[i];
    return NULL;
}

/* epb_dropcount (4.3): packets of the interface that were lost since the one before. */
static uint64_t read_drop_count(const struct pcapng *file, struct bytes options)
{
    enum {
        DROP_COUNT = 4
    };
    struct option option;
    uint64_t dropped = 0;
    while (next_option(file, &options, &option))
        if (option.code == DROP_COUNT)
            dropped = read_count(file, &option);
    return dropped;
}

static void count_drops(struct pcapng *file, uint32_t type, const struct packet_fields *fields,
                        struct bytes frame)
{
    struct pcapng_interface *one = &file->interfaces[fields->interface];
    uint64_t dropped = fields->dropped;
    if (type == ENHANCED_PACKET)
        dropped += read_drop_count(file, bytes_from(frame, ((size_t)fields->length + 3) & ~3UL));
    if (dropped)
        note_drops(file, one, one->reported, one->summed + dropped);
}

static enum file_result read_packet(struct pcapng *file, const struct packet_row *row,
                                    struct bytes body, struct file_packet *out, struct failure *why)
{
    struct packet_fields fields = {0};
    if (body.len < row->fixed)
        return damaged(why, "a packet block of %zu octets", body.len);
    row->read(file, body.at, &fields);
    struct bytes frame = bytes_from(body, row->fixed);
    if (fields.interface >= file->count)
        return damaged(why, "a packet of interface %" PRIu32 ", which is not described",
                       fields.interface);
    if (fields.length > frame.len)
        return damaged(why, "a frame of %" PRIu32 " octets in a block that is shorter",
                       fields.length);
    const struct pcapng_interface *one = &file->interfaces[fields.interface];
    if (fields.timed)
        file->last_us = pcapng_clock_us(&one->clock, fields.ticks);
    count_drops(file, row->type, &fields, frame);
    *out = (struct file_packet){
        .frame = bytes_first(frame, fields.length),
        .wire_length = fields.wire_length > fields.length ? fields.wire_length : fields.length,
        .ts_us = file->last_us,
        .link_type = one->link_type,
    };
    return FILE_PACKET;
}

/* ---------------------------------------------------------------------------------- altogether */

/* Wireshark (4.0) shows entries of systemd's journal, custom blocks and the events of Sysdig in its
 * list of packets, where they take numbers. */
static bool is_numbered(uint32_t type)
{
    static const uint32_t types[] = {9, 0xbad, 0x40000bad, 0x204, 0x216, 0x221};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i] == type)
            return true;
    return false;
}

/* Secrets of other protocols, and a length that the block does not have, are passed over. */
static void read_secrets(const struct pcapng *file, struct bytes body)
{
    if (!file->keylog || body.len < 8 || load_u32(body.at, file->big_endian) != TLS_KEY_LOG)
        return;
    const uint32_t length = load_u32(body.at + 4, file->big_endian);
    if (length <= body.len - 8)
        keylog_add_text(file->keylog, bytes_of(body.at + 8, length));
}

/* A block that holds no packet. Names, comments and what is not known are passed over. */
static enum file_result take_note(struct pcapng *file, const struct block *block,
                                  struct failure *why)
{
    if (block->type == SECTION_HEADER)
        return begin_section(file, block->body, why);
    if (block->type == INTERFACE_DESCRIPTION)
        return add_interface(file, block->body, why);
    if (block->type == INTERFACE_STATISTICS)
        read_statistics(file, block->body);
    if (block->type == DECRYPTION_SECRETS)
        read_secrets(file, block->body);
    file->others += is_numbered(block->type);
    return FILE_PACKET;
}

enum file_result pcapng_next(struct pcapng *file, struct byte_source *source,
                             struct file_packet *out, struct failure *why)
{
    for (;;) {
        struct block block = {0};
        enum file_result result = next_block(file, source, &block, why);
        if (result != FILE_PACKET)
            return result;
        const struct packet_row *row = packet_row_of(block.type);
        if (row)
            return read_packet(file, row, block.body, out, why);
        result = take_note(file, &block, why);
        if (result != FILE_PACKET)
            return result;
    }
}

void pcapng_close(struct pcapng *file)
{
    free(file->interfaces);
    file->interfaces = NULL;
    file->count = file->room = 0;
}
