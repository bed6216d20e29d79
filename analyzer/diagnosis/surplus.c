/* SPDX-License-Identifier: ISC */
/* Replies that answer nothing: one too many, the server's last word, its timeout. */
#include "finding.h"
#include "heloscope/diagnosis/claims.h"
#include "heloscope/diagnosis/protocol_words.h"
#include "heloscope/session/pending.h"

enum {
    SURPLUS_TOLD = 16, /* findings about replies too many that refuse nothing, in a session */
    SILENCE_US = 5 * 1000 * 1000,      /* so long nobody waits for a person or a slow network */
    SILENCE_SAID_US = 1 * 1000 * 1000, /* the same, where the reply itself speaks of it */
};

/* The server's time-out (RFC 5321 section 4.5.3.2.7): 421 or 451 into a silence that was the
 * client's. Other reasons to close, such as a shutdown, are named in the text. */
static bool is_timeout(const struct answer *a, int64_t silence_us)
{
    static const char *const other[] = {"shut", "load", "too many", "maintenance", "resource"};
    const bool named = names_timeout(a->text, a->enhanced);
    if (bytes_hold_any_nocase(a->text, other, sizeof other / sizeof *other))
        return false;
    if (named)
        return silence_us >= SILENCE_SAID_US && (a->code >= 400 || a->code == 221);
    return silence_us >= SILENCE_US && (a->code == 421 || a->code == 451);
}

bool diagnose_surplus(struct session *s, const struct answer *a, int64_t silence_us)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    struct refusal_reason f = {
        .cause = CAUSE_REPLY_DESYNC,
        .origin = a->seq,
        .certainty = CERTAINTY_LIKELY,
        .claim = claim_of_server(&s->identify, a->code, a->enhanced, a->text, VERB_UNKNOWN),
        .fault = FAULT_COUNT};
    const bool hole = s->hole || s->row.midstream;
    const bool ends = a->code == 421 || (!hole && is_timeout(a, silence_us));
    if (a->code >= 400 && s->tls.answered && !s->tls.starttls_end) {
        f.cause = CAUSE_NOT_SMTP; /* the server has made several lines of the handshake */
        f.origin = s->tls.hello;
        f.fault = FAULT_CLIENT;
        f.certainty = CERTAINTY_CERTAIN;
    } else if (a->code == 503 && hole) {
        f.cause = CAUSE_UNKNOWN;
        f.origin = s->order.hole;
        f.certainty = CERTAINTY_UNKNOWN;
        s->surplus.doubtful = true; /* or it is one too many */
    } else if (s->skipped) {
        s->skipped--; /* the late answer to a command that was passed over */
        return ends;
    } else if (hole || (a->code != 503 && s->client_gone)) {
        s->surplus.doubtful |= hole && !ends; /* what asked for it may lie in the hole */
        return ends; /* a farewell to a client that has gone is not one too many */
    } else if (a->code >= 400 && f.claim == CAUSE_ERROR_LIMIT) {
        f.cause = CAUSE_ERROR_LIMIT; /* the server adds its last word and hangs up */
        f.origin = refusal_first_error(&s->order, a);
        f.fault = s->order.first_of_order ? FAULT_CLIENT : FAULT_POLICY;
        f.certainty = CERTAINTY_CERTAIN;
    } else if (is_timeout(a, silence_us)) {
        f.cause = CAUSE_SERVER_TIMEOUT;
        f.certainty = names_timeout(a->text, a->enhanced) ? CERTAINTY_CERTAIN : CERTAINTY_LIKELY;
        s->silence_us = silence_us;
    } else if (a->code == 421 || a->code == 221) {
        return ends; /* as RFC 5321 section 3.8 has it */
    } else if (a->code >= 400 && s->chunk.taken) {
        f.cause = CAUSE_CONTENT_AS_COMMANDS; /* to the lines of a refused chunk */
        f.origin = s->chunk.refusal;
    } else {
        if (pending_accepts_late(s, a->code)) /* the first was for something that it misread */
            f.origin = s->answered.reply;
        if (a->code == 354 && s->surplus.ahead) { /* the proxy's own came first */
            f.origin = s->surplus.ahead;
            f.fault = s->surplus.ahead_of_turn ? FAULT_CLIENT : FAULT_SERVER;
        }
        if (!s->surplus.count++)
            s->surplus.first = f.origin;
        s->surplus.newest = a->seq;
        s->surplus.pleasing = a->code < 400;
        if (a->code < 400 && s->surplus.count > SURPLUS_TOLD)
            return ends; /* a server that never stops */
    }
    diagnosis_write(s, NULL, a, &none, &f);
    return ends;
}

void diagnose_lag(struct session *s, const struct pending *p, const struct answer *a)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    struct refusal_reason f = {.cause = CAUSE_REPLY_DESYNC,
                               .origin = s->bare_lf.joined,
                               .certainty = CERTAINTY_LIKELY,
                               .fault = FAULT_CLIENT};
    if (!s->surplus.count++)
        s->surplus.first = f.origin;
    diagnosis_write(s, p, a, &none, &f);
}
