/* SPDX-License-Identifier: ISC */
/* Pruning: the oldest sessions go, with all that hangs on them, in steps so small that nobody has
 * to wait for the lock. How much fits into a step is learnt from those before. */
#include <string.h>
#include <time.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/limits.h"
#include "parts.h"

enum {
    STEP_US = 15000,           /* of a step's deletions; what the commit takes comes on top */
    CALM_US = 10000,           /* a step that took less may be larger next time ... */
    BUSY_US = 25000,           /* ... and one that took more must be smaller */
    CHUNK_ROWS = 400,          /* deleted by one statement */
    UPKEEP_US = 100000,        /* for pruning behind a commit */
    UPKEEP_PAUSE_US = 2000000, /* between two passes */
    STEP_MOST = 256,           /* sessions, or megabytes that go back to the system */
    SLACK_PERCENT = 95 /* of the largest size is what rows may take: a burst needs room too */
};

#define MINUTE_US (INT64_C(60) * 1000000)

/* --- one session --- */

/* What hangs on a session, a chunk of rows at a time. The session's own row goes last: one that was
 * begun to be deleted is found again. */
#define CHUNK(table, key, columns, of)                                                             \
    "DELETE FROM main." table " WHERE " of " AND " key " IN (SELECT " columns " FROM main." table  \
    " WHERE " of " LIMIT 400)"
static const char *const chunks[] = {
    "DELETE FROM main.timelines WHERE session_id = ?1",
    CHUNK("single_events", "id", "id", "id BETWEEN (?1 << 24) AND (?1 << 24 | 16777215)"),
    CHUNK("related_events", "(reply_seq, seq, role)", "reply_seq, seq, role", "session_id = ?1"),
    CHUNK("diagnoses", "id", "id", "session_id = ?1"),
    CHUNK("violations", "(seq, rule)", "seq, rule", "session_id = ?1"),
    CHUNK("recipients", "(tx, n)", "tx, n", "session_id = ?1"),
    CHUNK("transactions", "tx", "tx", "session_id = ?1"),
    CHUNK("session_captures", "capture_id", "capture_id", "session_id = ?1"),
    "DELETE FROM main.connections WHERE session_id = ?1",
    "DELETE FROM main.sessions WHERE session_id = ?1",
};
enum {
    EVENT_KINDS = 2, /* of them, in front, those of events */
    CHUNK_KINDS = sizeof chunks / sizeof *chunks
};
_Static_assert(CHUNK_ROWS == 400, "the number in CHUNK");

struct pruning {
    struct store *store;
    const struct retention *retention;
    struct prune_state *state;
    sqlite3_stmt *of[CHUNK_KINDS];
    int64_t until_us; /* the step ends */
    bool failed;
};

static bool prepare(struct pruning *p, const char *sql, sqlite3_stmt **out)
{
    if (!*out && sqlite3_prepare_v2(p->store->db, sql, -1, out, NULL) != SQLITE_OK)
        p->failed = true;
    return !p->failed;
}

/* Deletes rows of one kind until there are none, or the step is over; whether all are gone. */
static bool delete_rows(struct pruning *p, size_t kind, int64_t session_id)
{
    if (!prepare(p, chunks[kind], &p->of[kind]))
        return false;
    for (;;) {
        sqlite3_bind_int64(p->of[kind], 1, session_id);
        if (!statement_run(p->of[kind])) {
            p->failed = true;
            return false;
        }
        if (sqlite3_changes(p->store->db) < CHUNK_ROWS)
            return true;
        if (clock_steady_us() > p->until_us)
            return false;
    }
}

/* Whether the session is gone altogether, or, with `only_events`, its events are. */
static bool delete_session(struct pruning *p, int64_t session_id, bool only_events)
{
    for (size_t kind = 0; kind < (only_events ? EVENT_KINDS : CHUNK_KINDS); kind++)
        if (!delete_rows(p, kind, session_id))
            return false;
    return true;
}

/* --- which --- */

/* A session that another command has not fetched yet. */
#define NEEDED                                                                                     \
    "EXISTS (SELECT 1 FROM main.changes c WHERE c.session_id = s.session_id AND "                  \
    "c.change > (SELECT min(change) FROM main.cursors))"

/* The next one of each kind; ?1 is where the search goes on, ?2 the time before which it ends.
 * Columns: session, where to go on, whether it is needed. */
static const char next_old[] =
    "SELECT s.session_id, s.started_us, 0 FROM main.sessions s "
    "WHERE s.started_us >= ?1 AND s.started_us < ?2 AND "
    "s.outcome <> 'open' AND NOT " NEEDED " ORDER BY s.started_us LIMIT 1";
