/* SPDX-License-Identifier: ISC */
/* A refusal of a command that broke no rule, as the possible reasons look at it. Each reason fills
 * in what it finds and says whether it holds; they are tried in the order of refusal_reason.c. */
#ifndef ANALYZER_DIAGNOSIS_REFUSAL_H
#define ANALYZER_DIAGNOSIS_REFUSAL_H

#include "heloscope/diagnosis/diagnosis.h"
#include "heloscope/session/pending.h"
#include "refusal_reason.h"

struct refusal {
    const struct session *s;
    const struct order *order;
    const struct pending *p;
    const struct answer *a;
    enum cause claim;
};

typedef bool reason_fn(const struct refusal *r, struct refusal_reason *out);

/* For a reason to return. */
static inline bool reason_is(struct refusal_reason *out, enum cause cause, event_no origin)
{
    out->cause = cause;
    out->origin = origin;
    return true;
}

static inline bool refused_with_503(const struct refusal *r)
{
    return r->a->code == 503;
}

/* reason_protocol.c: what is spoken is no SMTP, or a header of a load balancer is missing. */
reason_fn reason_other_hello, reason_other_protocol, reason_header_wanted;

/* reason_demand.c: the server wants TLS, AUTH or EHLO first. */
reason_fn reason_auth_refused, reason_tls_failed, reason_ehlo_wanted, reason_demand;

/* The server hangs up in the place of an answer. */
reason_fn reason_farewell, reason_timeout, reason_line_without_end;

/* reason_parameter.c */
reason_fn reason_parameter;

#endif
