/* SPDX-License-Identifier: ISC */
/* Octets of a connection of which is not known yet whether it carries SMTP, or whether it begins
 * with the handshake of a proxy. They are kept until that is known. */
#ifndef ANALYZER_PIPELINE_CANDIDATE_H
#define ANALYZER_PIPELINE_CANDIDATE_H

#include "connections.h"

enum candidate_result {
    CANDIDATE_UNDECIDED,
    CANDIDATE_SMTP,
    CANDIDATE_OTHER,
    CANDIDATE_AGAIN, /* what it begins with is known now: take what was kept once more */
};

/* Keeps the span and looks at what is there so far. What was kept stays until
 * candidate_take_kept(). */
enum candidate_result candidate_span(struct connection *c, struct classifier *classifier,
                                     enum side side, const struct span *span);

/* Hands over what was kept, in its order; the caller frees each. NULL when nothing was. */
struct queued_span *candidate_take_kept(struct decoding *decoding);

/* Frees what was kept. */
void candidate_forget_kept(struct decoding *decoding);

/* Cuts off the handshake of the proxy, after which octets are counted anew. False when the span
 * lies in it. */
bool candidate_after_proxy(const struct decoding *decoding, enum side side, struct span *span);

#endif