static const char next_any[] = "SELECT s.session_id, s.started_us, " NEEDED
                               " FROM main.sessions s WHERE s.started_us >= ?1 AND ?2 AND "
                               "s.outcome <> 'open' ORDER BY s.started_us LIMIT 1";
static const char next_healthy[] =
    "SELECT s.session_id, s.session_id + 1, 0 FROM main.sessions s "
    "WHERE s.session_id >= ?1 AND ?2 AND s.outcome <> 'open' AND NOT " NEEDED
    " AND (EXISTS (SELECT 1 FROM main.timelines t WHERE t.session_id = s.session_id) OR "
    "EXISTS (SELECT 1 FROM main.single_events e WHERE "
    "e.id BETWEEN (s.session_id << 24) AND (s.session_id << 24 | 16777215))) "
    "AND NOT EXISTS (SELECT 1 FROM main.diagnoses d WHERE d.session_id = s.session_id) "
    "AND NOT EXISTS (SELECT 1 FROM main.violations v WHERE v.session_id = s.session_id) "
    "ORDER BY s.session_id LIMIT 1";

struct victim {
    int64_t session_id, place;
    bool needed;
};

static bool find(struct pruning *p, sqlite3_stmt *statement, int64_t from, int64_t before,
                 struct victim *out)
{
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, before);
    const bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        *out =
            (struct victim){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                            sqlite3_column_int(statement, 2)};
    p->failed |= sqlite3_reset(statement) != SQLITE_OK;
    return found && !p->failed;
}

/* --- how large --- */

