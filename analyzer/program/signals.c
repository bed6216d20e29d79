/* SPDX-License-Identifier: ISC */
#include "signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t hung_up, asked;

/* The terminal that the program belongs to, as long as it does: whether it has gone is asked of it,
 * since anybody may send SIGHUP. */
static int terminal = -1;
static bool outlives;
static struct sigaction before_hangup, before_usr1;

static void on_hangup(int number)
{
    (void)number;
    hung_up = 1;
}

static void on_usr1(int number)
{
    (void)number;
    asked = 1;
}

static void listen_to(int number, void (*handler)(int), struct sigaction *before)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, before);
}

void signals_begin(bool service)
{
    terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    listen_to(SIGHUP, on_hangup, &before_hangup);
    listen_to(SIGUSR1, on_usr1, &before_usr1);
    outlives = before_hangup.sa_handler == SIG_IGN || service;
}

static bool terminal_is_gone(void)
{
    struct pollfd asked_of = {.fd = terminal, .events = POLLIN};
    return terminal >= 0 && poll(&asked_of, 1, 0) == 1 && (asked_of.revents & (POLLHUP | POLLERR));
}

enum wish signals_next(void)
{
    if (hung_up) {
        hung_up = 0;
        return terminal_is_gone() && !outlives ? WISH_END : WISH_REOPEN;
    }
    if (asked) {
        asked = 0;
        return WISH_STATISTICS;
    }
    return WISH_NONE;
}

void signals_end(void)
{
    sigaction(SIGHUP, &before_hangup, NULL);
    sigaction(SIGUSR1, &before_usr1, NULL);
    if (terminal >= 0)
        close(terminal);
    terminal = -1;
}
