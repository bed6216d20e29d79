/* SPDX-License-Identifier: ISC */
/* Octets of one side to lines, message content and chunks. Reads what it is given and decides
 * nothing: that is the driver's (decoder.c). */
#ifndef ANALYZER_SMTP_READER_H
#define ANALYZER_SMTP_READER_H

#include "heloscope/session/session.h"

/* A line that is complete, with the buffer that it lies in while it is delivered. */
struct whole_line {
    struct line line;
    bool is_there;
    uint8_t *loan; /* NULL = the line lies in the octets that were given */
    uint32_t loan_size;
};

/* Takes octets up to the end of a line, which is then in `*out`, to be given back by
 * reader_line_done(); what does not end a line is held. `offset` and `mark` are those of `data`.
 * Returns how many octets were taken. */
size_t reader_line(struct direction *direction, struct bytes data, uint64_t offset,
                   const struct mark *mark, struct whole_line *out);

/* What is held, of which there is something, as a line whose last `cut` octets the snap length has
 * cut off. */
void reader_cut_line(struct direction *direction, uint64_t cut, struct whole_line *out);

/* The line was delivered: its buffer goes back to the direction, or is freed. */
void reader_line_done(struct direction *direction, struct whole_line *line);

/* Takes octets of a message (READ_CONTENT, READ_DRAIN) up to its final dot; returns how many. */
size_t reader_content(struct session *s, struct bytes data, uint64_t offset,
                      const struct mark *mark);

/* Takes octets of a chunk (READ_CHUNK) up to its end; returns how many. */
size_t reader_chunk(struct session *s, struct bytes data, uint64_t offset, const struct mark *mark);

/* Whether what is held of a line, and `data` after it, begin as a record of TLS does; with `hole`,
 * the beginning may have been lost. Each side is judged by itself: the other, with its STARTTLS or
 * the 220 to it, may not be in the capture. */
bool reader_begins_record(struct direction *direction, struct bytes data, bool hole);

/* Octets of zero at the end of a segment in which lines are read: a tool has put them in place of
 * what the snap length had cut. Returns how many; a few can be somebody's own. */
size_t reader_padding(const struct direction *direction, struct bytes data);

#endif
