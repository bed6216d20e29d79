/* SPDX-License-Identifier: ISC */
#include "writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "aside.h"
#include "backlog.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/limits.h"

struct writer {
    struct store *store;
    enum persistence persistence;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t has_work, has_room;
    struct backlog batch; /* the analysis's own, not shared */
    struct backlog queue; /* shared from here on */
    struct backlog
        kept; /* written and not committed: of a patient writer, who may write it again */
    bool commit, stop, working, failed;
    struct failure failure;
    uint32_t uncommitted;
    int64_t committed_us; /* when; of the clock that only goes forward */

    /* While the history cannot be written. */
    bool stalled;
    enum store_trouble trouble;
    int64_t began_us, stop_us; /* of the clock on the wall, and of one that only goes forward */
    struct backlog_losses losses;
    uint64_t aside; /* chapters that were put aside */
    bool shed_told;
};

/* --- a history that cannot be written --- */

/* Says so, once. Under the lock. */
static void stall(struct writer *w, enum store_trouble trouble, const struct failure *why)
{
    static const char rest[] = "what comes waits in memory until it can be written again";
    const char *path = store_path(w->store);
    if (w->stalled)
        return;
    w->stalled = true;
    w->trouble = trouble;
    w->began_us = clock_wall_us();
    w->losses = (struct backlog_losses){0};
    w->aside = 0;
    w->shed_told = false;
    if (trouble == STORE_LOCKED)
        store_say(w->store, "history '%s' is locked by another writer: %s", path, rest);
    else if (trouble == STORE_FULL)
        store_say(w->store, "no space is left for history '%s': %s", path, rest);
    else
        store_say(w->store, "%s; %s", why->text, rest);
}

/* What is lost, in words; empty when nothing is. */
static void print_losses(const struct writer *w, char *out, size_t size)
{
    const struct backlog_losses *lost = &w->losses;
    int used = 0;
    out[0] = '\0';
    if (lost->events || lost->sessions || lost->findings)
        used = snprintf(out, size,
                        "left out: %llu events and %llu sessions in which nothing was wrong, %llu "
                        "findings",
                        (unsigned long long)lost->events, (unsigned long long)lost->sessions,
                        (unsigned long long)lost->findings);
    if (w->aside)
        snprintf(out + used, size - (size_t)used, "%sfindings are in %s-aside", used ? "; " : "",
                 store_path(w->store));
}

/* Notes in the history what happened to it; together with what is written, or not at all. */
static bool note_stall(struct writer *w, struct failure *why)
{
    char text[256];
    print_losses(w, text, sizeof text);
    const struct store_incident incident = {
        .began_us = w->began_us,
        .ended_us = clock_wall_us(),
        .kind = store_trouble_name(w->trouble),
        .events = w->losses.events,
        .sessions = w->losses.sessions,
        .findings = w->losses.findings,
        .text = text[0] ? text : NULL,
    };
    return store_note_incident(w->store, &incident, why);
}

static void say_recovered(struct writer *w)
{
    char text[256];
    print_losses(w, text, sizeof text);
    store_say(w->store, "history '%s' can be written again after %lld s; %s", store_path(w->store),
              (long long)((clock_wall_us() - w->began_us + 500000) / 1000000),
              text[0] ? text : "nothing was lost");
}

static bool overflows(const struct writer *w, size_t limit)
{
    return w->persistence == PERSISTENCE_SHEDS && w->queue.octets > limit;
}

/* Gives the thread its turn before findings are lost: it puts them aside, once it is done with the
 * step that it is in. Returns whether they must be left out all the same. Under the lock, which is
 * given back meanwhile. */
static bool findings_must_go(struct writer *w)
{
    const int64_t end_us = clock_steady_us() + BACKLOG_ASIDE_MS * 1000;
    const struct timespec end = {.tv_sec = end_us / 1000000, .tv_nsec = end_us % 1000000 * 1000};
    pthread_cond_signal(&w->has_work);
    while (overflows(w, FINDINGS_LIMIT) && !pthread_cond_timedwait(&w->has_room, &w->lock, &end))
        ;
    return overflows(w, FINDINGS_LIMIT);
}

/* Leaves out of too much that waits what is no finding; returns whether that is enough. Under the
 * lock. */
