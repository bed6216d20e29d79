/* SPDX-License-Identifier: ISC */
#include "plan.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

#include "heloscope/base/text.h"

/* Where callbacks put what they are given. */
struct loading {
    struct plan *plan;
    struct plan_session *session;
    const char *captures;
    size_t room_points, room_files;
    struct failure *why;
    bool failed;
};

static const char *keep(struct plan *plan, const char *text)
{
    return text ? (const char *)arena_print(&plan->arena, "%s", text).at : NULL;
}

/* --- sessions --- */

static bool read_address(const char *text, struct address *out)
{
    *out = (struct address){.family = 4};
    if (inet_pton(AF_INET, text_or(text, ""), out->octets) == 1)
        return true;
    out->family = 6;
    return inet_pton(AF_INET6, text_or(text, ""), out->octets) == 1;
}

static bool take_session(void *context, const struct history_session *row)
{
    struct loading *loading = context;
    struct plan_session *session = loading->session;
    struct segment segment = {.src_port = (uint16_t)row->client_port,
                              .dst_port = (uint16_t)row->server_port};
    session->id = row->session_id;
    session->started_us = row->started_us;
    session->ended_us = row->ended_us;
    if (read_address(row->client_addr, &segment.src) &&
        read_address(row->server_addr, &segment.dst))
        flow_key_of(&segment, &session->key);
    else
        loading->failed = !failure_set(loading->why, "session %lld has no addresses to look for",
                                       (long long)row->session_id);
    return true;
}

static bool take_path(void *context, const struct history_path *row)
{
    struct loading *loading = context;
    loading->session->vlan = row->vlan;
    loading->session->tunnel = keep(loading->plan, row->tunnel);
    loading->session->tunnel_id = row->tunnel_id;
    loading->session->twin = row->twin;
    return true;
}

/* --- captures --- */

static const char *path_of(struct loading *loading, const struct history_capture *row)
{
    if (!loading->captures)
        return keep(loading->plan, row->path);
    const char *slash = strrchr(row->path, '/');
    return (const char *)arena_print(&loading->plan->arena, "%s/%s", loading->captures,
                                     slash ? slash + 1 : row->path)
        .at;
}

static bool refuse(struct loading *loading, const struct history_capture *row)
{
    loading->failed = true;
    if (!row->is_file)
        return failure_set(
            loading->why,
            "session %lld was captured live on %s, and the history keeps no packets; "
            "let tcpdump -w write them beside the monitor, and analyze that file",
            (long long)loading->session->id, row->source);
    return failure_set(loading->why,
                       "session %lld was read from standard input, which cannot be read again; "
                       "analyze the capture by its name",
                       (long long)loading->session->id);
}

static bool take_capture(void *context, const struct history_capture *row)
{
    struct loading *loading = context;
    struct plan *plan = loading->plan;
    if (!row->is_file || strcmp(row->source, "-") == 0)
        return refuse(loading, row);
    const char *path = path_of(loading, row);
    for (size_t i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i].path, path) == 0)
            return true;
    if (plan->file_count == loading->room_files) {
        loading->room_files = loading->room_files ? 2 * loading->room_files : 16;
        plan->files = memory_resize(plan->files, loading->room_files * sizeof *plan->files);
    }
    plan->files[plan->file_count++] = (struct plan_file){
        loading->session->id, keep(plan, row->source), path, row->started_us, row->packets,
        row->beside};
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct plan_file *x = a, *y = b;
    return (x->started_us > y->started_us) - (x->started_us < y->started_us);
}

/* --- findings --- */

