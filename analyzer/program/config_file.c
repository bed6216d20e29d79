/* SPDX-License-Identifier: ISC */
#include "config_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"

static void add(struct config_file *file, int line, const char *name, const char *value,
                bool with_value)
{
    const size_t size = strlen(name) + strlen(value) + 4;
    char *word = memory_get(size);
    snprintf(word, size, with_value ? "--%s=%s" : "--%s", name, value);
    file->words = memory_resize(file->words, (file->count + 1) * sizeof *file->words);
    file->lines = memory_resize(file->lines, (file->count + 1) * sizeof *file->lines);
    file->lines[file->count] = line;
    file->words[file->count++] = word;
}

/* Cuts blanks off both ends. */
static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* Cuts a line into a name and a value, which may be "". */
static char *cut(char *line, char **value)
{
    char *name = trim(line), *end = name + strcspn(name, "= \t");
    *value = end;
    if (*end) {
        *end++ = '\0';
        end += strspn(end, " \t");
        if (*end == '=')
            end++;
        *value = trim(end);
    }
    return name;
}

static bool take_line(struct config_file *file, int number, char *line,
                      enum config_use (*use)(void *, const char *), void *context,
                      struct failure *why)
{
    char *value, *name = cut(line, &value);
    if (!*name || *name == '#')
        return true;
    switch (use(context, name)) {
    case CONFIG_TAKE:
        add(file, number, name, value, *value);
        return true;
    case CONFIG_TAKE_VALUE:
        add(file, number, name, value, true);
        return true;
    case CONFIG_PASS:
        return true;
    default:
        return failure_set(why,
                           "%s:%d: there is no option '%.100s'; names are those of the long "
                           "options, without --",
                           file->path, number, name);
    }
}

bool config_file_read(const char *path, enum config_use (*use)(void *context, const char *name),
                      void *context, struct config_file *out, struct failure *why)
{
    *out = (struct config_file){.path = path};
    FILE *in = fopen(path, "re");
    if (!in)
        return failure_set(why, "options '%s' cannot be read: %s", path, strerror(errno));
    char *line = NULL;
    size_t room = 0;
    bool done = true;
    for (int number = 1; done && getline(&line, &room, in) >= 0; number++)
        done = take_line(out, number, line, use, context, why);
    if (done && ferror(in))
        done = failure_set(why, "options '%s' cannot be read: %s", path, strerror(errno));
    free(line);
    fclose(in);
    return done;
}

void config_file_free(struct config_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->words[i]);
    free(file->words);
    free(file->lines);
    *file = (struct config_file){0};
}
