/* SPDX-License-Identifier: ISC */
#include "heloscope/fleet/stop.h"

#include <signal.h>
#include <time.h>

static volatile sig_atomic_t came;

static void on_signal(int number)
{
    if (came) {
        signal(number, SIG_DFL);
        raise(number);
    }
    came = 1;
}

void stop_watch(void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool stop_came(void)
{
    return came;
}

void stop_now(void)
{
    came = 1;
}

void stop_forget(void)
{
    came = 0;
}

/* In pieces: the signal may come between the question and the wait, or to another thread. */
void stop_wait(long milliseconds)
{
    enum {
        PIECE = 100
    };
    while (milliseconds > 0 && !came) {
        const long piece = milliseconds < PIECE ? milliseconds : PIECE;
        nanosleep(&(struct timespec){0, piece * 1000000}, NULL);
        milliseconds -= piece;
    }
}