static bool take_point(void *context, const struct history_point *row)
{
    struct loading *loading = context;
    struct plan *plan = loading->plan;
    if (plan->point_count == loading->room_points) {
        loading->room_points = loading->room_points ? 2 * loading->room_points : 64;
        plan->points = memory_resize(plan->points, loading->room_points * sizeof *plan->points);
    }
    const size_t index = plan->point_count++;
    struct plan_point *point = &plan->points[index];
    *point = (struct plan_point){.is = *row, .lead = index};
    const bool leads = strcmp(text_or(row->part, ""), "reply") == 0;
    if (!leads && index)
        point->lead = plan->points[index - 1].lead;
    point->is.part = keep(plan, text_or(row->part, ""));
    point->is.cause = leads ? keep(plan, row->cause) : NULL;
    point->is.title = leads ? keep(plan, row->title) : NULL;
    point->is.fault = leads ? keep(plan, row->fault) : NULL;
    point->is.certainty = leads ? keep(plan, row->certainty) : NULL;
    point->is.explanation = leads ? keep(plan, row->explanation) : NULL;
    point->is.advice = leads ? keep(plan, row->advice) : NULL;
    return true;
}

/* --- all of it --- */

static int compare_keys(const struct flow_key *a, const struct flow_key *b)
{
    for (int end = 0; end < 2; end++) {
        for (int half = 0; half < 2; half++)
            if (a->address[end][half] != b->address[end][half])
                return a->address[end][half] < b->address[end][half] ? -1 : 1;
        if (a->port[end] != b->port[end])
            return a->port[end] < b->port[end] ? -1 : 1;
    }
    return (int)a->family - (int)b->family;
}

static int by_endpoints(const void *a, const void *b)
{
    const struct plan_session *x = a, *y = b;
    const int keys = compare_keys(&x->key, &y->key);
    return keys ? keys : (x->started_us > y->started_us) - (x->started_us < y->started_us);
}

bool plan_load(struct plan *plan, struct history *history, const int64_t *session_ids, size_t count,
               const char *captures, struct failure *why)
{
    *plan = (struct plan){.sessions = memory_get((count + 1) * sizeof *plan->sessions)};
    struct loading loading = {.plan = plan, .captures = captures, .why = why};
    for (size_t i = 0; i < count; i++) {
        loading.session = &plan->sessions[plan->session_count++];
        if (!history_session(history, session_ids[i], take_session, &loading, why) ||
            !history_path(history, session_ids[i], take_path, &loading, why) ||
            !history_captures(history, session_ids[i], take_capture, &loading, why) ||
            !history_points(history, session_ids[i], take_point, &loading, why) || loading.failed)
            return false;
    }
    qsort(plan->sessions, plan->session_count, sizeof *plan->sessions, by_endpoints);
    if (plan->file_count)
        qsort(plan->files, plan->file_count, sizeof *plan->files, by_start);
    return true;
}

void plan_free(struct plan *plan)
{
    free(plan->sessions);
    free(plan->files);
    free(plan->points);
    arena_free(&plan->arena);
}

static bool is_on_path(const struct plan_session *session, const struct segment *segment)
{
    const char *tunnel = tunnel_name((enum tunnel_kind)segment->tunnel.kind);
    return !session->twin ||
           (session->vlan == segment->vlan &&
            strcmp(text_or(session->tunnel, ""), text_or(tunnel, "")) == 0 &&
            session->tunnel_id == (segment->tunnel.numbered ? (int64_t)segment->tunnel.id : -1));
}

struct plan_session *plan_session_of(const struct plan *plan, const struct segment *segment,
                                     int64_t ts_us, int64_t slack_us)
{
    struct flow_key key;
    flow_key_of(segment, &key);
    size_t low = 0, high = plan->session_count;
    while (low < high) { /* the first with these endpoints */
        const size_t middle = low + (high - low) / 2;
        if (compare_keys(&plan->sessions[middle].key, &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct plan_session *behind = NULL;
    for (; low < plan->session_count; low++) {
        struct plan_session *session = &plan->sessions[low];
        if (compare_keys(&session->key, &key) != 0 || session->started_us > ts_us + slack_us)
            break;
        if (!is_on_path(session, segment))
            continue;
        if (ts_us <= session->ended_us + slack_us)
            return session;
        behind = session;
    }
    return behind && !(segment->flags & TCP_SYN) && ts_us - behind->ended_us <= CLOSED_US ? behind
                                                                                          : NULL;
}
