/* SPDX-License-Identifier: ISC */
/* Of several analyses of one connection: which stays. */
#include <string.h>

#include "parts.h"

bool verdict_find_held(struct store *store, struct bytes uid, struct held *held)
{
    bind_text(store->held, 1, uid);
    const bool found = sqlite3_step(store->held) == SQLITE_ROW;
    if (found)
        *held = (struct held){
            .session_id = sqlite3_column_int64(store->held, 0),
            .packets = (uint64_t)sqlite3_column_int64(store->held, 1),
            .bytes = (uint64_t)sqlite3_column_int64(store->held, 2),
            .unfinished = sqlite3_column_int(store->held, 3),
            .capture_id = sqlite3_column_int64(store->held, 4),
            .packed = sqlite3_column_int(store->held, 5),
        };
    return sqlite3_reset(store->held) == SQLITE_OK && found;
}

/* More packets, then more bytes; between equals the one that knows how the session ended. */
static bool is_fuller(const struct session_row *session, const struct held *held)
{
    const uint64_t bytes = session->bytes_client + session->bytes_server - session->bytes_missing;
    if (session->packets != held->packets)
        return session->packets > held->packets;
    if (bytes != held->bytes)
        return bytes > held->bytes;
    return held->unfinished && strcmp(session->outcome, "open") != 0;
}

static void add(struct verdict *verdict, enum kinship kinship, const struct held *held,
                const struct session_row *row)
{
    if (kinship == KIN_SAME && is_fuller(row, held))
        kinship = KIN_AROUND;
    if (kinship == KIN_BESIDE) {
        verdict->beside[verdict->beside_count++] = held->session_id;
    } else if (kinship == KIN_AROUND) {
        verdict->taken[verdict->taken_count++] = held->session_id;
    } else if (!verdict->keeper || verdict->kept_as == KIN_INSIDE) {
        verdict->keeper = held->session_id;
        verdict->kept_as = kinship;
    }
}

/* Two connections of one capture that both begin in it are two, whatever their numbers. */
static bool is_other(const struct kin *kin, const struct held *named, const struct session_row *row)
{
    return named->session_id && kin->held.session_id != named->session_id &&
           kin->extent.capture_id == named->capture_id && !row->midstream && !kin->extent.midstream;
}

bool verdict_find(struct store *store, int64_t session_id, const struct session_row *row,
                  struct verdict *verdict)
{
    struct held named = {0};
    struct kin found[KIN_LIMIT];
    struct session_row numbered = *row;
    size_t count;
    bool name_found = false;
    *verdict = (struct verdict){0};
    numbered.capture_id = captures_id(store, row->capture_id);
    if (!kin_find(&store->kin, session_id, &numbered, found, &count))
        return false;
    /* The name is unique: a session that has a row of its own is the one of that name. */
    if (!session_id)
        verdict_find_held(store, row->uid, &named);
    for (size_t i = 0; i < count; i++) {
        const bool same_name = found[i].held.session_id == named.session_id;
        name_found |= same_name;
        if (is_other(&found[i], &named, row) ||
            handles_find(&store->open_ids, (uint64_t)found[i].held.session_id))
            continue;
        /* What begins with the same packet is the same as far as it goes. */
        if (same_name && found[i].kinship == KIN_BESIDE)
            found[i].kinship = KIN_SAME;
        add(verdict, found[i].kinship, &found[i].held, row);
    }
    if (named.session_id && !name_found)
        add(verdict, KIN_SAME, &named, row);
    return true;
}

/* A number for what an event is, whatever clock gave its time. */
static uint32_t mark_of(const char *kind, const char *side, int code)
{
    return (uint32_t)kind[0] << 24 | (uint32_t)kind[1] << 16 | (uint32_t)(side[0] == 'C') << 12 |
           (uint32_t)(code & 0xfff);
}

uint32_t verdict_mark(const struct event *event)
{
    return mark_of(event_kind_name(event->kind), event->side == SIDE_CLIENT ? "C" : "S",
                   event->code);
}

bool verdict_agrees(struct store *store, int64_t session_id, const struct handle *at)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db,
                           "SELECT kind, side, coalesce(code, 0) FROM main.events WHERE "
                           "session_id = ? AND seq = ?",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    sqlite3_bind_int64(statement, 2, at->last_event);
    const bool agrees = sqlite3_step(statement) == SQLITE_ROW &&
                        mark_of((const char *)sqlite3_column_text(statement, 0),
                                (const char *)sqlite3_column_text(statement, 1),
                                sqlite3_column_int(statement, 2)) == at->last_mark;
    sqlite3_finalize(statement);
    return agrees;
}
