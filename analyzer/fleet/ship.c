/* SPDX-License-Identifier: ISC */
#include "heloscope/fleet/fleet.h"

#include <stdlib.h>
#include <time.h>

#include "body.h"
#include "heloscope/fleet/stop.h"
#include "heloscope/output/terminal.h"
#include "setup.h"

enum {
    UNIT_SESSIONS = 10000, /* that the cursor passes at once */
    BATCH_ROWS = 10000,    /* in a request */
    BATCH_OCTETS = 16 << 20,
    PAUSE_MS = 5000, /* between two looks at a history that has little new */
    FIRST_WAIT_MS = 500,
    LONGEST_WAIT_MS = 60000,
    ATTEMPTS = 8 /* of a run that is to end */
};

struct shipper {
    const struct ship_job *job;
    struct account account;
    struct http *http;
    struct body *body;
    struct outbox *outbox;
    struct outbox_session sessions[UNIT_SESSIONS];
    struct ship_totals totals;
    int64_t after; /* the change that the fleet has */
    size_t table;
    enum http_outcome outcome; /* of the last request */
    struct failure why;
    int failures; /* in a row */
    unsigned chance;
};

/* --- one request --- */

/* Sends what the body holds. */
static bool post(struct shipper *shipper)
{
    struct body *body = shipper->body;
    char query[2 * ACCOUNT_TEXT];
    if (!body_rows(body))
        return true;
    snprintf(query, sizeof query, "INSERT INTO `%s`.%s_rows FORMAT JSONEachRow",
             shipper->account.database, outbox_tables[shipper->table].name);
    const struct bytes packed = body_finish(body);
    shipper->outcome = http_post(shipper->http, query, packed, &shipper->why);
    if (shipper->outcome == HTTP_DONE) {
        shipper->totals.rows += body_rows(body);
        shipper->totals.octets += body_octets(body);
        shipper->totals.wire_octets += packed.len;
    }
    body_clear(body);
    return shipper->outcome == HTTP_DONE;
}

static bool take_row(void *context, const struct bytes *cells, int count)
{
    struct shipper *shipper = context;
    (void)count;
    body_add(shipper->body, cells[0]);
    return (body_rows(shipper->body) < BATCH_ROWS && body_octets(shipper->body) < BATCH_OCTETS) ||
           post(shipper);
}

/* --- one unit: the sessions between two places of the cursor --- */

static bool send_table(struct shipper *shipper, long count)
{
    for (long i = 0; i < count; i++) {
        const struct outbox_session *session = &shipper->sessions[i];
        const int64_t version = outbox_epoch(shipper->outbox) + session->change;
        if (!outbox_table_rows(shipper->outbox, shipper->table, session, version,
                               shipper->account.sensor, take_row, shipper, &shipper->why)) {
            shipper->outcome = HTTP_REFUSED;
            return false;
        }
        if (shipper->outcome != HTTP_DONE)
            return false;
    }
    return post(shipper);
}

/* Everything of them, table by table, the sessions' own rows last. A moment of the history is held
 * meanwhile; when a request fails it is let go, and all of the unit is sent again. How many
 * sessions, -1 when it failed. */
static long send_unit(struct shipper *shipper)
{
    shipper->outcome = HTTP_DONE;
    outbox_hold(shipper->outbox);
    const long count = outbox_changed(shipper->outbox, shipper->after, shipper->sessions,
                                      UNIT_SESSIONS, &shipper->why);
    bool done = count >= 0;
    if (!done)
        shipper->outcome = HTTP_REFUSED;
    for (shipper->table = 0; done && shipper->table < OUTBOX_TABLES; shipper->table++)
        done = send_table(shipper, count);
    outbox_release(shipper->outbox);
    body_clear(shipper->body);
    if (!done)
        return -1;
    if (count) {
        shipper->after = shipper->sessions[count - 1].change;
        shipper->totals.sessions += (uint64_t)count;
    }
    return count;
}

/* The cursor follows what the fleet has. Others may hold the history: then it follows later, and
 * only a crash before that sends rows twice. */
static bool settle(struct shipper *shipper, bool last)
{
    enum {
        TRIES = 15
    };
    bool busy = true;
    if (outbox_change(shipper->outbox) == shipper->after)
        return true;
    for (int i = 0; busy && i < (last ? TRIES : 1); i++)
        if (!outbox_move(shipper->outbox, shipper->after, &busy, &shipper->why) && !busy)
            return false;
    return !busy || !last ||
           failure_set(&shipper->why,
                       "the history is locked by others all the time, so the cursor could not be "
                       "moved: what was sent last is sent again, and counts once");
}

