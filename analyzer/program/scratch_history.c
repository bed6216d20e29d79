/* SPDX-License-Identifier: ISC */
#include "scratch_history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The writer and the reader of a history are two connections of SQLite, between which a database in
 * memory cannot be shared with a write-ahead log; so it is a file. */
static char folder[4096], path[4096 + 16];

const char *scratch_history_make(struct failure *why)
{
    const char *place = getenv("TMPDIR");
    const int length =
        snprintf(folder, sizeof folder, "%s/heloscope-XXXXXX", place && *place ? place : "/tmp");
    if (length >= (int)sizeof folder || !mkdtemp(folder)) {
        failure_set(why, "no temporary folder can be made as '%s': %s; TMPDIR names another place",
                    folder, strerror(errno));
        folder[0] = '\0';
        return NULL;
    }
    snprintf(path, sizeof path, "%s/history.db", folder);
    return path;
}

void scratch_history_remove(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-lock", "-aside", "-journal"};
    char name[sizeof path + 16];
    if (!folder[0])
        return;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
    rmdir(folder);
    folder[0] = '\0';
}
