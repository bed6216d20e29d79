/* SPDX-License-Identifier: ISC */
/* Turns to octets: placeholders, message lines, TLS records. */
#include "dialogue.h"

#include <stdio.h>
#include <string.h>

#include "chance.h"

enum {
    TEXT_ROOM = 2048,         /* of an expanded text */
    LINES_SIZE = 1024 * 1024, /* the store of lines; messages begin somewhere in it */
    RECORD_BODY = 16384,      /* RFC 8446 section 5.1: the largest plaintext */
    RECORD_HEADER = 5,
};

/* Chances are asked for by number: those from here on are the texts'. */
enum question {
    ASK_NAME = 100,
    ASK_SENDER,
    ASK_RECIPIENT,
    ASK_QUEUE,
    ASK_LINES,
    ASK_RANDOM,
};

static uint8_t lines[LINES_SIZE];
static uint32_t line_starts[LINES_SIZE / 16];
static uint32_t line_count;

/* Words and base64 of varied length; a line in a hundred begins with a stuffed dot. */
void dialogue_prepare(uint64_t seed)
{
    static const char letters[] =
        "etaoin shrdlu etaoin shrdlu cmfwyp vbgkjq ETAOIN 0123456789 ,.;:-+/= xz";
    uint32_t at = 0;
    line_count = 0;
    while (LINES_SIZE - at > 2 * 80) {
        uint64_t number = chance_of(seed, 1000 + line_count);
        const uint32_t length = 20 + chance_below(number, 57);
        line_starts[line_count++] = at;
        if (number % 100 == 0) {
            lines[at++] = '.';
            lines[at++] = '.';
        }
        for (uint32_t i = 0; i < length; i++) {
            number = chance_mix(number);
            lines[at++] = (uint8_t)letters[chance_below(number, i ? sizeof letters - 1 : 12)];
        }
        lines[at++] = '\r';
        lines[at++] = '\n';
    }
    /* The rest is one line, so that the store ends where a line ends. */
    line_starts[line_count++] = at;
    while (at < LINES_SIZE - 2)
        lines[at++] = 'x';
    lines[at++] = '\r';
    lines[at] = '\n';
}

/* ------------------------------------------------------------------------------------- templates
 */

static size_t fill(const struct plan *plan, char placeholder, uint32_t size, char *out, size_t room)
{
    const uint64_t n = plan->number;
    int length = 0;
    switch (placeholder) {
    case 'c':
        length = snprintf(out, room, "host%u.client.example",
                          chance_below(chance_of(n, ASK_NAME), 5000));
        break;
    case 's':
        length = snprintf(out, room, "mx%u.example.org", (unsigned)(chance_of(n, ASK_NAME) % 8));
        break;
    case 'f':
        length = snprintf(out, room, "user%u@client.example",
                          chance_below(chance_of(n, ASK_SENDER), 100000));
        break;
    case 't':
        length = snprintf(out, room, "person%u@example.org",
                          chance_below(chance_of(n, ASK_RECIPIENT), 100000));
        break;
    case 'q':
        length = snprintf(out, room, "%011llX",
                          (unsigned long long)(chance_of(n, ASK_QUEUE) & 0xfffffffffffULL));
        break;
    case 'n':
        length = snprintf(out, room, "%u", size);
        break;
    default:
        break;
    }
    return length > 0 ? (size_t)length : 0;
}

/* Fills in the placeholders of `text`; `size` is what %n says. Texts are ours and fit. */
static uint32_t expand(const struct plan *plan, const char *text, uint32_t size,
                       uint8_t out[TEXT_ROOM])
{
    size_t at = 0;
    while (*text && at < TEXT_ROOM) {
        const char *stop = strchrnul(text, '%');
        const size_t plain = (size_t)(stop - text);
        memcpy(out + at, text, plain);
        at += plain;
        if (!*stop)
            break;
        at += fill(plan, stop[1], size, (char *)out + at, TEXT_ROOM - at);
        text = stop + 2;
    }
    return (uint32_t)at;
}

/* --------------------------------------------------------------------------------------- content
 */

/* Content lies as: header, lines from the store, tail. */
struct layout {
    uint8_t header[TEXT_ROOM];
    uint32_t header_length, lines_length, tail_length;
    uint32_t start; /* in the store */
};

