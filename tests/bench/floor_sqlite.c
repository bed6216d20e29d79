/* SPDX-License-Identifier: ISC */
/* The floor of storing: the rows of a history put into a fresh one with the same schema, by
 * prepared statements, in the same order and with the same settings, and nothing else.
 *
 *   floor_sqlite HISTORY.db NEW.db
 *
 * Rows are read into memory a batch at a time; only what is spent on writing is counted, and
 * printed: seconds of CPU, seconds of wall time, rows. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH_SESSIONS = 2000, /* in one transaction */
    MOST_COLUMNS = 64,
};

/* The tables, and how their rows tell their session. Rows of a table without that are copied before
 * all others. */
struct source {
    const char *name, *session, *order;
    sqlite3_stmt *rows, *insert;
    int columns;
    bool more;
};

static struct source sources[] = {
    {.name = "captures"},
    {.name = "causes"},
    {.name = "sessions", .session = "session_id", .order = "session_id"},
    {.name = "timelines", .session = "session_id", .order = "session_id"},
    {.name = "single_events", .session = "id >> 24", .order = "id"},
    {.name = "violations", .session = "session_id", .order = "session_id"},
    {.name = "diagnoses", .session = "session_id", .order = "session_id"},
    {.name = "related_events", .session = "session_id", .order = "session_id"},
    {.name = "transactions", .session = "session_id", .order = "session_id"},
    {.name = "recipients", .session = "session_id", .order = "session_id"},
};
enum {
    SOURCES = sizeof sources / sizeof sources[0]
};

/* A row in memory. */
struct cell {
    int type, length;
    sqlite3_int64 number;
    const char *text;
};
struct row {
    struct row *next;
    struct source *source;
    struct cell cells[];
};

/* Rows that wait to be written, in one piece of memory that is used again. */
struct batch {
    char *memory;
    size_t used, size;
    struct row *first, **end;
};

static sqlite3 *from, *to;
static struct timespec cpu_spent, wall_spent;

static _Noreturn void die(sqlite3 *db, const char *what)
{
    fprintf(stderr, "floor_sqlite: %s: %s\n", what, db ? sqlite3_errmsg(db) : "no memory");
    exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(db, sql);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        die(db, sql);
    return statement;
}

/* ---------------------------------------------------------------------------------------- clocks
 */

static void add(struct timespec *total, clockid_t clock, int sign)
{
    struct timespec now;
    clock_gettime(clock, &now);
    total->tv_sec += sign * now.tv_sec;
    total->tv_nsec += sign * now.tv_nsec;
}

static void clocks_start(void)
{
    add(&cpu_spent, CLOCK_PROCESS_CPUTIME_ID, -1);
    add(&wall_spent, CLOCK_MONOTONIC, -1);
}

static void clocks_stop(void)
{
    add(&cpu_spent, CLOCK_PROCESS_CPUTIME_ID, 1);
    add(&wall_spent, CLOCK_MONOTONIC, 1);
}

static double seconds(const struct timespec *t)
{
    return (double)t->tv_sec + (double)t->tv_nsec * 1e-9;
}

/* ---------------------------------------------------------------------------------------- schema
 */

/* Everything that the old file has, in the order in which it was made. */
static void copy_schema(void)
{
    sqlite3_stmt *all = prepare(from, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND "
                                      "name NOT LIKE 'sqlite_%' ORDER BY rowid");
    run(to, "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
            "PRAGMA cache_size = -16384");
    while (sqlite3_step(all) == SQLITE_ROW)
        run(to, (const char *)sqlite3_column_text(all, 0));
    sqlite3_finalize(all);
}

static void prepare_source(struct source *source)
{
    char sql[1024], marks[3 * MOST_COLUMNS];
    snprintf(sql, sizeof sql, "SELECT %s, * FROM %s ORDER BY %s",
             source->session ? source->session : "0", source->name,
             source->order ? source->order : "1");
    source->rows = prepare(from, sql);
    source->columns = sqlite3_column_count(source->rows) - 1;
    if (source->columns > MOST_COLUMNS)
        die(NULL, source->name);
    for (int i = 0; i < source->columns; i++)
        memcpy(marks + 2 * i, ",?", 3);
    snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (%s)", source->name, marks + 1);
    source->insert = prepare(to, sql);
    source->more = sqlite3_step(source->rows) == SQLITE_ROW;
}

/* --------------------------------------------------------------------------------------- reading
 */

static void *take(struct batch *batch, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if (batch->size - batch->used < size)
        return NULL;
    batch->used += size;
    return batch->memory + batch->used - size;
}

