/* SPDX-License-Identifier: ISC */
#include "known_words.h"

#include <ctype.h>
#include <stdlib.h>

/* Sorted, in small letters. */
static const char *const known_words[] = {
#include "analyzer/privacy/known_words_rows.h"
};

enum {
    WORD_ROOM = 48, /* no known word is longer */
};

static int compare_words(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

bool word_is_known(struct bytes word)
{
    char lower[WORD_ROOM];
    if (word.len == 0 || word.len >= sizeof lower)
        return false;
    for (size_t i = 0; i < word.len; i++)
        lower[i] = (char)tolower(word.at[i]);
    lower[word.len] = '\0';
    return bsearch(lower, known_words, sizeof known_words / sizeof *known_words,
                   sizeof *known_words, compare_words);
}

static bool is_alphabetic(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] >= 0x80 || !isalpha(word.at[i]))
            return false;
    return true;
}

bool compound_is_known(struct bytes word)
{
    while (word.len) {
        const uint8_t *dash = memchr(word.at, '-', word.len);
        struct bytes part = dash ? bytes_first(word, (size_t)(dash - word.at)) : word;
        if (!is_alphabetic(part) || !word_is_known(part))
            return false;
        if (!dash)
            return true;
        word = bytes_from(word, part.len + 1);
    }
    return false;
}
