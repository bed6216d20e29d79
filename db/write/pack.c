/* SPDX-License-Identifier: ISC */
#include "pack.h"

#include <string.h>

#include "heloscope/base/memory.h"

enum {
    EVENTS_MOST = 500,
    NUMBER_ROOM = 24,
    NOTES_ROOM = 256 /* for all words of notes_print() together */
};

/* The place of each column in an event's array, as in views.sql; the text of one that is NULL is
 * left out when none behind it is there. */
enum place {
    PLACE_TIME,
    PLACE_PACKET,
    PLACE_KIND, /* kind << 1 | side */
    PLACE_TEXT,
    PLACE_SAW,
    PLACE_WHAT, /* the verb or the code */
    PLACE_ANSWERS,
    PLACE_ENHANCED,
    PLACE_BYTES,
    PLACE_NOTE,
};

_Static_assert(EVENT_OPEN == 0 && EVENT_CLOSE == 9 && EVENT_KIND_COUNT == 10 && SIDE_CLIENT == 0,
               "the names in the view events stand in the order of the numbers");

/* A NUL would end the text where it is read. */
static bool is_plain(struct bytes text)
{
    return !text.len || !memchr(text.at, 0, text.len);
}

bool pack_suits(const struct chapter *chapter)
{
    event_no seq = 0;
    for (const struct event *event = chapter->events; event; event = event->next)
        if (event->seq != ++seq || seq > EVENTS_MOST || (event->verb && event->code) ||
            !is_plain(event->text) || !is_plain(event->enhanced))
            return false;
    return seq > 0;
}

/* --- writers: each puts something at `out` and returns where the next goes --- */

static char *put_number(char *out, int64_t number)
{
    char digits[NUMBER_ROOM];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    if (number < 0)
        *out++ = '-';
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    while (at < sizeof digits)
        *out++ = digits[at++];
    return out;
}

/* An octet that a string of JSON has in another form; RFC 8259 section 7. */
static char *put_escaped(char *out, uint8_t octet)
{
    static const char hex[] = "0123456789abcdef";
    *out++ = '\\';
    if (octet >= ' ' || octet == '\n') {
        *out++ = octet == '\n' ? 'n' : (char)octet;
        return out;
    }
    memcpy(out, "u00", 3);
    out[3] = hex[octet >> 4];
    out[4] = hex[octet & 15];
    return out + 5;
}

/* Whether one of eight octets is to be escaped: a control character, a quotation mark or a
 * backslash. For each, a subtraction borrows from the octet's highest bit. */
static bool needs_escape(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    const uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    return ((word - ones * ' ') & ~word & high) | ((quote - ones) & ~quote & high) |
           ((backslash - ones) & ~backslash & high);
}

static char *put_text(char *out, struct bytes text)
{
    size_t i = 0;
    *out++ = '"';
    while (i < text.len) {
        uint64_t word;
        if (text.len - i >= sizeof word) {
            memcpy(&word, text.at + i, sizeof word);
            if (!needs_escape(word)) {
                memcpy(out, &word, sizeof word);
                out += sizeof word;
                i += sizeof word;
                continue;
            }
        }
        const size_t end = text.len - i < sizeof word ? text.len : i + sizeof word;
        for (; i < end; i++) {
            const uint8_t octet = text.at[i];
            if (octet >= ' ' && octet != '"' && octet != '\\')
                *out++ = (char)octet;
            else
                out = put_escaped(out, octet);
        }
    }
    *out++ = '"';
    return out;
}

/* Goes on to the place of a column, past those that hold nothing. */
static char *go_to(char *out, enum place *at, enum place place)
{
    for (; *at + 1 < place; ++*at, out += 5)
        memcpy(out, ",null", 5);
    *at = place;
    *out++ = ',';
    return out;
}

static char *put_present(char *out, enum place *at, enum place place, uint64_t number)
{
    return number ? put_number(go_to(out, at, place), (int64_t)number) : out;
}

static char *put_event(char *out, const struct event *event, int64_t started_us)
{
    char words[NOTES_ROOM];
    enum place at = PLACE_KIND;
    *out++ = '[';
    out = put_number(out, event->ts_us - started_us);
    *out++ = ',';
    out = put_number(out, (int64_t)event->packet);
    *out++ = ',';
    out = put_number(out, (int64_t)event->kind << 1 | event->side);
    if (event->text.at)
        out = put_text(go_to(out, &at, PLACE_TEXT), event->text);
    out = put_present(out, &at, PLACE_SAW, event->saw);
    if (event->verb)
        out = put_text(go_to(out, &at, PLACE_WHAT), bytes_of_string(event->verb));
    out = put_present(out, &at, PLACE_WHAT, (uint64_t)event->code);
    out = put_present(out, &at, PLACE_ANSWERS, event->answers);
    if (event->enhanced.len)
        out = put_text(go_to(out, &at, PLACE_ENHANCED), event->enhanced);
    if (event->has_bytes)
        out = put_number(go_to(out, &at, PLACE_BYTES), (int64_t)event->bytes);
    if (event->notes)
        out = put_text(go_to(out, &at, PLACE_NOTE),
                       bytes_of_string(notes_print(event->notes, words, sizeof words)));
    *out++ = ']';
    return out;
}

/* Room for an event at its longest, and for what stands before and behind it. */
static char *room_for(struct pack *pack, const struct event *event)
{
    const size_t verb = event->verb ? strlen(event->verb) : 0;
    const size_t most = 6 * (event->text.len + event->enhanced.len + verb + NOTES_ROOM) +
                        (size_t)(PLACE_NOTE + 1) * (NUMBER_ROOM + sizeof ",null\"\"") +
                        sizeof "[],";
    if (pack->used + most > pack->size) {
        pack->size = 2 * (pack->used + most);
        pack->at = memory_resize(pack->at, pack->size);
    }
    return pack->at + pack->used;
}

struct bytes pack_events(struct pack *pack, const struct chapter *chapter)
{
    pack->used = 0;
    for (const struct event *event = chapter->events; event; event = event->next) {
        char *out = room_for(pack, event);
        *out++ = event == chapter->events ? '[' : ',';
        out = put_event(out, event, chapter->session.started_us);
        if (!event->next)
            *out++ = ']';
        pack->used = (size_t)(out - pack->at);
    }
    return bytes_of(pack->at, pack->used);
}
