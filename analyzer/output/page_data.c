/* SPDX-License-Identifier: ISC */
#include "page_data.h"

#include <stdlib.h>
#include <time.h>

#include "heloscope/db/evidence.h"
#include "heloscope/output/json.h"
#include "page_texts.h"

enum {
    EVENTS_WHOLE = 400,  /* a session with more is shown around its findings only ... */
    EVENTS_AROUND = 4,   /* ... so many events on either side */
    EVENTS_FIRST = 12,   /* ... and so many of its beginning */
    FINDINGS_EACH = 200, /* refusals of one session */
};

#define MINUTE_US    (INT64_C(60) * 1000 * 1000)
#define HOUR_US      (60 * MINUTE_US)
#define MINUTES_SPAN (8 * HOUR_US) /* a shorter time is counted by minutes */

/* What happened in a minute or an hour. */
struct bucket {
    int64_t sessions, troubled, errors_503, errors_other;
};

struct totals {
    int64_t sessions, troubled, messages, errors_503, errors_other, holes, octets_missing,
        midstream, open;
    int64_t first_us, last_us;
};

struct page_data {
    struct json json;
    struct history *history;
    struct page_texts texts;
    struct totals totals;
    int64_t bucket_us;
    struct bucket *buckets;
    size_t bucket_count;
    int64_t limit, shown; /* findings */
    int64_t *key_events;  /* of the session that is written, ascending */
    size_t key_count, key_room;
    int64_t session_id, start_us, events, refusals;
    struct failure *why;
    bool failed;
};

static void integer(struct page_data *data, int64_t value)
{
    json_integer(&data->json, NULL, value);
}

static void text(struct page_data *data, const char *value)
{
    integer(data, page_texts_number(&data->texts, value));
}

/* --- figures --- */

static bool span_of(void *context, const struct history_session *row)
{
    struct totals *totals = context;
    if (!totals->sessions || row->started_us < totals->first_us)
        totals->first_us = row->started_us;
    if (row->ended_us > totals->last_us)
        totals->last_us = row->ended_us;
    totals->sessions++;
    totals->troubled += row->errors_503 + row->errors_other > 0;
    totals->messages += row->messages;
    totals->errors_503 += row->errors_503;
    totals->errors_other += row->errors_other;
    totals->holes += row->bytes_missing > 0;
    totals->octets_missing += row->bytes_missing;
    totals->midstream += row->midstream;
    totals->open += row->outcome && strcmp(row->outcome, "open") == 0;
    return true;
}

static bool count_in(void *context, const struct history_session *row)
{
    struct page_data *data = context;
    const int64_t first = data->totals.first_us / data->bucket_us;
    const int64_t i = row->started_us / data->bucket_us - first;
    if (i < 0 || (size_t)i >= data->bucket_count)
        return true;
    struct bucket *bucket = &data->buckets[i];
    bucket->sessions++;
    bucket->troubled += row->errors_503 + row->errors_other > 0;
    bucket->errors_503 += row->errors_503;
    bucket->errors_other += row->errors_other;
    return true;
}

enum {
    BUCKETS = 200 * 1000 /* of hours: 20 years; a clock that was wrong must not cost more */
};

static void choose_buckets(struct page_data *data)
{
    const int64_t first = data->totals.first_us, last = data->totals.last_us;
    data->bucket_us = last - first < MINUTES_SPAN ? MINUTE_US : HOUR_US;
    int64_t count = last / data->bucket_us - first / data->bucket_us + 1;
    if (count > BUCKETS)
        count = BUCKETS;
    data->bucket_count = (size_t)count;
    data->buckets = memory_get(data->bucket_count * sizeof *data->buckets);
}

/* [number of minutes or hours since 1970, sessions, with errors, 503s, others] of each that has
 * any. */
static void write_buckets(struct page_data *data)
{
    json_open(&data->json, "buckets", '[');
    for (size_t i = 0; i < data->bucket_count; i++) {
        const struct bucket *bucket = &data->buckets[i];
        if (!bucket->sessions)
            continue;
        json_open(&data->json, NULL, '[');
        integer(data, data->totals.first_us / data->bucket_us + (int64_t)i);
        integer(data, bucket->sessions);
        integer(data, bucket->troubled);
        integer(data, bucket->errors_503);
        integer(data, bucket->errors_other);
        json_close(&data->json);
    }
    json_close(&data->json);
}

