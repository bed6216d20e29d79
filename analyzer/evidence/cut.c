/* SPDX-License-Identifier: ISC */
#include "heloscope/evidence/cut.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/text.h"
#include "pcapng_write.h"
#include "remark.h"
#include "survey.h"

/* --- the file that is written --- */

struct target {
    FILE *file;
    const char *path; /* "-" = standard output */
    char *part;       /* what it is called until it is whole; NULL = it has its name already */
};

static bool is_input(const struct plan *plan, const struct stat *output)
{
    struct stat input;
    for (size_t i = 0; i < plan->file_count; i++)
        if (stat(plan->files[i].path, &input) == 0 && input.st_dev == output->st_dev &&
            input.st_ino == output->st_ino)
            return true;
    return false;
}

static bool target_open(struct target *target, const char *path, const struct plan *plan,
                        struct failure *why)
{
    struct stat old;
    *target = (struct target){.path = path};
    if (strcmp(path, "-") == 0) {
        if (isatty(STDOUT_FILENO))
            return failure_set(why, "a capture is not written to a terminal; -w names a file");
        target->file = stdout;
        return true;
    }
    const bool exists = stat(path, &old) == 0;
    if (exists && is_input(plan, &old))
        return failure_set(why, "'%s' is one of the captures that are read; -w names another file",
                           path);
    if (!exists || S_ISREG(old.st_mode)) {
        const size_t size = strlen(path) + sizeof ".part";
        target->part = memory_get(size);
        snprintf(target->part, size, "%s.part", path);
    }
    target->file = fopen(target->part ? target->part : path, "wb");
    return target->file || failure_set(why, "'%s' cannot be written: %s", path, strerror(errno));
}

/* Gives the file its name when all went well, else takes it away. */
static bool target_close(struct target *target, bool done, struct failure *why)
{
    if (target->file && (fflush(target->file) != 0 || ferror(target->file)) && done)
        done = failure_set(why, "'%s' cannot be written: %s", target->path, strerror(errno));
    if (target->file && target->file != stdout && fclose(target->file) != 0 && done)
        done = failure_set(why, "'%s' cannot be written: %s", target->path, strerror(errno));
    if (done && target->part && rename(target->part, target->path) != 0)
        done = failure_set(why, "'%s' cannot be written: %s", target->path, strerror(errno));
    if (!done && target->file && target->part)
        unlink(target->part);
    free(target->part);
    return done;
}

/* --- secrets --- */

static void put_hex(FILE *out, const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++)
        fprintf(out, "%02x", octets[i]);
}

static uint64_t print_secrets(FILE *out, const struct keylog *keylog, const uint8_t *random)
{
    uint64_t count = 0;
    for (int label = 0; label < KEYLOG_LABELS; label++) {
        const struct keylog_secret *secret;
        size_t place = 0;
        if (label == KEYLOG_RSA) /* is not named by the client's random */
            continue;
        while ((secret = keylog_find(keylog, (enum keylog_label)label,
                                     bytes_of(random, SURVEY_RANDOM), &place))) {
            fprintf(out, "%s ", keylog_label_name((enum keylog_label)label));
            put_hex(out, random, SURVEY_RANDOM);
            putc(' ', out);
            put_hex(out, secret->octets, secret->length);
            putc('\n', out);
            count++;
        }
    }
    return count;
}

/* Returns how many there were. */
static uint64_t write_secrets(FILE *file, const struct survey *survey, const struct keylog *keylog)
{
    char *lines = NULL;
    size_t length = 0;
    uint64_t count = 0;
    FILE *out = open_memstream(&lines, &length);
    for (size_t i = 0; out && i < survey->random_count; i++)
        count += print_secrets(out, keylog, survey->randoms[i]);
    if (out)
        fclose(out);
    if (count)
        pcapng_write_secrets(file, bytes_of(lines, length));
    if (lines)
        explicit_bzero(lines, length);
    free(lines);
    return count;
}

/* --- packets --- */

struct interface {
    const struct capture_source *source;
    int link_type;
};

struct interfaces {
    struct interface *all;
    size_t count;
};

