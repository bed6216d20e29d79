/* SPDX-License-Identifier: ISC */
#include "pcapng_write.h"

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_SECRETS = 10,
    BLOCK_PACKET = 6,
    BYTE_ORDER = 0x1A2B3C4D,
    SECRETS_OF_TLS = 0x544c534b, /* "TLSK": lines of a key log */
};

enum option {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_INTERFACE_NAME = 2,
    OPTION_PROGRAM = 4, /* of a section: shb_userappl */
    OPTION_LONGEST = 65535,
};

/* All blocks: type, length, content, length. Content and options are filled up to 32 bits. */
static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

static void put32(FILE *out, uint64_t value)
{
    const uint32_t number = (uint32_t)value;
    fwrite(&number, sizeof number, 1, out);
}

static void put16(FILE *out, unsigned value)
{
    const uint16_t number = (uint16_t)value;
    fwrite(&number, sizeof number, 1, out);
}

static void put_filled(FILE *out, const void *octets, size_t length)
{
    static const char zeros[4];
    fwrite(octets, 1, length, out);
    fwrite(zeros, 1, padded(length) - length, out);
}

/* A longer text ends before the character that would not fit whole. */
static size_t option_length(const char *text)
{
    size_t length = strlen(text);
    if (length <= OPTION_LONGEST)
        return length;
    for (length = OPTION_LONGEST; (text[length] & 0xC0) == 0x80; length--)
        ;
    return length;
}

static size_t option_size(const char *text)
{
    return 4 + padded(option_length(text));
}

static void put_option(FILE *out, enum option option, const char *text)
{
    const size_t length = option_length(text);
    put16(out, option);
    put16(out, (unsigned)length);
    put_filled(out, text, length);
}

static void put_head(FILE *out, uint32_t type, size_t length)
{
    put32(out, type);
    put32(out, length);
}

void pcapng_write_begin(FILE *out, const char *program, const char *comment)
{
    const size_t length = 28 + option_size(program) + option_size(comment) + 4;
    put_head(out, BLOCK_SECTION, length);
    put32(out, BYTE_ORDER);
    put16(out, 1); /* version 1.0 */
    put16(out, 0);
    put32(out, UINT32_MAX); /* the section's length is not told */
    put32(out, UINT32_MAX);
    put_option(out, OPTION_COMMENT, comment);
    put_option(out, OPTION_PROGRAM, program);
    put32(out, OPTION_END);
    put32(out, length);
}

void pcapng_write_secrets(FILE *out, struct bytes lines)
{
    const size_t length = 20 + padded(lines.len);
    put_head(out, BLOCK_SECRETS, length);
    put32(out, SECRETS_OF_TLS);
    put32(out, lines.len);
    put_filled(out, lines.at, lines.len);
    put32(out, length);
}

void pcapng_write_interface(FILE *out, int link_type, const char *name)
{
    const size_t length = 20 + option_size(name) + 4;
    put_head(out, BLOCK_INTERFACE, length);
    put16(out, (unsigned)link_type);
    put16(out, 0);
    put32(out, 0); /* any length of packets */
    put_option(out, OPTION_INTERFACE_NAME, name);
    put32(out, OPTION_END);
    put32(out, length);
}

void pcapng_write_packet(FILE *out, unsigned interface, const struct packet_record *packet,
                         const char *const *comments, size_t count)
{
    size_t length = 32 + padded(packet->frame.len) + (count ? 4 : 0);
    for (size_t i = 0; i < count; i++)
        length += option_size(comments[i]);
    put_head(out, BLOCK_PACKET, length);
    put32(out, interface);
    put32(out, (uint64_t)packet->ts_us >> 32);
    put32(out, (uint64_t)packet->ts_us);
    put32(out, packet->frame.len);
    put32(out, packet->wire_length);
    put_filled(out, packet->frame.at, packet->frame.len);
    for (size_t i = 0; i < count; i++)
        put_option(out, OPTION_COMMENT, comments[i]);
    if (count)
        put32(out, OPTION_END);
    put32(out, length);
}
