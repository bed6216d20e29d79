/* SPDX-License-Identifier: ISC */
/* One interface and the thread that takes its packets from the kernel, whatever the analysis does
 * meanwhile. An interface that is not there, is down or is removed is waited for when the capture
 * says so. */
#ifndef ANALYZER_CAPTURE_TAP_H
#define ANALYZER_CAPTURE_TAP_H

#include <pthread.h>
#include <stdatomic.h>

#include "libpcap.h"
#include "packet_ring.h"

/* What the taps of a capture share. */
struct tap_board {
    pthread_mutex_t lock;
    pthread_cond_t has_packets;
    atomic_bool reader_waits;
    atomic_bool stopped; /* set in a signal handler */
    struct capture_live options;
    struct capture_notice notices[8]; /* under the lock; of too many the oldest go */
    size_t notice_count;
};

struct tap {
    struct capture_source source; /* the reader's, but for its name */
    struct tap_board *board;
    struct packet_ring *ring;
    pthread_t thread;
    bool running;
    struct live_interface *live; /* the thread's; NULL = it waits for the interface */
    uint64_t packets;            /* so far, also before it was opened again */
    uint64_t dropped_before;     /* by those opened before */
    int64_t absent_us; /* since when it waits, by the clock on the wall; 0 = it does not */
    unsigned turns;
    _Atomic uint64_t dropped;
    _Atomic int64_t complete_us; /* packets up to this time are in the ring */
    atomic_bool ended;           /* nothing more comes: `problem` says why */
    char problem[400];
    int64_t held_clock; /* the reader's: since when its packet waits for those of others; 0 = not */
};

/* Opens the interface `tap->source.name` with the board's options. False with `why` when it cannot
 * be had, and is not to be waited for. */
bool tap_open(struct tap *tap, struct failure *why);

/* Starts the thread. False with `why`. */
bool tap_start(struct tap *tap, struct failure *why);

/* Ends the thread, once the board is stopped. */
void tap_finish(struct tap *tap);

/* That, and closes. */
void tap_close(struct tap *tap);

#endif
