/* SPDX-License-Identifier: ISC */
/* The wordings of mail servers' logs, and what may be kept of a line. */
#ifndef ANALYZER_LOGS_LOG_WORDING_H
#define ANALYZER_LOGS_LOG_WORDING_H

#include "saying.h"

/* A wording, as pattern.h has it. Names in it that mean something: <host> (a name, perhaps, and an
 * address in brackets), <verb>, <command> (quoted; kept when it is a command), <reply>, <helo>,
 * <queue>, <counts>, and <secret>, which is content or a credential and never kept. */
struct log_wording {
    enum log_server server;
    enum log_kind kind;
    const char *pattern;
};

/* The first row that fits; NULL = none. */
const struct log_wording *log_wording_find(enum log_server server, struct bytes text);

/* `text` without what must not be kept of it, printable, in `arena`. */
struct bytes log_wording_kept(const struct log_wording *row, struct bytes text,
                              struct arena *arena);

/* The command in quotes when it may be kept, up to its credentials; else empty. */
struct bytes log_wording_command(struct bytes quoted);

#endif
