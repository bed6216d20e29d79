/* SPDX-License-Identifier: ISC */
/* heloscope ship --init: the database of a fleet.
 *
 * Each table is three things there: NAME_rows holds the rows of this shard, NAME_all shows those of
 * all shards, NAME is a view of the newest version of each. The version of the whole is a view too,
 * so that words ON CLUSTER bring it to every server. */
#include "setup.h"

#include <stdarg.h>
#include <stdlib.h>

#include "analyzer/fleet/views_sql.h"
#include "heloscope/base/memory.h"
#include "heloscope/cause.h"

/* A statement that is being put together. */
struct text {
    char *at;
    size_t length, size;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    for (;;) {
        va_list args;
        va_start(args, format);
        const size_t room = text->size - text->length;
        const size_t wanted =
            (size_t)vsnprintf(room ? text->at + text->length : NULL, room, format, args);
        va_end(args);
        if (wanted < room) {
            text->length += wanted;
            return;
        }
        text->size = 2 * text->size + wanted + 1;
        text->at = memory_resize(text->at, text->size);
    }
}

static bool run(const struct setup *setup, struct text *text, struct failure *why)
{
    const enum http_outcome outcome = http_ask(setup->http, text->at, "", NULL, NULL, why);
    free(text->at);
    *text = (struct text){0};
    return outcome == HTTP_DONE;
}

/* " ON CLUSTER name", or nothing. */
static void add_place(struct text *text, const struct account *account)
{
    if (*account->cluster)
        add(text, " ON CLUSTER `%s`", account->cluster);
}

static bool drop(const struct setup *setup, const char *name, const char *suffix,
                 struct failure *why)
{
    struct text text = {0};
    add(&text, "DROP TABLE IF EXISTS `%s`.%s%s", setup->account->database, name, suffix);
    add_place(&text, setup->account);
    return run(setup, &text, why);
}

static bool make_database(const struct setup *setup, struct failure *why)
{
    struct text text = {0};
    add(&text, "CREATE DATABASE IF NOT EXISTS `%s`", setup->account->database);
    add_place(&text, setup->account);
    return run(setup, &text, why);
}

/* The partition is the month of the session's start in every table, so that DROP PARTITION removes
 * whole sessions. */
static bool make_rows(const struct setup *setup, const struct outbox_table *table,
                      struct failure *why)
{
    const struct account *account = setup->account;
    struct text text = {0};
    add(&text, "CREATE TABLE IF NOT EXISTS `%s`.%s_rows", account->database, table->name);
    add_place(&text, account);
    add(&text, " (sensor String, uid String, version UInt64, started_us Int64");
    for (size_t i = 0; i < table->count; i++)
        add(&text, ", %s %s", table->columns[i].name, table->columns[i].type);
    add(&text, ") ENGINE = ");
    if (*account->cluster)
        add(&text,
            "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/%s/%s', '{replica}', "
            "version)",
            account->database, table->name);
    else
        add(&text, "ReplacingMergeTree(version)");
    add(&text,
        " PARTITION BY toYYYYMM(toDateTime(intDiv(started_us, 1000000), 'UTC')) "
        "ORDER BY (sensor, uid%s)",
        table->key);
    return run(setup, &text, why);
}

/* What a table of an older version lacks. */
static bool add_columns(const struct setup *setup, const struct outbox_table *table, int version,
                        struct failure *why)
{
    for (size_t i = 0; version && i < table->count; i++) {
        const struct outbox_column *column = &table->columns[i];
        struct text text = {0};
        if (column->since <= version)
            continue;
        add(&text, "ALTER TABLE `%s`.%s_rows", setup->account->database, table->name);
        add_place(&text, setup->account);
        add(&text, " ADD COLUMN %s %s", column->name, column->type);
        if (!run(setup, &text, why))
            return false;
    }
    return true;
}

