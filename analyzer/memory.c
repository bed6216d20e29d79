#include "heloscope/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FIRST_BLOCK = 1024,       /* what an idle session may cost */
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

static struct arena_block *add_block(struct arena *arena, size_t at_least)
{
    size_t size =
        arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK - sizeof(struct arena_block);
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < at_least)
        size = at_least;
    struct arena_block *block = memory_get(sizeof *block + size);
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->total += sizeof *block + size;
    return block;
}

void *arena_get(struct arena *arena, size_t size)
{
    size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    void *p = block->room + block->used;
    block->used += size;
    return p;
}

struct bytes arena_copy(struct arena *arena, struct bytes b)
{
    if (!b.at)
        return b;
    uint8_t *copy = arena_get(arena, b.len ? b.len : 1);
    if (b.len)
        memcpy(copy, b.at, b.len);
    return bytes_of(copy, b.len);
}

/* Length of the UTF-8 sequence at the front of `b` (RFC 3629 section 4), 0 when it is not valid. */
static size_t utf8_length(struct bytes b)
{
    uint8_t c = b.at[0];
    size_t n = c >= 0xc2 && c <= 0xdf   ? 2
               : c >= 0xe0 && c <= 0xef ? 3
               : c >= 0xf0 && c <= 0xf4 ? 4
                                        : 0;
    if (!n || b.len < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((b.at[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && b.at[1] < 0xa0) || (c == 0xed && b.at[1] > 0x9f) ||
        (c == 0xf0 && b.at[1] < 0x90) || (c == 0xf4 && b.at[1] > 0x8f))
        return 0;
    return n;
}

/* How many octets at the front of `b` can be shown as they are, as one character; 0 = none. */
static size_t printable(struct bytes b, bool keep_lf)
{
    uint8_t c = b.at[0];
    if ((c >= 0x20 && c < 0x7f) || c == '\t' || (c == '\n' && keep_lf))
        return 1;
    return c >= 0x80 ? utf8_length(b) : 0;
}

struct bytes arena_printable(struct arena *arena, struct bytes b, bool keep_lf, bool *changed)
{
    size_t odd = 0;
    for (size_t i = 0, n; i < b.len; i += n ? n : 1) {
        n = printable(bytes_from(b, i), keep_lf);
        odd += !n;
    }
    *changed = odd > 0;
    if (!odd)
        return arena_copy(arena, b.at ? b : bytes_of("", 0));
    static const char hex[] = "0123456789abcdef";
    uint8_t *copy = arena_get(arena, b.len + 3 * odd), *to = copy;
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
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_get(arena, (size_t)(n < 0 ? 0 : n) + 1);
    if (n > 0)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return bytes_of(text, n < 0 ? 0 : (size_t)n);
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
