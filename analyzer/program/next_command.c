/* SPDX-License-Identifier: ISC */
#include "next_command.h"

#include <inttypes.h>
#include <string.h>

#include "heloscope/base/text.h"

/* A word as a shell reads it back. */
static void print_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./:@%,";
    if (*word && *word != '-' && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word += strcspn(word, "'"), word += *word == '\'') {
        const size_t length = strcspn(word, "'");
        text_print(out, bytes_of(word, length));
        fputs(word[length] ? "'\\''" : "", out);
    }
    fputc('\'', out);
}

void next_command_show(FILE *out, const struct options *options, int64_t session_id)
{
    fputs("heloscope show", out);
    if (strcmp(options->database, OPTIONS_DATABASE) != 0) {
        fputs(" --db ", out);
        print_word(out, options->database);
    }
    if (session_id)
        fprintf(out, " %" PRId64, session_id);
}