/* Merge and not a view: conditions reach the table's key through it also in old versions. */
static bool make_all(const struct setup *setup, const struct outbox_table *table,
                     struct failure *why)
{
    const struct account *account = setup->account;
    struct text text = {0};
    if (!drop(setup, table->name, "_all", why))
        return false;
    add(&text, "CREATE TABLE `%s`.%s_all", account->database, table->name);
    add_place(&text, account);
    add(&text, " AS `%s`.%s_rows ENGINE = ", account->database, table->name);
    if (*account->cluster)
        add(&text, "Distributed(`%s`, `%s`, %s_rows)", account->cluster, account->database,
            table->name);
    else
        add(&text, "Merge(`%s`, '^%s_rows$')", account->database, table->name);
    return run(setup, &text, why);
}

/* Aggregates pass over NULL, so that it is asked for beside the value. (A tuple would hold it too,
 * but 18.16 dies of it when the state comes from another shard.) */
static void add_newest(struct text *text, const char *name, const char *type)
{
    const char *empty = strstr(type, "String") ? "''" : "0";
    if (strncmp(type, "Nullable", 8) == 0)
        add(text,
            ", if(argMax(isNull(%s), version) = 1, NULL, argMax(ifNull(%s, %s), version)) AS %s",
            name, name, empty, name);
    else
        add(text, ", argMax(%s, version) AS %s", name, name);
}

static bool is_key(const struct outbox_table *table, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = table->key; (at = strstr(at, name)) != NULL; at += length)
        if (at[-1] == ' ' && (!at[length] || at[length] == ','))
            return true;
    return false;
}

/* The newest version of each row, of the sessions whose own row has come: rows that a later version
 * of the session does not have any more are older than that. */
static bool make_newest(const struct setup *setup, const struct outbox_table *table,
                        struct failure *why)
{
    const char *database = setup->account->database;
    const bool of_session = !*table->key;
    struct text text = {0};
    if (!drop(setup, table->name, "", why))
        return false;
    add(&text, "CREATE VIEW `%s`.%s", database, table->name);
    add_place(&text, setup->account);
    add(&text, " AS SELECT uid AS session_id%s%s", of_session ? ", uid" : "", table->key);
    add_newest(&text, "sensor", "String");
    add_newest(&text, "started_us", "Int64");
    for (size_t i = 0; i < table->count; i++)
        if (!is_key(table, table->columns[i].name))
            add_newest(&text, table->columns[i].name, table->columns[i].type);
    add(&text, ", max(version) AS newest_version FROM ");
    if (of_session) {
        add(&text, "`%s`.sessions_all GROUP BY uid", database);
        return run(setup, &text, why);
    }
    add(&text,
        "(SELECT * FROM `%s`.%s_all GLOBAL ANY LEFT JOIN (SELECT uid, max(version) AS newest "
        "FROM `%s`.sessions_all",
        database, table->name, database);
    if (table->of_trouble) /* few sessions: the others need not be looked at */
        add(&text, " WHERE uid GLOBAL IN (SELECT uid FROM `%s`.%s_all)", database, table->name);
    add(&text,
        " GROUP BY uid) AS n USING uid WHERE newest > 0 AND version >= newest) GROUP BY uid%s",
        table->key);
    return run(setup, &text, why);
}

/* The titles of the causes, as a view that holds them. */
static bool make_causes(const struct setup *setup, struct failure *why)
{
    struct text text = {0};
    if (!drop(setup, "causes", "", why))
        return false;
    add(&text, "CREATE VIEW `%s`.causes", setup->account->database);
    add_place(&text, setup->account);
    add(&text, " AS SELECT pair.1 AS cause, pair.2 AS title FROM (SELECT arrayJoin([");
    for (enum cause cause = 0; cause < CAUSE_COUNT; cause++) {
        const struct cause_entry *entry = cause_entry(cause);
        add(&text, "%s('%s', '", cause ? ", " : "", entry->name);
        for (const char *c = entry->title; *c; c++)
            add(&text, *c == '\'' || *c == '\\' ? "\\%c" : "%c", *c);
        add(&text, "')");
    }
    add(&text, "]) AS pair)");
    return run(setup, &text, why);
}