static int64_t number_of(struct store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = 0;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static void measure(struct store *store, int64_t *file, int64_t *used)
{
    const int64_t page = number_of(store, "PRAGMA main.page_size");
    *file = page * number_of(store, "PRAGMA main.page_count");
    *used = *file - page * number_of(store, "PRAGMA main.freelist_count");
}

/* --- a step --- */

enum phase {
    PHASE_AGE,
    PHASE_EVENTS,
    PHASE_SIZE,
    PHASE_MINUTES,
    PHASE_FILE, /* free pages go back to the system */
    PHASE_DONE
};

static bool is_too_large(const struct pruning *p)
{
    int64_t file, used;
    measure(p->store, &file, &used);
    return used > p->retention->max_octets / 100 * SLACK_PERCENT;
}

/* Deletes some sessions of one phase; whether there may be more of them. */
static bool delete_some(struct pruning *p, const char *sql, int64_t before, bool only_events)
{
    sqlite3_stmt *next = NULL;
    struct victim victim;
    bool more = prepare(p, sql, &next);
    for (int n = 0; more && n < p->state->batch && clock_steady_us() < p->until_us; n++) {
        more = find(p, next, p->state->place, before, &victim);
        if (!more || (p->state->phase == PHASE_SIZE && !is_too_large(p))) {
            more = false;
            break;
        }
        if (!delete_session(p, victim.session_id, only_events))
            break; /* the next step goes on with it */
        p->state->place = victim.place;
        p->state->sessions += !only_events;
        p->state->trimmed += only_events;
        p->state->unfetched += victim.needed;
    }
    sqlite3_finalize(next);
    return more;
}

/* The minutes of captures that are older than what is kept: by age, and, where the size is what
 * bounds the history, than its oldest session. Whether there may be more. */
static bool delete_minutes(struct pruning *p, int64_t now_us)
{
    const struct retention *keep = p->retention;
    char sql[256];
    int64_t before = keep->keep_us ? now_us - keep->keep_us : 0;
    const int64_t oldest =
        keep->max_octets ? number_of(p->store, "SELECT min(started_us) FROM main.sessions") : 0;
    before = (oldest > before ? oldest : before) / MINUTE_US * MINUTE_US;
    snprintf(sql, sizeof sql,
             "DELETE FROM main.capture_stats WHERE (minute_us, capture_id) IN (SELECT minute_us, "
             "capture_id FROM main.capture_stats WHERE minute_us < %lld LIMIT %d)",
             (long long)before, CHUNK_ROWS);
    p->failed |= sqlite3_exec(p->store->db, sql, NULL, NULL, NULL) != SQLITE_OK;
    return !p->failed && sqlite3_changes(p->store->db) == CHUNK_ROWS;
}

/* Gives free pages back; whether there may be more. */
static bool shrink_some(struct pruning *p)
{
    int64_t file, used;
    char sql[64];
    measure(p->store, &file, &used);
    const int64_t bound = p->retention->max_octets;
    if (file == used || (p->retention->reuse && (!bound || file <= bound)) ||
        number_of(p->store, "PRAGMA main.auto_vacuum") != 2)
        return false;
    snprintf(sql, sizeof sql, "PRAGMA main.incremental_vacuum(%d)", 16 * p->state->batch);
    p->failed |= sqlite3_exec(p->store->db, sql, NULL, NULL, NULL) != SQLITE_OK;
    return !p->failed;
}

static bool step(struct pruning *p, int64_t now_us)
{
    const struct retention *keep = p->retention;
    switch ((enum phase)p->state->phase) {
    case PHASE_AGE:
        return keep->keep_us && delete_some(p, next_old, now_us - keep->keep_us, false);
    case PHASE_EVENTS:
        return keep->problems_only && delete_some(p, next_healthy, 1, true);
    case PHASE_SIZE:
        return keep->max_octets && is_too_large(p) && delete_some(p, next_any, 1, false);
    case PHASE_MINUTES:
        return delete_minutes(p, now_us);
    case PHASE_FILE:
        return shrink_some(p);
    case PHASE_DONE:
        break;
    }
    return false;
}

static void learn(struct prune_state *state, int64_t took_us)
{
    if (took_us > state->longest_us)
        state->longest_us = took_us;
    if (took_us > BUSY_US)
        state->batch = state->batch / 2 > 1 ? state->batch / 2 : 1;
    else if (took_us < CALM_US && state->batch < STEP_MOST)
        state->batch += 1 + state->batch / 2;
}

static bool run_step(struct store *store, const struct retention *retention,
                     struct prune_state *state, int64_t now_us, struct failure *why)
{
    struct pruning p = {.store = store, .retention = retention, .state = state};
    if (!state->batch)
        state->batch = 4;
    if (!store_begin(store, why))
        return false;
    const int64_t begun = clock_steady_us();
    p.until_us = begun + STEP_US;
    const bool more = step(&p, now_us);
    for (size_t i = 0; i < CHUNK_KINDS; i++)
        sqlite3_finalize(p.of[i]);
    if (p.failed)
        return store_break_off(store, why);
    if (!store_commit_held(store, why))
        return false;
    learn(state, clock_steady_us() - begun);
    if (!more && state->phase < PHASE_DONE) {
        state->phase++;
        state->place = 0;
    }
    return true;
}

bool store_prune(struct store *store, const struct retention *retention, struct prune_state *state,
                 int64_t now_us, struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = run_step(store, retention, state, now_us, why);
    if (done)
        wal_bound(store);
    pthread_mutex_unlock(&store->lock);
    return done;
}

/* --- while the history is written --- */

/* What had to go before it was fetched is said once; how much stands in the history. */
static void note_unfetched(struct store *store, int64_t now_us)
{
    char text[128];
    if (!store->pruning.unfetched)
        return;
    store->unfetched += store->pruning.unfetched;
    if (!store->unfetched_told)
        store_say(store,
                  "history '%s' has reached its largest size: sessions go that other commands have "
                  "not fetched yet (see its tables cursors and incidents)",
                  store->path);
    store->unfetched_told = true;
    snprintf(text, sizeof text, "%llu sessions went before they were fetched",
             (unsigned long long)store->pruning.unfetched);
    const struct store_incident incident = {now_us, now_us, "pruned", 0, 0, 0, text};
    store_note_incident(store, &incident, NULL);
}

/* What was put aside comes back when there is time for it. */
static void take_back(struct store *store, int64_t until_us)
{
    if (store->aside_us && until_us < store->aside_us + UPKEEP_PAUSE_US)
        return;
    store->aside_us = until_us;
    pthread_mutex_lock(&store->lock);
    aside_take_back(store, until_us);
    pthread_mutex_unlock(&store->lock);
}

void store_upkeep(struct store *store)
{
    const struct retention *keep = &store->options.keep;
    const int64_t until = clock_steady_us() + UPKEEP_US;
    struct timespec now;
    take_back(store, until);
    if ((!keep->keep_us && !keep->max_octets) ||
        (store->pruned_us && until < store->pruned_us + UPKEEP_PAUSE_US))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t now_us = (int64_t)now.tv_sec * 1000000;
    struct retention reusing = *keep;
    reusing.problems_only = false; /* they are not stored */
    reusing.reuse = true;
    while (!store_prune_is_over(&store->pruning) && clock_steady_us() < until)
        if (!store_prune(store, &reusing, &store->pruning, now_us, NULL))
            return;
    if (!store_prune_is_over(&store->pruning))
        return;
    note_unfetched(store, now_us);
    store->pruning = (struct prune_state){.batch = store->pruning.batch};
    store->pruned_us = clock_steady_us();
}

bool store_prune_is_over(const struct prune_state *state)
{
    return state->phase == PHASE_DONE;
}

void store_size(struct store *store, int64_t *file, int64_t *used, bool *shrinks)
{
    pthread_mutex_lock(&store->lock);
    measure(store, file, used);
    *shrinks = number_of(store, "PRAGMA main.auto_vacuum") == 2;
    pthread_mutex_unlock(&store->lock);
}
