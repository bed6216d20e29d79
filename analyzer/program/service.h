/* SPDX-License-Identifier: ISC */
/* What a service manager is told (sd_notify(3)); nothing when there is none. */
#ifndef ANALYZER_PROGRAM_SERVICE_H
#define ANALYZER_PROGRAM_SERVICE_H

/* Says that what depends on the program may start now. */
void service_ready(void);

/* Says that the program is well, which its watchdog wants to hear regularly. */
void service_alive(void);

/* Says that it is about to end. */
void service_stopping(void);

#endif
