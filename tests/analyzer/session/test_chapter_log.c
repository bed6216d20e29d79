/* SPDX-License-Identifier: ISC */
/* A chapter that is packed and unpacked is the same chapter. */
#include <criterion/criterion.h>

#include "heloscope/session/chapter_log.h"

/* Everything that an event can have, one by one and together. */
static void fill_events(struct chapter *chapter, struct arena *arena, event_no first, int count)
{
    struct event **tail = &chapter->events;
    for (int i = 0; i < count; i++, tail = &(*tail)->next) {
        struct event *e = *tail = arena_get(arena, sizeof *e);
        e->seq = first + (event_no)i;
        e->kind = (enum event_kind)(i % EVENT_KIND_COUNT);
        e->side = i % 2 ? SIDE_SERVER : SIDE_CLIENT;
        e->ts_us = INT64_C(1700000000000000) + (i % 3 ? i : -i) * INT64_C(1000);
        e->packet = i % 5 ? (uint64_t)i : UINT64_MAX - (uint64_t)i;
        e->text = i & 1 ? arena_print(arena, "line %d", i) : bytes_of(NULL, 0);
        e->saw = i & 2 ? (event_no)i : 0;
        e->answers = i & 4 ? UINT32_MAX - (event_no)i : 0;
        e->code = i & 8 ? 200 + i : 0;
        e->verb = i & 16 ? "MAIL" : NULL;
        e->enhanced = i & 32 ? bytes_of_string("5.5.1") : bytes_of(NULL, 0);
        e->notes = i & 64 ? NOTE_DOUBTFUL | NOTE_BARE_LF : 0;
        e->bytes = i & 128 ? UINT64_C(1) << 40 : 0;
        e->has_bytes = i & 256;
    }
}

static void expect_event(const struct event *a, const struct event *b)
{
    cr_assert_eq(a->seq, b->seq);
    cr_expect_eq(a->kind, b->kind);
    cr_expect_eq(a->side, b->side);
    cr_expect_eq(a->ts_us, b->ts_us);
    cr_expect_eq(a->packet, b->packet);
    cr_expect(bytes_equal(a->text, b->text) && !a->text.at == !b->text.at);
    cr_expect_eq(a->saw, b->saw);
    cr_expect_eq(a->answers, b->answers);
    cr_expect_eq(a->code, b->code);
    cr_expect_eq(a->verb, b->verb);
    cr_expect(bytes_equal(a->enhanced, b->enhanced) && !a->enhanced.at == !b->enhanced.at);
    cr_expect_eq(a->notes, b->notes);
    cr_expect_eq(a->bytes, b->bytes);
    cr_expect_eq(a->has_bytes, b->has_bytes);
}

/* Packed in three pieces, of which the last was never packed. */
Test(chapter_log, events)
{
    enum {
        COUNT = 512
    };
    struct arena arena = {0}, other = {0};
    struct packer packer = {0};
    struct interned_texts *interned_texts = interned_new();
    struct log_place place = {0, 0, 0};
    struct chapter first = {0}, second = {0}, third = {0};
    fill_events(&first, &arena, 1, COUNT);
    fill_events(&second, &arena, 1 + COUNT, COUNT);
    fill_events(&third, &arena, 1 + 2 * COUNT, 1);
    chapter_pack(&packer, &first, &place, interned_texts);
    chapter_pack(&packer, &second, &place, interned_texts);
    chapter_unpack(bytes_of(packer.at, packer.length), &third, &other, interned_texts);
    const struct event *wanted[] = {first.events, second.events}, *e = third.events;
    for (int i = 0; i < 2; i++)
        for (const struct event *w = wanted[i]; w; w = w->next, e = e->next)
            expect_event(e, w);
    cr_assert_eq(e->seq, 1 + 2 * COUNT);
    cr_expect_null(e->next);
    packer_free(&packer);
    interned_free(interned_texts);
    arena_free(&arena);
    arena_free(&other);
}

Test(chapter_log, grows_in_pieces)
{
    struct arena arena = {0};
    struct chapter_log log = {0};
    uint8_t octets[3000];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7);
    cr_expect_eq(chapter_log_join(&log, &arena).len, 0);
    for (size_t at = 0, n = 0; at < sizeof octets; at += n, n = (n * 5 + 3) % 251) {
        n = n < sizeof octets - at ? n : sizeof octets - at;
        chapter_log_append(&log, bytes_of(octets + at, n));
        cr_assert(bytes_equal(chapter_log_join(&log, &arena), bytes_of(octets, at + n)));
    }
    chapter_log_free(&log);
    cr_expect(!log.first && !log.last && !log.length);
    arena_free(&arena);
}

