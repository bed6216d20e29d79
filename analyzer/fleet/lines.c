/* SPDX-License-Identifier: ISC */
#include "lines.h"

#include "heloscope/base/limits.h"

bool lines_take(void *context, struct bytes piece)
{
    struct lines *lines = context;
    if (lines->length + piece.len >= FLEET_ANSWER_LIMIT)
        return false;
    while (lines->length + piece.len + 1 > lines->size) {
        lines->size = lines->size ? 2 * lines->size : 65536;
        lines->text = memory_resize(lines->text, lines->size);
    }
    memcpy(lines->text + lines->length, piece.at, piece.len);
    lines->length += piece.len;
    lines->text[lines->length] = '\0';
    return true;
}

char *lines_next(struct lines *lines)
{
    if (lines->at >= lines->length)
        return NULL;
    char *line = lines->text + lines->at;
    char *end = memchr(line, '\n', lines->length - lines->at);
    if (end)
        *end = '\0';
    lines->at = end ? (size_t)(end - lines->text) + 1 : lines->length;
    return line;
}

void lines_clear(struct lines *lines)
{
    lines->length = lines->at = 0;
}

void lines_free(struct lines *lines)
{
    free(lines->text);
    *lines = (struct lines){0};
}
