/* SPDX-License-Identifier: ISC */
/* Any dialogue, cut anywhere, with holes and chapters in any place: the timeline that comes of it
 * is in order, points only backwards, holds only text that can be shown, and no credential.
 *
 * An instruction is an octet: the lowest bit is the side, the next two say what follows: 0 a line
 * (its length in an octet, then itself; CR LF is added), 1 octets likewise, 2 one of the lines
 * below, 3 a hole or a new chapter. Bit 3: in two spans, bit 4: octet for octet; bits 5 and 6: the
 * sender has received all (0), nothing new (1), half of what is new (2). Bit 7: the session rests
 * behind it and wakes again, which changes nothing of what is told. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdlib.h>

#include "heloscope/smtp/decoder.h"
#include "heloscope/session/frozen.h"
#include "heloscope/base/text.h"
#include "tests/support/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EHLO_REPLY                                                                                 \
    "250-localhost\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-AUTH PLAIN LOGIN\r\n"                  \
    "250-STARTTLS\r\n250-BINARYMIME\r\n250 8BITMIME\r\n"

static const char *const lines[] = {
    "220 localhost ESMTP\r\n",
    "554 localhost no\r\n",
    "421 localhost closing\r\n",
    "250 ok\r\n",
    EHLO_REPLY,
    "250 localhost\r\n",
    "354 go on\r\n",
    "334 VXNlcm5hbWU6\r\n",
    "235 2.7.0 yes\r\n",
    "535 5.7.8 no\r\n",
    "503 5.5.1 out of sequence\r\n",
    "503-more\r\n",
    "550 5.1.1 no\r\n",
    "452 4.5.3 too many\r\n",
    "500 5.5.2 what?\r\n",
    "221 bye\r\n",
    "EHLO client\r\n",
    "HELO client\r\n",
    "LHLO client\r\n",
    "MAIL FROM:<a@localhost>\r\n",
    "MAIL FROM:<> BODY=BINARYMIME\r\n",
    "RCPT TO:<b@localhost>\r\n",
    "DATA\r\n",
    "Subject: x\r\n\r\ntext\r\n.\r\n",
    ".\r\n",
    "BDAT 8\r\nabcdefgh",
    "BDAT 8 LAST\r\nabcdefgh",
    "BDAT 0 LAST\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "QUIT\r\n",
    "VRFY a\r\n",
    "STARTTLS\r\n",
    "AUTH PLAIN\r\n",
    "AUTH LOGIN\r\n",
    "AUTH PLAIN c2VjcmV0LXNlY3JldA==\r\n",
    "c2VjcmV0LXNlY3JldA==\r\n",
    "*\r\n",
    "XCLIENT NAME=x\r\n",
    "ETRN x\r\n",
    "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
    "\x17\x03\x03\x00\x02xx",
};

enum {
    EVENTS = 1 << 14 /* more than an input can make */
};

struct game {
    struct session *session;
    struct freezer *room; /* NULL = it never rests */
    uint64_t sent[2], seen[2], packet;
    uint64_t digest; /* of what was handed over */
    /* What was checked in the chapters so far. */
    event_no last;
    uint32_t transactions;
    bool first_chapter, hole;
    event_no last_client; /* its last event */
    event_no challenge;   /* a 334 to that: the client's next line is a secret */
    uint8_t side_of[EVENTS];
    bool auth[EVENTS]; /* an AUTH or a response */
};

/* --- the checks --- */

