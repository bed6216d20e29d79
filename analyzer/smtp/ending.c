/* SPDX-License-Identifier: ISC */
#include "ending.h"

#include <string.h>

#include "heloscope/diagnosis/closing.h"
#include "heloscope/diagnosis/violation.h"
#include "heloscope/session/pending.h"
#include "heloscope/session/transaction.h"
#include "not_smtp.h"

static const char *outcome_of(const struct session *s, int ended_by, const char *how)
{
    if (s->row.tls_version.at && !s->quit)
        return how && strcmp(how, "reset") == 0 ? "reset in TLS" : "TLS";
    if (s->quit)
        return "quit";
    if (s->over)
        return "421";
    if (how)
        return how;
    return ended_by == SIDE_SERVER ? "closed by server" : "closed by client";
}

void ending_tell(struct session *s, const struct mark *mark, int ended_by, const char *how)
{
    /* What was never answered is judged by itself, if all that there was has been seen. */
    for (uint32_t i = 0; s->over_and_seen && !s->content_as_commands.because && i < s->ring.count;
         i++)
        accuse(s, pending_at(s, i), false);
    transaction_finish(s);
    if (s->transaction)
        transaction_end(s, "aborted", mark->ts_us, 0);
    s->row.cut = how && strcmp(how, "capture ended") == 0;
    s->row.outcome = not_smtp_ended(s) ? "not SMTP" : outcome_of(s, ended_by, how);
    enum side by = ended_by == SIDE_SERVER ? SIDE_SERVER : SIDE_CLIENT;
    const struct event *close =
        session_event(s, EVENT_CLOSE, by, mark, bytes_of_string(how ? how : "FIN"));
    /* Where one side has closed, the capture may well end before the other has. */
    bool over =
        s->over_and_seen || (s->half_closed && !s->hole && how && !strcmp(how, "capture ended"));
    if (over && !s->row.midstream && !s->protocol.not_smtp)
        diagnose_close(s, close->seq, by, mark->ts_us);
}