static void write_totals(struct page_data *data)
{
    struct json *json = &data->json;
    const struct totals *totals = &data->totals;
    json_open(json, "totals", '{');
    json_integer(json, "sessions", totals->sessions);
    json_integer(json, "troubled", totals->troubled);
    json_integer(json, "messages", totals->messages);
    json_integer(json, "errors_503", totals->errors_503);
    json_integer(json, "errors_other", totals->errors_other);
    json_integer(json, "holes", totals->holes);
    json_integer(json, "octets_missing", totals->octets_missing);
    json_integer(json, "midstream", totals->midstream);
    json_integer(json, "open", totals->open);
    json_integer(json, "first_us", totals->first_us);
    json_integer(json, "last_us", totals->last_us);
    json_integer(json, "shown", data->shown);
    json_close(json);
}

/* --- a session --- */

static void add_key(struct page_data *data, event_no seq)
{
    if (data->key_count == data->key_room) {
        data->key_room = data->key_room ? 2 * data->key_room : 64;
        data->key_events =
            memory_resize(data->key_events, data->key_room * sizeof *data->key_events);
    }
    data->key_events[data->key_count++] = seq;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool note_key(void *context, const struct history_point *row)
{
    struct page_data *data = context;
    data->refusals += row->seq == row->reply;
    if (data->refusals <= FINDINGS_EACH)
        add_key(data, row->seq);
    return data->refusals <= FINDINGS_EACH;
}

/* Whether a session that is too long to be shown whole shows this event. */
static bool is_near(const struct page_data *data, event_no seq)
{
    size_t low = 0, high = data->key_count;
    while (low < high) { /* the first that is not too far in front */
        const size_t middle = low + (high - low) / 2;
        if (data->key_events[middle] + EVENTS_AROUND < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return seq <= EVENTS_FIRST ||
           (low < data->key_count && data->key_events[low] <= (int64_t)seq + EVENTS_AROUND);
}

static bool count_event(void *context, const struct history_event *row)
{
    struct page_data *data = context;
    (void)row;
    return ++data->events <= EVENTS_WHOLE;
}

/* [seq, time behind the session's start, packet, from the client, kind, verb, code, text, note,
 * bytes, answers, saw] */
static bool write_event(void *context, const struct history_event *row)
{
    struct page_data *data = context;
    if (data->events > EVENTS_WHOLE && !is_near(data, row->seq))
        return true;
    json_open(&data->json, NULL, '[');
    integer(data, row->seq);
    integer(data, row->ts_us - data->start_us);
    integer(data, row->packet);
    integer(data, row->side == 'C');
    text(data, row->kind);
    text(data, row->verb);
    integer(data, row->code);
    text(data, row->text);
    text(data, row->note);
    integer(data, row->bytes);
    integer(data, row->answers);
    integer(data, row->saw);
    json_close(&data->json);
    return true;
}

/* [reply, command, origin, code, cause, fault, certainty, what the server says, agrees,
 * explanation, advice] */
static bool write_diagnosis(void *context, const struct history_diagnosis *row)
{
    struct page_data *data = context;
    if (data->shown >= data->limit || data->refusals >= FINDINGS_EACH)
        return false;
    data->shown++;
    data->refusals++;
    json_open(&data->json, NULL, '[');
    integer(data, row->reply);
    integer(data, row->command);
    integer(data, row->origin);
    integer(data, row->code);
    text(data, row->cause);
    text(data, row->fault);
    text(data, row->certainty);
    text(data, row->server_says);
    integer(data, row->agrees);
    text(data, row->explanation);
    text(data, row->advice);
    json_close(&data->json);
    return true;
}

/* [refusal, event, role] */
static bool write_related(void *context, const struct history_point *row)
{
    struct page_data *data = context;
    static const char *const told[] = {"reply", "origin", "command"}; /* by the diagnosis itself */
    data->refusals += row->seq == row->reply;
    for (size_t i = 0; row->part && i < sizeof told / sizeof *told; i++)
        if (strcmp(row->part, told[i]) == 0)
            return data->refusals <= FINDINGS_EACH;
    json_open(&data->json, NULL, '[');
    integer(data, row->reply);
    integer(data, row->seq);
    text(data, row->part);
    json_close(&data->json);
    return true;
}

static void write_parts(struct page_data *data, int64_t session_id)
{
    struct json *json = &data->json;
    data->key_count = 0;
    data->events = data->refusals = 0;
    bool done =
        history_points(data->history, session_id, note_key, data, data->why) &&
        history_events(data->history, session_id, 1, UINT32_MAX, count_event, data, data->why);
    if (data->key_count)
        qsort(data->key_events, data->key_count, sizeof *data->key_events, by_number);
    json_open(json, NULL, '[');
    done = done &&
           history_events(data->history, session_id, 1, UINT32_MAX, write_event, data, data->why);
    json_close(json);
    json_open(json, NULL, '[');
    data->refusals = 0;
    done = done &&
           history_session_diagnoses(data->history, session_id, write_diagnosis, data, data->why);
    json_close(json);
    json_open(json, NULL, '[');
    data->refusals = 0;
    done = done && history_points(data->history, session_id, write_related, data, data->why);
    json_close(json);
    data->failed = data->failed || !done;
}

/* [session, uid, start, end, capture, client, its port, server, its port, proxied client, HELO,
 * client's software, server's software, protocol, TLS version, TLS name, outcome, commands,
 * messages, octets missing, begun before the capture, all its events are here; events, diagnoses,
 * related events] of each session with a finding. */
static bool write_session(void *context, const struct history_session *row)
{
    struct page_data *data = context;
    if (row->errors_503 + row->errors_other == 0)
        return true;
    if (data->shown >= data->limit)
        return false;
    data->start_us = row->started_us;
    json_open(&data->json, NULL, '[');
    integer(data, row->session_id);
    text(data, row->uid);
    integer(data, row->started_us);
    integer(data, row->ended_us);
    text(data, row->source);
    text(data, row->client_addr);
    integer(data, row->client_port);
    text(data, row->server_addr);
    integer(data, row->server_port);
    text(data, row->proxied_addr);
    text(data, row->helo);
    text(data, row->client_software);
    text(data, row->server_software);
    text(data, row->protocol);
    text(data, row->tls_version);
    text(data, row->tls_sni);
    text(data, row->outcome);
    integer(data, row->commands);
    integer(data, row->messages);
    integer(data, row->bytes_missing);
    integer(data, row->midstream);
    write_parts(data, row->session_id);
    json_close(&data->json);
    return !data->failed;
}

/* --- all of it --- */

/* In the order of `session_ids`. */
static bool each_session(struct page_data *data, const int64_t *session_ids, size_t count,
                         history_session_fn *fn, void *context)
{
    struct failure gone; /* a session may be taken away meanwhile */
    for (size_t i = 0; i < count && !data->failed; i++)
        history_session(data->history, session_ids[i], fn, context, &gone);
    return !data->failed;
}

static void write_causes(struct page_data *data)
{
    struct json *json = &data->json;
    json_open(json, "causes", '{');
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        const struct cause_entry *entry = cause_entry((enum cause)cause);
        json_open(json, entry->name, '[');
        json_string(json, NULL, entry->title);
        json_string(json, NULL, entry->meaning);
        json_string(json, NULL, entry->rule);
        json_close(json);
    }
    json_close(json);
}

static void write_about(struct page_data *data, const struct page_job *job)
{
    struct json *json = &data->json;
    json_open(json, "about", '{');
    json_string(json, "version", PACKAGE_VERSION);
    json_string(json, "database", job->database);
    json_string(json, "command", job->command);
    json_integer(json, "made_us", (int64_t)time(NULL) * 1000000);
    json_boolean(json, "utc", job->utc);
    json_integer(json, "bucket_us", data->bucket_us);
    json_close(json);
}

static bool write_all(struct page_data *data, const int64_t *session_ids, size_t count,
                      const struct page_job *job)
{
    struct json *json = &data->json;
    each_session(data, session_ids, count, span_of, &data->totals);
    choose_buckets(data);
    each_session(data, session_ids, count, count_in, data);
    json_open(json, NULL, '{');
    write_about(data, job);
    write_causes(data);
    write_buckets(data);
    json_open(json, "sessions", '[');
    each_session(data, session_ids, count, write_session, data);
    json_close(json);
    write_totals(data);
    json_open(json, "texts", '[');
    for (size_t i = 0; i < data->texts.count; i++)
        json_string(json, NULL, data->texts.all[i]);
    json_close(json);
    json_close(json);
    return !data->failed;
}

bool page_data_write(FILE *out, struct history *history, const int64_t *session_ids, size_t count,
                     const struct page_job *job, struct failure *why)
{
    struct page_data data = {
        .json = {.out = out, .one_line = true, .in_html = true},
        .history = history,
        .limit = job->limit < 0 ? PAGE_FINDINGS : job->limit,
        .why = why,
    };
    const bool done = write_all(&data, session_ids, count, job);
    page_texts_free(&data.texts);
    free(data.buckets);
    free(data.key_events);
    return done;
}
