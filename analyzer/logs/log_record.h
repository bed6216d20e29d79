/* SPDX-License-Identifier: ISC */
/* What a file of a log consists of: who wrote when what. */
#ifndef ANALYZER_LOGS_LOG_RECORD_H
#define ANALYZER_LOGS_LOG_RECORD_H

#include "heloscope/capture/text_lines.h"
#include "log_time.h"

/* One line of a log. Texts are borrowed until the next one is read. */
struct log_record {
    struct log_time time;
    struct bytes program; /* "postfix/smtpd"; empty: the line does not say */
    long pid;             /* 0 = not said */
    struct bytes text;
};

struct log_reader {
    struct text_lines *lines;
    struct log_calendar calendar;
    uint64_t count;    /* lines, or entries of a journal, so far */
    uint64_t timeless; /* of them those without a time that can be read */
    bool journal, begun;
    struct bytes first; /* a line that was looked at already */
    uint8_t message[8 * 1024], name[256];
};

/* Reads the next line that has a time: syslog's (RFC 3164, RFC 5424, RFC 3339), Exim's own,
 * Haraka's own, or an entry of `journalctl -o export`. False at the end, or with `why`. */
bool log_record_next(struct log_reader *reader, struct log_record *out, struct failure *why);

/* Takes a line apart; false when it has no time. For a test. */
bool log_record_of_line(struct bytes line, const struct log_calendar *calendar,
                        struct log_record *out);

#endif
