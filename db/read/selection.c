/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "heloscope/db/selection.h"
#include "query.h"
#include "selection_sql.h"

/* The first row's first column as a number; 0 without a row. */
static bool ask(struct history *history, sqlite3_stmt *statement, int64_t *answer,
                struct failure *why)
{
    *answer = 0;
    if (!statement)
        return false;
    if (reader_row(statement))
        *answer = sqlite3_column_int64(statement, 0);
    return reader_finish(history, statement, why);
}

/* --- what is asked for and cannot be there --- */

static bool absent(struct history *history, const struct selection_term *term, struct failure *why)
{
    if (term->text)
        return failure_set(why, "history '%s' has no session %s", history->path, term->text);
    if (term->low == term->high)
        return failure_set(why, "history '%s' has no session %lld", history->path,
                           (long long)term->low);
    return failure_set(why, "history '%s' has no session from %lld to %lld", history->path,
                       (long long)term->low, (long long)term->high);
}

/* Each session that is called by a number or a name must be there, whatever else is asked. */
static bool check_named(struct history *history, const struct selection *selection,
                        struct failure *why)
{
    for (size_t i = 0; i < selection->term_count; i++) {
        struct selection_term *term = &selection->terms[i];
        if (term->field < SELECTION_ID)
            continue;
        const struct selection alone = {.terms = term, .term_count = 1};
        struct selection_sql sql;
        int64_t there;
        selection_sql_begin(&sql, history->db);
        selection_sql_sessions(&sql, &alone);
        if (!ask(history,
                 selection_sql_prepare(&sql, history, "SELECT 1 FROM sessions s WHERE ", " LIMIT 1",
                                       why),
                 &there, why))
            return false;
        if (!there)
            return absent(history, term, why);
    }
    return true;
}

/* A history that holds no Message-ID at all can tell nothing of one. */
static bool check_held(struct history *history, const struct selection *selection,
                       struct failure *why)
{
    static const struct {
        enum selection_field field;
        const char *sql, *words;
    } held[] = {
        {SELECTION_QUEUE_ID, "SELECT 1 FROM transactions WHERE queue_id IS NOT NULL LIMIT 1",
         "queue ids: the servers' replies to its messages name none, or were not seen"},
        {SELECTION_MESSAGE_ID, "SELECT 1 FROM transactions WHERE message_id IS NOT NULL LIMIT 1",
         "Message-IDs: its messages have none, or were encrypted"},
    };
    for (size_t i = 0; i < selection->term_count; i++)
        for (size_t k = 0; k < sizeof held / sizeof *held; k++) {
            int64_t there;
            if (selection->terms[i].field != held[k].field)
                continue;
            if (!ask(history, reader_prepare(history, held[k].sql, why), &there, why))
                return false;
            if (!there)
                return failure_set(why, "history '%s' has no %s", history->path, held[k].words);
        }
    return true;
}

/* --- what fits --- */

struct id_list {
    int64_t *ids;
    size_t count;
};

static void collect(struct id_list *list, sqlite3_stmt *statement)
{
    for (size_t room = 0; reader_row(statement); list->count++) {
        if (list->count == room) {
            room = room ? 2 * room : 64;
            list->ids = memory_resize(list->ids, room * sizeof *list->ids);
        }
        list->ids[list->count] = sqlite3_column_int64(statement, 0);
    }
}

static void reverse(struct id_list *list)
{
    for (size_t i = 0; i < list->count / 2; i++) {
        const int64_t id = list->ids[i];
        list->ids[i] = list->ids[list->count - 1 - i];
        list->ids[list->count - 1 - i] = id;
    }
}

static bool find(struct history *history, const struct selection *selection, struct id_list *list,
                 struct failure *why)
{
    char tail[96] = " ORDER BY s.started_us, s.session_id";
    if (selection->last)
        snprintf(tail, sizeof tail, " ORDER BY s.started_us DESC, s.session_id DESC LIMIT %ld",
                 selection->last);
    struct selection_sql sql;
    selection_sql_begin(&sql, history->db);
    selection_sql_sessions(&sql, selection);
    sqlite3_stmt *statement = selection_sql_prepare(
        &sql, history, "SELECT s.session_id FROM sessions s WHERE ", tail, why);
    if (!statement)
        return false;
    collect(list, statement);
    if (selection->last)
        reverse(list);
    return reader_finish(history, statement, why);
}

bool history_select_ids(struct history *history, const struct selection *selection, int64_t **ids,
                        size_t *count, struct failure *why)
{
    struct id_list list = {0};
    bool done = check_named(history, selection, why) && find(history, selection, &list, why) &&
                (list.count || check_held(history, selection, why));
    if (!done) {
        free(list.ids);
        list = (struct id_list){0};
    }
    *ids = list.ids;
    *count = list.count;
    return done;
}

bool history_select(struct history *history, const struct selection *selection,
                    history_session_fn *fn, void *context, struct failure *why)
{
    int64_t *ids;
    size_t count;
    if (!history_select_ids(history, selection, &ids, &count, why))
        return false;
    const bool done = reader_sessions(history, ids, count, fn, context, why);
    free(ids);
    return done;
}

bool history_is_selected(struct history *history, const struct selection *selection,
                         int64_t session_id, struct failure *why)
{
    struct selection_sql sql;
    char tail[64];
    snprintf(tail, sizeof tail, " AND s.session_id = %lld", (long long)session_id);
    selection_sql_begin(&sql, history->db);
    selection_sql_sessions(&sql, selection);
    sqlite3_stmt *statement =
        selection_sql_prepare(&sql, history, "SELECT 1 FROM sessions s WHERE ", tail, why);
    if (!statement)
        return false;
    const bool found = reader_row(statement);
    return reader_finish(history, statement, why) && found;
}
