/* SPDX-License-Identifier: ISC */
#include "live_capture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/memory.h"
#include "input.h"
#include "problem.h"

enum {
    IDLE_US = 100000,   /* how long a packet is waited for */
    HOLD_US = 300000,   /* how long one waits for older ones of other interfaces, at most */
    HOLD_LOOK_US = 5000 /* between two looks whether it still has to */
};

struct live_capture {
    struct tap_board board;
    struct tap *taps;
    struct capture_source **sources;
    size_t count;
    char **names, *filter;  /* owned */
    struct tap *handed_out; /* whose packet is with the caller */
};

/* --- opening --- */

static char *copy(const char *text)
{
    return text ? strcpy(memory_get(strlen(text) + 1), text) : NULL;
}

static bool name_interfaces(struct live_capture *live, const struct capture_live *options,
                            struct failure *why)
{
    live->count = options->interface_count ? options->interface_count : 1;
    live->names = memory_get(live->count * sizeof *live->names);
    live->taps = memory_get(live->count * sizeof *live->taps);
    live->sources = memory_get(live->count * sizeof *live->sources);
    for (size_t i = 0; i < options->interface_count; i++)
        live->names[i] = copy(options->interfaces[i]);
    return options->interface_count || live_default(&live->names[0], why);
}

static bool open_taps(struct live_capture *live, struct failure *why)
{
    for (size_t i = 0; i < live->count; i++) {
        struct tap *tap = &live->taps[i];
        tap->board = &live->board;
        tap->source.name = live->names[i];
        live->sources[i] = &tap->source;
        if (!tap_open(tap, why))
            return false;
    }
    if (live->board.options.opened && !live->board.options.opened(live->board.options.context, why))
        return false;
    for (size_t i = 0; i < live->count; i++)
        if (!tap_start(&live->taps[i], why))
            return false;
    return true;
}

struct live_capture *live_capture_open(const struct capture_live *options, struct failure *why)
{
    struct live_capture *live = memory_get(sizeof *live);
    pthread_condattr_t steady;
    pthread_mutex_init(&live->board.lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&live->board.has_packets, &steady);
    pthread_condattr_destroy(&steady);
    live->filter = copy(options->filter);
    live->board.options = *options;
    live->board.options.filter = live->filter;
    if (name_interfaces(live, options, why) && open_taps(live, why))
        return live;
    live_capture_close(live);
    return NULL;
}

void live_capture_finish(struct live_capture *live)
{
    live_capture_stop(live);
    for (size_t i = 0; i < live->count; i++)
        tap_finish(&live->taps[i]);
}

void live_capture_close(struct live_capture *live)
{
    if (!live)
        return;
    live_capture_stop(live);
    for (size_t i = 0; i < live->count; i++) {
        tap_close(&live->taps[i]);
        free(live->names[i]);
    }
    pthread_cond_destroy(&live->board.has_packets);
    pthread_mutex_destroy(&live->board.lock);
    free(live->names);
    free(live->filter);
    free(live->taps);
    free(live->sources);
    free(live);
}

/* --- reading --- */

/* Whether no packet of that time, or an older one, can come any more. */
static bool is_past(const struct tap *tap, int64_t ts_us)
{
    return atomic_load(&tap->ended) || atomic_load(&tap->complete_us) >= ts_us;
}

/* The tap with the oldest packet; NULL when there is none. `settled`: no other can still get an
 * older one. */
static struct tap *oldest_of(struct live_capture *live, struct file_packet *out, bool *settled)
{
    struct file_packet packet;
    struct tap *oldest = NULL;
    for (size_t i = 0; i < live->count; i++)
        if (packet_ring_first(live->taps[i].ring, &packet) &&
            (!oldest || packet.ts_us < out->ts_us)) {
            oldest = &live->taps[i];
            *out = packet;
        }
    *settled = true;
    for (size_t i = 0; oldest && i < live->count; i++)
        if (&live->taps[i] != oldest && !packet_ring_octets(live->taps[i].ring))
            *settled &= is_past(&live->taps[i], out->ts_us);
    return oldest;
}

/* A clock that is wrong must not hold a packet for long. */
static bool held_long_enough(struct tap *tap)
{
    const int64_t clock = clock_steady_us();
    if (!tap->held_clock)
        tap->held_clock = clock;
    return clock - tap->held_clock >= HOLD_US;
}

static struct tap *find_next(struct live_capture *live, struct file_packet *out, bool *held)
{
    bool settled;
    struct tap *tap = oldest_of(live, out, &settled);
    *held = tap && !settled && !held_long_enough(tap);
    if (!tap || *held)
        return NULL;
    tap->held_clock = 0;
    return tap;
}

static bool any_waits(const struct live_capture *live)
{
    for (size_t i = 0; i < live->count; i++)
        if (packet_ring_octets(live->taps[i].ring))
            return true;
    return false;
}

/* `held`: there are packets, which cannot go yet. */
static void wait_for_packets(struct live_capture *live, bool held)
{
    struct tap_board *board = &live->board;
    const int64_t end = clock_steady_us() + (held ? HOLD_LOOK_US : IDLE_US);
    const struct timespec until = {.tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000};
    pthread_mutex_lock(&board->lock);
    atomic_store(&board->reader_waits, true);
    atomic_thread_fence(memory_order_seq_cst);
    if ((held || !any_waits(live)) && !atomic_load(&board->stopped))
        pthread_cond_timedwait(&board->has_packets, &board->lock, &until);
    atomic_store(&board->reader_waits, false);
    pthread_mutex_unlock(&board->lock);
}

static bool is_over(const struct live_capture *live)
{
    for (size_t i = 0; i < live->count; i++)
        if (!atomic_load(&live->taps[i].ended))
            return false;
    return true;
}

enum capture_result live_capture_next(struct live_capture *live, struct packet_record *out)
{
    struct file_packet packet;
    bool held;
    if (live->handed_out)
        packet_ring_drop(live->handed_out->ring);
    live->handed_out = NULL;
    if (atomic_load_explicit(&live->board.stopped, memory_order_relaxed))
        return CAPTURE_END;
    const bool over = is_over(live);
    struct tap *tap = find_next(live, &packet, &held);
    if (!tap && over)
        return CAPTURE_END;
    if (!tap) {
        wait_for_packets(live, held);
        tap = find_next(live, &packet, &held);
    }
    if (!tap)
        return CAPTURE_IDLE;
    live->handed_out = tap;
    capture_hand_out(&tap->source, &packet, out);
    return CAPTURE_PACKET;
}

void live_capture_stop(struct live_capture *live)
{
    atomic_store(&live->board.stopped, true);
}

/* --- what there is --- */

size_t live_capture_sources(struct live_capture *live, struct capture_source ***out)
{
    for (size_t i = 0; i < live->count; i++) {
        struct tap *tap = &live->taps[i];
        tap->source.dropped = atomic_load(&tap->dropped);
        tap->source.waiting = tap->ring ? packet_ring_octets(tap->ring) : 0;
        if (atomic_load(&tap->ended) && !tap->source.problem[0])
            snprintf(tap->source.problem, sizeof tap->source.problem, "%s", tap->problem);
    }
    *out = live->sources;
    return live->count;
}

bool live_capture_take_notice(struct live_capture *live, struct capture_notice *out)
{
    struct tap_board *board = &live->board;
    pthread_mutex_lock(&board->lock);
    const bool any = board->notice_count;
    if (any) {
        *out = board->notices[0];
        memmove(board->notices, board->notices + 1, --board->notice_count * sizeof *out);
    }
    pthread_mutex_unlock(&board->lock);
    return any;
}
