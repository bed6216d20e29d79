/* SPDX-License-Identifier: ISC */
#include "feed.h"

#include <stdlib.h>

#include "pack.h"
#include "rows.h"

/* Room for all words of notes_print() together. */
#define NOTES_ROOM 256

/* A row that is being read: a list in a chapter, and for recipients a list in that. */
struct row_cursor {
    sqlite3_vtab_cursor base; /* must be first */
    size_t item;              /* which chapter */
    const struct event *event;
    const struct transaction *transaction;
    const struct recipient *recipient;
    uint32_t n; /* the recipient's number in its transaction, from 1 */
    sqlite3_int64 rowid;
    struct pack pack;
    bool packed; /* this chapter's row was given */
};

/* One virtual table: what it looks like and how its rows are found. */
struct view {
    const char *name, *declaration;
    /* Goes to the row behind the one at hand, or, at the beginning of a chapter, to its first;
     * false when the chapter has no more. */
    bool (*next)(struct row_cursor *cursor, const struct fed *fed);
    void (*column)(struct row_cursor *cursor, const struct fed *fed, sqlite3_context *out,
                   int column);
};

struct table {
    sqlite3_vtab base; /* must be first */
    const struct view *view;
    const struct feed *feed;
};

/* --------------------------------------------------------------------------------------- results
 */

