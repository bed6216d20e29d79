/* SPDX-License-Identifier: ISC */
#include "survey.h"

#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/application/tls_handshake.h"
#include "heloscope/application/tls_hello.h"
#include "heloscope/transport/fragments.h"

/* A fragment whose datagram is not whole yet: whose it is, is not known. */
struct orphan {
    struct survey_packet packet;
    struct address src, dst;
    uint32_t ip_id;
};

/* A clock that drifts is corrected by more at one end of a file than at the other. */
#define SHIFT_SLACK_US (INT64_C(1000) * 1000)

/* Room for what comes one by one. */
struct rooms {
    size_t packets, randoms, orphans;
};

struct search {
    struct survey *survey;
    const struct plan *plan;
    struct fragments *fragments;
    struct orphan *orphans;
    size_t orphan_count;
    struct rooms rooms;
    int64_t now_us;
    struct capture_source **sources; /* in the order of the plan's files */
    size_t source_count;
};

static void *with_room(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? 2 * *room : 256;
    return memory_resize(array, *room * size);
}

static void choose(struct search *search, const struct survey_packet *packet)
{
    struct survey *survey = search->survey;
    survey->packets =
        with_room(survey->packets, survey->count, &search->rooms.packets, sizeof *survey->packets);
    survey->packets[survey->count++] = *packet;
    packet->session->packets++;
}

/* --- fragments --- */

static bool same_datagram(const struct orphan *orphan, const struct segment *segment)
{
    return orphan->ip_id == segment->ip_id &&
           memcmp(&orphan->src, &segment->src, sizeof orphan->src) == 0 &&
           memcmp(&orphan->dst, &segment->dst, sizeof orphan->dst) == 0;
}

static void forget_old(struct search *search)
{
    size_t kept = 0;
    for (size_t i = 0; i < search->orphan_count; i++)
        if (search->now_us - search->orphans[i].packet.ts_us <= FRAGMENTS_WAIT_US)
            search->orphans[kept++] = search->orphans[i];
    search->orphan_count = kept;
}

/* Keeps a fragment until its datagram is whole. Those of datagrams that never are go after a while;
 * of very many at once the oldest go first. */
static void keep_fragment(struct search *search, const struct survey_packet *packet,
                          const struct segment *segment)
{
    if (search->orphan_count == search->rooms.orphans)
        forget_old(search);
    if (search->orphan_count == FRAGMENTS_KEPT) {
        search->orphan_count /= 2;
        memmove(search->orphans, search->orphans + search->orphan_count,
                search->orphan_count * sizeof *search->orphans);
    }
    search->orphans = with_room(search->orphans, search->orphan_count, &search->rooms.orphans,
                                sizeof *search->orphans);
    search->orphans[search->orphan_count++] =
        (struct orphan){*packet, segment->src, segment->dst, segment->ip_id};
}

/* Takes the fragments of a datagram out; those of a session's datagram are chosen. */
static void settle_fragments(struct search *search, const struct segment *datagram,
                             struct plan_session *session)
{
    size_t kept = 0;
    for (size_t i = 0; i < search->orphan_count; i++) {
        struct orphan *orphan = &search->orphans[i];
        if (!same_datagram(orphan, datagram)) {
            search->orphans[kept++] = *orphan;
        } else if (session) {
            orphan->packet.session = session;
            choose(search, &orphan->packet);
        }
    }
    search->orphan_count = kept;
}

/* --- a packet --- */

/* A hello may go on in further segments; the random lies at its beginning. */
static void note_hello(struct search *search, struct bytes payload)
{
    struct survey *survey = search->survey;
    struct tls_record record;
    const size_t random_at = TLS_MESSAGE_HEAD + 2;
    if (!tls_record_read(payload, &record) || record.type != TLS_HANDSHAKE ||
        record.body.len < random_at + SURVEY_RANDOM || record.body.at[0] != TLS_CLIENT_HELLO)
        return;
    survey->randoms = with_room(survey->randoms, survey->random_count, &search->rooms.randoms,
                                sizeof *survey->randoms);
    memcpy(survey->randoms[survey->random_count++], record.body.at + random_at, SURVEY_RANDOM);
}

/* Files that were read together may have had their clocks corrected, by what is not known to the
 * history; a file that is read without the others has the times that it was written with. */
static int64_t shift_of(const struct search *search, const struct capture_source *source)
{
    for (size_t i = 0; i < search->source_count && i < search->plan->file_count; i++)
        if (search->sources[i] == source && search->plan->files[i].beside)
            return search->plan->files[i].started_us - source->started_us;
    return 0;
}

static void look_at(struct search *search, const struct packet_record *record, uint64_t order)
{
    const int64_t shift_us = shift_of(search, record->source);
    struct survey_packet packet = {order, record->number, record->ts_us, shift_us, NULL};
    struct segment segment, datagram;
    if (record->ts_us > search->now_us)
        search->now_us = record->ts_us;
    enum packet_kind kind =
        packet_decode(record->link_type, record->frame, record->wire_length, &segment);
    const bool fragment = kind == PACKET_FRAGMENT;
    datagram = segment;
    if (fragment)
        keep_fragment(search, &packet, &segment);
    for (int n = 0; kind == PACKET_FRAGMENT && n < NESTED_FRAGMENTS; n++) {
        if (!fragments_take(search->fragments, &segment, search->now_us))
            return;
        kind = packet_resume(&segment);
    }
    if (kind == PACKET_TCP)
        packet.session = plan_session_of(search->plan, &segment, record->ts_us + shift_us,
                                         shift_us ? SHIFT_SLACK_US : 0);
    if (fragment)
        settle_fragments(search, &datagram, packet.session);
    else if (packet.session)
        choose(search, &packet);
    if (packet.session)
        note_hello(search, segment.payload);
}

