/* SPDX-License-Identifier: ISC */
/* Sessions written by hand, as the analysis would hand them over, for tests of what is stored.
 *
 * A story is one session. What is told goes into the chapter at hand; story_next() closes that
 * chapter and begins the next. All addresses are loopback. */
#ifndef TESTS_SUPPORT_CHAPTERS_H
#define TESTS_SUPPORT_CHAPTERS_H

#include "heloscope/base/memory.h"
#include "heloscope/timeline.h"

struct story {
    struct arena arena;
    struct chapter chapter;
    event_no last; /* the event told last */
    uint32_t transactions;
};

/* Begins a session between 127.0.0.1 and 127.0.0.2:25. `uid` must outlive the story. */
void story_begin(struct story *story, const char *uid, int64_t started_us, int64_t capture_id);

/* Tell an event, a millisecond and a packet after the last; each returns its number. */
event_no story_event(struct story *story, enum side side, enum event_kind kind, const char *text);
event_no story_command(struct story *story, const char *verb, const char *text);
event_no story_reply(struct story *story, event_no answers, int code, const char *text);
event_no story_data(struct story *story, uint64_t bytes);

/* The event told last, for what the above leave out. */
struct event *story_last_event(struct story *story);

void story_violation(struct story *story, event_no seq, const char *rule, bool tolerated);
struct diagnosis *story_diagnosis(struct story *story, event_no reply, event_no command,
                                  event_no origin, int code, enum cause cause);
void story_related(struct story *story, struct diagnosis *diagnosis, event_no seq, enum role role);
struct transaction *story_transaction(struct story *story, event_no mail, const char *from,
                                      const char *outcome);
void story_recipient(struct story *story, struct transaction *transaction, event_no command,
                     const char *address, int code);

/* The chapter at hand, ready for the store; `last` ends the session. Valid until story_next(). */
const struct chapter *story_chapter(struct story *story, bool last);

/* Forgets what the chapter at hand held and goes on with the next. */
void story_next(struct story *story);

void story_free(struct story *story);

/* Whole sessions, begun by story_begin(). In the first MAIL is refused and RCPT and DATA are sent
 * all the same: events 1 open, 2 greeting, 3 EHLO, 4 its reply of three lines, 5 MAIL, 6 its 550,
 * 7 RCPT, 8 its 503, 9 DATA, 10 its 503, 11 QUIT, 12 its reply, 13 close. In the second a message
 * is accepted with the queue id `queue_id`. */
void story_mail_rejected(struct story *story);
void story_accepted(struct story *story, const char *queue_id);

#endif