/* Returns its number; one that is new is written in front of its first packet. */
static unsigned interface_of(struct interfaces *interfaces, FILE *out,
                             const struct packet_record *packet)
{
    for (size_t i = 0; i < interfaces->count; i++)
        if (interfaces->all[i].source == packet->source &&
            interfaces->all[i].link_type == packet->link_type)
            return (unsigned)i;
    const char *slash = strrchr(packet->source->name, '/');
    pcapng_write_interface(out, packet->link_type, slash ? slash + 1 : packet->source->name);
    interfaces->all =
        memory_resize(interfaces->all, (interfaces->count + 1) * sizeof *interfaces->all);
    interfaces->all[interfaces->count] = (struct interface){packet->source, packet->link_type};
    return (unsigned)interfaces->count++;
}

/* Writes the comments of frame `frame`, of which `*next` is the first. */
static size_t write_packet(FILE *out, unsigned interface, const struct packet_record *packet,
                           uint64_t frame, const struct remark *remarks, size_t count, size_t *next)
{
    const char *texts[64];
    size_t n = 0;
    for (; *next < count && remarks[*next].frame == frame; ++*next)
        if (n < sizeof texts / sizeof *texts)
            texts[n++] = remarks[*next].text;
    pcapng_write_packet(out, interface, packet, texts, n);
    return n;
}

static bool write_packets(FILE *out, struct capture *capture, const struct survey *survey,
                          const struct remark *remarks, size_t remark_count,
                          struct cut_result *result, struct failure *why)
{
    struct interfaces interfaces = {0};
    struct packet_record packet;
    size_t at = 0, next = 0;
    bool same = true;
    for (uint64_t order = 1;
         same && at < survey->count && capture_next(capture, &packet) == CAPTURE_PACKET; order++) {
        if (survey->packets[at].order != order)
            continue;
        same = survey->packets[at].number == packet.number &&
               survey->packets[at].ts_us == packet.ts_us;
        result->comments += write_packet(out, interface_of(&interfaces, out, &packet), &packet,
                                         ++at, remarks, remark_count, &next);
    }
    free(interfaces.all);
    result->packets = at;
    return (same && at == survey->count) ||
           failure_set(why, "a capture changed while it was read; try again");
}

static void print_title(char *out, size_t size, const struct plan *plan)
{
    const int64_t first = plan->sessions[0].id;
    if (plan->session_count == 1)
        snprintf(out, size, "Session %" PRId64 " of a history of heloscope", first);
    else
        snprintf(out, size, "%zu sessions of a history of heloscope", plan->session_count);
}

static bool write_file(const struct plan *plan, const struct survey *survey,
                       const struct remark *remarks, size_t remark_count, const struct cut_job *job,
                       struct cut_result *result, struct failure *why)
{
    char title[96];
    struct target target;
    bool done = target_open(&target, job->output, plan, why);
    struct capture *capture = done ? survey_open(plan, NULL, why) : NULL;
    done = capture != NULL;
    if (done) {
        print_title(title, sizeof title, plan);
        pcapng_write_begin(target.file, "heloscope " PACKAGE_VERSION, title);
        if (job->keylog)
            result->secrets = write_secrets(target.file, survey, job->keylog);
        done = write_packets(target.file, capture, survey, remarks, remark_count, result, why);
    }
    capture_close(capture);
    return target_close(&target, done, why);
}

bool cut_sessions(struct history *history, const int64_t *session_ids, size_t count,
                  const struct cut_job *job, struct cut_result *out, struct failure *why)
{
    struct plan plan;
    struct survey survey = {0};
    *out = (struct cut_result){0};
    bool done = plan_load(&plan, history, session_ids, count, job->captures, why) &&
                survey_run(&survey, &plan, job->keylog, why);
    if (done) {
        struct remark *remarks;
        const size_t remark_count = remarks_make(&plan, &remarks);
        snprintf(out->warning, sizeof out->warning, "%s", survey.warning.text);
        done = write_file(&plan, &survey, remarks, remark_count, job, out, why);
        free(remarks);
    }
    survey_free(&survey);
    plan_free(&plan);
    return done;
}
