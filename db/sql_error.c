/* SPDX-License-Identifier: ISC */
#include "sql_error.h"

#include <errno.h>
#include <string.h>

/* By primary result code. What stands here is complete; other codes are told in SQLite's words. */
static const struct {
    int code;
    const char *line;
} lines[] = {
    {SQLITE_NOTADB, "is not a SQLite database; name another file with --db"},
    {SQLITE_BUSY, "is locked by another writer; wait for it to finish, or name another file"},
    {SQLITE_LOCKED, "is locked by another writer; wait for it to finish, or name another file"},
    {SQLITE_READONLY, "cannot be written; change the permissions of the file and of its folder, "
                      "or name another file"},
    {SQLITE_PERM, "cannot be written; change the permissions of the file and of its folder, "
                  "or name another file"},
    {SQLITE_FULL, "has no space left; free some on its disk and run again: what was committed is "
                  "safe"},
    {SQLITE_CORRUPT, "is damaged; save what is left with the .recover command of sqlite3, and "
                     "name another file"},
    {SQLITE_NOMEM, "needs more memory than the machine has left"},
};

static const char *line_of(int code)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (lines[i].code == (code & 0xff))
            return lines[i].line;
    return NULL;
}

bool sql_error_of(int code, const char *path, struct failure *why)
{
    const char *line = line_of(code);
    if (line)
        return failure_set(why, "history '%s' %s", path, line);
    return failure_set(why, "history '%s' failed: %s", path, sqlite3_errstr(code));
}

bool sql_error_is_full(sqlite3 *db)
{
    const int reason = sqlite3_system_errno(db);
    return reason == ENOSPC || reason == EDQUOT;
}

/* A file that cannot be opened or read for a reason that the system names: no such folder, a
 * folder in the place of a file, a broken disk. */
static bool system_error(sqlite3 *db, const char *path, struct failure *why)
{
    const int reason = sqlite3_system_errno(db);
    if (sql_error_is_full(db))
        return sql_error_of(SQLITE_FULL, path, why);
    if (reason == EACCES || reason == EPERM || reason == EROFS)
        return sql_error_of(SQLITE_READONLY, path, why);
    return failure_set(why,
                       "history '%s' cannot be opened or read: %s; name another file with --db",
                       path, reason ? strerror(reason) : sqlite3_errmsg(db));
}

bool sql_error(sqlite3 *db, const char *path, struct failure *why)
{
    const int code = sqlite3_errcode(db) & 0xff;
    if (code == SQLITE_CANTOPEN || code == SQLITE_IOERR)
        return system_error(db, path, why);
    if (line_of(code))
        return sql_error_of(code, path, why);
    return failure_set(why, "history '%s' failed: %s", path, sqlite3_errmsg(db));
}
