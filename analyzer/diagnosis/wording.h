/* SPDX-License-Identifier: ISC */
/* A finding in the session that it stands in, and the phrases that sentences about it are made of.
 */
#ifndef ANALYZER_DIAGNOSIS_WORDING_H
#define ANALYZER_DIAGNOSIS_WORDING_H

#include "heloscope/diagnosis/diagnosis.h"
#include "heloscope/session/session.h"

struct wording {
    struct session *s;
    struct arena *arena;
    const struct diagnosis *d;
    const struct pending *p; /* the command; NULL = none was seen */
    const struct verdict *v;
    const struct answer *answer; /* the reply that it is about */
};

/* A text with a NUL at its end, in the scene's arena. */
#define SAY(t, ...) ((const char *)arena_print((t)->arena, __VA_ARGS__).at)

/* The command by its verb: "RCPT"; for the end of a message its "DATA". */
const char *wording_command(const struct wording *t);

/* "the server", with the name of its software where that is known: "the server (Exim)". */
const char *wording_server(const struct wording *t);

/* Whether the command only suffers from what went wrong with another one before it. */
bool wording_inherited(const struct wording *t);

/* The command as it was sent, in quotes. */
const char *wording_quote(const struct wording *t);

/* What is odd in the form of the MAIL or RCPT that the origin of the diagnosis refuses, a sentence
 * with a blank behind it; "" = nothing. */
const char *wording_odd_form(const struct wording *t);

/* A refusal with its code where the session still has it: "#8 (550 5.1.1)". */
const char *wording_refusal(const struct wording *t, event_no refusal);

/* A sentence: what the client knew of the refusal when it sent the command. */
const char *wording_knowledge(const struct wording *t);

/* Whether a message's end, or the command itself, waited for a CR LF that never came: what the
 * client had sent last ended in a bare LF. */
bool wording_lf_end(const struct wording *t);
bool wording_lf_line(const struct wording *t);

#endif
