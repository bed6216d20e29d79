/* SPDX-License-Identifier: ISC */
#include "token.h"

#include <ctype.h>
#include <string.h>

bool token_ends_at(uint8_t c)
{
    return c <= ' ' || (c < 0x80 && strchr("<>()[]\"',;:=/#?&", c));
}

struct bytes token_at(struct bytes text)
{
    size_t length = 0;
    while (length < text.len && !token_ends_at(text.at[length]))
        length++;
    return bytes_first(text, length);
}

size_t token_count_if(struct bytes text, int (*holds)(int))
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] < 0x80 && holds(text.at[i]);
    return count;
}

size_t token_count_of(struct bytes text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == (uint8_t)c;
    return count;
}

bool token_is_version(struct bytes token)
{
    size_t digits = 0, parts = 1;
    for (size_t i = 0; i < token.len; i++) {
        if (isdigit(token.at[i])) {
            digits++;
        } else if (token.at[i] == '.' && digits) {
            digits = 0;
            parts++;
        } else {
            return false;
        }
        if (digits > SHORT_NUMBER || (digits == SHORT_NUMBER && parts == 1))
            return false;
    }
    return digits && parts <= 3;
}

bool token_is_year(struct bytes token)
{
    return token.len == 4 && (memcmp(token.at, "199", 3) == 0 || memcmp(token.at, "20", 2) == 0);
}

bool token_is_punctuation(struct bytes token)
{
    for (size_t i = 0; i < token.len; i++)
        if (token.at[i] >= 0x80 || isalnum(token.at[i]))
            return false;
    return true;
}