static bool shed(struct writer *w)
{
    if (!overflows(w, BACKLOG_LIMIT))
        return true;
    if (!w->shed_told)
        store_say(w->store,
                  "more than %d MB wait for history '%s': events of sessions in which nothing is "
                  "wrong are left out, then the sessions, findings last",
                  BACKLOG_LIMIT >> 20, store_path(w->store));
    w->shed_told = true;
    return backlog_shed(&w->queue, BACKLOG_LIMIT / 4 * 3, false, &w->losses);
}

/* Makes room for what the analysis hands over. Under the lock, which may be given back meanwhile.
 */
static void make_room(struct writer *w)
{
    if (shed(w))
        return;
    pthread_cond_signal(&w->has_work); /* findings alone are too much: they are put aside */
    if (overflows(w, FINDINGS_LIMIT) && findings_must_go(w))
        backlog_shed(&w->queue, FINDINGS_LIMIT / 8 * 7, true, &w->losses);
}

/* Findings that would be lost are put aside. Under the lock, which is given back meanwhile. */
static void put_aside(struct writer *w)
{
    struct backlog troubled = backlog_take_troubled(&w->queue);
    if (!troubled.first)
        return;
    pthread_cond_broadcast(&w->has_room);
    pthread_mutex_unlock(&w->lock);
    const bool done = aside_write(w->store, &troubled);
    pthread_mutex_lock(&w->lock);
    w->commit = true; /* also when nothing else waits: what happened is noted and said */
    if (done)
        w->aside += troubled.count;
    else
        backlog_shed(&troubled, 0, true, &w->losses);
    backlog_free(&troubled);
}

/* The program ends, and the history could not be written for long. Under the lock. */
static void give_up(struct writer *w)
{
    char text[256];
    put_aside(w);
    backlog_shed(&w->queue, 0, true, &w->losses);
    backlog_free(&w->queue);
    print_losses(w, text, sizeof text);
    store_say(w->store, "history '%s' could not be written to the end; %s", store_path(w->store),
              text[0] ? text : "nothing was lost");
    w->commit = false;
}

/* --- the thread --- */

/* What was packed is unpacked for a few at a time. */
static bool write_some(struct writer *w, struct backlog *some, struct failure *why)
{
    for (struct draft *draft = some->first; draft; draft = draft->next) {
        draft_unfold(draft);
        draft->chapter.next = draft->next ? &draft->next->chapter : NULL;
    }
    return !some->first || store_write_list(w->store, &some->first->chapter, why);
}

/* Everything that was not committed is to be written again. Under the lock. */
static void take_back(struct writer *w, struct backlog *some)
{
    backlog_append_all(&w->kept, some);
    backlog_prepend_all(&w->queue, &w->kept);
    w->uncommitted = 0;
}

/* Under the lock. */
static void fail(struct writer *w, struct backlog *some, const struct failure *why)
{
    const enum store_trouble trouble =
        w->persistence == PERSISTENCE_NONE ? STORE_FINE : store_trouble(w->store);
    take_back(w, some);
    if (trouble == STORE_MOVED)
        return;
    if (trouble) {
        stall(w, trouble, why);
        shed(w);
        return;
    }
    w->failure = *why;
    w->failed = true;
    w->commit = false;
    backlog_free(&w->queue);
}

/* Under the lock, which is given back meanwhile. */
static void succeed(struct writer *w, struct backlog *some, bool committed)
{
    struct backlog done = *some;
    if (committed) {
        backlog_prepend_all(&done, &w->kept);
        w->uncommitted = 0;
        w->commit &= w->queue.first != NULL;
    } else if (w->persistence != PERSISTENCE_NONE) {
        backlog_append_all(&w->kept, &done);
    }
    if (committed && w->stalled) {
        say_recovered(w);
        w->stalled = false;
    }
    const bool calm = committed && !w->queue.first && w->persistence != PERSISTENCE_NONE;
    pthread_mutex_unlock(&w->lock);
    backlog_free(&done);
    if (calm)
        store_upkeep(w->store);
    pthread_mutex_lock(&w->lock);
}

/* One step: a few drafts, and a commit when it is due. Under the lock, which is given back
 * meanwhile. */
