/* SPDX-License-Identifier: ISC */
#include "visits.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/limits.h"

#define SILENCE_US (INT64_C(3600) * 1000000) /* a name that comes again later is another's */

struct visit_key {
    uint64_t hash;
    struct visit *visit;
};

/* --- names by which a visit is found again --- */

enum name_kind {
    NAME_PORT = 1,
    NAME_OF,
    NAME_QUEUE,
    NAME_ADDRESS,
};

static uint64_t name_hash(const struct visits *visits, enum log_server server, enum name_kind kind,
                          struct bytes name, int port)
{
    uint64_t hash = hash_mix(visits->seed, (uint64_t)server << 32 | (uint64_t)kind << 24 |
                                               (uint64_t)(unsigned)port);
    hash = hash_octets(hash, name.at, name.len);
    return hash ? hash : 1;
}

static struct visit_key *find_key(struct visits *visits, uint64_t hash)
{
    size_t at = (size_t)hash & (visits->key_size - 1);
    while (visits->keys[at].hash && visits->keys[at].hash != hash)
        at = (at + 1) & (visits->key_size - 1);
    return &visits->keys[at];
}

static void make_room(struct visits *visits)
{
    if (2 * (visits->key_count + 1) < visits->key_size)
        return;
    struct visit_key *old = visits->keys;
    const size_t size = visits->key_size;
    visits->key_size = size ? 2 * size : 1024;
    visits->keys = memory_get(visits->key_size * sizeof *visits->keys);
    for (size_t i = 0; i < size; i++)
        if (old[i].hash)
            *find_key(visits, old[i].hash) = old[i];
    free(old);
}

static struct visit *find(struct visits *visits, uint64_t hash)
{
    return visits->key_size ? find_key(visits, hash)->visit : NULL;
}

static void name(struct visits *visits, uint64_t hash, struct visit *visit)
{
    make_room(visits);
    struct visit_key *key = find_key(visits, hash);
    if (!key->hash)
        visits->key_count++;
    *key = (struct visit_key){hash, visit};
}

/* The hashes of what a line says of its visit, from the strongest; 0 where it does not. */
struct names {
    uint64_t port, of, queue, address;
};

static struct names names_of(const struct visits *visits, const struct saying *saying)
{
    const struct bytes client = bytes_of(&saying->client, sizeof saying->client);
    struct names names = {0};
    if (saying->client.family) {
        names.address = name_hash(visits, saying->server, NAME_ADDRESS, client, 0);
        if (saying->client_port)
            names.port = name_hash(visits, saying->server, NAME_PORT, client, saying->client_port);
    }
    if (saying->of.len)
        names.of = name_hash(visits, saying->server, NAME_OF, saying->of, 0);
    if (saying->queue.len) /* one queue for smtpd and postscreen */
        names.queue = name_hash(visits, LOG_NO_SERVER, NAME_QUEUE, saying->queue, 0);
    return names;
}

/* --- whether a line can be of a visit --- */

static bool same_address(const struct address *a, const struct address *b)
{
    return !a->family || !b->family || memcmp(a, b, sizeof *a) == 0;
}

static bool fits(const struct visit *visit, const struct log_time *time,
                 const struct saying *saying)
{
    return visit && !visit->closed && same_address(&visit->client, &saying->client) &&
           (!visit->client_port || !saying->client_port ||
            visit->client_port == saying->client_port) &&
           time->us - visit->last.us < SILENCE_US && visit->last.us - time->us < SILENCE_US;
}

/* The one open visit of this address that it can be; NULL when there is none, or when there are
 * several. A name of the client that was heard before decides between them. */
static struct visit *only_one(struct visits *visits, uint64_t address, const struct log_time *time,
                              const struct saying *saying)
{
    struct visit *named = NULL, *nameless = NULL;
    size_t named_count = 0, nameless_count = 0, looked_at = 0;
    for (struct visit *v = find(visits, address); v && looked_at < 64; v = v->older, looked_at++) {
        if (!fits(v, time, saying))
            continue;
        if (!v->helo.len || !saying->helo.len) {
            nameless = v;
            nameless_count++;
        } else if (bytes_equal(v->helo, saying->helo)) {
            named = v;
            named_count++;
        }
    }
    return named_count == 1 ? named : !named_count && nameless_count == 1 ? nameless : NULL;
}

