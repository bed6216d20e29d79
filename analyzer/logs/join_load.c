/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/db/question.h"
#include "join_parts.h"

struct log_queue {
    char *id;
    int64_t session_id;
    size_t session;
};

static void read_address(const char *text, struct address *out)
{
    *out = (struct address){0};
    if (!text)
        return;
    out->family = strchr(text, ':') ? 6 : 4;
    if (inet_pton(out->family == 6 ? AF_INET6 : AF_INET, text, out->octets) != 1)
        *out = (struct address){0};
}

static char *copy(const char *text)
{
    return text ? strcpy(memory_get(strlen(text) + 1), text) : NULL;
}

static int64_t number(const char *text)
{
    return text ? strtoll(text, NULL, 10) : 0;
}

static bool take_session(void *context, const struct history_row *row)
{
    struct log_join *join = context;
    if (!row->cells)
        return true;
    if (join->count == join->size) {
        join->size = join->size ? 2 * join->size : 256;
        join->sessions = memory_resize(join->sessions, join->size * sizeof *join->sessions);
    }
    struct log_session *s = &join->sessions[join->count++];
    *s = (struct log_session){
        .session_id = number(row->cells[0]),
        .started_us = number(row->cells[1]),
        .ended_us = number(row->cells[2]),
        .client_port = (int)number(row->cells[4]),
        .proxied_port = (int)number(row->cells[6]),
        .helo = copy(row->cells[7]),
        .hidden = number(row->cells[8]) != 0,
        .partial = number(row->cells[9]) != 0,
    };
    read_address(row->cells[3], &s->client);
    read_address(row->cells[5], &s->proxied);
    return true;
}

static bool take_queue(void *context, const struct history_row *row)
{
    struct log_join *join = context;
    if (!row->cells || !row->cells[0])
        return true;
    if (join->queue_count == join->queue_size) {
        join->queue_size = join->queue_size ? 2 * join->queue_size : 256;
        join->queues = memory_resize(join->queues, join->queue_size * sizeof *join->queues);
    }
    join->queues[join->queue_count++] =
        (struct log_queue){copy(row->cells[0]), number(row->cells[1]), SIZE_MAX};
    return true;
}

/* The real client where a proxy names it: the server behind the proxy knows no other. */
static const struct address *who(const struct log_session *s)
{
    return s->proxied.family ? &s->proxied : &s->client;
}

static int by_client(const void *left, const void *right)
{
    const struct log_session *a = left, *b = right;
    const int order = memcmp(who(a), who(b), sizeof *who(a));
    return order ? order : (a->started_us > b->started_us) - (a->started_us < b->started_us);
}

static int by_id(const void *left, const void *right)
{
    return strcmp(((const struct log_queue *)left)->id, ((const struct log_queue *)right)->id);
}

struct id_place {
    int64_t session_id;
    size_t place;
};

static int by_session_id(const void *left, const void *right)
{
    const int64_t a = ((const struct id_place *)left)->session_id,
                  b = ((const struct id_place *)right)->session_id;
    return (a > b) - (a < b);
}

/* Queue ids lead to places among the sessions. */
static void place_queues(struct log_join *join)
{
    struct id_place *ids = memory_get((join->count + 1) * sizeof *ids);
    for (size_t i = 0; i < join->count; i++)
        ids[i] = (struct id_place){join->sessions[i].session_id, i};
    qsort(ids, join->count, sizeof *ids, by_session_id);
    for (size_t i = 0; i < join->queue_count; i++) {
        const struct id_place wanted = {join->queues[i].session_id, 0};
        const struct id_place *found =
            bsearch(&wanted, ids, join->count, sizeof *ids, by_session_id);
        join->queues[i].session = found ? found->place : SIZE_MAX;
    }
    free(ids);
    if (join->queue_count)
        qsort(join->queues, join->queue_count, sizeof *join->queues, by_id);
}

bool join_load(struct log_join *join, int64_t from_us, int64_t to_us, struct failure *why)
{
    char from[24], to[24];
    snprintf(from, sizeof from, "%" PRId64, from_us);
    snprintf(to, sizeof to, "%" PRId64, to_us);
    const char *const times[] = {from, to};
    const struct question sessions = {
        .name = "logs",
        .sql = "SELECT session_id, started_us, ended_us, client_addr, client_port, proxied_addr, "
               "proxied_port, helo, tls_hidden IS NOT NULL, midstream OR one_sided OR "
               "bytes_missing > 0 FROM sessions WHERE started_us BETWEEN "
               "CAST(?1 AS INTEGER) - 3600000000 AND CAST(?2 AS INTEGER)",
        .arguments = times,
        .argument_count = 2,
    };
    const struct question queues = {
        .name = "logs",
        .sql = "SELECT t.queue_id, t.session_id FROM sessions s JOIN transactions t "
               "ON t.session_id = s.session_id WHERE s.started_us BETWEEN "
               "CAST(?1 AS INTEGER) - 3600000000 AND CAST(?2 AS INTEGER) "
               "AND t.queue_id IS NOT NULL",
        .arguments = times,
        .argument_count = 2,
    };
    if (!history_ask(join->history, &sessions, take_session, join, why) ||
        !history_ask(join->history, &queues, take_queue, join, why))
        return false;
    if (join->count)
        qsort(join->sessions, join->count, sizeof *join->sessions, by_client);
    place_queues(join);
    return true;
}

void join_free(struct log_join *join)
{
    for (size_t i = 0; i < join->count; i++)
        free(join->sessions[i].helo);
    for (size_t i = 0; i < join->queue_count; i++)
        free(join->queues[i].id);
    free(join->sessions);
    free(join->queues);
    *join = (struct log_join){.history = join->history};
}

void join_range(const struct log_join *join, const struct address *client, size_t *first,
                size_t *count)
{
    size_t low = 0, high = join->count;
    *count = 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (memcmp(who(&join->sessions[middle]), client, sizeof *client) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    while (low + *count < join->count &&
           memcmp(who(&join->sessions[low + *count]), client, sizeof *client) == 0)
        ++*count;
}

size_t join_by_queue(const struct log_join *join, const struct visit *visit)
{
    size_t place = SIZE_MAX;
    for (size_t i = 0; i < visit->queue_count; i++) {
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int)visit->queues[i].len,
                 (const char *)visit->queues[i].at);
        const struct log_queue wanted = {.id = id};
        const struct log_queue *found =
            join->queue_count
                ? bsearch(&wanted, join->queues, join->queue_count, sizeof wanted, by_id)
                : NULL;
        if (!found || found->session == SIZE_MAX)
            continue;
        const bool twice =
            (found > join->queues && by_id(found - 1, found) == 0) ||
            (found + 1 < join->queues + join->queue_count && by_id(found + 1, found) == 0);
        if (twice || (place != SIZE_MAX && place != found->session))
            return SIZE_MAX;
        place = found->session;
    }
    return place;
}

bool join_agrees(const struct log_session *s, const struct visit *visit)
{
    const bool proxied = s->proxied.family != 0;
    const int port = proxied ? s->proxied_port : s->client_port;
    if (visit->client.family && memcmp(&visit->client, who(s), sizeof visit->client) != 0)
        return false;
    if (visit->client_port && port && visit->client_port != port)
        return false;
    return s->hidden || !s->helo || !visit->helo.len || bytes_equal_nocase(visit->helo, s->helo);
}