/* UTF-8 without control characters but TAB and LF. */
static void check_text(struct bytes text)
{
    while (text.len) {
        uint8_t c = text.at[0];
        size_t n =
            c < 0x80 ? (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n' : text_wellformed(text);
        assert(n > 0);
        text = bytes_from(text, n);
    }
}

/* Of AUTH only the mechanism is told, of a response nothing. */
static void check_secrecy(struct game *g, const struct event *e)
{
    if (e->kind == EVENT_AUTH)
        assert(bytes_equal(e->text, bytes_of_string("****")) ||
               bytes_equal(e->text, bytes_of_string("*")));
    if (g->challenge && !g->hole && e->side == SIDE_CLIENT && e->kind != EVENT_CLOSE) {
        assert(e->kind == EVENT_AUTH || e->kind == EVENT_GAP);
        g->challenge = 0;
    }
    if (e->kind == EVENT_REPLY && e->code == 334 && e->answers && !(e->notes & NOTE_DOUBTFUL) &&
        g->auth[e->answers % EVENTS] && e->answers == g->last_client)
        g->challenge = e->seq;
    if (e->verb && strcmp(e->verb, "AUTH") == 0 && e->notes & NOTE_MASKED)
        assert(e->text.len > 5 && memcmp(e->text.at + e->text.len - 5, " ****", 5) == 0);
}

static void check_event(struct game *g, const struct event *e)
{
    assert(e->seq == g->last + 1);
    g->last = e->seq;
    g->side_of[e->seq % EVENTS] = (uint8_t)e->side;
    g->auth[e->seq % EVENTS] = e->kind == EVENT_AUTH || (e->verb && strcmp(e->verb, "AUTH") == 0);
    g->hole |= e->kind == EVENT_GAP;
    assert(e->kind < EVENT_KIND_COUNT);
    assert(e->answers < e->seq && e->saw < e->seq);
    if (e->answers)
        assert(e->kind == EVENT_REPLY && g->side_of[e->answers % EVENTS] == SIDE_CLIENT);
    if (e->saw)
        assert(g->side_of[e->saw % EVENTS] != e->side);
    assert((e->code != 0) <= (e->side == SIDE_SERVER));
    assert((e->verb != NULL) <= (e->kind == EVENT_COMMAND && e->side == SIDE_CLIENT));
    check_text(e->text);
    check_text(e->enhanced);
    check_secrecy(g, e);
    if (e->side == SIDE_CLIENT)
        g->last_client = e->seq;
}

static void check_diagnosis(const struct game *g, const struct diagnosis *d)
{
    assert(d->reply >= 1 && d->reply <= g->last);
    assert(d->command < d->reply && d->origin <= d->reply);
    assert(d->cause > CAUSE_NONE && d->cause < CAUSE_COUNT);
    assert(d->fault < FAULT_COUNT && d->certainty < CERTAINTY_COUNT);
    assert(d->origin || d->cause == CAUSE_UNKNOWN);
    assert(d->cause != CAUSE_UNKNOWN || d->certainty != CERTAINTY_CERTAIN);
    assert(d->explanation.len && d->advice.at);
    check_text(d->explanation);
    check_text(d->advice);
    for (const struct related *r = d->related; r; r = r->next)
        assert(r->seq >= 1 && r->seq <= g->last && r->role < ROLE_COUNT);
}

static void check_transaction(struct game *g, const struct transaction *t)
{
    uint32_t kept = 0;
    assert(t->number > g->transactions);
    g->transactions = t->number;
    assert(t->outcome && t->accepted <= t->recipients && t->mail <= g->last);
    check_text(t->mail_from);
    check_text(t->queue_id);
    check_text(t->message_id);
    for (const struct recipient *r = t->recipient_list; r; r = r->next) {
        check_text(r->address);
        assert(r->command < r->reply);
        kept++;
    }
    assert(kept <= t->recipients && kept <= RECIPIENT_LIMIT);
}

static void check_row(const struct session_row *row)
{
    const struct bytes texts[] = {row->helo,        row->server_name,     row->server_software,
                                  row->tls_version, row->client_software, row->server_evidence,
                                  row->tls_sni,     row->client_evidence, row->auth_mechanism};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_text(texts[i]);
    assert(row->started_us <= row->ended_us);
    assert(row->errors_503 <= row->replies);
    assert(row->outcome && row->protocol);
}

static void hand_over(struct game *g, bool last)
{
    struct draft *draft = session_detach(g->session, last);
    const struct chapter *c = &draft->chapter;
    draft_unfold(draft);
    g->digest = digest_chapter(g->digest, c);
    assert(c->first == g->first_chapter && c->last == last);
    g->first_chapter = false;
    for (const struct event *e = c->events; e; e = e->next)
        check_event(g, e);
    for (const struct violation *v = c->violations; v; v = v->next)
        assert(v->seq >= 1 && v->seq <= g->last && v->rule);
    for (const struct diagnosis *d = c->diagnoses; d; d = d->next)
        check_diagnosis(g, d);
    for (const struct transaction *t = c->transactions; t; t = t->next)
        check_transaction(g, t);
    check_row(&c->session);
    draft_free(draft);
}

/* --- the game --- */

static void give(struct game *g, enum side side, struct bytes octets, uint64_t gap)
{
    g->packet++;
    struct span span = {
        .offset = g->sent[side],
        .data = octets,
        .gap = gap,
        .mark = {.ts_us = (int64_t)g->packet, .packet = g->packet, .seen = g->seen[side]},
    };
    g->sent[side] += gap ? gap : octets.len;
    session_span(g->session, side, &span);
    assert(g->session->direction[side].held_length <= LINE_LIMIT);
    assert(g->session->ring.count <= PENDING_LIMIT + 1);
}

/* In octets that end where they end, so that reading further is found. */
static void give_copy(struct game *g, enum side side, struct bytes octets, size_t step)
{
    for (; octets.len; octets = bytes_from(octets, step)) {
        size_t n = step < octets.len ? step : octets.len;
        uint8_t *copy = malloc(n);
        assert(copy);
        memcpy(copy, octets.at, n);
        give(g, side, bytes_of(copy, n), 0);
        free(copy);
    }
}

static void see(struct game *g, enum side side, unsigned how)
{
    uint64_t more = g->sent[!side] - g->seen[side];
    g->seen[side] += how == 1 ? 0 : how == 2 ? more / 2 : more;
}

static void play(struct game *g, struct cursor *in)
{
    uint8_t op = cursor_u8(in), arg = cursor_u8(in);
    enum side side = op & 1 ? SIDE_SERVER : SIDE_CLIENT;
    uint8_t line[258];
    struct bytes octets = bytes_of(line, 0);
    unsigned what = op >> 1 & 3;
    see(g, side, op >> 5 & 3);
    if (what == 3) {
        if (arg < 200)
            give(g, side, bytes_of(NULL, 0), arg + 1u);
        else
            hand_over(g, false);
        return;
    }
    if (what == 2) {
        const char *text = lines[arg % (sizeof lines / sizeof *lines)];
        octets = text[0] == '\x16'   ? bytes_of(text, 10)
                 : text[0] == '\x17' ? bytes_of(text, 7)
                                     : bytes_of_string(text);
    } else {
        struct bytes part = cursor_take(in, arg < cursor_left(in) ? arg : cursor_left(in));
        if (part.len)
            memcpy(line, part.at, part.len);
        line[part.len] = '\r';
        line[part.len + 1] = '\n';
        octets.len = part.len + (what == 0 ? 2 : 0);
    }
    give_copy(g, side, octets, op & 16 ? 1 : op & 8 ? octets.len / 2 + 1 : octets.len);
}

/* With something beside it, as the connection puts there. */
static void freeze(struct game *g)
{
    const uint64_t beside[4] = {g->packet, 0, 0, UINT64_MAX};
    uint64_t back[4];
    struct frozen *made = frozen_make(g->room, beside, sizeof beside, g->session, NULL);
    frozen_beside(made, back, sizeof back);
    assert(memcmp(back, beside, sizeof back) == 0);
    g->session = frozen_thaw(g->room, made);
}

/* All of the input; the digest of what is told. */
static uint64_t play_all(struct bytes input, struct freezer *room)
{
    static struct game g;
    const uint8_t how = input.at[0];
    memset(&g, 0, sizeof g);
    g.first_chapter = true;
    g.packet = 1;
    g.room = room;
    struct session_begin begin = {
        .client = {.family = 4, .octets = {127, 0, 0, 1}},
        .server = {.family = 4, .octets = {127, 0, 0, 2}},
        .source = "fuzz",
        .midstream = how & 1,
        .server_unknown = how & 3,
        .mark = {.ts_us = 1, .packet = 1},
    };
    g.hole = begin.server_unknown;
    g.session = session_new(&begin);
    struct cursor in = cursor_over(bytes_from(input, 1));
    while (cursor_left(&in)) {
        bool rests = in.at[0] & 128;
        play(&g, &in);
        if (room && rests)
            freeze(&g);
    }
    struct mark mark = {.ts_us = (int64_t)g.packet + 1, .packet = g.packet + 1};
    session_end(g.session, &mark, how & 4 ? SIDE_SERVER : SIDE_CLIENT, NULL);
    hand_over(&g, true);
    session_free(g.session);
    return g.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 16384)
        return 0;
    struct bytes input = bytes_of(data, size);
    struct freezer *room = freezer_new(NULL);
    uint64_t awake = play_all(input, NULL), rested = play_all(input, room);
    assert(awake == rested);
    freezer_free(room);
    return 0;
}
