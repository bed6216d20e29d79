/* SPDX-License-Identifier: ISC */
#include "scratch_history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The writer and the reader of a history are two connections of SQLite, between which a database in
 * memory cannot be shared with a write-ahead log; so it is a file. */
static char path[4096];

const char *scratch_history_make(struct failure *why)
{
    const char *place = getenv("TMPDIR");
    const int length =
        snprintf(path, sizeof path, "%s/heloscope-XXXXXX.db", place && *place ? place : "/tmp");
    const int file = length < (int)sizeof path ? mkstemps(path, (int)strlen(".db")) : -1;
    if (file < 0) {
        failure_set(why, "no temporary file can be made as '%s': %s; TMPDIR names another place",
                    path, strerror(errno));
        path[0] = '\0';
        return NULL;
    }
    close(file);
    return path;
}

void scratch_history_remove(void)
{
    static const char *const endings[] = {"",       "-wal",     "-shm",    "-lock",
                                          "-aside", "-journal", "-writers"};
    char name[sizeof path + 16];
    if (!path[0])
        return;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
    path[0] = '\0';
}
