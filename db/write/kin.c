/* SPDX-License-Identifier: ISC */
#include "kin.h"

#include "statements.h"

/* Bounds of what can be one connection. */
#define CLOCKS_US INT64_C(1000000)       /* by how much two clocks that are set may differ */
#define REST_US   INT64_C(86400000000)   /* how long one rests between two captures */
#define FAR       (INT64_C(1024) * 1024) /* octets that may be lost between two of its parts */

/* Time is looked up in units of about 18 minutes. */
enum {
    UNIT_BITS = 30,
    UNITS = 2048 /* looked at of a session that seems to last for months */
};

struct extent extent_of(const struct session_row *session)
{
    return (struct extent){
        .numbering = {session->numbering[SIDE_CLIENT], session->numbering[SIDE_SERVER]},
        .octets = {session->bytes_client, session->bytes_server},
        .missing = session->bytes_missing,
        .started_us = session->started_us,
        .ended_us = session->ended_us,
        .capture_id = session->capture_id,
        .midstream = session->midstream,
        .cut = session->cut,
    };
}

/* --- two sessions --- */

/* Where the octets of a side lie, counted from the first one of the other session's. */
struct range {
    int64_t begin, end;
};

/* An octet before the first may be that of a keep-alive (RFC 9293 section 3.8.4). */
static bool holds(const struct range *outer, const struct range *inner)
{
    return inner->begin >= outer->begin - 1 && inner->end <= outer->end;
}

static bool in_time(const struct extent *inner, const struct extent *outer)
{
    return inner->started_us >= outer->started_us - CLOCKS_US &&
           inner->ended_us <= outer->ended_us + CLOCKS_US;
}

/* Whether the two can be one connection by when they were. Both of their beginnings are one; of
 * others the second may begin long after the first has rested. */
static bool possible_in_time(const struct extent *a, const struct extent *b)
{
    const bool both_begun = !a->midstream && !b->midstream;
    const int64_t gap = both_begun ? CLOCKS_US : REST_US;
    return a->started_us <= b->ended_us + gap && b->started_us <= a->ended_us + gap &&
           !(both_begun && a->capture_id == b->capture_id);
}

/* Compares a side of both. False when they cannot be of one connection. */
static bool compare_side(const struct extent *a, const struct extent *b, enum side side,
                         bool *a_inside, bool *b_inside)
{
    const int64_t shift =
        (int32_t)(b->numbering[side].first - a->numbering[side].first); /* RFC 1982 */
    const struct range first = {0, (int64_t)a->octets[side]};
    const struct range second = {shift, shift + (int64_t)b->octets[side]};
    if (!a->midstream && shift < (b->midstream ? -1 : 0))
        return false;
    if (!b->midstream && shift > (a->midstream ? 1 : 0))
        return false;
    if (second.begin > first.end + FAR || first.begin > second.end + FAR)
        return false;
    *a_inside &= holds(&second, &first);
    *b_inside &= holds(&first, &second);
    return true;
}

/* A part that fits into what the other one lacks may be just that. */
static bool fits_into_holes(const struct extent *part, const struct extent *whole)
{
    return whole->missing && whole->missing >= part->octets[0] + part->octets[1];
}

enum kinship extent_kinship(const struct extent *a, const struct extent *b)
{
    bool any = false, a_inside = true, b_inside = true;
    if (!possible_in_time(a, b))
        return KIN_NONE;
    for (enum side side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
        if (!a->numbering[side].known || !b->numbering[side].known)
            continue;
        if (!compare_side(a, b, side, &a_inside, &b_inside))
            return KIN_NONE;
        any = true;
    }
    if (!any)
        return KIN_NONE;
    if ((a_inside && !in_time(a, b)) || (b_inside && !in_time(b, a)))
        return a_inside && b_inside ? KIN_NONE : KIN_BESIDE;
    if (a_inside && b_inside)
        return KIN_SAME;
    if ((a_inside && fits_into_holes(a, b)) || (b_inside && fits_into_holes(b, a)))
        return KIN_BESIDE;
    return a_inside ? KIN_INSIDE : b_inside ? KIN_AROUND : KIN_BESIDE;
}

/* --- those of the history --- */

static const char find_text[] =
    "SELECT s.session_id, s.packets, s.bytes_client, s.bytes_server, s.bytes_missing, "
    "s.started_us, s.ended_us, s.capture_id, s.midstream, " UNFINISHED(
        "s.outcome") ", "
                     "c.seq_client, c.seq_server, "
                     "s.client_addr = ?3 AND s.client_port = ?4 "
                     "FROM main.connections c JOIN main.sessions s ON s.session_id = c.session_id "
                     "WHERE c.place = ?1 AND s.session_id <> ?2 AND "
                     "((s.client_addr = ?3 AND s.client_port = ?4 AND s.server_addr = ?5 AND "
                     "s.server_port = ?6) OR "
                     "(s.client_addr = ?5 AND s.client_port = ?6 AND s.server_addr = ?3 AND "
                     "s.server_port = ?4)) "
                     "ORDER BY c.session_id DESC LIMIT ?7";
static const char insert_text[] = "INSERT OR REPLACE INTO main.connections "
                                  "(session_id, place, seq_client, seq_server) "
                                  "VALUES (?1, ?2, ?3, ?4)";

