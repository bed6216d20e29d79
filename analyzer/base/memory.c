/* SPDX-License-Identifier: ISC */
#include "heloscope/base/memory.h"

#include "heloscope/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    FIRST_BLOCK = 1024, /* beyond this, blocks double; the largest that malloc() keeps at hand */
    LARGEST_BLOCK = 64 * 1024 /* beyond this, blocks no longer double */
};

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(max_align_t) uint8_t room[];
};

static void no_memory(void)
{
    fputs("heloscope: out of memory; what was committed to the database is safe\n", stderr);
    exit(1);
}

void *memory_get(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        no_memory();
    return p;
}

void *memory_resize(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        no_memory();
    return p;
}

void *memory_get_private(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        no_memory();
    madvise(p, size, MADV_DONTDUMP);
    mlock(p, size);
    return p;
}

void memory_free_private(void *p, size_t size)
{
    if (!p)
        return;
    explicit_bzero(p, size);
    munmap(p, size);
}

/* The next block's room, its head included. */
static size_t next_size(const struct arena *arena)
{
    if (!arena->blocks)
        return FIRST_BLOCK;
    size_t next = 2 * (arena->blocks->size + sizeof(struct arena_block));
    return next < LARGEST_BLOCK ? next : LARGEST_BLOCK;
}

static struct arena_block *add_block(struct arena *arena, size_t at_least)
{
    size_t size = next_size(arena) - sizeof(struct arena_block);
    if (size < at_least)
        size = at_least;
    struct arena_block *block = memory_resize(NULL, sizeof *block + size);
    block->size = size;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->total += sizeof *block + size;
    return block;
}

/* Not zeroed. */
static void *take(struct arena *arena, size_t size)
{
    size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    void *p = block->room + block->used;
    block->used += size;
    return p;
}

void *arena_get(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

struct bytes arena_copy(struct arena *arena, struct bytes b)
{
    if (!b.at)
        return b;
    uint8_t *copy = take(arena, b.len ? b.len : 1);
    if (b.len)
        memcpy(copy, b.at, b.len);
    return bytes_of(copy, b.len);
}

/* How many octets at the front of `b` can be shown as they are, as one character; 0 = none. */
static size_t printable(struct bytes b, bool keep_lf)
{
    uint8_t c = b.at[0];
    if ((c >= 0x20 && c < 0x7f) || c == '\t' || (c == '\n' && keep_lf))
        return 1;
    return c >= 0x80 ? text_visible(b) : 0;
}

/* A word with the octet `c` in each place. */
#define OCTETS(c) (UINT64_C(0x0101010101010101) * (c))

/* Whether all of the eight octets are ASCII from space to tilde, or LF where that is kept. Each sum
 * stays within its octet: the highest bits tell. */
static bool word_is_plain(uint64_t word, bool keep_lf)
{
    uint64_t low = word & OCTETS(0x7f), other = word ^ OCTETS('\n');
    uint64_t from_space = low + OCTETS(0x60), del = low + OCTETS(1);
    uint64_t not_lf = ((other & OCTETS(0x7f)) + OCTETS(0x7f)) | other;
    uint64_t odd = word | ~from_space | del;
    return (odd & (keep_lf ? not_lf : OCTETS(0x80)) & OCTETS(0x80)) == 0;
}

/* Whether `b` is plain, as nearly all texts are: eight octets at a time. */
static bool is_plain(struct bytes b, bool keep_lf)
{
    uint64_t word = OCTETS(' ');
    if (b.len < sizeof word) {
        for (size_t i = 0; i < b.len; i++)
            word = word << 8 | b.at[i];
        return word_is_plain(word, keep_lf);
    }
    for (size_t at = 0; at + sizeof word <= b.len; at += sizeof word) {
        memcpy(&word, b.at + at, sizeof word);
        if (!word_is_plain(word, keep_lf))
            return false;
    }
    memcpy(&word, b.at + b.len - sizeof word, sizeof word);
    return word_is_plain(word, keep_lf);
}

/* How many octets of `b` cannot be shown as they are. */
static size_t count_odd(struct bytes b, bool keep_lf)
{
    size_t odd = 0;
    if (is_plain(b, keep_lf))
        return 0;
    for (size_t i = 0, n; i < b.len; i += n ? n : 1) {
        n = printable(bytes_from(b, i), keep_lf);
        odd += !n;
    }
    return odd;
}

struct bytes arena_printable(struct arena *arena, struct bytes b, bool keep_lf, bool *changed)
{
    size_t odd = count_odd(b, keep_lf);
    *changed = odd > 0;
    if (!odd)
        return arena_copy(arena, b.at ? b : bytes_of("", 0));
    static const char hex[] = "0123456789abcdef";
    uint8_t *copy = take(arena, b.len + 3 * odd), *to = copy;
    for (size_t i = 0, n; i < b.len; i += n ? n : 1) {
        n = printable(bytes_from(b, i), keep_lf);
        if (n) {
            memcpy(to, b.at + i, n);
            to += n;
        } else {
            *to++ = '\\';
            *to++ = 'x';
            *to++ = (uint8_t)hex[b.at[i] >> 4];
            *to++ = (uint8_t)hex[b.at[i] & 15];
        }
    }
    return bytes_of(copy, (size_t)(to - copy));
}

struct bytes arena_print(struct arena *arena, const char *format, ...)
{
    char small[256]; /* most are printed once only */
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    size_t size = (size_t)(n < 0 ? 0 : n) + 1;
    char *text = take(arena, size);
    if (n <= 0)
        *text = '\0';
    else if (size <= sizeof small)
        memcpy(text, small, size);
    else
        vsnprintf(text, size, format, again);
    va_end(again);
    return bytes_of(text, size - 1);
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    arena->total = 0;
}
