/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#include "heloscope/base/clock.h"

enum {
    RING_OCTETS = 32 << 20,
    FULL_MS = 1,          /* pause while the ring is full: then the kernel's fills */
    ABSENT_MS = 100,      /* pauses while the interface is not there, ... */
    ABSENT_TURNS = 5,     /* ... of which so many lie between two tries to open it */
    DROPS_TURNS = 1 << 10 /* packets between two questions for drops */
};

static void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

static bool is_stopped(const struct tap *tap)
{
    return atomic_load_explicit(&tap->board->stopped, memory_order_relaxed);
}

/* --- notices --- */

static void post(struct tap *tap, const struct capture_notice *notice)
{
    struct tap_board *board = tap->board;
    const size_t room = sizeof board->notices / sizeof *board->notices;
    pthread_mutex_lock(&board->lock);
    if (board->notice_count == room)
        memmove(board->notices, board->notices + 1, --board->notice_count * sizeof *notice);
    board->notices[board->notice_count++] = *notice;
    pthread_mutex_unlock(&board->lock);
}

static void begin_to_wait(struct tap *tap, const char *why)
{
    struct capture_notice notice = {0};
    tap->absent_us = clock_wall_us();
    snprintf(notice.text, sizeof notice.text, "%.300s; it is waited for", why);
    post(tap, &notice);
}

static void end_to_wait(struct tap *tap, bool there)
{
    const int64_t now = clock_wall_us();
    struct capture_notice notice = {.began_us = tap->absent_us, .ended_us = now};
    snprintf(notice.text, sizeof notice.text, "%s: %s after %lld s", tap->source.name,
             there ? "captured from now on," : "not there at the end,",
             (long long)((now - tap->absent_us + 500000) / 1000000));
    tap->absent_us = 0;
    post(tap, &notice);
}

/* --- the thread --- */

static void count_drops(struct tap *tap)
{
    atomic_store(&tap->dropped, tap->dropped_before + live_dropped(tap->live));
}

static void wake_reader(struct tap *tap)
{
    struct tap_board *board = tap->board;
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&board->reader_waits, memory_order_relaxed))
        return;
    pthread_mutex_lock(&board->lock);
    pthread_cond_signal(&board->has_packets);
    pthread_mutex_unlock(&board->lock);
}

static void take(struct tap *tap, struct file_packet *packet)
{
    packet->number = ++tap->packets;
    while (!packet_ring_put(tap->ring, packet) && !is_stopped(tap)) {
        count_drops(tap);
        pause_ms(FULL_MS);
    }
    wake_reader(tap);
    if (++tap->turns % DROPS_TURNS == 0)
        count_drops(tap);
}

/* Nothing came for a while: what the kernel kept back is older than that. */
static void note_idle(struct tap *tap)
{
    count_drops(tap);
    atomic_store(&tap->complete_us,
                 clock_wall_us() - (int64_t)(LIVE_BLOCK_MS + LIVE_IDLE_MS) * 1000);
    wake_reader(tap);
}

static void lose(struct tap *tap, const struct failure *why)
{
    char line[400];
    snprintf(line, sizeof line, "%s: capturing ended: %.300s", tap->source.name, why->text);
    count_drops(tap);
    tap->dropped_before = atomic_load(&tap->dropped);
    live_close(tap->live);
    tap->live = NULL;
    if (tap->board->options.wait) {
        begin_to_wait(tap, line);
        return;
    }
    snprintf(tap->problem, sizeof tap->problem, "%s", line);
    atomic_store(&tap->ended, true);
    wake_reader(tap);
}

static void try_again(struct tap *tap)
{
    struct failure ignored;
    enum live_trouble trouble;
    atomic_store(&tap->complete_us, clock_wall_us());
    pause_ms(ABSENT_MS);
    if (++tap->turns % ABSENT_TURNS)
        return;
    tap->live = live_open(tap->source.name, &tap->board->options, &trouble, &ignored);
    if (tap->live)
        end_to_wait(tap, true);
}

static void *tap_on(void *context)
{
    struct tap *tap = context;
    struct file_packet packet;
    struct failure why;
    while (!is_stopped(tap) && !atomic_load(&tap->ended)) {
        if (!tap->live) {
            try_again(tap);
            continue;
        }
        switch (live_next(tap->live, &packet, &why)) {
        case FILE_PACKET:
            take(tap, &packet);
            break;
        case FILE_IDLE:
            note_idle(tap);
            break;
        default:
            lose(tap, &why);
            break;
        }
    }
    if (tap->live)
        count_drops(tap);
    if (tap->absent_us)
        end_to_wait(tap, false);
    return NULL;
}

/* --- from outside --- */

bool tap_open(struct tap *tap, struct failure *why)
{
    enum live_trouble trouble;
    tap->source.live = true;
    tap->live = live_open(tap->source.name, &tap->board->options, &trouble, why);
    if (tap->live)
        return true;
    if (!tap->board->options.wait || trouble == LIVE_REFUSED)
        return false;
    begin_to_wait(tap, why->text);
    why->text[0] = '\0';
    return true;
}

/* Signals are for the thread that reads. */
bool tap_start(struct tap *tap, struct failure *why)
{
    sigset_t all, before;
    tap->ring = packet_ring_new(RING_OCTETS);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&tap->thread, NULL, tap_on, tap);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    tap->running = !error;
    return !error || failure_set(why, "cannot start the thread that captures: %s", strerror(error));
}

void tap_finish(struct tap *tap)
{
    if (tap->running)
        pthread_join(tap->thread, NULL);
    tap->running = false;
}

void tap_close(struct tap *tap)
{
    tap_finish(tap);
    live_close(tap->live);
    packet_ring_free(tap->ring);
    tap->live = NULL;
    tap->ring = NULL;
}