static void read_cell(struct batch *batch, sqlite3_stmt *rows, int column, struct cell *cell)
{
    cell->type = sqlite3_column_type(rows, column);
    if (cell->type == SQLITE_INTEGER) {
        cell->number = sqlite3_column_int64(rows, column);
    } else if (cell->type != SQLITE_NULL) {
        const void *text = sqlite3_column_blob(rows, column);
        cell->length = sqlite3_column_bytes(rows, column);
        char *copy = take(batch, (size_t)cell->length + 1);
        if (!copy)
            die(NULL, "a session that is larger than a batch");
        if (cell->length)
            memcpy(copy, text, (size_t)cell->length);
        cell->text = copy;
    }
}

static void read_row(struct batch *batch, struct source *source)
{
    struct row *row = take(batch, sizeof *row + (size_t)source->columns * sizeof row->cells[0]);
    if (!row)
        die(NULL, "a session that is larger than a batch");
    row->next = NULL;
    row->source = source;
    for (int i = 0; i < source->columns; i++)
        read_cell(batch, source->rows, i + 1, &row->cells[i]);
    *batch->end = row;
    batch->end = &row->next;
    source->more = sqlite3_step(source->rows) == SQLITE_ROW;
}

static void read_session(struct batch *batch, sqlite3_int64 session)
{
    for (int i = 0; i < SOURCES; i++)
        while (sources[i].more && sqlite3_column_int64(sources[i].rows, 0) == session)
            read_row(batch, &sources[i]);
}

/* The next session that any table speaks of; -1 = none. */
static sqlite3_int64 next_session(void)
{
    sqlite3_int64 least = -1;
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].more) {
            const sqlite3_int64 session = sqlite3_column_int64(sources[i].rows, 0);
            if (least < 0 || session < least)
                least = session;
        }
    return least;
}

static bool read_batch(struct batch *batch)
{
    sqlite3_int64 session;
    batch->used = 0;
    batch->first = NULL;
    batch->end = &batch->first;
    for (int n = 0; n < BATCH_SESSIONS && batch->used < batch->size / 2; n++) {
        if ((session = next_session()) < 0)
            break;
        read_session(batch, session);
    }
    return batch->first;
}

/* --------------------------------------------------------------------------------------- writing
 */

static void write_row(const struct row *row)
{
    sqlite3_stmt *insert = row->source->insert;
    for (int i = 0; i < row->source->columns; i++) {
        const struct cell *cell = &row->cells[i];
        if (cell->type == SQLITE_INTEGER)
            sqlite3_bind_int64(insert, i + 1, cell->number);
        else if (cell->type == SQLITE_NULL)
            sqlite3_bind_null(insert, i + 1);
        else
            sqlite3_bind_text(insert, i + 1, cell->text, cell->length, SQLITE_STATIC);
    }
    sqlite3_step(insert);
    if (sqlite3_reset(insert) != SQLITE_OK)
        die(to, row->source->name);
}

static unsigned long long write_batch(const struct batch *batch)
{
    unsigned long long rows = 0;
    run(to, "BEGIN IMMEDIATE");
    for (const struct row *row = batch->first; row; row = row->next, rows++)
        write_row(row);
    run(to, "COMMIT");
    return rows;
}

static sqlite3 *open_file(const char *path, int flags)
{
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        die(db, path);
    return db;
}

int main(int argc, char **argv)
{
    struct batch batch = {.size = 256u << 20};
    unsigned long long rows = 0;
    if (argc != 3) {
        fputs("usage: floor_sqlite HISTORY.db NEW.db\n", stderr);
        return 2;
    }
    if (!(batch.memory = malloc(batch.size)))
        die(NULL, "batch");
    from = open_file(argv[1], SQLITE_OPEN_READONLY);
    to = open_file(argv[2], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    copy_schema();
    for (int i = 0; i < SOURCES; i++)
        prepare_source(&sources[i]);
    while (read_batch(&batch)) {
        clocks_start();
        rows += write_batch(&batch);
        clocks_stop();
    }
    clocks_start();
    for (int i = 0; i < SOURCES; i++)
        sqlite3_finalize(sources[i].insert);
    sqlite3_close(to);
    clocks_stop();
    printf("%.6f %.6f %llu\n", seconds(&cpu_spent), seconds(&wall_spent), rows);
    for (int i = 0; i < SOURCES; i++)
        sqlite3_finalize(sources[i].rows);
    sqlite3_close(from);
    free(batch.memory);
    return 0;
}