static uint8_t line_octet(const struct layout *l, uint32_t i)
{
    return lines[(l->start + i) % LINES_SIZE];
}

/* A message may be cut inside a line, but not between CR and LF nor behind a dot: what follows
 * would read as another end. */
static void lay_out(const struct plan *plan, const struct turn *turn, struct layout *l)
{
    l->start = line_starts[chance_below(chance_of(plan->number, ASK_LINES), line_count)];
    l->lines_length = plan->size;
    while (l->lines_length && strchr("\r\n.", line_octet(l, l->lines_length - 1)))
        l->lines_length--;
    l->header_length = expand(plan, turn->text, l->lines_length, l->header);
    l->tail_length = (uint32_t)strlen(turn->tail);
}

static void read_lines(const struct layout *l, uint32_t offset, uint32_t count, uint8_t *out)
{
    while (count) {
        const uint32_t from = (l->start + offset) % LINES_SIZE;
        const uint32_t part = count < LINES_SIZE - from ? count : LINES_SIZE - from;
        memcpy(out, lines + from, part);
        offset += part;
        out += part;
        count -= part;
    }
}

/* Copies what [offset, offset + count) and the piece of `length` at `begin` have in common. */
static uint32_t overlap(uint32_t begin, uint32_t length, uint32_t *offset, uint32_t *count)
{
    if (*offset < begin || *offset >= begin + length)
        return 0;
    const uint32_t left = begin + length - *offset, part = *count < left ? *count : left;
    *offset += part;
    *count -= part;
    return part;
}

static void read_content(const struct layout *l, const char *tail, uint32_t offset, uint32_t count,
                         uint8_t *out)
{
    uint32_t at = offset, part = overlap(0, l->header_length, &at, &count);
    memcpy(out, l->header + offset, part);
    out += part;
    const uint32_t behind = l->header_length + l->lines_length, in_lines = at - l->header_length;
    part = overlap(l->header_length, l->lines_length, &at, &count);
    if (part)
        read_lines(l, in_lines, part, out);
    out += part;
    if (count)
        memcpy(out, tail + (at - behind), count);
}

/* ------------------------------------------------------------------------------------------- TLS
 */

static uint32_t records_body(const struct plan *plan, const struct turn *turn)
{
    return turn->length ? turn->length : plan->size;
}

static uint32_t records_length(uint32_t body)
{
    return body + (body + RECORD_BODY - 1) / RECORD_BODY * RECORD_HEADER;
}

/* One octet after another: what is encrypted is never much, and this way it can be cut anywhere. */
static void read_records(const struct plan *plan, const struct turn *turn, uint32_t offset,
                         uint32_t count, uint8_t *out)
{
    const uint32_t body = records_body(plan, turn);
    uint64_t noise = chance_of(plan->number, ASK_RANDOM + offset);
    for (uint32_t i = offset; i < offset + count; i++) {
        const uint32_t record = i / (RECORD_BODY + RECORD_HEADER);
        const uint32_t left = body - record * RECORD_BODY;
        const uint32_t length = left < RECORD_BODY ? left : RECORD_BODY;
        const uint8_t header[RECORD_HEADER] = {23, 3, 3, (uint8_t)(length >> 8), (uint8_t)length};
        const uint32_t in = i % (RECORD_BODY + RECORD_HEADER);
        noise = noise * UINT64_C(6364136223846793005) + 1442695040888963407u;
        *out++ = in < RECORD_HEADER ? header[in] : (uint8_t)(noise >> 56);
    }
}

struct writer {
    uint8_t *at;
};

static void put(struct writer *w, uint32_t value, int octets)
{
    while (octets--)
        *w->at++ = (uint8_t)(value >> 8 * octets);
}

static void put_random(struct writer *w, uint64_t number, int octets)
{
    while (octets--) {
        number = chance_mix(number);
        *w->at++ = (uint8_t)number;
    }
}

/* Back-fills a length field of `octets` in front of what was written since `begin`. */
static void put_length(const struct writer *w, uint8_t *begin, int octets)
{
    struct writer field = {begin - octets};
    put(&field, (uint32_t)(w->at - begin), octets);
}

