/* SPDX-License-Identifier: ISC */
#include "chapters.h"

static const uint8_t client_octets[] = {127, 0, 0, 1}, server_octets[] = {127, 0, 0, 2};

static struct address loopback(const uint8_t octets[4])
{
    struct address address = {.family = 4};
    memcpy(address.octets, octets, 4);
    return address;
}

/* A process-wide count, as the analysis has one. */
static uint64_t next_handle(void)
{
    static uint64_t handle;
    return ++handle;
}

void story_begin(struct story *story, const char *uid, int64_t started_us, int64_t capture_id)
{
    *story = (struct story){0};
    story->chapter.first = true;
    story->chapter.session = (struct session_row){
        .handle = next_handle(),
        .uid = bytes_of_string(uid),
        .community_id = bytes_of_string("1:test"),
        .source = bytes_of_string("test.pcap"),
        .capture_id = capture_id,
        .client = loopback(client_octets),
        .server = loopback(server_octets),
        .client_port = 40000,
        .server_port = 25,
        .started_us = started_us,
        .ended_us = started_us,
        .protocol = "SMTP",
        .outcome = "open",
    };
}

/* At the end of a list. */
#define APPEND(list, item)                                                                         \
    do {                                                                                           \
        __typeof__(list) *end_ = &(list);                                                          \
        while (*end_)                                                                              \
            end_ = &(*end_)->next;                                                                 \
        *end_ = (item);                                                                            \
    } while (0)

event_no story_event(struct story *story, enum side side, enum event_kind kind, const char *text)
{
    struct session_row *session = &story->chapter.session;
    struct event *event = arena_get(&story->arena, sizeof *event);
    session->ended_us = session->started_us + 1000 * story->last;
    session->packets++;
    *event = (struct event){
        .seq = ++story->last,
        .ts_us = session->ended_us,
        .packet = session->packets,
        .side = side,
        .kind = kind,
        .text = text ? bytes_of_string(text) : bytes_of(NULL, 0),
    };
    *(side == SIDE_CLIENT ? &session->bytes_client : &session->bytes_server) += event->text.len;
    APPEND(story->chapter.events, event);
    return event->seq;
}

struct event *story_last_event(struct story *story)
{
    struct event *event = story->chapter.events;
    while (event && event->next)
        event = event->next;
    return event;
}

event_no story_command(struct story *story, const char *verb, const char *text)
{
    const event_no seq = story_event(story, SIDE_CLIENT, EVENT_COMMAND, text);
    story_last_event(story)->verb = verb;
    story->chapter.session.commands++;
    return seq;
}

event_no story_reply(struct story *story, event_no answers, int code, const char *text)
{
    const event_no seq =
        story_event(story, SIDE_SERVER, answers ? EVENT_REPLY : EVENT_GREETING, text);
    struct event *event = story_last_event(story);
    event->code = code;
    event->answers = answers;
    event->saw = answers;
    story->chapter.session.replies++;
    story->chapter.session.errors_503 += code == 503;
    return seq;
}

event_no story_data(struct story *story, uint64_t bytes)
{
    const event_no seq = story_event(story, SIDE_CLIENT, EVENT_DATA, NULL);
    story_last_event(story)->bytes = bytes;
    story_last_event(story)->has_bytes = true;
    story->chapter.session.bytes_client += bytes;
    return seq;
}

void story_violation(struct story *story, event_no seq, const char *rule, bool tolerated)
{
    struct violation *violation = arena_get(&story->arena, sizeof *violation);
    *violation = (struct violation){NULL, seq, rule, tolerated, false};
    APPEND(story->chapter.violations, violation);
    story->chapter.session.violations++;
}

struct diagnosis *story_diagnosis(struct story *story, event_no reply, event_no command,
                                  event_no origin, int code, enum cause cause)
{
    struct diagnosis *diagnosis = arena_get(&story->arena, sizeof *diagnosis);
    *diagnosis = (struct diagnosis){
        .reply = reply,
        .command = command,
        .origin = origin,
        .code = code,
        .cause = cause,
        .fault = FAULT_CLIENT,
        .certainty = CERTAINTY_CERTAIN,
        .agrees = -1,
        .explanation = bytes_of_string("MAIL was refused, the client went on all the same"),
        .advice = bytes_of_string("look at the reply to MAIL before going on"),
    };
    APPEND(story->chapter.diagnoses, diagnosis);
    return diagnosis;
}

void story_related(struct story *story, struct diagnosis *diagnosis, event_no seq, enum role role)
{
    struct related *related = arena_get(&story->arena, sizeof *related);
    *related = (struct related){NULL, seq, role};
    APPEND(diagnosis->related, related);
}