Test(chapter_log, what_is_usual_is_small)
{
    struct event reply = {.seq = 7,
                          .kind = EVENT_REPLY,
                          .side = SIDE_SERVER,
                          .ts_us = 1000900,
                          .packet = 1020,
                          .code = 250,
                          .text = bytes_of_string("250 Ok"),
                          .answers = 6,
                          .saw = 6};
    const struct chapter chapter = {.events = &reply};
    struct log_place place = {6, 1000000, 1000};
    struct packer packer = {0};
    struct interned_texts *interned_texts = interned_new();
    chapter_pack(&packer, &chapter, &place, interned_texts);
    cr_expect_leq(packer.length, 17);
    packer_free(&packer);
    interned_free(interned_texts);
}

Test(chapter_log, findings_and_transactions)
{
    struct arena arena = {0};
    struct packer packer = {0};
    struct interned_texts *interned_texts = interned_new();
    struct log_place place = {0, 0, 0};
    struct violation violation = {.seq = 4, .rule = "RCPT needs MAIL", .tolerated = true};
    struct related second = {.seq = 9, .role = ROLE_GAP},
                   first = {.next = &second, .seq = 3, .role = ROLE_OPENED};
    struct diagnosis diagnosis = {.reply = 5,
                                  .command = 4,
                                  .origin = 2,
                                  .code = 503,
                                  .cause = CAUSE_MAIL_REJECTED,
                                  .certainty = CERTAINTY_LIKELY,
                                  .agrees = -1,
                                  .explanation = bytes_of_string("because"),
                                  .related = &first};
    struct recipient nobody = {.command = 0, .reply = 0, .code = 0},
                     somebody = {.next = &nobody,
                                 .command = 6,
                                 .reply = 7,
                                 .code = 250,
                                 .address = bytes_of_string("a@example.org")};
    struct transaction empty = {.number = 2, .outcome = "reset"},
                       sent = {.next = &empty,
                               .number = 1,
                               .mail_from = bytes_of("", 0),
                               .queue_id = bytes_of_string("4b1"),
                               .recipients = 2,
                               .recipient_list = &somebody};
    const struct chapter chapter = {
        .violations = &violation, .diagnoses = &diagnosis, .transactions = &sent};
    struct chapter back = {0};
    chapter_pack(&packer, &chapter, &place, interned_texts);
    chapter_unpack(bytes_of(packer.at, packer.length), &back, &arena, interned_texts);

    cr_expect_null(back.events);
    cr_assert(back.violations && !back.violations->next);
    cr_expect_eq(back.violations->seq, 4);
    cr_expect_eq(back.violations->rule, violation.rule);
    cr_expect(back.violations->tolerated);

    const struct diagnosis *d = back.diagnoses;
    cr_assert(d && !d->next);
    cr_expect(d->reply == 5 && d->command == 4 && d->origin == 2 && d->code == 503);
    cr_expect(d->cause == CAUSE_MAIL_REJECTED && d->certainty == CERTAINTY_LIKELY);
    cr_expect_eq(d->agrees, -1);
    cr_expect(bytes_equal(d->explanation, bytes_of_string("because")));
    cr_expect_null(d->advice.at);
    cr_assert(d->related && d->related->next && !d->related->next->next);
    cr_expect(d->related->seq == 3 && d->related->role == ROLE_OPENED);
    cr_expect(d->related->next->seq == 9 && d->related->next->role == ROLE_GAP);

    const struct transaction *t = back.transactions;
    cr_assert(t && t->next && !t->next->next);
    cr_expect(t->number == 1 && t->recipients == 2);
    cr_expect(t->mail_from.at && !t->mail_from.len);
    cr_expect(bytes_equal(t->queue_id, bytes_of_string("4b1")));
    cr_expect_null(t->message_id.at);
    cr_assert(t->recipient_list && t->recipient_list->next);
    cr_expect(t->recipient_list->command == 6 && t->recipient_list->code == 250);
    cr_expect(bytes_equal(t->recipient_list->address, bytes_of_string("a@example.org")));
    cr_expect_null(t->recipient_list->next->address.at);
    cr_expect_null(t->recipient_list->next->next);
    cr_expect_eq(t->next->outcome, empty.outcome);
    cr_expect_null(t->next->recipient_list);
    packer_free(&packer);
    interned_free(interned_texts);
    arena_free(&arena);
}