/* --- the captures --- */

static bool open_problem(const struct plan *plan, size_t index, const char *problem,
                         struct failure *why)
{
    const struct plan_file *file = &plan->files[index];
    return failure_set(why,
                       "%s (session %" PRId64 " was read from '%s'; --captures names the folder "
                       "where it lies now)",
                       problem, file->session_id, file->source);
}

static bool is_what_it_was(const struct plan *plan, struct capture *capture, struct failure *why)
{
    struct capture_source **sources;
    const size_t count = capture_sources(capture, &sources);
    for (size_t i = 0; i < count && i < plan->file_count; i++) {
        const struct plan_file *file = &plan->files[i];
        if (sources[i]->problem[0] && !sources[i]->packets)
            return open_problem(plan, i, sources[i]->problem, why);
        if (sources[i]->packets && file->started_us && sources[i]->started_us != file->started_us &&
            !(file->beside && sources[i]->packets == file->packets))
            return failure_set(why,
                               "'%s' is not the file that session %" PRId64 " was read from: its "
                               "first packet is another one; --captures names the folder where "
                               "the right one lies",
                               file->path, file->session_id);
        if (sources[i]->packets < file->packets)
            return failure_set(why,
                               "'%s' has changed since session %" PRId64 " was read from it: it "
                               "has %" PRIu64 " packets now, and had %" PRIu64,
                               file->path, file->session_id, sources[i]->packets, file->packets);
    }
    return true;
}

struct capture *survey_open(const struct plan *plan, struct keylog *keylog, struct failure *why)
{
    const char **paths = memory_get((plan->file_count + 1) * sizeof *paths);
    for (size_t i = 0; i < plan->file_count; i++)
        paths[i] = plan->files[i].path;
    const struct capture_files files = {
        .paths = paths, .count = plan->file_count, .keylog = keylog};
    struct capture *capture = capture_open(&files, why);
    free(paths);
    return capture;
}

static int by_order(const void *a, const void *b)
{
    const struct survey_packet *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static void note_problems(struct survey *survey, struct capture *capture)
{
    struct capture_source **sources;
    const size_t count = capture_sources(capture, &sources);
    for (size_t i = 0; i < count && !survey->warning.text[0]; i++)
        if (sources[i]->problem[0])
            failure_set(&survey->warning, "%s", sources[i]->problem);
}

/* --- the points --- */

static int by_packet(const void *a, const void *b)
{
    const struct plan_point *x = *(struct plan_point *const *)a,
                            *y = *(struct plan_point *const *)b;
    if (x->is.packet != y->is.packet)
        return x->is.packet < y->is.packet ? -1 : 1;
    return (x->is.ts_us > y->is.ts_us) - (x->is.ts_us < y->is.ts_us);
}

static size_t first_point(struct plan_point *const *sorted, size_t count, uint64_t packet)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (sorted[middle]->is.packet < packet)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void find_frames(const struct survey *survey, struct plan *plan)
{
    struct plan_point **sorted = memory_get((plan->point_count + 1) * sizeof *sorted);
    for (size_t i = 0; i < plan->point_count; i++)
        sorted[i] = &plan->points[i];
    qsort(sorted, plan->point_count, sizeof *sorted, by_packet);
    for (size_t f = 0; f < survey->count; f++) {
        const struct survey_packet *packet = &survey->packets[f];
        for (size_t i = first_point(sorted, plan->point_count, packet->number);
             i < plan->point_count && sorted[i]->is.packet == packet->number; i++)
            if ((packet->shift_us || sorted[i]->is.ts_us == packet->ts_us) &&
                sorted[i]->is.session_id == packet->session->id)
                sorted[i]->frame = f + 1;
    }
    free(sorted);
}

static bool all_is_there(const struct plan *plan, struct failure *why)
{
    static const char remedy[] = "it has changed since, or the history was anonymized; analyze it "
                                 "again into another history";
    for (size_t i = 0; i < plan->session_count; i++)
        if (!plan->sessions[i].packets)
            return failure_set(why, "'%s' has no packet of session %" PRId64 ": %s",
                               plan->files[0].path, plan->sessions[i].id, remedy);
    for (size_t i = 0; i < plan->point_count; i++)
        if (!plan->points[i].frame)
            return failure_set(why,
                               "packet %" PRIu64 " of '%s' is not that of event #%" PRIu32
                               " of session %" PRId64 ": %s",
                               plan->points[i].is.packet, plan->files[0].path,
                               plan->points[i].is.seq, plan->points[i].is.session_id, remedy);
    return true;
}

bool survey_run(struct survey *survey, struct plan *plan, struct keylog *keylog,
                struct failure *why)
{
    *survey = (struct survey){0};
    struct capture *capture = survey_open(plan, keylog, why);
    if (!capture)
        return false;
    struct search search = {.survey = survey, .plan = plan, .fragments = fragments_new()};
    search.source_count = capture_sources(capture, &search.sources);
    struct packet_record record;
    for (uint64_t order = 1; capture_next(capture, &record) == CAPTURE_PACKET; order++)
        look_at(&search, &record, order);
    fragments_free(search.fragments);
    free(search.orphans);
    note_problems(survey, capture);
    const bool known = is_what_it_was(plan, capture, why);
    capture_close(capture);
    if (!known)
        return false;
    if (survey->count)
        qsort(survey->packets, survey->count, sizeof *survey->packets, by_order);
    find_frames(survey, plan);
    return all_is_there(plan, why);
}

void survey_free(struct survey *survey)
{
    free(survey->packets);
    free(survey->randoms);
}
