/* SPDX-License-Identifier: ISC */
#include "heloscope/session/packer.h"

#include <endian.h>
#include <stdlib.h>

#include "heloscope/base/memory.h"

enum {
    FIRST_SIZE = 1024,
    NUMBER_ROOM = 10, /* what a number can take: seven bits an octet */
    /* Before each word that is not zero stands an octet: how many zero words were left out, and how
     * many octets of the word follow, less one. */
    ZEROS_MOST = 31,
    WORD_BITS = 3,
};

void packer_free(struct packer *packer)
{
    free(packer->at);
    *packer = (struct packer){0};
}

/* Room for `more` octets behind what there is. */
static uint8_t *room(struct packer *packer, size_t more)
{
    if (packer->size - packer->length < more) {
        size_t size = packer->size ? packer->size : FIRST_SIZE;
        while (size - packer->length < more)
            size *= 2;
        packer->at = memory_resize(packer->at, size);
        packer->size = size;
    }
    return packer->at + packer->length;
}

void pack_number(struct packer *packer, uint64_t number)
{
    uint8_t *to = room(packer, NUMBER_ROOM);
    for (; number >= 0x80; number >>= 7)
        *to++ = (uint8_t)(number | 0x80);
    *to++ = (uint8_t)number;
    packer->length = (size_t)(to - packer->at);
}

uint64_t unpack_number(struct bytes *from)
{
    const uint8_t *at = from->at;
    uint64_t number = *at & 0x7f;
    for (unsigned shift = 7; *at++ & 0x80; shift += 7)
        number |= (uint64_t)(*at & 0x7f) << shift;
    *from = bytes_from(*from, (size_t)(at - from->at));
    return number;
}

/* The sign stands in the lowest bit, so that small steps back are small numbers too. */
void pack_step(struct packer *packer, uint64_t number, uint64_t *last)
{
    const uint64_t step = number - *last;
    pack_number(packer, step << 1 ^ (step >> 63 ? UINT64_MAX : 0));
    *last = number;
}

uint64_t unpack_step(struct bytes *from, uint64_t *last)
{
    const uint64_t packed = unpack_number(from);
    return *last += packed >> 1 ^ (packed & 1 ? UINT64_MAX : 0);
}

void pack_raw(struct packer *packer, const void *at, size_t length)
{
    if (length)
        memcpy(room(packer, length), at, length);
    packer->length += length;
}

void pack_bytes(struct packer *packer, struct bytes bytes)
{
    pack_number(packer, bytes.at ? bytes.len + 1 : 0);
    if (bytes.at)
        pack_raw(packer, bytes.at, bytes.len);
}

struct bytes unpack_bytes(struct bytes *from)
{
    const uint64_t length = unpack_number(from);
    if (!length)
        return bytes_of(NULL, 0);
    const struct bytes bytes = bytes_first(*from, length - 1);
    *from = bytes_from(*from, length - 1);
    return bytes;
}

/* How many octets of `word` are needed; at least one. */
static unsigned octets_of(uint64_t word)
{
    return 8 - (unsigned)__builtin_clzll(word | 1) / 8;
}

/* Words are written and read as a whole, lowest octet first, though fewer octets of them count. */
static void store(uint8_t *at, uint64_t word)
{
    word = htole64(word);
    memcpy(at, &word, sizeof word);
}

static uint64_t load(const uint8_t *at, unsigned octets)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return le64toh(word) & UINT64_MAX >> (64 - 8 * octets);
}

/* How many words of zeros stand at `from`, at most `most` and not beyond `end`. Four are looked at
 * in one go: most of a session's fields are zero. */
static unsigned zeros_at(const uint8_t *from, const uint8_t *end, unsigned most)
{
    uint64_t words[4];
    unsigned n = 0;
    for (; n + 4 <= most && (size_t)(end - from) >= sizeof words; n += 4, from += sizeof words) {
        memcpy(words, from, sizeof words);
        if (words[0] | words[1] | words[2] | words[3])
            break;
    }
    for (; n < most && from < end; n++, from += sizeof *words) {
        memcpy(words, from, sizeof *words);
        if (*words)
            break;
    }
    return n;
}

void pack_words(struct packer *packer, const void *at, size_t size)
{
    const size_t tail = size % sizeof(uint64_t); /* of 32-bit machines; as it is */
    uint8_t *to = room(packer, size / 8 * 9 + PACK_SPARE);
    const uint8_t *from = at, *const end = from + (size - tail);
    while (from < end) {
        uint64_t word;
        unsigned zeros = 0;
        memcpy(&word, from, sizeof word);
        if (!word) {
            zeros = zeros_at(from, end, ZEROS_MOST);
            if (from + zeros * sizeof word == end)
                zeros--; /* the last word closes the run, as zero in one octet */
            from += zeros * sizeof word;
            memcpy(&word, from, sizeof word);
        }
        from += sizeof word;
        const unsigned octets = octets_of(word);
        *to++ = (uint8_t)(zeros << WORD_BITS | (octets - 1));
        store(to, word);
        to += octets;
    }
    packer->length = (size_t)(to - packer->at);
    pack_raw(packer, end, tail);
}

void unpack_words(struct bytes *from, void *to, size_t size)
{
    const uint8_t *at = from->at;
    const size_t tail = size % sizeof(uint64_t);
    uint8_t *out = to, *const end = out + (size - tail);
    while (out < end) {
        const unsigned zeros = *at >> WORD_BITS, octets = (*at & ((1 << WORD_BITS) - 1)) + 1;
        const uint64_t word = load(at + 1, octets), zero = 0;
        at += 1 + octets;
        for (unsigned i = 0; i < zeros; i++, out += sizeof zero)
            memcpy(out, &zero, sizeof zero);
        memcpy(out, &word, sizeof word);
        out += sizeof word;
    }
    memcpy(end, at, tail);
    *from = bytes_from(*from, (size_t)(at - from->at) + tail);
}
