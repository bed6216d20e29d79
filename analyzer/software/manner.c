/* SPDX-License-Identifier: ISC */
#include "heloscope/software/manner.h"

#include <stdio.h>
#include <string.h>

enum {
    VERB_BITS = 0x3f,
    PIPELINED = 0x40,
    SAME_PACKET = 0x80,
    HESITATION_US = 2 * 1000 * 1000,
};

_Static_assert((int)VERB_COUNT <= VERB_BITS, "a verb and two flags are one octet");

enum manner_point {
    POINT_NONE,
    POINT_MAIL_REFUSED,
    POINT_DATA_REFUSED,
    POINT_MESSAGE_REFUSED,
    POINT_MESSAGE_ACCEPTED,
};

enum manner_piece {
    PIECE_NONE,
    PIECE_LINE,    /* one line, a field of the header */
    PIECE_HEADER,  /* up to the empty line behind the header */
    PIECE_PART,    /* more than a line, and less than all */
    PIECE_DOT,     /* the end of the message alone */
    PIECE_CR_DOT,  /* likewise, with the line end in front of it */
    PIECE_WITH_DOT /* something, and the end */
};

static enum verb verb_in(uint8_t said)
{
    return (enum verb)(said & VERB_BITS);
}

/* --- what is remembered */

/* Of many recipients the first ones are enough, as long as the others are sent as they were. */
static bool is_one_more(const struct manner *m, uint8_t said)
{
    const uint8_t last = m->said_count ? m->said[m->said_count - 1] : 0;
    return m->said_count > 1 && verb_in(said) == VERB_RCPT && verb_in(last) == VERB_RCPT &&
           verb_in(m->said[m->said_count - 2]) == VERB_RCPT && !((said ^ last) & PIPELINED);
}

void manner_command(struct manner *m, enum verb verb, const struct manner_command *c)
{
    const bool joined = c->pipelined && m->packet == (uint32_t)c->packet;
    const uint8_t said =
        (uint8_t)(verb | (c->pipelined ? PIPELINED : 0) | (joined ? SAME_PACKET : 0));
    m->packet = (uint32_t)c->packet;
    if (verb == VERB_MAIL) {
        m->closed |= m->said_count > 0;
        m->offered |= !m->closed && c->offered;
        m->behind = POINT_NONE;
        m->tail_count = 0;
    }
    if (m->behind != POINT_NONE && m->tail_count < MANNER_TAIL)
        m->tail[m->tail_count++] = said;
    if (m->closed || (!m->said_count && verb != VERB_MAIL) || is_one_more(m, said))
        return;
    m->hesitant |= m->said_count && c->thought_us > HESITATION_US;
    if (m->said_count < MANNER_SAID)
        m->said[m->said_count++] = said;
}

void manner_reply(struct manner *m, enum verb verb, bool content, int code)
{
    enum manner_point point = POINT_NONE;
    if (verb != VERB_MAIL && verb != VERB_DATA && verb != VERB_BDAT)
        return;
    if (content || (verb == VERB_BDAT && code < 400))
        point = code < 400 ? POINT_MESSAGE_ACCEPTED : POINT_MESSAGE_REFUSED;
    else if (code >= 400)
        point = verb == VERB_MAIL ? POINT_MAIL_REFUSED : POINT_DATA_REFUSED;
    m->closed |= point != POINT_NONE;
    m->behind = code == 421 ? POINT_NONE : (uint8_t)point;
    m->tail_count = 0;
}

static bool is_whole_header(struct bytes data)
{
    return data.len > 4 &&
           bytes_find(data, bytes_of_string("\r\n\r\n")) == data.len - strlen("\r\n\r\n");
}

static enum manner_piece piece_of(struct bytes data)
{
    const bool ended = data.len >= 2 && memcmp(data.at + data.len - 2, "\r\n", 2) == 0;
    if (bytes_equal(data, bytes_of_string(".\r\n")))
        return PIECE_DOT;
    if (bytes_equal(data, bytes_of_string("\r\n.\r\n")))
        return PIECE_CR_DOT;
    if (data.len > 5 && memcmp(data.at + data.len - 5, "\r\n.\r\n", 5) == 0)
        return PIECE_WITH_DOT;
    if (is_whole_header(data))
        return PIECE_HEADER;
    const bool line = ended && bytes_find(data, bytes_of_string("\n")) == data.len - 1;
    return line && looks_like_header(data) ? PIECE_LINE : PIECE_PART;
}

void manner_piece(struct manner *m, struct bytes data)
{
    if (!data.len || m->closed)
        return;
    m->last_piece = (uint8_t)piece_of(data);
    if (!m->first_piece)
        m->first_piece = m->last_piece;
}

/* --- told */

struct told {
    char *out;
    size_t length;
};

static void tell(struct told *told, const char *text)
{
    for (; *text && told->length < MANNER_TEXT; text++)
        told->out[told->length++] = *text;
}

static void tell_commands(struct told *told, const uint8_t *said, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const enum verb verb = verb_in(said[i]);
        if (i)
            tell(told, said[i] & PIPELINED ? "+" : ", ");
        tell(told, verb == VERB_UNKNOWN ? "content" : verb_name(verb));
    }
}

struct bytes manner_groups(const struct manner *m, char out[MANNER_TEXT])
{
    struct told told = {out, 0};
    if (m->hesitant)
        return bytes_of(out, 0);
    size_t count = 0;
    uint8_t first = 0; /* that did not wait */
    while (count < m->said_count && verb_in(m->said[count]) != VERB_QUIT &&
           verb_in(m->said[count]) != VERB_RSET) {
        if (count && !(first & PIPELINED))
            first = m->said[count];
        count++;
    }
    tell_commands(&told, m->said, count);
    if (first & SAME_PACKET)
        tell(&told, "; in one segment");
    if (count > 1 && m->offered && !(first & PIPELINED))
        tell(&told, "; PIPELINING offered");
    return bytes_of(out, told.length);
}

struct bytes manner_leaving(const struct manner *m, bool closed, char out[MANNER_TEXT])
{
    static const char *const points[] = {
        [POINT_MAIL_REFUSED] = "MAIL refused: ",
        [POINT_DATA_REFUSED] = "DATA refused: ",
        [POINT_MESSAGE_REFUSED] = "message refused: ",
        [POINT_MESSAGE_ACCEPTED] = "message accepted: ",
    };
    struct told told = {out, 0};
    if (m->behind == POINT_NONE || (!m->tail_count && !closed))
        return bytes_of(out, 0);
    tell(&told, points[m->behind]);
    tell_commands(&told, m->tail, m->tail_count);
    if (!m->tail_count)
        tell(&told, "closes");
    return bytes_of(out, told.length);
}

struct bytes manner_pieces(const struct manner *m, char out[MANNER_TEXT])
{
    static const char *const pieces[] = {
        [PIECE_LINE] = "line by line", [PIECE_HEADER] = "the header first",
        [PIECE_PART] = "in parts",     [PIECE_WITH_DOT] = "all at once",
        [PIECE_DOT] = "nothing",       [PIECE_CR_DOT] = "nothing",
    };
    struct told told = {out, 0};
    if (!m->first_piece || m->hesitant)
        return bytes_of(out, 0);
    tell(&told, pieces[m->first_piece]);
    if (m->last_piece == PIECE_DOT)
        tell(&told, ", the dot by itself");
    else if (m->last_piece == PIECE_CR_DOT)
        tell(&told, ", CR LF and the dot by themselves");
    return bytes_of(out, told.length);
}
