/* SPDX-License-Identifier: ISC */
/* TLS sessions as they are read along: handshakes and records of both sides, in any pieces, with
 * holes, and with a key log that fits or not. What comes out lies inside the octets that went in,
 * and is no more than they are. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdlib.h>

#include "heloscope/tls/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input: the length of the key log (2), the key log, then pieces: a head (1: side, whether it
 * is a hole, whether what waits is to wait no more), the length (2), the octets. */
enum {
    SIDE = 1,
    HOLE = 2,
    NO_MORE = 4
};

struct played {
    struct tls *tls;
    uint64_t offset[2]; /* by enum side: octets that went in */
    uint64_t told[2];   /* by enum side: octets of text that came out */
    uint8_t *scratch;
};

static void hear(struct played *p)
{
    struct tls_news news;
    while (tls_next(p->tls, &news)) {
        assert(news.side == SIDE_CLIENT || news.side == SIDE_SERVER);
        assert(news.start <= news.end && news.end <= p->offset[news.side]);
        if (news.kind == TLS_NEWS_DATA) {
            assert(news.data.len <= TLS_SCRATCH);
            for (size_t i = 0; i < news.data.len; i++) /* all of it can be read */
                p->scratch[TLS_SCRATCH] ^= news.data.at[i];
            p->told[news.side] += news.data.len;
            assert(p->told[news.side] <= p->offset[news.side]);
        }
    }
}

static void take(struct played *p, enum side side, struct bytes data, const struct mark *mark)
{
    while (data.len || tls_more(p->tls, side)) {
        const bool more = tls_more(p->tls, side);
        const uint64_t at = p->offset[side];
        const struct bytes rest = data;
        p->offset[side] += data.len; /* what is told may reach as far */
        const size_t n = tls_take(p->tls, side, rest, at, mark, p->scratch);
        assert(n <= rest.len && (n || more));
        hear(p);
        p->offset[side] = at + n;
        data = bytes_from(data, n);
    }
}

static void play(struct played *p, struct cursor *c)
{
    struct mark mark = {.ts_us = 1};
    while (cursor_left(c) >= 3) {
        const uint8_t head = cursor_u8(c);
        const size_t length = cursor_u16(c);
        const enum side side = head & SIDE ? SIDE_SERVER : SIDE_CLIENT;
        mark.packet++;
        mark.ts_us += 1000;
        if (head & NO_MORE)
            tls_wait_no_more(p->tls);
        if (head & HOLE) {
            const uint64_t at = p->offset[side];
            p->offset[side] += length + 1;
            tls_take_gap(p->tls, side, at, length + 1, &mark);
            hear(p);
            continue;
        }
        take(p, side, cursor_take(c, length < cursor_left(c) ? length : cursor_left(c)), &mark);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_over(bytes_of(data, size));
    const size_t length = cursor_u16(&c);
    struct keylog *keylog = keylog_new();
    keylog_add_text(keylog, cursor_take(&c, length < cursor_left(&c) ? length : cursor_left(&c)));
    struct played p = {.tls = tls_new(keylog_count(keylog) ? keylog : NULL),
                       .scratch = calloc(1, TLS_SCRATCH + 1)};
    assert(p.scratch);
    play(&p, &c);
    tls_end(p.tls);
    hear(&p);
    const struct tls_facts *facts = tls_facts(p.tls);
    assert(facts->alert_count <= TLS_ALERTS_KEPT);
    assert(facts->octets[0] <= p.offset[0] && facts->octets[1] <= p.offset[1]);
    tls_free(p.tls);
    keylog_free(keylog);
    free(p.scratch);
    return 0;
}