static void give_text(sqlite3_context *out, struct bytes text)
{
    if (text.at)
        sqlite3_result_text64(out, (const char *)text.at, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

static void give_word(sqlite3_context *out, const char *word)
{
    if (word)
        sqlite3_result_text(out, word, -1, SQLITE_STATIC);
}

static void give_number(sqlite3_context *out, uint64_t number)
{
    sqlite3_result_int64(out, (sqlite3_int64)number);
}

/* A column that is given nothing is NULL. */
static void give_present(sqlite3_context *out, uint64_t number)
{
    if (number)
        give_number(out, number);
}

static void give_notes(sqlite3_context *out, unsigned notes)
{
    char words[NOTES_ROOM];
    if (notes)
        sqlite3_result_text(out, notes_print(notes, words, sizeof words), -1, SQLITE_TRANSIENT);
}

/* ---------------------------------------------------------------------------------------- events
 */

static bool next_event(struct row_cursor *cursor, const struct fed *fed)
{
    if (fed->no_events || fed->packed)
        return false;
    do
        cursor->event = cursor->event ? cursor->event->next : fed->chapter->events;
    while (cursor->event && (cursor->event->left_out || cursor->event->seq > EVENT_LAST));
    return cursor->event;
}

static void event_column(struct row_cursor *cursor, const struct fed *fed, sqlite3_context *out,
                         int column)
{
    const struct event *event = cursor->event;
    switch (column) {
    case 0:
        give_number(out, (uint64_t)fed->session_id << EVENT_BITS | event->seq);
        break;
    case 1:
        give_number(out, (uint64_t)event->ts_us);
        break;
    case 2:
        give_number(out, event->packet);
        break;
    case 3:
        give_word(out, event->side == SIDE_CLIENT ? "C" : "S");
        break;
    case 4:
        give_word(out, event_kind_name(event->kind));
        break;
    case 5:
        give_word(out, event->verb);
        break;
    case 6:
        give_present(out, (uint64_t)event->code);
        break;
    case 7:
        give_text(out, event->enhanced.len ? event->enhanced : bytes_of(NULL, 0));
        break;
    case 8:
        give_text(out, event->text);
        break;
    case 9:
        if (event->has_bytes)
            give_number(out, event->bytes);
        break;
    case 10:
        give_present(out, event->answers);
        break;
    case 11:
        give_present(out, event->saw);
        break;
    case 12:
        give_notes(out, event->notes);
        break;
    default:
        break;
    }
}

/* ---------------------------------------------------------------------------------- transactions
 */

static bool next_transaction(struct row_cursor *cursor, const struct fed *fed)
{
    cursor->transaction =
        cursor->transaction ? cursor->transaction->next : fed->chapter->transactions;
    return cursor->transaction;
}

static void transaction_column(struct row_cursor *cursor, const struct fed *fed,
                               sqlite3_context *out, int column)
{
    const struct transaction *transaction = cursor->transaction;
    switch (column) {
    case 0:
        give_number(out, (uint64_t)fed->session_id);
        break;
    case 1:
        give_number(out, transaction->number);
        break;
    case 2:
        give_present(out, transaction->mail);
        break;
    case 3:
        give_number(out, (uint64_t)transaction->started_us);
        break;
    case 4:
        give_number(out, (uint64_t)transaction->ended_us);
        break;
    case 5:
        give_text(out, transaction->mail_from);
        break;
    case 6:
        give_number(out, transaction->recipients);
        break;
    case 7:
        give_number(out, transaction->accepted);
        break;
    case 8:
        give_number(out, transaction->bytes);
        break;
    case 9:
        give_word(out, transaction->outcome);
        break;
    case 10:
        give_present(out, (uint64_t)transaction->code);
        break;
    case 11:
        give_text(out, transaction->queue_id);
        break;
    case 12:
        give_text(out, transaction->message_id);
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------------------------ recipients
 */

static bool next_recipient(struct row_cursor *cursor, const struct fed *fed)
{
    if (cursor->recipient) {
        cursor->recipient = cursor->recipient->next;
        cursor->n++;
    }
    while (!cursor->recipient && next_transaction(cursor, fed)) {
        cursor->recipient = cursor->transaction->recipient_list;
        cursor->n = 1;
    }
    return cursor->recipient;
}

static void recipient_column(struct row_cursor *cursor, const struct fed *fed, sqlite3_context *out,
                             int column)
{
    const struct recipient *recipient = cursor->recipient;
    switch (column) {
    case 0:
        give_number(out, (uint64_t)fed->session_id);
        break;
    case 1:
        give_number(out, cursor->transaction->number);
        break;
    case 2:
        give_number(out, cursor->n);
        break;
    case 3:
        give_present(out, recipient->command);
        break;
    case 4:
        give_present(out, recipient->reply);
        break;
    case 5:
        give_text(out, recipient->address);
        break;
    case 6:
        give_present(out, (uint64_t)recipient->code);
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------------------------- timelines
 */

static bool next_timeline(struct row_cursor *cursor, const struct fed *fed)
{
    cursor->packed = !cursor->packed && fed->packed && !fed->no_events;
    return cursor->packed;
}

/* The text is copied into the row before the next one is asked for. */
static void timeline_column(struct row_cursor *cursor, const struct fed *fed, sqlite3_context *out,
                            int column)
{
    if (column == 0)
        give_number(out, (uint64_t)fed->session_id);
    else
        give_text(out, pack_events(&cursor->pack, fed->chapter));
}

/* In the order of the columns above. */
static const struct view views[] = {
    {"chapter_timelines", "CREATE TABLE x (session_id, events)", next_timeline, timeline_column},
    {"chapter_events",
     "CREATE TABLE x (id, ts_us, packet, side, kind, verb, code, enhanced, text, bytes, answers, "
     "saw, note)",
     next_event, event_column},
    {"chapter_transactions",
     "CREATE TABLE x (session_id, tx, mail_seq, started_us, ended_us, mail_from, recipients, "
     "accepted, bytes, outcome, code, queue_id, message_id)",
     next_transaction, transaction_column},
    {"chapter_recipients", "CREATE TABLE x (session_id, tx, n, seq, reply_seq, address, code)",
     next_recipient, recipient_column},
};

/* ---------------------------------------------------------- what SQLite asks of a virtual table */

/* What a module is made with: its view and the feed. */
struct source {
    const struct view *view;
    const struct feed *feed;
};

static int on_connect(sqlite3 *db, void *source, int argc, const char *const *argv,
                      sqlite3_vtab **out, char **why)
{
    (void)argc, (void)argv, (void)why;
    const struct source *from = source;
    const int result = sqlite3_declare_vtab(db, from->view->declaration);
    if (result != SQLITE_OK)
        return result;
    struct table *table = sqlite3_malloc(sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    *table = (struct table){.view = from->view, .feed = from->feed};
    *out = &table->base;
    return SQLITE_OK;
}

static int on_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* There is one way to read it: all of it. */
static int on_plan(sqlite3_vtab *table, sqlite3_index_info *plan)
{
    (void)table, (void)plan;
    return SQLITE_OK;
}

static int on_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct row_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *cursor = (struct row_cursor){0};
    *out = &cursor->base;
    return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *cursor)
{
    free(((struct row_cursor *)cursor)->pack.at);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

/* Finds the next row, in this chapter or in one behind it. */
static int on_next(sqlite3_vtab_cursor *base)
{
    struct row_cursor *cursor = (struct row_cursor *)base;
    const struct table *table = (const struct table *)base->pVtab;
    while (cursor->item < table->feed->count &&
           !table->view->next(cursor, &table->feed->items[cursor->item]))
        cursor->item++;
    cursor->rowid++;
    return SQLITE_OK;
}

static int on_rewind(sqlite3_vtab_cursor *base, int plan, const char *name, int argc,
                     sqlite3_value **argv)
{
    (void)plan, (void)name, (void)argc, (void)argv;
    struct row_cursor *cursor = (struct row_cursor *)base;
    *cursor = (struct row_cursor){.base = *base, .pack = cursor->pack};
    return on_next(base);
}

static int on_end(sqlite3_vtab_cursor *base)
{
    const struct table *table = (const struct table *)base->pVtab;
    return ((const struct row_cursor *)base)->item >= table->feed->count;
}

static int on_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    struct row_cursor *cursor = (struct row_cursor *)base;
    const struct table *table = (const struct table *)base->pVtab;
    table->view->column(cursor, &table->feed->items[cursor->item], out, column);
    return SQLITE_OK;
}

static int on_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = ((const struct row_cursor *)base)->rowid;
    return SQLITE_OK;
}

/* Without xCreate the tables are there by their modules' names, and nobody can make more. */
static const sqlite3_module module = {
    .xConnect = on_connect,
    .xBestIndex = on_plan,
    .xDisconnect = on_disconnect,
    .xOpen = on_open,
    .xClose = on_close,
    .xFilter = on_rewind,
    .xNext = on_next,
    .xEof = on_end,
    .xColumn = on_column,
    .xRowid = on_rowid,
};

bool feed_make(sqlite3 *db, struct feed *feed)
{
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        struct source *source = sqlite3_malloc(sizeof *source);
        if (!source)
            return false;
        *source = (struct source){&views[i], feed};
        /* `source` is freed by SQLite, also when this fails. */
        if (sqlite3_create_module_v2(db, views[i].name, &module, source, sqlite3_free) != SQLITE_OK)
            return false;
    }
    return true;
}
