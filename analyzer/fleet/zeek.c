/* SPDX-License-Identifier: ISC */
#include "zeek.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "heloscope/base/text.h"

/* Separates recipients in the row. */
#define BETWEEN 0x1f

/* Where a column of smtp.log comes from. */
enum origin {
    NOTHING, /* not in a history: it keeps no header but the Message-ID */
    TIME,
    WORD,
    LIST,
    REPLY,
    PATH,
    TRUTH,
    NO_FILES
};

/* In the order in which Zeek writes them (scripts/base/protocols/smtp, main and files). */
static const struct {
    const char *name, *type;
    enum origin origin;
    int cell;
} columns[] = {
    {"ts", "time", TIME, 0},
    {"uid", "string", WORD, 1},
    {"id.orig_h", "addr", WORD, 2},
    {"id.orig_p", "port", WORD, 3},
    {"id.resp_h", "addr", WORD, 4},
    {"id.resp_p", "port", WORD, 5},
    {"trans_depth", "count", WORD, 6},
    {"helo", "string", WORD, 7},
    {"mailfrom", "string", WORD, 8},
    {"rcptto", "set[string]", LIST, 9},
    {"date", "string", NOTHING, 0},
    {"from", "string", NOTHING, 0},
    {"to", "set[string]", NOTHING, 0},
    {"cc", "set[string]", NOTHING, 0},
    {"reply_to", "string", NOTHING, 0},
    {"msg_id", "string", WORD, 10},
    {"in_reply_to", "string", NOTHING, 0},
    {"subject", "string", NOTHING, 0},
    {"x_originating_ip", "addr", NOTHING, 0},
    {"first_received", "string", NOTHING, 0},
    {"second_received", "string", NOTHING, 0},
    {"last_reply", "string", REPLY, 11},
    {"path", "vector[addr]", PATH, 0},
    {"user_agent", "string", NOTHING, 0},
    {"tls", "bool", TRUTH, 12},
    {"fuids", "vector[string]", NO_FILES, 0},
};
#define COLUMNS (sizeof columns / sizeof *columns)

void zeek_header(char *out, size_t room, long long now_s)
{
    const time_t now = (time_t)now_s;
    struct tm parts;
    char opened[32];
    gmtime_r(&now, &parts);
    strftime(opened, sizeof opened, "%Y-%m-%d-%H-%M-%S", &parts);
    int used = snprintf(out, room,
                        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n"
                        "#unset_field\t-\n#path\tsmtp\n#open\t%s\n#fields",
                        opened);
    for (size_t i = 0; i < COLUMNS; i++)
        used += snprintf(out + used, room - (size_t)used, "\t%s", columns[i].name);
    used += snprintf(out + used, room - (size_t)used, "\n#types");
    for (size_t i = 0; i < COLUMNS; i++)
        used += snprintf(out + used, room - (size_t)used, "\t%s", columns[i].type);
    snprintf(out + used, room - (size_t)used, "\n");
}

static void put_escaped(struct sink *sink, uint8_t octet)
{
    char hex[5];
    snprintf(hex, sizeof hex, "\\x%02x", octet);
    sink_put(sink, bytes_of(hex, 4));
}

/* A value that looks like the sign of an absent or an empty one is told from it by an escape. */
static bool looks_absent(struct bytes text)
{
    return (text.len == 1 && text.at[0] == '-') ||
           (text.len == 7 && memcmp(text.at, "(empty)", 7) == 0);
}

/* As Zeek's writer escapes: what is not printable, the separators, and the escape itself. UTF-8
 * stays. */
static void put_text(struct sink *sink, struct bytes text, bool in_list)
{
    if (looks_absent(text)) {
        put_escaped(sink, text.at[0]);
        text = bytes_from(text, 1);
    }
    while (text.len) {
        const size_t length = text_wellformed(text);
        const uint8_t first = text.at[0];
        if (!length || first < 0x20 || first == 0x7f || first == '\\' || (in_list && first == ','))
            put_escaped(sink, first);
        else
            sink_put(sink, bytes_of(text.at, length));
        text = bytes_from(text, length ? length : 1);
    }
}

static void put_word(struct sink *sink, struct bytes text)
{
    if (!text.at)
        sink_put(sink, bytes_of("-", 1));
    else if (!text.len)
        sink_put(sink, bytes_of("(empty)", 7));
    else
        put_text(sink, text, false);
}

static void put_list(struct sink *sink, struct bytes list)
{
    if (!list.at || !list.len) {
        put_word(sink, list);
        return;
    }
    for (bool first = true; list.len; first = false) {
        const uint8_t *end = memchr(list.at, BETWEEN, list.len);
        const size_t length = end ? (size_t)(end - list.at) : list.len;
        if (!first)
            sink_put(sink, bytes_of(",", 1));
        put_text(sink, bytes_of(list.at, length), true);
        list = bytes_from(list, end ? length + 1 : length);
    }
}

/* The last line of the reply, with its code and without the mark that more follow. */
static void put_reply(struct sink *sink, struct bytes text)
{
    for (const uint8_t *end; text.at && (end = memchr(text.at, '\n', text.len)) != NULL;)
        text = bytes_from(text, (size_t)(end - text.at) + 1);
    put_word(sink, text);
}

/* Microseconds as seconds with six digits behind the point. */
static void put_time(struct sink *sink, struct bytes text)
{
    char copy[32], time[40];
    snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.at ? (const char *)text.at : "0");
    const long long us = strtoll(copy, NULL, 10);
    snprintf(time, sizeof time, "%lld.%06lld", us / 1000000, us % 1000000);
    sink_put(sink, bytes_of_string(time));
}

static void put_column(struct sink *sink, enum origin origin, const struct bytes *cells, int cell)
{
    switch (origin) {
    case TIME:
        put_time(sink, cells[cell]);
        break;
    case WORD:
        put_word(sink, cells[cell]);
        break;
    case LIST:
        put_list(sink, cells[cell]);
        break;
    case REPLY:
        put_reply(sink, cells[cell]);
        break;
    case PATH: /* the receiver, then the sender: no other hosts without headers */
        put_text(sink, cells[4], true);
        sink_put(sink, bytes_of(",", 1));
        put_text(sink, cells[2], true);
        break;
    case TRUTH:
        sink_put(sink, bytes_of(cells[cell].len && cells[cell].at[0] == '1' ? "T" : "F", 1));
        break;
    case NO_FILES:
        sink_put(sink, bytes_of("(empty)", 7));
        break;
    case NOTHING:
        sink_put(sink, bytes_of("-", 1));
        break;
    }
}

void zeek_line(struct sink *sink, const struct bytes *cells)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (i)
            sink_put(sink, bytes_of("\t", 1));
        put_column(sink, columns[i].origin, cells, columns[i].cell);
    }
    sink_put(sink, bytes_of("\n", 1));
}