/* RFC 6066 section 3: one host_name. */
static void put_server_name(struct writer *w, const char *name, size_t length)
{
    put(w, 0, 2);
    put(w, (uint32_t)length + 5, 2);
    put(w, (uint32_t)length + 3, 2);
    put(w, 0, 1);
    put(w, (uint32_t)length, 2);
    memcpy(w->at, name, length);
    w->at += length;
}

/* RFC 8446 sections 4.1.2 and 4.1.3, without the extensions that nobody here looks at. */
static uint32_t make_hello(const struct plan *plan, const struct turn *turn, uint8_t out[TEXT_ROOM])
{
    const bool server = turn->side == SERVER;
    char name[64];
    const size_t name_length = fill(plan, 's', 0, name, sizeof name);
    struct writer w = {out};
    put(&w, 0x160301, 3);
    put(&w, 0, 2);
    uint8_t *const record = w.at;
    put(&w, server ? 2 : 1, 1);
    put(&w, 0, 3);
    uint8_t *const hello = w.at;
    put(&w, 0x0303, 2);
    put_random(&w, chance_of(plan->number, ASK_RANDOM + turn->side), 32);
    put(&w, 32, 1);
    put_random(&w, chance_of(plan->number, ASK_RANDOM), 32);
    if (server) {
        put(&w, 0x130200, 3); /* TLS_AES_256_GCM_SHA384, no compression */
    } else {
        put(&w, 4, 2);
        put(&w, 0x13021301, 4);
        put(&w, 0x0100, 2);
    }
    put(&w, 0, 2);
    uint8_t *const extensions = w.at;
    if (!server)
        put_server_name(&w, name, name_length);
    put(&w, 43, 2); /* supported_versions */
    put(&w, server ? 2 : 3, 2);
    if (!server)
        put(&w, 2, 1);
    put(&w, 0x0304, 2);
    put_length(&w, extensions, 2);
    put_length(&w, hello, 3);
    put_length(&w, record, 2);
    return (uint32_t)(w.at - out);
}

/* RFC 1035 section 4.1: one question for an MX record, and its answer without records. */
static uint32_t make_query(const struct plan *plan, const struct turn *turn, uint8_t out[TEXT_ROOM])
{
    static const char name[] = "\7example\3org";
    struct writer w = {out};
    put(&w, (uint32_t)plan->number & 0xffff, 2);
    put(&w, turn->side == SERVER ? 0x8180 : 0x0100, 2);
    put(&w, 0x00010000, 4);
    put(&w, 0, 4);
    memcpy(w.at, name, sizeof name);
    w.at += sizeof name;
    put(&w, 0x000f0001, 4);
    return (uint32_t)(w.at - out);
}

/* -------------------------------------------------------------------------------------- altogether
 */

/* The whole of a turn that is short. */
static uint32_t make_short(const struct plan *plan, const struct turn *turn, uint8_t out[TEXT_ROOM])
{
    if (turn->kind == TURN_HELLO)
        return make_hello(plan, turn, out);
    if (turn->kind == TURN_QUERY)
        return make_query(plan, turn, out);
    return expand(plan, turn->text, plan->size, out);
}

uint32_t turn_length(const struct plan *plan, const struct turn *turn)
{
    uint8_t text[TEXT_ROOM];
    struct layout l;
    switch (turn->kind) {
    case TURN_END:
        return 0;
    case TURN_CONTENT:
        lay_out(plan, turn, &l);
        return l.header_length + l.lines_length + l.tail_length;
    case TURN_RECORDS:
        return records_length(records_body(plan, turn));
    default:
        return make_short(plan, turn, text);
    }
}

void turn_read(const struct plan *plan, const struct turn *turn, uint32_t offset, uint32_t count,
               uint8_t *out)
{
    uint8_t text[TEXT_ROOM];
    struct layout l;
    if (turn->kind == TURN_CONTENT) {
        lay_out(plan, turn, &l);
        read_content(&l, turn->tail, offset, count, out);
    } else if (turn->kind == TURN_RECORDS) {
        read_records(plan, turn, offset, count, out);
    } else {
        make_short(plan, turn, text);
        memcpy(out, text + offset, count);
    }
}