/* --- when it fails --- */

/* Twice as long each time, up to a minute, give or take a half, so that a hundred sensors do not
 * come back at once. */
static long next_wait(struct shipper *shipper)
{
    long wait = FIRST_WAIT_MS;
    for (int i = 1; i < shipper->failures && wait < LONGEST_WAIT_MS; i++)
        wait *= 2;
    if (wait > LONGEST_WAIT_MS)
        wait = LONGEST_WAIT_MS;
    return wait / 2 + (long)((double)rand_r(&shipper->chance) / RAND_MAX * (double)wait);
}

/* Whether there is any use in going on. Says so once for each series of failures. */
static bool may_retry(struct shipper *shipper)
{
    struct terminal terminal = {0};
    if (shipper->outcome != HTTP_LATER || stop_came())
        return false;
    const int attempts = shipper->job->attempts ? shipper->job->attempts : ATTEMPTS;
    if (!shipper->job->follow && shipper->failures + 1 >= attempts)
        return false;
    if (shipper->failures++ == 0)
        terminal_warn(&terminal, "%s; it is tried again, nothing is lost", shipper->why.text);
    if (http_next(shipper->http))
        stop_wait(next_wait(shipper));
    return true;
}

static void note_recovery(struct shipper *shipper)
{
    struct terminal terminal = {0};
    if (shipper->failures && !shipper->job->quiet)
        terminal_warn(&terminal, "fleet %s answers again", shipper->account.endpoints[0]);
    shipper->failures = 0;
}

/* --- altogether --- */

static bool check_version(struct shipper *shipper)
{
    const struct setup setup = {&shipper->account, shipper->http};
    int version;
    while ((shipper->outcome = setup_version(&setup, &version, &shipper->why)) != HTTP_DONE)
        if (!may_retry(shipper))
            return false;
    note_recovery(shipper);
    if (version < SETUP_VERSION)
        return failure_set(&shipper->why, "fleet database '%s' %s; run heloscope ship --init",
                           shipper->account.database,
                           version ? "was made by an older heloscope" : "is not there");
    return version == SETUP_VERSION ||
           failure_set(&shipper->why,
                       "fleet database '%s' was made by a newer heloscope; update this one",
                       shipper->account.database);
}

static bool ship_on(struct shipper *shipper)
{
    for (;;) {
        const long count = send_unit(shipper);
        if (count < 0) {
            if (!may_retry(shipper))
                return false;
            continue;
        }
        note_recovery(shipper);
        const bool last = stop_came() || (!count && !shipper->job->follow);
        if (!settle(shipper, last))
            return false;
        if (last)
            return true;
        if (count < UNIT_SESSIONS && shipper->job->follow)
            stop_wait(PAUSE_MS);
    }
}

static bool open_all(struct shipper *shipper, const char *database, const struct fleet_words *words)
{
    if (!account_read(words, &shipper->account, &shipper->why) ||
        !(shipper->http = http_open(&shipper->account, &shipper->why)))
        return false;
    if (!(shipper->body = body_new()))
        return failure_set(&shipper->why, "this program was built without zlib, which ship needs");
    shipper->outbox = outbox_open(database, "ship", &shipper->why);
    if (!shipper->outbox ||
        (shipper->job->restart && !outbox_restart(shipper->outbox, &shipper->why)))
        return false;
    shipper->after = outbox_change(shipper->outbox);
    return true;
}

bool fleet_check(const struct fleet_words *words, struct failure *why)
{
    static struct account account;
    return account_read(words, &account, why) &&
           (fleet_is_built() ||
            failure_set(why, "this program was built without libcurl (configure --without-curl)"));
}

bool fleet_ship(const char *database, const struct fleet_words *words, const struct ship_job *job,
                struct ship_totals *totals, struct failure *why)
{
    struct shipper *shipper = calloc(1, sizeof *shipper);
    if (!shipper)
        return failure_set(why, "out of memory");
    shipper->job = job;
    shipper->chance = (unsigned)time(NULL);
    const bool done =
        open_all(shipper, database, words) && check_version(shipper) && ship_on(shipper);
    if (!done)
        failure_set(why, "%s", shipper->why.text);
    if (totals)
        *totals = shipper->totals;
    outbox_close(shipper->outbox);
    body_free(shipper->body);
    http_close(shipper->http);
    free(shipper);
    return done;
}
