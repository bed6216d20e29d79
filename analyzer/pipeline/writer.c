/* SPDX-License-Identifier: ISC */
#include "writer.h"

#include <pthread.h>
#include <stdlib.h>

#include "heloscope/base/limits.h"

struct list {
    struct draft *first, **tail;
    uint32_t count;
    size_t octets;
};

struct writer {
    struct store *store;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t has_work, has_room;
    struct list batch; /* the analysis's own, not shared */
    struct list queue; /* shared from here on */
    bool commit, stop, working, failed;
    struct failure failure;
};

static void clear(struct list *list)
{
    *list = (struct list){.tail = &list->first};
}

static void append(struct list *list, struct draft *draft)
{
    draft->next = NULL;
    *list->tail = draft;
    list->tail = &draft->next;
    list->count++;
    list->octets += draft->arena.total + draft->log.length;
}

static void free_list(struct draft *draft)
{
    while (draft) {
        struct draft *next = draft->next;
        draft_free(draft);
        draft = next;
    }
}

/* --- the thread --- */

/* Writes the first drafts of the list and frees them: what was packed is unpacked for a few at a
 * time. */
static bool write_some(struct writer *w, struct draft **list, struct failure *why)
{
    struct draft *first = *list, *last = first;
    draft_unfold(first);
    for (int n = 1; n < UNFOLDED_CHAPTERS && last->next; n++) {
        draft_unfold(last->next);
        last->chapter.next = &last->next->chapter;
        last = last->next;
    }
    last->chapter.next = NULL;
    *list = last->next;
    last->next = NULL;
    const bool done = store_write_list(w->store, &first->chapter, why);
    free_list(first);
    return done;
}

static bool write_list(struct writer *w, struct list *list, uint32_t *uncommitted, bool commit,
                       struct failure *why)
{
    while (list->first)
        if (!write_some(w, &list->first, why))
            return false;
    *uncommitted += list->count;
    if (!commit && *uncommitted < COMMIT_CHAPTERS)
        return true;
    *uncommitted = 0;
    return store_commit(w->store, why);
}

static void *write_on(void *context)
{
    struct writer *w = context;
    uint32_t uncommitted = 0;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->queue.first && !w->commit && !w->stop)
            pthread_cond_wait(&w->has_work, &w->lock);
        if (!w->queue.first && !w->commit)
            break;
        struct list list = w->queue;
        bool commit = w->commit, failed = w->failed;
        struct failure failure;
        clear(&w->queue);
        w->commit = false;
        w->working = true;
        pthread_mutex_unlock(&w->lock);
        if (!failed)
            failed = !write_list(w, &list, &uncommitted, commit, &failure);
        free_list(list.first);
        pthread_mutex_lock(&w->lock);
        if (failed && !w->failed)
            w->failure = failure;
        w->failed = failed;
        w->working = false;
        pthread_cond_broadcast(&w->has_room);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* --- the analysis's side --- */

struct writer *writer_new(struct store *store, struct failure *why)
{
    struct writer *w = memory_get(sizeof *w);
    w->store = store;
    clear(&w->batch);
    clear(&w->queue);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_work, NULL);
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

/* Moves the batch to the queue. Under the lock. */
static void hand_over(struct writer *w)
{
    if (!w->batch.first)
        return;
    *w->queue.tail = w->batch.first;
    w->queue.tail = w->batch.tail;
    w->queue.count += w->batch.count;
    w->queue.octets += w->batch.octets;
    clear(&w->batch);
}

bool writer_put(struct writer *w, struct draft *draft, struct failure *why)
{
    append(&w->batch, draft);
    if (w->batch.count < BATCH_CHAPTERS && w->batch.octets < BATCH_OCTETS)
        return true;
    pthread_mutex_lock(&w->lock);
    while (w->queue.octets > QUEUE_OCTETS)
        pthread_cond_wait(&w->has_room, &w->lock);
    hand_over(w);
    pthread_cond_signal(&w->has_work);
    bool done = report(w, why);
    pthread_mutex_unlock(&w->lock);
    return done;
}

bool writer_commit(struct writer *w, struct failure *why)
{
    pthread_mutex_lock(&w->lock);
    hand_over(w);
    w->commit = true;
    pthread_cond_signal(&w->has_work);
    while (w->commit || w->working)
        pthread_cond_wait(&w->has_room, &w->lock);
    bool done = report(w, why);
    pthread_mutex_unlock(&w->lock);
    return done;
}

void writer_free(struct writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    hand_over(w);
    w->stop = true;
    pthread_cond_signal(&w->has_work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->has_work);
    pthread_cond_destroy(&w->has_room);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
