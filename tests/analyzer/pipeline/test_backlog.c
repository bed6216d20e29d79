/* SPDX-License-Identifier: ISC */
/* What waits for a history that cannot be written, and in which order it is left out. */
#include <criterion/criterion.h>

#include "analyzer/pipeline/backlog.h"
#include "heloscope/base/memory.h"

/* A chapter of session `n` with ten events of a kilobyte, and a finding or none. */
static struct draft *make(unsigned n, bool finding, bool first, bool last)
{
    static char line[1024];
    memset(line, 'x', sizeof line);
    struct draft *draft = memory_get(sizeof *draft);
    struct chapter *chapter = &draft->chapter;
    chapter->first = first;
    chapter->last = last;
    chapter->session.handle = n;
    chapter->session.uid = arena_print(&draft->arena, "uid-%u", n);
    struct event **link = &chapter->events;
    for (int i = 0; i < 10; i++, link = &(*link)->next) {
        *link = arena_get(&draft->arena, sizeof **link);
        (*link)->text = arena_copy(&draft->arena, bytes_of(line, sizeof line));
    }
    chapter->transactions = arena_get(&draft->arena, sizeof *chapter->transactions);
    chapter->transactions->queue_id = arena_print(&draft->arena, "Q%u", n);
    if (finding)
        chapter->diagnoses = arena_get(&draft->arena, sizeof *chapter->diagnoses);
    return draft;
}

static void fill(struct backlog *list)
{
    backlog_clear(list);
    for (unsigned n = 0; n < 8; n++)
        backlog_append(list, make(n, n % 4 == 3, true, true));
}

/* One letter a draft: E events, T transactions without, R the row alone; a capital F behind it for
 * a finding. */
static const char *shape(const struct backlog *list)
{
    static char out[128];
    char *at = out;
    uint32_t count = 0;
    for (const struct draft *draft = list->first; draft; draft = draft->next, count++) {
        const struct chapter *c = &draft->chapter;
        at += sprintf(at, "%s%s ",
                      c->events         ? "E"
                      : c->transactions ? "T"
                                        : "R",
                      c->diagnoses ? "F" : "");
        cr_expect_eq(c->session.uid.len, 5);
        cr_expect_eq(memcmp(c->session.uid.at, "uid-", 4), 0);
    }
    *at = '\0';
    cr_expect_eq(list->count, count);
    return out;
}

Test(backlog, it_is_taken_from_the_front_and_given_back_there)
{
    struct backlog list;
    fill(&list);
    const size_t octets = list.octets;
    struct backlog some = backlog_take(&list, 3);
    cr_expect_eq(some.count, 3);
    cr_expect_eq(list.count, 5);
    cr_expect_eq(some.octets + list.octets, octets);
    cr_expect_eq(list.first->chapter.session.handle, 3);
    backlog_prepend_all(&list, &some);
    cr_expect_str_eq(shape(&list), "E E E EF E E E EF ");
    some = backlog_take(&list, 100);
    cr_expect_eq(some.count, 8);
    cr_expect_eq(list.count + list.octets, 0);
    struct backlog none = backlog_take(&list, 1);
    backlog_prepend_all(&none, &some);
    cr_expect_eq(none.count, 8);
    backlog_append(&list, make(9, false, true, true));
    backlog_append_all(&none, &list);
    cr_expect_str_eq(shape(&none), "E E E EF E E E EF E ");
    backlog_free(&none);
}

Test(backlog, events_of_healthy_sessions_go_first_and_findings_last)
{
    struct backlog list;
    struct backlog_losses losses = {0};
    fill(&list);
    const size_t octets = list.octets, one = octets / 8;
    cr_expect(backlog_shed(&list, octets, false, &losses));
    cr_expect_eq(losses.events + losses.sessions + losses.findings, 0);
    cr_expect(backlog_shed(&list, octets - one, false, &losses));
    cr_expect_str_eq(shape(&list), "T T E EF E E E EF ", "the oldest first, no more than needed");
    cr_expect_eq(losses.events, 20);
    cr_expect_eq(list.first->chapter.transactions->queue_id.len, 2);
    cr_expect_eq(*list.first->chapter.transactions->queue_id.at, 'Q');
    cr_expect_not(backlog_shed(&list, one, false, &losses));
    cr_expect_str_eq(shape(&list), "EF EF ");
    cr_expect_eq(losses.events, 60);
    cr_expect_eq(losses.sessions, 6);
    cr_expect_eq(losses.findings, 0);
    cr_expect(backlog_shed(&list, 0, true, &losses));
    cr_expect_eq(list.count, 0);
    cr_expect_eq(losses.findings, 2);
    backlog_free(&list);
}

/* The history holds its beginning: it must hear of its end. */
Test(backlog, the_end_of_a_session_stays_as_long_as_it_can)
{
    struct backlog list;
    struct backlog_losses losses = {0};
    backlog_clear(&list);
    backlog_append(&list, make(1, false, true, false));
    backlog_append(&list, make(1, true, false, false));
    backlog_append(&list, make(1, false, false, true));
    const size_t bare = list.octets / 10;
    backlog_shed(&list, bare, true, &losses);
    cr_expect_str_eq(shape(&list), "R ");
    cr_expect(list.first->chapter.last);
    cr_expect_eq(losses.findings, 1);
    backlog_shed(&list, 0, true, &losses);
    cr_expect_eq(list.count, 0);
    backlog_free(&list);
}

Test(backlog, what_is_troubled_can_be_taken_out)
{
    struct backlog list;
    fill(&list);
    struct backlog troubled = backlog_take_troubled(&list);
    cr_expect_str_eq(shape(&troubled), "EF EF ");
    cr_expect_str_eq(shape(&list), "E E E E E E ");
    backlog_append(&list, make(9, false, true, true));
    cr_expect_eq(list.count, 7);
    backlog_free(&troubled);
    backlog_free(&list);
}
