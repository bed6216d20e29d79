/* SPDX-License-Identifier: ISC */
#include "dictionary.h"

#include "heloscope/cause.h"

/* A row is written only where a text differs, so that opening a history that is up to date leaves
 * the file as it is. */
static const char upsert[] =
    "INSERT INTO main.causes (cause, title, meaning, rule, example, look_for, client_advice, "
    "server_advice) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
    "ON CONFLICT (cause) DO UPDATE SET (title, meaning, rule, example, look_for, client_advice, "
    "server_advice) = (?2, ?3, ?4, ?5, ?6, ?7, ?8) "
    "WHERE (title, meaning, rule, example, look_for, client_advice, server_advice) IS NOT "
    "(?2, ?3, ?4, ?5, ?6, ?7, ?8)";

static bool write_row(sqlite3_stmt *statement, const struct cause_entry *entry)
{
    const char *const texts[] = {entry->name,    entry->title,    entry->meaning, entry->rule,
                                 entry->example, entry->look_for, entry->client,  entry->server};
    for (int i = 0; i < 8; i++)
        sqlite3_bind_text(statement, i + 1, texts[i] ? texts[i] : "", -1, SQLITE_STATIC);
    sqlite3_step(statement);
    return sqlite3_reset(statement) == SQLITE_OK;
}

bool dictionary_refresh(sqlite3 *db)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, upsert, -1, &statement, NULL) != SQLITE_OK)
        return false;
    bool done = true;
    for (int cause = CAUSE_NONE + 1; done && cause < CAUSE_COUNT; cause++)
        done = write_row(statement, cause_entry((enum cause)cause));
    sqlite3_finalize(statement);
    return done;
}
