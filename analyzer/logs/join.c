/* SPDX-License-Identifier: ISC */
#include "join.h"

#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/base/limits.h"
#include "heloscope/db/question.h"
#include "join_parts.h"
#include "place.h"

enum {
    SLACK_US = 1000 * 1000,     /* what is logged is not logged at once */
    LATE_US = 30 * 1000 * 1000, /* a connection is logged when its name has been looked up */
    END_US = 5 * 1000 * 1000,   /* by how much the ends may differ */
    PASSES = 8,
};

/* How well a session fits: what speaks for it beside address and time, then how near it is. */
struct score {
    int evidence;
    int64_t apart_us;
};

/* --- what of a session is counted in Postfix's "disconnect" line --- */

static bool take_counts(void *context, const struct history_row *row)
{
    char *out = context;
    if (row->cells && row->cells[0] && row->cells[1])
        snprintf(out + strlen(out), 256 - strlen(out), " %s=%s ", row->cells[0], row->cells[1]);
    return true;
}

/* 1 when each of the counts is that of the session, -1 when one is not, 0 when it cannot be told.
 */
static int compare_counts(const struct log_join *join, const struct visit *visit,
                          const struct log_session *s)
{
    static const char *const verbs[] = {"ehlo", "helo", "mail", "rcpt", "data", "rset", "quit"};
    char id[24], counts[256] = "";
    const char *const arguments[] = {id};
    const struct question question = {
        .name = "logs",
        .sql = "SELECT lower(verb), count(*) FROM events WHERE session_id = CAST(?1 AS INTEGER) "
               "AND kind = 'command' AND verb IN ('EHLO', 'HELO', 'MAIL', 'RCPT', 'DATA', 'RSET', "
               "'QUIT') GROUP BY 1",
        .arguments = arguments,
        .argument_count = 1,
    };
    if (!visit->counts.len || s->hidden || s->partial)
        return 0;
    snprintf(id, sizeof id, "%" PRId64, s->session_id);
    struct failure ignored = {""};
    if (!history_ask(join->history, &question, take_counts, counts, &ignored))
        return 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char wanted[32], written[32] = "";
        const int length = snprintf(wanted, sizeof wanted, " %s=", verbs[i]);
        const char *seen = strstr(counts, wanted);
        const long sent = seen ? strtol(seen + length, NULL, 10) : 0;
        long logged = 0;
        size_t at = bytes_find(visit->counts, bytes_of_string(wanted + 1));
        if (at != SIZE_MAX && (at == 0 || visit->counts.at[at - 1] == ' ')) {
            const struct bytes rest = bytes_from(visit->counts, at + (size_t)length - 1);
            snprintf(written, sizeof written, "%.*s", (int)(rest.len < 20 ? rest.len : 20),
                     (const char *)rest.at);
            written[strcspn(written, " ")] = '\0';
            const char *slash = strchr(written, '/');
            logged = strtol(slash ? slash + 1 : written, NULL, 10);
        }
        if (sent != logged)
            return -1;
    }
    return 1;
}

/* --- whether and how well a session fits by time --- */

static bool in_time(const struct log_join *join, const struct visit *visit,
                    const struct log_session *s)
{
    const int64_t first = visit->first.us - join->clock_us, step = visit->first.step_us,
                  last = visit->last.us - join->clock_us;
    if (first + step < s->started_us - SLACK_US || first > s->ended_us + SLACK_US)
        return false;
    if (visit->connected && first > s->started_us + LATE_US)
        return false;
    return last <= s->ended_us + END_US &&
           (!visit->ended || s->partial || last + step >= s->ended_us - END_US);
}

static struct score score_of(const struct log_join *join, const struct visit *visit,
                             const struct log_session *s, bool several)
{
    const int64_t from = visit->connected ? s->started_us : s->ended_us;
    const struct log_time *time = visit->connected ? &visit->first : &visit->last;
    const int64_t apart = join_middle(time) - join->clock_us - from;
    const int same_name = visit->helo.len && s->helo && !s->hidden;
    int told = 0;
    struct failure ignored = {""};
    if (several && place_agreement(join, visit, s, &told, &ignored))
        told += compare_counts(join, visit, s);
    return (struct score){same_name + told, apart < 0 ? -apart : apart};
}

static bool is_free(const struct log_session *s, const struct visit *visit)
{
    return !s->by || s->by->server != visit->server;
}

static bool can_be(const struct log_join *join, const struct visit *visit,
                   const struct log_session *s)
{
    return is_free(s, visit) && in_time(join, visit, s) && join_agrees(s, visit);
}

/* The session that fits best; SIZE_MAX when none does, and when two do so equally (`*unclear`). */
static size_t best_of(const struct log_join *join, const struct visit *visit, bool *unclear)
{
    size_t first, count, best = SIZE_MAX, fitting = 0;
    struct score top = {INT32_MIN, INT64_MAX};
    join_range(join, &visit->client, &first, &count);
    for (size_t i = first; i < first + count && fitting <= LOG_CANDIDATES; i++)
        fitting += can_be(join, visit, &join->sessions[i]);
    *unclear = fitting > LOG_CANDIDATES;
    for (size_t i = first; i < first + count && fitting <= LOG_CANDIDATES; i++) {
        const struct log_session *s = &join->sessions[i];
        if (!can_be(join, visit, s))
            continue;
        const struct score score = score_of(join, visit, s, fitting > 1);
        const int64_t nearer = top.apart_us - score.apart_us;
        if (score.evidence == top.evidence && nearer < visit->first.step_us &&
            nearer > -visit->first.step_us)
            *unclear = true;
        else if (score.evidence > top.evidence || (score.evidence == top.evidence && nearer > 0))
            *unclear = false;
        if (score.evidence > top.evidence || (score.evidence == top.evidence && nearer > 0)) {
            top = score;
            best = i;
        }
    }
    return *unclear ? SIZE_MAX : best;
}

/* --- all of them --- */

static void give(struct log_join *join, struct visit *visit, size_t session, const char *how)
{
    visit->session = session;
    visit->joined = how;
    visit->unclear = false;
    join->sessions[session].by = visit;
}

static void join_strong(struct log_join *join, struct visits *visits)
{
    for (size_t i = 0; i < visits->count; i++) {
        struct visit *visit = visits->all[i];
        const size_t s = join_by_queue(join, visit);
        if (s != SIZE_MAX && join_agrees(&join->sessions[s], visit))
            give(join, visit, s, "queue id");
    }
    for (size_t i = 0; i < visits->count; i++) {
        struct visit *visit = visits->all[i];
        bool unclear;
        if (visit->session != SIZE_MAX || !visit->client_port || !join->has_clock)
            continue;
        const size_t s = best_of(join, visit, &unclear);
        visit->unclear = unclear;
        if (s != SIZE_MAX)
            give(join, visit, s, "address and port");
    }
}

/* A session that one visit has for certain is none of another's: what is left gets clearer. */
static bool join_by_time(struct log_join *join, struct visits *visits)
{
    bool any = false;
    for (size_t i = 0; i < visits->count; i++) {
        struct visit *visit = visits->all[i];
        if (visit->session != SIZE_MAX || !visit->client.family)
            continue;
        const size_t s = best_of(join, visit, &visit->unclear);
        if (s == SIZE_MAX)
            continue;
        give(join, visit, s, visit->client_port ? "address and port" : "address and time");
        any = true;
    }
    return any;
}

void join_visits(struct log_join *join, struct visits *visits)
{
    join_strong(join, visits);
    for (int pass = 0; join->has_clock && pass < PASSES; pass++)
        if (!join_by_time(join, visits))
            break;
}
