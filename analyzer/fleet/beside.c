/* SPDX-License-Identifier: ISC */
#include "heloscope/fleet/beside.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "heloscope/db/store.h"
#include "heloscope/fleet/stop.h"
#include "heloscope/output/terminal.h"

struct beside {
    pthread_t thread;
    sem_t ending; /* recording is over: the rest is to be sent */
    const char *database;
    struct fleet_words words;
    bool done;
    struct failure why; /* when the rest could not be sent */
};

enum {
    TRIES = 2 /* of the rest: whoever ends the program does not wait for long */
};

/* Recording goes on whatever becomes of it: what was not sent stays in the history. The rest is
 * sent here too: whoever records may be confined by then, and can open no connection. */
static void *ship(void *context)
{
    struct beside *beside = context;
    const struct ship_job job = {.follow = true};
    struct failure why = {""};
    struct terminal terminal = {0};
    if (!fleet_ship(beside->database, &beside->words, &job, NULL, &why) && !stop_came())
        terminal_warn(&terminal, "%s; recording goes on, heloscope ship sends the rest later",
                      why.text);
    while (sem_wait(&beside->ending) && errno == EINTR)
        ;
    stop_forget();
    const struct ship_job rest = {.attempts = TRIES};
    beside->done = fleet_ship(beside->database, &beside->words, &rest, NULL, &beside->why);
    return NULL;
}

/* A signal that ends the program is for the thread that records. */
static bool begin_thread(struct beside *beside)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool begun = pthread_create(&beside->thread, NULL, ship, beside) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return begun;
}

struct beside *beside_begin(const char *database, const struct fleet_words *words,
                            struct failure *why)
{
    if (!fleet_check(words, why))
        return NULL;
    /* It is made here when it is not there yet: both threads open what exists. */
    struct store *store = store_open(database, why);
    if (!store || !store_close(store, why))
        return NULL;
    struct beside *beside = memory_get(sizeof *beside);
    beside->database = database;
    beside->words = *words;
    sem_init(&beside->ending, 0, 0);
    if (begin_thread(beside))
        return beside;
    free(beside);
    failure_set(why, "no thread could be started for the fleet");
    return NULL;
}

bool beside_end(struct beside *beside, struct failure *why)
{
    if (!beside)
        return true;
    stop_now();
    sem_post(&beside->ending);
    pthread_join(beside->thread, NULL);
    sem_destroy(&beside->ending);
    const bool done = beside->done;
    if (!done && why)
        *why = beside->why;
    free(beside);
    return done;
}
