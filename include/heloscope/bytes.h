/* SPDX-License-Identifier: ISC */
/* Views into memory that somebody else owns, and a cursor that reads them without ever passing
 * their end. */
#ifndef HELOSCOPE_BYTES_H
#define HELOSCOPE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed octets: valid until the call that handed them over returns, unless a header says
 * otherwise. `at` may be NULL only when `len` is 0 (or where a header gives NULL a meaning of its
 * own). */
struct bytes {
    const uint8_t *at;
    size_t len;
};

static inline struct bytes bytes_of(const void *at, size_t len)
{
    return (struct bytes){at, len};
}

static inline struct bytes bytes_of_string(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* The part of `b` from `from` on; empty when `from` lies at or behind the end. */
static inline struct bytes bytes_from(struct bytes b, size_t from)
{
    if (!b.len) /* it may have no place at all */
        return b;
    const size_t passed = from < b.len ? from : b.len;
    return (struct bytes){b.at + passed, b.len - passed};
}

/* At most the first `len` octets of `b`. */
static inline struct bytes bytes_first(struct bytes b, size_t len)
{
    return (struct bytes){b.at, b.len < len ? b.len : len};
}

/* A line without the CR that may end it. */
static inline struct bytes bytes_without_cr(struct bytes line)
{
    return bytes_first(line, line.len && line.at[line.len - 1] == '\r' ? line.len - 1 : line.len);
}

/* Takes the first line off `text`, without its end (CR LF or LF); false when it has none. */
static inline bool bytes_take_line(struct bytes *text, struct bytes *line)
{
    const uint8_t *lf = text->len ? memchr(text->at, '\n', text->len) : NULL;
    if (!lf)
        return false;
    *line = bytes_without_cr((struct bytes){text->at, (size_t)(lf - text->at)});
    *text = bytes_from(*text, (size_t)(lf - text->at) + 1);
    return true;
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Where `part` stands first in `text`; SIZE_MAX = nowhere. Texts are short: to look for the first
 * octet costs less than memmem()'s preparations. */
static inline size_t bytes_find(struct bytes text, struct bytes part)
{
    if (!part.len)
        return 0;
    for (size_t at = 0; text.len - at >= part.len && text.len; at++) {
        const uint8_t *first = memchr(text.at + at, part.at[0], text.len - at - part.len + 1);
        if (!first)
            break;
        at = (size_t)(first - text.at);
        if (memcmp(first, part.at, part.len) == 0)
            return at;
    }
    return SIZE_MAX;
}

static inline uint8_t ascii_upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

/* SMTP compares verbs and keywords without regard to case (RFC 5321 section 2.4). */
static inline bool bytes_equal_nocase(struct bytes a, const char *text)
{
    size_t i = 0;
    for (; i < a.len && text[i]; i++)
        if (ascii_upper(a.at[i]) != ascii_upper((uint8_t)text[i]))
            return false;
    return i == a.len && !text[i];
}

static inline bool bytes_start_nocase(struct bytes a, const char *text)
{
    size_t n = strlen(text);
    return a.len >= n && bytes_equal_nocase(bytes_first(a, n), text);
}

/* Whether `part`, which is not empty, stands anywhere in `text`. */
static inline bool bytes_hold_nocase(struct bytes text, const char *part)
{
    for (; text.len; text = bytes_from(text, 1))
        if (bytes_start_nocase(text, part))
            return true;
    return false;
}

/* The same of any of `count` parts. */
static inline bool bytes_hold_any_nocase(struct bytes text, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_hold_nocase(text, parts[i]))
            return true;
    return false;
}

/* Reads a header straight through: a read past the end returns zero and makes `failed` stick, so
 * that a header is a few plain lines and one check. */
struct cursor {
    const uint8_t *at, *end;
    bool failed;
};

static inline struct cursor cursor_over(struct bytes b)
{
    return (struct cursor){b.at, b.len ? b.at + b.len : b.at, false}; /* nothing may lie nowhere */
}

static inline size_t cursor_left(const struct cursor *c)
{
    return c->failed ? 0 : (size_t)(c->end - c->at);
}

/* `len` octets as a view, and steps over them; an empty view (and `failed`) when there are fewer.
 */
static inline struct bytes cursor_take(struct cursor *c, size_t len)
{
    if (cursor_left(c) < len || c->failed) {
        c->failed = true;
        return (struct bytes){NULL, 0};
    }
    struct bytes b = {c->at, len};
    c->at += len;
    return b;
}

static inline void cursor_skip(struct cursor *c, size_t len)
{
    (void)cursor_take(c, len);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    struct bytes b = cursor_take(c, 1);
    return b.len ? b.at[0] : 0;
}

/* Network byte order, as all headers on the wire. */
static inline uint16_t cursor_u16(struct cursor *c)
{
    struct bytes b = cursor_take(c, 2);
    return b.len ? (uint16_t)(b.at[0] << 8 | b.at[1]) : 0;
}

static inline uint32_t cursor_u24(struct cursor *c)
{
    struct bytes b = cursor_take(c, 3);
    return b.len ? (uint32_t)b.at[0] << 16 | (uint32_t)b.at[1] << 8 | b.at[2] : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    struct bytes b = cursor_take(c, 4);
    return b.len ? (uint32_t)b.at[0] << 24 | (uint32_t)b.at[1] << 16 | (uint32_t)b.at[2] << 8 |
                       b.at[3]
                 : 0;
}

#endif
