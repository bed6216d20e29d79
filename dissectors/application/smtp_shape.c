/* SPDX-License-Identifier: ISC */
/* What a line looks like when it is not sure that it is a command. */
#include "heloscope/application/smtp_command.h"

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* RFC 5322 section 3.6.8 allows any printable character but the colon in a field's name. Fields
 * that exist have letters, digits, hyphens, underscores and dots; taking no more keeps lines of
 * JSON and the like apart. */
bool looks_like_header(struct bytes line)
{
    if (line.len == 0 || !is_letter(line.at[0]))
        return false;
    size_t n = 1;
    while (n < line.len && (is_letter(line.at[n]) || is_digit(line.at[n]) || line.at[n] == '-' ||
                            line.at[n] == '_' || line.at[n] == '.'))
        n++;
    return n < line.len && line.at[n] == ':';
}

bool looks_like_base64(struct bytes line)
{
    size_t n = 0;
    while (n < line.len && (is_letter(line.at[n]) || is_digit(line.at[n]) || line.at[n] == '+' ||
                            line.at[n] == '/'))
        n++;
    size_t padding = 0;
    while (n + padding < line.len && line.at[n + padding] == '=')
        padding++;
    return line.len > 0 && n + padding == line.len && padding <= 2;
}

bool is_lone_dot(struct bytes line)
{
    return line.len == 1 && line.at[0] == '.';
}