/* One statement of views.sql, with its names filled in. */
static bool make_view(const struct setup *setup, const char *sql, size_t length,
                      struct failure *why)
{
    static const char head[] = "CREATE VIEW @DB@.";
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(sql + sizeof head - 1, " "),
             sql + sizeof head - 1);
    struct text text = {0};
    for (size_t i = 0; i < length; i++)
        if (strncmp(sql + i, "@DB@", 4) == 0) {
            add(&text, "`%s`", setup->account->database);
            i += 3;
        } else if (strncmp(sql + i, "@CLUSTER@", 9) == 0) {
            add_place(&text, setup->account);
            i += 8;
        } else {
            add(&text, "%c", sql[i]);
        }
    if (drop(setup, name, "", why) && run(setup, &text, why))
        return true;
    free(text.at);
    return false;
}

static bool make_views(const struct setup *setup, struct failure *why)
{
    for (const char *at = views_sql, *end; (end = strstr(at, ";\n")) != NULL; at = end + 2)
        if (!make_view(setup, at, (size_t)(end - at), why))
            return false;
    return true;
}

static bool make_version(const struct setup *setup, struct failure *why)
{
    struct text text = {0};
    if (!drop(setup, "fleet_version", "", why))
        return false;
    add(&text, "CREATE VIEW `%s`.fleet_version", setup->account->database);
    add_place(&text, setup->account);
    add(&text, " AS SELECT %d AS version", SETUP_VERSION);
    return run(setup, &text, why);
}

static bool keep_number(void *context, struct bytes piece)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%.*s", (int)(piece.len < 15 ? piece.len : 15),
             (const char *)piece.at);
    *(int *)context = atoi(digits);
    return true;
}

enum http_outcome setup_version(const struct setup *setup, int *version, struct failure *why)
{
    enum {
        NO_TABLE = 60,
        NO_DATABASE = 81
    };
    struct text text = {0};
    *version = 0;
    add(&text, "SELECT max(version) FROM `%s`.fleet_version FORMAT TabSeparated",
        setup->account->database);
    enum http_outcome outcome = http_ask(setup->http, text.at, "", keep_number, version, why);
    free(text.at);
    const int code = http_code(setup->http);
    if (outcome == HTTP_REFUSED && (code == NO_TABLE || code == NO_DATABASE)) {
        why->text[0] = '\0';
        outcome = HTTP_DONE;
    }
    return outcome;
}

static bool make_tables(const struct setup *setup, int version, struct failure *why)
{
    for (size_t i = 0; i < OUTBOX_TABLES; i++)
        if (!make_rows(setup, &outbox_tables[i], why) ||
            !add_columns(setup, &outbox_tables[i], version, why) ||
            !make_all(setup, &outbox_tables[i], why))
            return false;
    for (size_t i = 0; i < OUTBOX_TABLES; i++)
        if (!make_newest(setup, &outbox_tables[i], why))
            return false;
    return true;
}

bool setup_run(const struct setup *setup, struct failure *why)
{
    int version;
    if (setup_version(setup, &version, why) != HTTP_DONE)
        return false;
    if (version > SETUP_VERSION)
        return failure_set(why,
                           "fleet database '%s' was made by a newer heloscope; update this one",
                           setup->account->database);
    return make_database(setup, why) && make_tables(setup, version, why) &&
           make_causes(setup, why) && make_views(setup, why) && make_version(setup, why);
}

bool fleet_init(const struct fleet_words *words, struct failure *why)
{
    static struct account account;
    if (!account_read(words, &account, why))
        return false;
    struct http *http = http_open(&account, why);
    if (!http)
        return false;
    const struct setup setup = {&account, http};
    const bool done = setup_run(&setup, why);
    http_close(http);
    return done;
}
