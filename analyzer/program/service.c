/* SPDX-License-Identifier: ISC */
#include "service.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

static void tell(const char *state)
{
    sd_notify(0, state);
}
#else
static void tell(const char *state)
{
    (void)state;
}
#endif

void service_ready(void)
{
    tell("READY=1");
}

void service_alive(void)
{
    tell("WATCHDOG=1");
}

void service_stopping(void)
{
    tell("STOPPING=1");
}
