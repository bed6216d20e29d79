/* SPDX-License-Identifier: ISC */
/* What servers say when they refuse: the table made of analyzer/reply_texts.tsv at build time. */
#ifndef HELOSCOPE_SOFTWARE_REPLY_TEXTS_H
#define HELOSCOPE_SOFTWARE_REPLY_TEXTS_H

#include "heloscope/cause.h"
#include "heloscope/application/smtp_command.h"

struct reply_text {
    const char *server;   /* the product; "-" = not known which */
    const char *enhanced; /* "5.5.1", "-" = none */
    const char *text;     /* a pattern (pattern.h); of a reply of several lines joined by LF */
    uint32_t verbs;       /* bits 1 << enum verb: the commands that are answered so */
    enum cause claim;
    int code;
};

/* All rows, in the order of the file; `*count` of them. Static storage. */
const struct reply_text *reply_texts(size_t *count);

/* The row that fits a reply best, NULL when none does. `software` is what is known of the server
 * ("Exim 4.96"), NULL = nothing; `text` is what follows code and enhanced code, lines joined by LF.
 * Rows of that server go before the others', the same letters before letters of another case, the
 * same enhanced code before another; of several lines the first that a row fits counts. With
 * VERB_UNKNOWN every row is asked whatever its verbs. */
const struct reply_text *reply_text_find(const char *software, int code, struct bytes enhanced,
                                         struct bytes text, enum verb verb);

/* A row that fits the first line, letters exact, when one product alone says so; else NULL. */
const struct reply_text *reply_text_owned(int code, struct bytes text);

#endif