bool kin_prepare(struct kin_statements *statements, sqlite3 *db)
{
    const unsigned flags = SQLITE_PREPARE_PERSISTENT;
    return sqlite3_prepare_v3(db, find_text, -1, flags, &statements->find, NULL) == SQLITE_OK &&
           sqlite3_prepare_v3(db, insert_text, -1, flags, &statements->insert, NULL) == SQLITE_OK;
}

void kin_finalize(struct kin_statements *statements)
{
    sqlite3_finalize(statements->find);
    sqlite3_finalize(statements->insert);
    *statements = (struct kin_statements){NULL, NULL};
}

static bool is_numbered(const struct session_row *session)
{
    return session->numbering[SIDE_CLIENT].known || session->numbering[SIDE_SERVER].known;
}

static int64_t place_of(const struct session_row *session, int64_t unit)
{
    return unit << 32 | session->endpoints;
}

static void next_numbering(struct binder *row, struct numbering numbering)
{
    row->column++;
    if (numbering.known)
        sqlite3_bind_int64(row->statement, row->column, numbering.first);
    else
        sqlite3_bind_null(row->statement, row->column);
}

bool kin_write(const struct kin_statements *statements, int64_t session_id,
               const struct session_row *session)
{
    if (!is_numbered(session))
        return true;
    struct binder row = {statements->insert, 0};
    next_number(&row, (uint64_t)session_id);
    next_number(&row, (uint64_t)place_of(session, session->started_us >> UNIT_BITS));
    next_numbering(&row, session->numbering[SIDE_CLIENT]);
    next_numbering(&row, session->numbering[SIDE_SERVER]);
    return statement_run(row.statement);
}

static struct numbering read_numbering(sqlite3_stmt *row, int column)
{
    return (struct numbering){sqlite3_column_type(row, column) != SQLITE_NULL,
                              (uint32_t)sqlite3_column_int64(row, column)};
}

/* In a capture of the middle alone the client may have been taken for the server. */
static void read_kin(sqlite3_stmt *row, struct kin *kin)
{
    const bool same_roles = sqlite3_column_int(row, 12);
    const enum side first = same_roles ? SIDE_CLIENT : SIDE_SERVER;
    struct extent *extent = &kin->extent;
    *kin = (struct kin){.held = {.session_id = sqlite3_column_int64(row, 0),
                                 .packets = (uint64_t)sqlite3_column_int64(row, 1),
                                 .unfinished = sqlite3_column_int(row, 9)}};
    extent->octets[first] = (uint64_t)sqlite3_column_int64(row, 2);
    extent->octets[!first] = (uint64_t)sqlite3_column_int64(row, 3);
    extent->missing = (uint64_t)sqlite3_column_int64(row, 4);
    kin->held.bytes = extent->octets[0] + extent->octets[1] - extent->missing;
    extent->started_us = sqlite3_column_int64(row, 5);
    extent->ended_us = sqlite3_column_int64(row, 6);
    kin->held.capture_id = extent->capture_id = sqlite3_column_int64(row, 7);
    extent->midstream = sqlite3_column_int(row, 8);
    extent->numbering[first] = read_numbering(row, 10);
    extent->numbering[!first] = read_numbering(row, 11);
}

/* Asks for the sessions of one unit of time, `place`. */
static bool find_in(sqlite3_stmt *find, int64_t place, const struct extent *extent,
                    struct kin found[KIN_LIMIT], size_t *count)
{
    sqlite3_bind_int64(find, 1, place);
    sqlite3_bind_int64(find, 7, KIN_LIMIT);
    while (*count < KIN_LIMIT && sqlite3_step(find) == SQLITE_ROW) {
        struct kin *kin = &found[*count];
        read_kin(find, kin);
        kin->kinship = extent_kinship(extent, &kin->extent);
        *count += kin->kinship != KIN_NONE;
    }
    return sqlite3_reset(find) == SQLITE_OK;
}

bool kin_find(const struct kin_statements *statements, int64_t session_id,
              const struct session_row *session, struct kin found[KIN_LIMIT], size_t *count)
{
    *count = 0;
    if (!is_numbered(session))
        return true;
    const struct extent extent = extent_of(session);
    char client[46], server[46];
    sqlite3_stmt *find = statements->find;
    bind_number(find, 2, (uint64_t)session_id);
    bind_word(find, 3, address_print(&session->client, client));
    bind_number(find, 4, session->client_port);
    bind_word(find, 5, address_print(&session->server, server));
    bind_number(find, 6, session->server_port);
    /* What began before this one can hold it only when this one's beginning was not captured; what
     * begins after its end, only when its end was not. */
    const int64_t before = extent.midstream ? REST_US : CLOCKS_US;
    const int64_t after = extent.cut ? REST_US : CLOCKS_US;
    int64_t unit = (extent.started_us - before) >> UNIT_BITS;
    int64_t last = (extent.ended_us + after) >> UNIT_BITS;
    if (last > unit + UNITS)
        last = unit + UNITS;
    bool done = true;
    for (; done && unit <= last; unit++)
        done = find_in(find, place_of(session, unit), &extent, found, count);
    sqlite3_clear_bindings(find);
    return done;
}
