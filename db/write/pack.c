/* SPDX-License-Identifier: ISC */
#include "pack.h"

#include <stdlib.h>
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

static char *room_for(struct pack *pack, size_t count)
{
    if (pack->used + count > pack->size) {
        pack->size = 2 * (pack->used + count);
        pack->at = memory_resize(pack->at, pack->size);
    }
    return pack->at + pack->used;
}

static void put(struct pack *pack, const char *text, size_t length)
{
    memcpy(room_for(pack, length), text, length);
    pack->used += length;
}

static void put_number(struct pack *pack, int64_t number)
{
    char digits[NUMBER_ROOM];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        digits[--at] = '-';
    put(pack, digits + at, sizeof digits - at);
}

/* Writes the octet as a string of JSON has it; RFC 8259 section 7. Returns how many it takes. */
static size_t escape(char *out, uint8_t octet)
{
    static const char hex[] = "0123456789abcdef";
    if (octet >= ' ' && octet != '"' && octet != '\\') {
        *out = (char)octet;
        return 1;
    }
    *out++ = '\\';
    if (octet >= ' ' || octet == '\n') {
        *out = octet == '\n' ? 'n' : (char)octet;
        return 2;
    }
    memcpy(out, "u00", 3);
    out[3] = hex[octet >> 4];
    out[4] = hex[octet & 15];
    return 6;
}

static void put_text(struct pack *pack, struct bytes text)
{
    char *out = room_for(pack, 6 * text.len + 2), *from = out;
    *out++ = '"';
    for (size_t i = 0; i < text.len; i++)
        out += escape(out, text.at[i]);
    *out++ = '"';
    pack->used += (size_t)(out - from);
}

/* Goes on to the place of a column, past those that hold nothing. */
static void go_to(struct pack *pack, enum place *at, enum place place)
{
    for (; *at + 1 < place; ++*at)
        put(pack, ",null", 5);
    put(pack, ",", 1);
    *at = place;
}

static void put_present(struct pack *pack, enum place *at, enum place place, uint64_t number)
{
    if (!number)
        return;
    go_to(pack, at, place);
    put_number(pack, (int64_t)number);
}

static void put_event(struct pack *pack, const struct event *event, int64_t started_us)
{
    char words[NOTES_ROOM];
    enum place at = PLACE_KIND;
    put(pack, "[", 1);
    put_number(pack, event->ts_us - started_us);
    put(pack, ",", 1);
    put_number(pack, (int64_t)event->packet);
    put(pack, ",", 1);
    put_number(pack, (int64_t)event->kind << 1 | event->side);
    if (event->text.at) {
        go_to(pack, &at, PLACE_TEXT);
        put_text(pack, event->text);
    }
    put_present(pack, &at, PLACE_SAW, event->saw);
    if (event->verb) {
        go_to(pack, &at, PLACE_WHAT);
        put_text(pack, bytes_of_string(event->verb));
    }
    put_present(pack, &at, PLACE_WHAT, (uint64_t)event->code);
    put_present(pack, &at, PLACE_ANSWERS, event->answers);
    if (event->enhanced.len) {
        go_to(pack, &at, PLACE_ENHANCED);
        put_text(pack, event->enhanced);
    }
    if (event->has_bytes) {
        go_to(pack, &at, PLACE_BYTES);
        put_number(pack, (int64_t)event->bytes);
    }
    if (event->notes) {
        go_to(pack, &at, PLACE_NOTE);
        put_text(pack, bytes_of_string(notes_print(event->notes, words, sizeof words)));
    }
    put(pack, "]", 1);
}

struct bytes pack_events(struct pack *pack, const struct chapter *chapter)
{
    pack->used = 0;
    put(pack, "[", 1);
    for (const struct event *event = chapter->events; event; event = event->next) {
        if (event != chapter->events)
            put(pack, ",", 1);
        put_event(pack, event, chapter->session.started_us);
    }
    put(pack, "]", 1);
    return bytes_of(pack->at, pack->used);
}