struct transaction *story_transaction(struct story *story, event_no mail, const char *from,
                                      const char *outcome)
{
    struct transaction *transaction = arena_get(&story->arena, sizeof *transaction);
    *transaction = (struct transaction){
        .number = ++story->transactions,
        .mail = mail,
        .started_us = story->chapter.session.started_us,
        .ended_us = story->chapter.session.ended_us,
        .mail_from = from ? bytes_of_string(from) : bytes_of(NULL, 0),
        .outcome = outcome,
    };
    APPEND(story->chapter.transactions, transaction);
    return transaction;
}

void story_recipient(struct story *story, struct transaction *transaction, event_no command,
                     const char *address, int code)
{
    struct recipient *recipient = arena_get(&story->arena, sizeof *recipient);
    *recipient = (struct recipient){NULL, command, command + 1, bytes_of_string(address), code};
    APPEND(transaction->recipient_list, recipient);
    transaction->recipients++;
    transaction->accepted += code / 100 == 2;
}

const struct chapter *story_chapter(struct story *story, bool last)
{
    story->chapter.last = last;
    return &story->chapter;
}

void story_next(struct story *story)
{
    const struct session_row session = story->chapter.session;
    arena_free(&story->arena);
    story->chapter = (struct chapter){.session = session};
}

void story_free(struct story *story)
{
    arena_free(&story->arena);
}

/* Events 1 to 4. */
static void tell_opening(struct story *story)
{
    story_event(story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_reply(story, 0, 220, "220 mx.test ESMTP");
    const event_no hello = story_command(story, "EHLO", "EHLO client.test");
    story_reply(story, hello, 250, "250-mx.test\n250-PIPELINING\n250 HELP");
    story->chapter.session.helo = bytes_of_string("client.test");
    story->chapter.session.server_software = bytes_of_string("Postfix");
}

static void tell_end(struct story *story)
{
    const event_no quit = story_command(story, "QUIT", "QUIT");
    story_reply(story, quit, 221, "221 2.0.0 Bye");
    story_event(story, SIDE_CLIENT, EVENT_CLOSE, NULL);
    story->chapter.session.outcome = "quit";
}

void story_mail_rejected(struct story *story)
{
    tell_opening(story);
    const event_no mail = story_command(story, "MAIL", "MAIL FROM:<nobody@client.test>");
    const event_no refusal = story_reply(story, mail, 550, "550 5.1.8 sender unknown");
    story_last_event(story)->enhanced = bytes_of_string("5.1.8");
    const char *const verbs[] = {"RCPT", "DATA"};
    const char *const lines[] = {"RCPT TO:<a@mx.test>", "DATA"};
    const char *const rules[] = {"rcpt_needs_mail", "data_needs_mail"};
    for (int i = 0; i < 2; i++) {
        const event_no command = story_command(story, verbs[i], lines[i]);
        story_last_event(story)->saw = refusal;
        const event_no reply =
            story_reply(story, command, 503, "503 5.5.1 Error: need MAIL command");
        story_violation(story, command, rules[i], false);
        struct diagnosis *d =
            story_diagnosis(story, reply, command, refusal, 503, CAUSE_MAIL_REJECTED);
        d->server_says = CAUSE_MAIL_MISSING;
        d->agrees = 0;
        story_related(story, d, mail, ROLE_OPENED);
    }
    story_transaction(story, mail, "nobody@client.test", "refused")->code = 550;
    tell_end(story);
}

void story_accepted(struct story *story, const char *queue_id)
{
    tell_opening(story);
    const event_no mail = story_command(story, "MAIL", "MAIL FROM:<>");
    story_reply(story, mail, 250, "250 2.1.0 Ok");
    const event_no rcpt = story_command(story, "RCPT", "RCPT TO:<a@mx.test>");
    story_reply(story, rcpt, 250, "250 2.1.5 Ok");
    const event_no data = story_command(story, "DATA", "DATA");
    story_reply(story, data, 354, "354 go ahead");
    const event_no content = story_data(story, 2048);
    story_reply(story, content, 250, "250 2.0.0 Ok: queued");
    struct transaction *transaction = story_transaction(story, mail, "", "accepted");
    story_recipient(story, transaction, rcpt, "a@mx.test", 250);
    transaction->bytes = 2048;
    transaction->code = 250;
    transaction->queue_id = bytes_of_string(queue_id);
    story->chapter.session.messages++;
    tell_end(story);
}
