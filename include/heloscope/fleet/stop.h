/* SPDX-License-Identifier: ISC */
/* SIGINT and SIGTERM end what goes on until it is stopped. */
#ifndef HELOSCOPE_FLEET_STOP_H
#define HELOSCOPE_FLEET_STOP_H

#include <stdbool.h>

/* From now on the signals are noted, and a second one ends the program at once. */
void stop_watch(void);

/* Whether one came. */
bool stop_came(void);

/* Notes one without a signal, for what runs beside the main thread. */
void stop_now(void);

/* Takes that back. */
void stop_forget(void);

/* Waits so many milliseconds, less when a signal comes. */
void stop_wait(long milliseconds);

#endif
