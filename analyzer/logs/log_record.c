/* SPDX-License-Identifier: ISC */
#include "log_record.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static struct bytes take_word(struct bytes *text)
{
    const uint8_t *blank = text->len ? memchr(text->at, ' ', text->len) : NULL;
    const size_t length = blank ? (size_t)(blank - text->at) : text->len;
    const struct bytes word = bytes_first(*text, length);
    *text = bytes_from(*text, length + 1);
    return word;
}

static long number_of(struct bytes digits)
{
    long value = 0;
    if (!digits.len || digits.len > 9)
        return 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.at[i]))
            return 0;
        value = value * 10 + (digits.at[i] - '0');
    }
    return value;
}

/* "<22>" in front, which syslog sends and some write too. */
static void skip_priority(struct bytes *line)
{
    if (!line->len || line->at[0] != '<')
        return;
    const uint8_t *end = memchr(line->at, '>', line->len < 6 ? line->len : 6);
    if (end && number_of(bytes_of(line->at + 1, (size_t)(end - line->at) - 1)))
        *line = bytes_from(*line, (size_t)(end - line->at) + 1);
}

/* "postfix/smtpd[123]:" */
static bool split_tag(struct bytes word, struct log_record *out)
{
    if (word.len < 2 || word.at[word.len - 1] != ':')
        return false;
    word.len--;
    const uint8_t *bracket = memchr(word.at, '[', word.len);
    out->program = bytes_first(word, bracket ? (size_t)(bracket - word.at) : word.len);
    out->pid = 0;
    if (bracket && word.at[word.len - 1] == ']')
        out->pid = number_of(bytes_of(bracket + 1, (size_t)(word.at + word.len - bracket) - 2));
    return out->program.len > 0 && out->program.at[0] != '[';
}

/* RFC 5424: "HOST PROGRAM PID MSGID STRUCTURED-DATA TEXT". */
static bool take_rfc5424(struct bytes text, struct log_record *out)
{
    take_word(&text);
    out->program = take_word(&text);
    out->pid = number_of(take_word(&text));
    take_word(&text);
    if (!text.len)
        return false;
    if (text.at[0] == '[') { /* quoted values may hold blanks and, escaped, brackets */
        const size_t end = bytes_find(text, bytes_of_string("] "));
        text = end == SIZE_MAX ? bytes_first(text, 0) : bytes_from(text, end + 2);
    } else {
        take_word(&text);
    }
    if (text.len >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
        text = bytes_from(text, 3);
    out->text = text;
    return true;
}

/* "HOST PROGRAM[PID]: TEXT", or without the host; else all of it is text. */
static void take_tag(struct bytes text, struct log_record *out)
{
    struct bytes rest = text;
    *out = (struct log_record){.time = out->time, .text = text};
    if (!text.len || text.at[0] == '[')
        return;
    for (int words = 0; words < 2; words++)
        if (split_tag(take_word(&rest), out)) {
            out->text = rest;
            return;
        }
    *out = (struct log_record){.time = out->time, .text = text};
}

bool log_record_of_line(struct bytes line, const struct log_calendar *calendar,
                        struct log_record *out)
{
    *out = (struct log_record){0};
    skip_priority(&line);
    const bool versioned = line.len > 2 && memcmp(line.at, "1 ", 2) == 0;
    if (versioned)
        line = bytes_from(line, 2);
    if (!log_time_take(&line, calendar, &out->time))
        return false;
    if (versioned)
        return take_rfc5424(line, out);
    take_tag(line, out);
    return true;
}

/* --- journalctl -o export: fields a line, an empty line behind each entry --- */

static bool is_field(struct bytes line)
{
    size_t i = 0;
    while (i < line.len &&
           (line.at[i] == '_' || is_digit(line.at[i]) || (line.at[i] >= 'A' && line.at[i] <= 'Z')))
        i++;
    return i && i < line.len && line.at[i] == '=';
}

static struct bytes keep(uint8_t *room, size_t size, struct bytes value)
{
    const struct bytes kept = bytes_of(room, value.len < size ? value.len : size);
    memcpy(room, value.at, kept.len);
    return kept;
}

static int64_t microseconds_of(struct bytes digits)
{
    int64_t value = 0;
    for (size_t i = 0; i < digits.len && i < 17 && is_digit(digits.at[i]); i++)
        value = value * 10 + (digits.at[i] - '0');
    return value;
}

static void take_field(struct log_reader *reader, struct bytes name, struct bytes value,
                       struct log_record *out)
{
    if (bytes_equal(name, bytes_of_string("MESSAGE")))
        out->text = keep(reader->message, sizeof reader->message, value);
    else if (bytes_equal(name, bytes_of_string("SYSLOG_IDENTIFIER")))
        out->program = keep(reader->name, sizeof reader->name, value);
    else if (bytes_equal(name, bytes_of_string("_PID")) ||
             (bytes_equal(name, bytes_of_string("SYSLOG_PID")) && !out->pid))
        out->pid = number_of(value);
    else if (bytes_equal(name, bytes_of_string("__REALTIME_TIMESTAMP")) ||
             bytes_equal(name, bytes_of_string("_SOURCE_REALTIME_TIMESTAMP")))
        out->time = (struct log_time){microseconds_of(value), 1};
}

/* A field whose value has line feeds has its name alone in a line, the value's length in eight
 * octets, the value, and a line feed behind it. */
static bool take_binary(struct log_reader *reader, struct bytes line, struct log_record *out,
                        struct failure *why)
{
    uint8_t room[64];
    const struct bytes name = keep(room, sizeof room, line);
    struct bytes value, end;
    uint64_t length;
    if (!text_lines_number(reader->lines, &length, why) ||
        !text_lines_octets(reader->lines, length, &value, why))
        return false;
    take_field(reader, name, value, out);
    return text_lines_octets(reader->lines, 1, &end, why);
}

static bool next_line(struct log_reader *reader, struct bytes *line, struct failure *why)
{
    if (!reader->first.at)
        return text_lines_next(reader->lines, line, why);
    *line = reader->first;
    reader->first = (struct bytes){0};
    return true;
}

static bool next_entry(struct log_reader *reader, struct log_record *out, struct failure *why)
{
    struct bytes line;
    bool any = false;
    *out = (struct log_record){0};
    while (next_line(reader, &line, why)) {
        if (!line.len && any)
            return true;
        if (!line.len)
            continue;
        any = true;
        const uint8_t *equals = memchr(line.at, '=', line.len);
        if (equals)
            take_field(reader, bytes_first(line, (size_t)(equals - line.at)),
                       bytes_from(line, (size_t)(equals - line.at) + 1), out);
        else if (!take_binary(reader, line, out, why))
            return false;
    }
    return any;
}

bool log_record_next(struct log_reader *reader, struct log_record *out, struct failure *why)
{
    struct bytes line;
    if (!reader->begun) {
        reader->begun = true;
        if (!text_lines_next(reader->lines, &reader->first, why))
            return false;
        reader->journal = is_field(reader->first);
    }
    while (reader->journal ? next_entry(reader, out, why) : next_line(reader, &line, why)) {
        reader->count++;
        if (reader->journal ? out->time.us > 0 : log_record_of_line(line, &reader->calendar, out))
            return true;
        reader->timeless++;
    }
    return false;
}
