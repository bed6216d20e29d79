/* SPDX-License-Identifier: ISC */
/* What is complete is read where it lies; only an incomplete line is copied. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "heloscope/application/tls_hello.h"
#include "heloscope/session/direction.h"

enum {
    PADDING_LEAST = 4, /* zeros in a row */
};

/* --- lines --- */

/* `raw`, with `skipped` octets after it that were not kept, ends in LF, or CR LF when `cr`; `end`
 * is the offset after them. */
static void fill_line(struct line *line, struct bytes raw, uint64_t skipped, bool cr,
                      uint64_t start, uint64_t end, const struct mark *mark)
{
    const uint64_t whole = raw.len + skipped;
    *line = (struct line){.length = whole - 1 - cr,
                          .start = start,
                          .end = end,
                          .ending = (uint8_t)(1 + cr),
                          .mark = *mark};
    line->text = bytes_first(raw, line->length < LINE_LIMIT ? (size_t)line->length : LINE_LIMIT);
    if (line->length > LINE_LIMIT)
        line->notes |= NOTE_LONG;
    if (!cr)
        line->notes |= NOTE_BARE_LF;
    if (line->text.len && memchr(line->text.at, '\r', line->text.len))
        line->notes |= NOTE_BARE_CR;
}

/* The line is on loan while it is delivered; what that calls may hold octets of its own. */
static struct bytes lend(struct direction *direction, struct whole_line *out)
{
    const struct bytes held = bytes_of(direction->held, direction->held_length);
    out->loan = direction->held;
    out->loan_size = direction->held_size;
    direction->held = NULL;
    direction->held_length = direction->held_size = 0;
    direction->skipped = 0;
    return held;
}

size_t reader_line(struct direction *direction, struct bytes data, uint64_t offset,
                   const struct mark *mark, struct whole_line *out)
{
    const uint8_t *lf = memchr(data.at, '\n', data.len);
    out->is_there = lf != NULL;
    out->loan = NULL;
    if (!lf) {
        direction_hold(direction, data, offset, mark);
        return data.len;
    }
    const struct bytes part = {data.at, (size_t)(lf - data.at) + 1};
    if (!direction->held_length && !direction->skipped) {
        const bool cr = part.len > 1 && lf[-1] == '\r';
        fill_line(&out->line, part, 0, cr, offset, offset + part.len, mark);
        return part.len;
    }
    const bool cr = part.len > 1 ? lf[-1] == '\r' : direction->last == '\r';
    direction_hold(direction, part, offset, mark);
    const uint64_t skipped = direction->skipped, start = direction->held_offset;
    const struct bytes held = lend(direction, out);
    fill_line(&out->line, held, skipped, cr, start, offset + part.len, &direction->held_mark);
    return part.len;
}

void reader_cut_line(struct direction *direction, uint64_t cut, struct whole_line *out)
{
    const uint64_t skipped = direction->skipped;
    const struct bytes held = lend(direction, out);
    out->is_there = true;
    out->line = (struct line){.text = bytes_without_cr(held),
                              .start = direction->held_offset,
                              .end = direction->held_offset + held.len + skipped + cut,
                              .mark = direction->held_mark,
                              .notes = NOTE_INCOMPLETE};
    out->line.length = out->line.text.len + skipped;
}

void reader_line_done(struct direction *direction, struct whole_line *line)
{
    if (!line->loan)
        return;
    if (direction->held) {
        free(line->loan);
        return;
    }
    direction->held = line->loan;
    direction->held_size = line->loan_size;
    direction_release(direction);
}

/* --- messages and chunks --- */

size_t reader_content(struct session *s, struct bytes data, uint64_t offset,
                      const struct mark *mark)
{
    bool ended;
    const uint64_t before = s->content.scan.size;
    const size_t n = smtp_content_scan(&s->content.scan, data, &ended);
    if (s->direction[SIDE_CLIENT].reading == READ_CONTENT) {
        content_take(s, bytes_first(data, n), mark);
        if (ended) {
            content_drop_behind(s);
            content_end(s, offset + n, 0);
        } else {
            const struct span span = {.offset = offset, .data = data, .mark = *mark};
            content_keep_behind(s, &span, before);
        }
    } else if (ended) {
        direction_enter(&s->direction[SIDE_CLIENT], READ_LINES);
    }
    return n;
}

size_t reader_chunk(struct session *s, struct bytes data, uint64_t offset, const struct mark *mark)
{
    const struct bytes part = bytes_first(data, s->chunk.left);
    content_take(s, part, mark);
    s->chunk.left -= part.len;
    if (!s->chunk.left)
        content_end_chunk(s, offset + part.len, 0);
    return part.len;
}

/* --- what may lie where lines are read --- */

/* Whether `head` begins a record of TLS (RFC 8446 section 5.1): a handshake, or any where the
 * beginning may lie in a hole. No line of either side begins with such octets. */
static bool is_record_head(const uint8_t head[3], bool any)
{
    const bool type = any ? head[0] >= TLS_CHANGE_CIPHER_SPEC && head[0] <= TLS_APPLICATION_DATA
                          : head[0] == TLS_HANDSHAKE;
    return type && head[1] == 3 && head[2] <= 4;
}

bool reader_begins_record(struct direction *direction, struct bytes data, bool hole)
{
    uint8_t head[3];
    const size_t held = direction->held_length;
    if (hole && direction->resync && data.len >= sizeof head && is_record_head(data.at, true)) {
        direction_release(direction); /* of a record whose beginning is lost */
        return true;
    }
    if (direction->skipped || held >= sizeof head || held + data.len < sizeof head)
        return false;
    if (held)
        memcpy(head, direction->held, held);
    memcpy(head + held, data.at, sizeof head - held);
    return is_record_head(head, hole);
}

size_t reader_padding(const struct direction *direction, struct bytes data)
{
    size_t zeros = 0;
    if ((direction->reading != READ_LINES && direction->reading != READ_SASL) || !data.len ||
        data.at[0] < ' ')
        return 0;
    while (zeros < data.len && !data.at[data.len - 1 - zeros])
        zeros++;
    return zeros >= PADDING_LEAST ? zeros : 0;
}
