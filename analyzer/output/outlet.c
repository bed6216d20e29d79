/* SPDX-License-Identifier: ISC */
#include "heloscope/output/outlet.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

enum {
    SLICE = 4096, /* octets of a write: a pipe that is ready takes as many without waiting */
    POLL_MS = 100,
};

struct item {
    struct item *next;
    char *text;
    size_t length;
};

struct outlet {
    int file;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    struct item *first, **last;
    size_t octets;     /* that wait */
    uint64_t left_out; /* since it was asked for */
    int error;
    bool stop;
    int64_t stop_us; /* when it was told to */
};

static void item_free(struct item *item)
{
    free(item->text);
    free(item);
}

/* Under the lock. */
static struct item *take_first(struct outlet *outlet)
{
    struct item *item = outlet->first;
    if (!item)
        return NULL;
    outlet->first = item->next;
    if (!outlet->first)
        outlet->last = &outlet->first;
    return item;
}

/* Under the lock. */
static void leave_out_all(struct outlet *outlet)
{
    struct item *item;
    while ((item = take_first(outlet))) {
        item_free(item);
        outlet->left_out++;
    }
    outlet->octets = 0;
}

static bool is_late(struct outlet *outlet)
{
    pthread_mutex_lock(&outlet->lock);
    const bool late = outlet->stop && clock_steady_us() - outlet->stop_us > OUTLET_END_MS * 1000;
    pthread_mutex_unlock(&outlet->lock);
    return late;
}

/* Waits until the file can be written without waiting. A file that cannot be waited for is always
 * ready. */
static int wait_until_ready(struct outlet *outlet)
{
    struct pollfd waited = {.fd = outlet->file, .events = POLLOUT};
    for (;;) {
        const int ready = poll(&waited, 1, POLL_MS);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return errno;
        if (is_late(outlet))
            return ETIMEDOUT;
    }
}

/* Returns 0, or an errno. */
static int write_item(struct outlet *outlet, const struct item *item)
{
    for (size_t done = 0; done < item->length;) {
        const int error = wait_until_ready(outlet);
        if (error)
            return error;
        const size_t rest = item->length - done;
        const ssize_t count =
            write(outlet->file, item->text + done, rest < SLICE ? rest : (size_t)SLICE);
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return errno;
        if (count > 0)
            done += (size_t)count;
    }
    return 0;
}

static void *print_on(void *context)
{
    struct outlet *outlet = context;
    pthread_mutex_lock(&outlet->lock);
    for (;;) {
        while (!outlet->first && !outlet->stop)
            pthread_cond_wait(&outlet->has_work, &outlet->lock);
        struct item *item = take_first(outlet);
        if (!item)
            break;
        pthread_mutex_unlock(&outlet->lock);
        const int error = write_item(outlet, item);
        pthread_mutex_lock(&outlet->lock);
        outlet->octets -= item->length;
        item_free(item);
        if (!error)
            continue;
        outlet->error = error;
        outlet->left_out++;
        leave_out_all(outlet);
    }
    pthread_mutex_unlock(&outlet->lock);
    return NULL;
}

struct outlet *outlet_new(int file, struct failure *why)
{
    struct outlet *outlet = memory_get(sizeof *outlet);
    outlet->file = file;
    outlet->last = &outlet->first;
    pthread_mutex_init(&outlet->lock, NULL);
    pthread_cond_init(&outlet->has_work, NULL);
    const int error = pthread_create(&outlet->thread, NULL, print_on, outlet);
    if (!error)
        return outlet;
    failure_set(why, "cannot start the thread that prints: %s", strerror(error));
    free(outlet);
    return NULL;
}

void outlet_put(struct outlet *outlet, char *text, size_t length)
{
    struct item *item = memory_get(sizeof *item);
    *item = (struct item){.text = text, .length = length};
    pthread_mutex_lock(&outlet->lock);
    const bool taken = !outlet->error && outlet->octets + length <= OUTLET_LIMIT;
    if (taken) {
        *outlet->last = item;
        outlet->last = &item->next;
        outlet->octets += length;
        pthread_cond_signal(&outlet->has_work);
    } else {
        outlet->left_out++;
    }
    pthread_mutex_unlock(&outlet->lock);
    if (!taken)
        item_free(item);
}

uint64_t outlet_take_left_out(struct outlet *outlet)
{
    pthread_mutex_lock(&outlet->lock);
    const uint64_t count = outlet->left_out;
    outlet->left_out = 0;
    pthread_mutex_unlock(&outlet->lock);
    return count;
}

int outlet_error(struct outlet *outlet)
{
    pthread_mutex_lock(&outlet->lock);
    const int error = outlet->error;
    pthread_mutex_unlock(&outlet->lock);
    return error;
}

size_t outlet_waiting(struct outlet *outlet)
{
    pthread_mutex_lock(&outlet->lock);
    const size_t octets = outlet->octets;
    pthread_mutex_unlock(&outlet->lock);
    return octets;
}

uint64_t outlet_free(struct outlet *outlet)
{
    if (!outlet)
        return 0;
    pthread_mutex_lock(&outlet->lock);
    outlet->stop = true;
    outlet->stop_us = clock_steady_us();
    pthread_cond_signal(&outlet->has_work);
    pthread_mutex_unlock(&outlet->lock);
    pthread_join(outlet->thread, NULL);
    const uint64_t left_out = outlet->left_out;
    pthread_cond_destroy(&outlet->has_work);
    pthread_mutex_destroy(&outlet->lock);
    free(outlet);
    return left_out;
}
