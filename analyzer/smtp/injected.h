/* SPDX-License-Identifier: ISC */
/* Commands in clear text behind STARTTLS, which a server has to throw away (RFC 3207 section 4.2):
 * one that keeps them takes them as part of what comes inside TLS (CVE-2011-0411). */
#ifndef ANALYZER_SMTP_INJECTED_H
#define ANALYZER_SMTP_INJECTED_H

#include "heloscope/session/session.h"

/* Notes a command that the server is to throw away. */
void injected_note(struct session *s, const struct event *e, const struct smtp_command *command);

/* A reply inside TLS that answers nothing sent there: the server has executed the next of the
 * commands that were noted. False when there is none; else `out` is as if it had waited. */
bool injected_take_answered(struct session *s, struct pending *out);

/* A command inside TLS is answered: the server has thrown them away, or has done with them. */
void injected_are_over(struct session *s);

#endif