static void step(struct writer *w)
{
    struct backlog some = backlog_take(&w->queue, UNFOLDED_CHAPTERS);
    struct failure why = {""};
    const bool stalled = w->stalled;
    w->uncommitted += some.count;
    const int64_t now_us = clock_steady_us();
    const bool commit = stalled || (w->commit && !w->queue.first) ||
                        w->uncommitted >= COMMIT_CHAPTERS ||
                        now_us - w->committed_us > COMMIT_MS * 1000;
    const bool goes_on = commit && w->queue.first;
    w->working = true;
    pthread_mutex_unlock(&w->lock);
    const bool done = write_some(w, &some, &why) && (!stalled || note_stall(w, &why)) &&
                      (!commit || store_commit(w->store, &why));
    w->committed_us = commit ? clock_steady_us() : w->committed_us;
    if (goes_on)
        usleep(WRITER_PAUSE_US); /* other writers want the lock too */
    pthread_mutex_lock(&w->lock);
    if (done)
        succeed(w, &some, commit);
    else
        fail(w, &some, &why);
    w->working = false;
    pthread_cond_broadcast(&w->has_room);
}

/* Pauses between two tries, but puts findings aside as soon as too much waits. Under the lock,
 * which is given back meanwhile. */
static void pause_stalled(struct writer *w)
{
    const int64_t end = clock_steady_us() + BACKLOG_RETRY_MS * 1000;
    const struct timespec until = {.tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000};
    while (!overflows(w, BACKLOG_LIMIT) && !pthread_cond_timedwait(&w->has_work, &w->lock, &until))
        ;
    if (overflows(w, BACKLOG_LIMIT))
        put_aside(w);
}

static bool is_over(const struct writer *w)
{
    return w->stalled && w->stop && clock_steady_us() - w->stop_us > BACKLOG_END_MS * 1000;
}

static void *write_on(void *context)
{
    struct writer *w = context;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->queue.first && !w->commit && !w->stop)
            pthread_cond_wait(&w->has_work, &w->lock);
        if (!w->queue.first && !w->commit)
            break;
        if (w->failed) {
            backlog_free(&w->queue);
            w->commit = false;
            pthread_cond_broadcast(&w->has_room);
            continue;
        }
        step(w);
        if (is_over(w))
            give_up(w);
        else if (w->stalled)
            pause_stalled(w);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* --- the analysis's side --- */

struct writer *writer_new(struct store *store, enum persistence persistence, struct failure *why)
{
    struct writer *w = memory_get(sizeof *w);
    pthread_condattr_t steady;
    w->store = store;
    w->persistence = persistence;
    backlog_clear(&w->batch);
    backlog_clear(&w->queue);
    backlog_clear(&w->kept);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&w->has_work, &steady);
    pthread_condattr_destroy(&steady);
    pthread_cond_init(&w->has_room, NULL);
    int error = pthread_create(&w->thread, NULL, write_on, w);
    if (!error)
        return w;
    free(w);
    failure_set(why, "cannot start the thread that writes the history: %s", strerror(error));
    return NULL;
}

/* Under the lock. */
static bool report(const struct writer *w, struct failure *why)
{
    if (w->failed && why)
        *why = w->failure;
    return !w->failed;
}

bool writer_put(struct writer *w, struct draft *draft, struct failure *why)
{
    backlog_append(&w->batch, draft);
    if (w->batch.count < BATCH_CHAPTERS && w->batch.octets < BATCH_OCTETS)
        return true;
    pthread_mutex_lock(&w->lock);
    while (w->queue.octets > QUEUE_OCTETS && w->persistence != PERSISTENCE_SHEDS)
        pthread_cond_wait(&w->has_room, &w->lock);
    backlog_append_all(&w->queue, &w->batch);
    make_room(w);
    if (!w->stalled)
        pthread_cond_signal(&w->has_work);
    bool done = report(w, why);
    pthread_mutex_unlock(&w->lock);
    return done;
}

bool writer_commit(struct writer *w, struct failure *why)
{
    pthread_mutex_lock(&w->lock);
    backlog_append_all(&w->queue, &w->batch);
    w->commit = true;
    if (!w->stalled)
        pthread_cond_signal(&w->has_work);
    while ((w->commit || w->working) && !w->stalled)
        pthread_cond_wait(&w->has_room, &w->lock);
    bool done = report(w, why);
    pthread_mutex_unlock(&w->lock);
    return done;
}

size_t writer_waiting(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    const size_t octets = w->batch.octets + w->queue.octets + w->kept.octets;
    pthread_mutex_unlock(&w->lock);
    return octets;
}

void writer_free(struct writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    backlog_append_all(&w->queue, &w->batch);
    w->stop = true;
    w->stop_us = clock_steady_us();
    w->commit |= w->kept.first != NULL;
    pthread_cond_signal(&w->has_work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    backlog_free(&w->kept);
    pthread_cond_destroy(&w->has_work);
    pthread_cond_destroy(&w->has_room);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
