/* SPDX-License-Identifier: ISC */
/* Reply lines, enhanced status codes and the extensions of an EHLO reply. */
#include "heloscope/application/smtp_reply.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* RFC 5321 section 4.2: no code is below 200, and none begins with 6 to 9. */
void smtp_reply_line_parse(struct bytes line, struct smtp_reply_line *out)
{
    *out = (struct smtp_reply_line){.text = line};
    if (line.len < 3 || line.at[0] < '2' || line.at[0] > '5' || !is_digit(line.at[1]) ||
        !is_digit(line.at[2]))
        return;
    if (line.len > 3 && line.at[3] != ' ' && line.at[3] != '-')
        return;
    out->well_formed = true;
    out->code = (line.at[0] - '0') * 100 + (line.at[1] - '0') * 10 + (line.at[2] - '0');
    out->more = line.len > 3 && line.at[3] == '-';
    out->text = bytes_from(line, 4);
}

/* "." and one to three digits at `at`; their length, or 0. */
static size_t dotted_number(struct bytes b, size_t at)
{
    size_t n = 1;
    if (at >= b.len || b.at[at] != '.')
        return 0;
    while (at + n < b.len && n <= 3 && is_digit(b.at[at + n]))
        n++;
    return n > 1 ? n : 0;
}

/* The length of the code at the front of `b`, or 0. What follows may not make it part of a longer
 * word or number: an IP address is no status. */
static size_t status_length(int code, struct bytes b)
{
    if (b.len == 0 || code < 200 || b.at[0] != '0' + code / 100)
        return 0;
    size_t subject = dotted_number(b, 1);
    size_t detail = subject ? dotted_number(b, 1 + subject) : 0;
    size_t length = 1 + subject + detail;
    if (!detail)
        return 0;
    if (length == b.len)
        return length;
    uint8_t behind = b.at[length];
    bool goes_on = is_digit(behind) || behind == '.' || behind == '-' || behind == '_' ||
                   (ascii_upper(behind) >= 'A' && ascii_upper(behind) <= 'Z');
    return goes_on ? 0 : length;
}

/* qmail writes "MAIL first (#5.5.1)": the code in brackets at the end. */
static struct bytes bracketed_status(int code, struct bytes text)
{
    enum {
        LONGEST = 11 /* "(#5.500.100" */
    };
    if (text.len == 0 || text.at[text.len - 1] != ')')
        return (struct bytes){NULL, 0};
    text.len--;
    struct bytes tail = text.len > LONGEST ? bytes_from(text, text.len - LONGEST) : text;
    for (size_t i = 0; i + 2 < tail.len; i++) {
        struct bytes inner = bytes_from(tail, i + 2);
        if (tail.at[i] == '(' && tail.at[i + 1] == '#' && status_length(code, inner) == inner.len)
            return inner;
    }
    return (struct bytes){NULL, 0};
}

struct bytes smtp_enhanced_code(int code, struct bytes text)
{
    while (text.len > 0 && text.at[0] == ' ')
        text = bytes_from(text, 1);
    struct bytes front = text.len > 0 && text.at[0] == '#' ? bytes_from(text, 1) : text;
    size_t length = status_length(code, front);
    return length > 0 ? bytes_first(front, length) : bracketed_status(code, text);
}

static const struct extension_row {
    const char *keyword;
    enum extension extension;
} extensions[] = {
    {"PIPELINING", EXT_PIPELINING},                   /* RFC 2920 */
    {"SIZE", EXT_SIZE},                               /* RFC 1870 */
    {"8BITMIME", EXT_8BITMIME},                       /* RFC 6152 */
    {"ENHANCEDSTATUSCODES", EXT_ENHANCEDSTATUSCODES}, /* RFC 2034 */
    {"STARTTLS", EXT_STARTTLS},                       /* RFC 3207 */
    {"AUTH", EXT_AUTH},                               /* RFC 4954 */
    {"CHUNKING", EXT_CHUNKING},                       /* RFC 3030 */
    {"BINARYMIME", EXT_BINARYMIME},                   /* RFC 3030 */
    {"DSN", EXT_DSN},                                 /* RFC 3461 */
    {"SMTPUTF8", EXT_SMTPUTF8},                       /* RFC 6531 */
    {"ETRN", EXT_ETRN},                               /* RFC 1985 */
    {"BURL", EXT_BURL},                               /* RFC 4468 */
    {"XCLIENT", EXT_XCLIENT},                         /* Postfix */
    {"XFORWARD", EXT_XFORWARD},                       /* Postfix */
    {"PIPECONNECT", EXT_PIPECONNECT},                 /* Exim */
    {"X_PIPE_CONNECT", EXT_PIPECONNECT},              /* Exim 4.93 and before */
    {"X-EXPS", EXT_AUTH},                             /* Exchange; its verbs count as AUTH */
    {"X-ANONYMOUSTLS", EXT_STARTTLS},                 /* ... and as STARTTLS */
};

/* A Cisco firewall overwrites a keyword with X, the last letter sometimes with another one:
 * "XXXXXXXA" stands where STARTTLS stood. */
static bool is_masked(struct bytes keyword)
{
    size_t n = 0;
    while (n < keyword.len && keyword.at[n] == 'X')
        n++;
    bool tail = n + 1 == keyword.len && keyword.at[n] >= 'A' && keyword.at[n] <= 'Z';
    return keyword.len >= 4 && (n == keyword.len || tail);
}

/* RFC 5321 section 4.1.1.1: a keyword, then parameters behind a space. The "=" of old Microsoft
 * clients ("AUTH=LOGIN") ends the keyword too. */
unsigned smtp_extension(struct bytes text)
{
    size_t n = 0;
    while (n < text.len && text.at[n] != ' ' && text.at[n] != '\t' && text.at[n] != '=')
        n++;
    struct bytes keyword = bytes_first(text, n);
    const uint8_t first = n ? ascii_upper(text.at[0]) : 0;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (first == (uint8_t)extensions[i].keyword[0] &&
            bytes_equal_nocase(keyword, extensions[i].keyword))
            return extensions[i].extension;
    return is_masked(keyword) ? EXT_MASKED : 0;
}

const char *extension_name(unsigned extension)
{
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (extensions[i].extension == extension)
            return extensions[i].keyword;
    return "";
}