static struct visit *find_visit(struct visits *visits, const struct names *names,
                                const struct log_time *time, const struct saying *saying)
{
    struct visit *visit = NULL;
    if (saying->kind == LOG_DELIVERY) /* may come days later */
        return find(visits, names->queue);
    if (saying->kind == LOG_CONNECT)
        return NULL;
    const uint64_t in_order[] = {names->port, names->of, names->queue};
    for (size_t i = 0; i < 3; i++)
        if (in_order[i] && fits(visit = find(visits, in_order[i]), time, saying))
            return visit;
    if (saying->server == LOG_EXIM && names->address && !names->port)
        return only_one(visits, names->address, time, saying);
    return NULL;
}

/* --- what it is given --- */

static struct visit *new_visit(struct visits *visits, const struct log_time *time,
                               const struct saying *saying)
{
    struct visit *visit = arena_get(&visits->arena, sizeof *visit);
    *visit = (struct visit){.server = saying->server,
                            .first = *time,
                            .last = *time,
                            .connected = saying->kind == LOG_CONNECT,
                            .session = SIZE_MAX};
    visit->tail = &visit->lines;
    if (visits->count == visits->size) {
        visits->size = visits->size ? 2 * visits->size : 256;
        visits->all = memory_resize(visits->all, visits->size * sizeof *visits->all);
    }
    visits->all[visits->count++] = visit;
    return visit;
}

static void learn(struct visits *visits, struct visit *visit, const struct names *names,
                  const struct saying *saying)
{
    if (names->address && !visit->client.family) {
        visit->client = saying->client;
        visit->older = find(visits, names->address);
        name(visits, names->address, visit);
    }
    if (names->port && !visit->client_port) {
        visit->client_port = saying->client_port;
        name(visits, names->port, visit);
    }
    if (names->of)
        name(visits, names->of, visit);
    if (saying->helo.len && !visit->helo.len)
        visit->helo = arena_copy(&visits->arena, saying->helo);
    if (saying->counts.len)
        visit->counts = arena_copy(&visits->arena, saying->counts);
    if (!names->queue || find(visits, names->queue) == visit)
        return;
    name(visits, names->queue, visit);
    if (visit->queue_count < VISIT_QUEUES)
        visit->queues[visit->queue_count++] = arena_copy(&visits->arena, saying->queue);
}

/* Postfix's processes serve one after the other; of the others only a name that comes again needs
 * to know. */
static void note_end(struct visit *visit, const struct saying *saying)
{
    const bool exim_goes_on =
        saying->server == LOG_EXIM &&
        bytes_find(saying->text, bytes_of_string("connection from ")) == SIZE_MAX;
    if (saying->kind == LOG_ERRORS && saying->server == LOG_EXIM)
        visit->ended = visit->closed = true;
    if (saying->kind == LOG_END && !exim_goes_on) {
        visit->ended = true;
        visit->closed = saying->server != LOG_SENDMAIL;
    }
    if (saying->kind == LOG_LOST) {
        visit->ended = true;
        visit->closed = saying->server == LOG_EXIM;
    }
}

static void add_line(struct visits *visits, struct visit *visit, const struct log_time *time,
                     const struct saying *saying)
{
    if (visit->line_count >= LOG_VISIT_LINES) {
        visits->stray++;
        return;
    }
    struct visit_line *line = arena_get(&visits->arena, sizeof *line);
    *line = (struct visit_line){
        .time = *time,
        .kind = saying->kind,
        .text = arena_copy(&visits->arena, saying->text),
        .verb = arena_copy(&visits->arena, saying->verb),
        .command = arena_copy(&visits->arena, saying->command),
        .queue = arena_copy(&visits->arena, saying->queue),
        .counts = arena_copy(&visits->arena, saying->counts),
        .code = saying->code,
        .line = saying->line,
    };
    *visit->tail = line;
    visit->tail = &line->next;
    visit->line_count++;
}

void visits_add(struct visits *visits, const struct log_time *time, const struct saying *saying)
{
    if (!visits->seed)
        visits->seed = hash_seed();
    const struct names names = names_of(visits, saying);
    struct visit *visit = find_visit(visits, &names, time, saying);
    if (!visit && saying->kind == LOG_DELIVERY) {
        visits->stray++;
        return;
    }
    if (!visit)
        visit = new_visit(visits, time, saying);
    if (saying->kind != LOG_DELIVERY) {
        learn(visits, visit, &names, saying);
        if (time->us > visit->last.us)
            visit->last = *time;
    }
    add_line(visits, visit, time, saying);
    note_end(visit, saying);
}

void visits_free(struct visits *visits)
{
    arena_free(&visits->arena);
    free(visits->all);
    free(visits->keys);
    *visits = (struct visits){.stray = visits->stray};
}
