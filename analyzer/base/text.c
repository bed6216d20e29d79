/* SPDX-License-Identifier: ISC */
#include "heloscope/base/text.h"

#include <inttypes.h>
#include <time.h>

/* RFC 3629 section 4: first octets, the length they announce, and the range that the second octet
 * must keep to (which shuts out overlong forms, surrogates and what lies beyond U+10FFFF). */
static const struct {
    uint8_t first, last, length, second_first, second_last;
} utf8_forms[] = {
    {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static bool continues(uint8_t octet)
{
    return (octet & 0xc0) == 0x80;
}

size_t text_wellformed(struct bytes text)
{
    if (!text.len)
        return 0;
    for (size_t i = 0; i < sizeof utf8_forms / sizeof utf8_forms[0]; i++) {
        size_t length = utf8_forms[i].length;
        if (text.at[0] < utf8_forms[i].first || text.at[0] > utf8_forms[i].last)
            continue;
        if (length == 1)
            return 1;
        if (text.len < length || text.at[1] < utf8_forms[i].second_first ||
            text.at[1] > utf8_forms[i].second_last)
            return 0;
        for (size_t k = 2; k < length; k++)
            if (!continues(text.at[k]))
                return 0;
        return length;
    }
    return 0;
}

uint32_t text_code_point(struct bytes text)
{
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const size_t length = text_wellformed(text);
    if (!length)
        return 0xfffd;
    uint32_t point = text.at[0] & masks[length];
    for (size_t i = 1; i < length; i++)
        point = point << 6 | (text.at[i] & 0x3f);
    return point;
}

/* Characters that steer a terminal, reorder what it shows, or show nothing at all: C0, DEL, C1, and
 * the format characters of Unicode (general category Cf) with the separators of lines and
 * paragraphs and the fillers, with which one text can pass for another. */
static const struct {
    uint32_t first, last;
} steering[] = {
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x034f, 0x034f},
    {0x0600, 0x0605},   {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},
    {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},
    {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

size_t text_visible(struct bytes text)
{
    size_t length = text_wellformed(text);
    if (!length)
        return 0;
    const uint32_t point = text_code_point(text);
    for (size_t i = 0; i < sizeof steering / sizeof steering[0]; i++)
        if (point >= steering[i].first && point <= steering[i].last)
            return 0;
    return length;
}

size_t text_print(FILE *out, struct bytes text)
{
    size_t columns = 0;
    while (text.len) {
        size_t length = text_visible(text);
        if (length) {
            fwrite(text.at, 1, length, out);
            columns++;
        } else {
            fprintf(out, "\\x%02X", text.at[0]);
            columns += 4;
            length = 1;
        }
        text = bytes_from(text, length);
    }
    return columns;
}

size_t text_columns(struct bytes text)
{
    size_t columns = 0;
    while (text.len) {
        size_t length = text_visible(text);
        columns += length ? 1 : 4;
        text = bytes_from(text, length ? length : 1);
    }
    return columns;
}

size_t text_fitting(struct bytes text, size_t columns)
{
    size_t octets = 0, used = 0, blank = 0;
    while (octets < text.len) {
        const size_t length = text_visible(bytes_from(text, octets));
        used += length ? 1 : 4;
        if (used > columns)
            return blank > octets / 2 ? blank : octets;
        octets += length ? length : 1;
        if (text.at[octets - 1] == ' ')
            blank = octets;
    }
    return octets;
}

void text_wrap(FILE *out, const char *text, int column, int indent, int width)
{
    bool begun = false;
    while (*text) {
        size_t word = strcspn(text, " \n");
        int columns = (int)text_columns(bytes_of(text, word));
        if (word && begun && column + 1 + columns > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            begun = false;
        }
        if (word) {
            column += (int)begun + columns;
            if (begun)
                putc(' ', out);
            text_print(out, bytes_of(text, word));
            begun = true;
        }
        text += word;
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            begun = false;
        }
        text += *text != '\0';
    }
    putc('\n', out);
}

void text_endpoint(FILE *out, const char *address, int port)
{
    const char *shown = text_or(address, "?");
    bool v6 = strchr(shown, ':') != NULL;
    fputs(v6 ? "[" : "", out);
    text_print(out, bytes_of_string(shown));
    fprintf(out, "%s:%d", v6 ? "]" : "", port);
}

/* `utc`: and not in the zone that TZ or the machine has. */
static char *print_time(int64_t us, bool utc, char out[TEXT_TIME])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;
    char zone[8] = "UTC";
    size_t length;
    if (us <= 0 || !(utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) ||
        !(length = strftime(out, TEXT_TIME, "%Y-%m-%d %H:%M:%S", &parts)))
        return strcpy(out, "-");
    if (!utc && !strftime(zone, sizeof zone, "%Z", &parts))
        strftime(zone, sizeof zone, "%z", &parts);
    snprintf(out + length, TEXT_TIME - length, ".%03d %s", (int)(us % 1000000 / 1000), zone);
    return out;
}

char *text_time(int64_t us, char out[TEXT_TIME])
{
    return print_time(us, true, out);
}

char *text_time_local(int64_t us, char out[TEXT_TIME])
{
    return print_time(us, false, out);
}

char *text_code(int code, char out[TEXT_CODE])
{
    if (code)
        snprintf(out, TEXT_CODE, "%d", code);
    else
        strcpy(out, "close");
    return out;
}

char *text_counted(uint64_t count, const char *noun, char out[TEXT_COUNT])
{
    size_t length = strlen(noun);
    bool in_y = length > 1 && noun[length - 1] == 'y' && !strchr("aeiou", noun[length - 2]);
    if (count == 1)
        snprintf(out, TEXT_COUNT, "1 %s", noun);
    else if (in_y)
        snprintf(out, TEXT_COUNT, "%" PRIu64 " %.*sies", count, (int)length - 1, noun);
    else
        snprintf(out, TEXT_COUNT, "%" PRIu64 " %ss", count, noun);
    return out;
}
