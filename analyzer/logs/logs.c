/* SPDX-License-Identifier: ISC */
#include "heloscope/logs/logs.h"

#include <sys/stat.h>

#include "heloscope/base/limits.h"
#include "heloscope/db/selection.h"
#include "join.h"
#include "log_record.h"
#include "place.h"

#define MARGIN_US (INT64_C(26) * 3600 * 1000000) /* by which clocks and zones may differ */

/* A file that is being read. */
struct log_reading {
    struct history *history;
    struct logbook *book;
    struct log_reader reader;
    struct visits visits;
    struct log_join join;
    struct log_file *out;
    unsigned servers; /* a bit for each that was met */
};

static bool last_session(void *context, const struct history_session *row)
{
    *(int64_t *)context = row->started_us;
    return true;
}

/* When the history's sessions are, for years that are not written. */
static bool find_near(struct history *history, int64_t *near_us, struct failure *why)
{
    const struct selection last = {.last = 1};
    *near_us = 0;
    return history_select(history, &last, last_session, near_us, why);
}

static void count_visits(struct log_reading *r)
{
    for (size_t i = 0; i < r->visits.count; i++) {
        const struct visit *visit = r->visits.all[i];
        r->out->visits++;
        if (visit->session != SIZE_MAX) {
            r->out->visits_joined++;
            r->out->joined += (int64_t)visit->line_count;
        } else {
            r->out->stray += (int64_t)visit->line_count;
            r->out->unclear += visit->unclear ? (int64_t)visit->line_count : 0;
        }
    }
}

/* "Postfix, Exim"; static storage. */
static const char *servers_of(unsigned servers)
{
    static char names[128];
    names[0] = '\0';
    for (int i = LOG_POSTFIX; i <= LOG_HARAKA; i++) {
        const char *name = log_server_name((enum log_server)i);
        if (servers & 1U << i && !strstr(names, name))
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
                     *names ? ", " : "", name);
    }
    return names;
}

/* Joins and stores what has been read so far. */
static bool settle(struct log_reading *r, struct failure *why)
{
    const struct log_file *file = r->out;
    r->out->servers = servers_of(r->servers);
    if (!r->visits.count)
        return true;
    if (!join_load(&r->join, file->first_us - MARGIN_US, file->last_us + MARGIN_US, why))
        return false;
    join_find_clock(&r->join, &r->visits);
    join_visits(&r->join, &r->visits);
    if (r->join.has_clock) {
        r->out->has_clock = true;
        r->out->clock_us = r->join.clock_us;
    }
    bool done = logbook_begin(r->book, file->path, why);
    for (size_t i = 0; done && i < r->visits.count; i++)
        if (r->visits.all[i]->session != SIZE_MAX)
            done = place_lines(r->book, &r->join, r->visits.all[i], why);
    count_visits(r);
    visits_free(&r->visits);
    join_free(&r->join);
    return done && logbook_end(r->book, file, why);
}

static void note_time(struct log_file *file, int64_t us)
{
    if (!file->first_us || us < file->first_us)
        file->first_us = us;
    if (us > file->last_us)
        file->last_us = us;
}

/* What a line says is read in an arena of its own, since the visits copy what they keep. */
static bool read_lines(struct log_reading *r, struct failure *why)
{
    struct log_record record;
    bool done = true;
    while (done && log_record_next(&r->reader, &record, why)) {
        struct arena arena = {0};
        struct saying saying;
        note_time(r->out, record.time.us);
        r->reader.calendar.near_us = record.time.us; /* the year goes on from line to line */
        if (saying_read(&record, &arena, &saying)) {
            saying.line = r->reader.count;
            r->servers |= 1U << saying.server;
            r->out->known++;
            visits_add(&r->visits, &record.time, &saying);
        }
        arena_free(&arena);
        if (r->visits.count >= LOG_VISITS)
            done = settle(r, why);
    }
    return done && !(why && why->text[0]) && settle(r, why);
}

static bool is_directory(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

bool logs_read(struct history *history, struct logbook *book, const struct logs_job *job,
               struct log_file *out, struct failure *why)
{
    struct log_reading r = {.history = history, .book = book, .out = out};
    *out = (struct log_file){.path = job->path};
    r.join.history = history;
    r.reader.calendar.utc = job->utc;
    if (!find_near(history, &r.reader.calendar.near_us, why))
        return false;
    if (is_directory(job->path))
        return failure_set(why, "%s is a directory; name the logs in it", job->path);
    r.reader.lines = text_lines_open(job->path, why);
    if (!r.reader.lines)
        return false;
    const bool done = read_lines(&r, why);
    text_lines_close(r.reader.lines);
    visits_free(&r.visits);
    join_free(&r.join);
    out->lines = (int64_t)r.reader.count;
    out->stray += (int64_t)r.visits.stray;
    out->servers = servers_of(r.servers);
    if (done && r.reader.count && r.reader.timeless == r.reader.count)
        return failure_set(why, "%s: no line begins with a time that a log of a mail server has",
                           job->path);
    out->over = true;
    return done && logbook_begin(book, job->path, why) && logbook_end(book, out, why);
}
