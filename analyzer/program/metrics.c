/* SPDX-License-Identifier: ISC */
#include "metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox_run.h"

/* Counters end in _total, sizes are bytes (prometheus.io, metric and label naming). */
struct metric {
    const char *name, *kind, *help;
    size_t offset; /* of a uint64_t in what it is of */
};

#define OF_SOURCE(field) offsetof(struct capture_source, field)
static const struct metric of_interfaces[] = {
    {"heloscope_packets_total", "counter", "Packets read.", OF_SOURCE(packets)},
    {"heloscope_packet_bytes_total", "counter", "Octets of the packets read.", OF_SOURCE(bytes)},
    {"heloscope_dropped_packets_total", "counter", "Packets lost before they could be captured.",
     OF_SOURCE(dropped)},
    {"heloscope_duplicate_packets_total", "counter", "Packets that a mirror sent twice.",
     OF_SOURCE(duplicates)},
    {"heloscope_sessions_total", "counter", "SMTP sessions that ended.", OF_SOURCE(sessions)},
    {"heloscope_errors_503_total", "counter", "503 replies in sessions that ended.",
     OF_SOURCE(errors_503)},
    {"heloscope_capture_ring_bytes", "gauge", "Octets captured that wait to be read.",
     OF_SOURCE(waiting)},
};

#define OF_ALL(field) offsetof(struct pipeline_totals, field)
static const struct metric of_all[] = {
    {"heloscope_connections", "gauge", "TCP connections that are remembered now.", OF_ALL(open)},
    {"heloscope_messages_total", "counter", "Messages transferred in sessions that ended.",
     OF_ALL(messages)},
    {"heloscope_missing_bytes_total", "counter",
     "Octets of sessions that ended which the capture did not have.", OF_ALL(bytes_missing)},
    {"heloscope_history_queue_bytes", "gauge", "Octets that wait to be written to the history.",
     OF_ALL(queue_octets)},
};

static uint64_t value_of(const void *holder, const struct metric *metric)
{
    uint64_t value;
    memcpy(&value, (const char *)holder + metric->offset, sizeof value);
    return value;
}

static void print_head(FILE *out, const char *name, const char *kind, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

/* The value of a label: three characters are escaped in it. */
static void print_label(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            fputs("\\n", out);
        else
            fprintf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
}

static void print_interfaces(FILE *out, struct capture *capture)
{
    struct capture_source **sources;
    const size_t count = capture_sources(capture, &sources);
    for (size_t i = 0; i < sizeof of_interfaces / sizeof *of_interfaces; i++) {
        const struct metric *metric = &of_interfaces[i];
        print_head(out, metric->name, metric->kind, metric->help);
        for (size_t k = 0; k < count; k++) {
            fprintf(out, "%s{interface=\"", metric->name);
            print_label(out, sources[k]->name);
            fprintf(out, "\"} %" PRIu64 "\n", value_of(sources[k], metric));
        }
    }
}

static void print_all(FILE *out, const struct statistics *statistics)
{
    struct pipeline_totals totals;
    pipeline_totals(statistics->recording->pipeline, &totals);
    for (size_t i = 0; i < sizeof of_all / sizeof *of_all; i++) {
        print_head(out, of_all[i].name, of_all[i].kind, of_all[i].help);
        fprintf(out, "%s %" PRIu64 "\n", of_all[i].name, value_of(&totals, &of_all[i]));
    }
    print_head(out, "heloscope_print_queue_bytes", "gauge", "Octets that wait to be printed.");
    fprintf(out, "heloscope_print_queue_bytes %zu\n", outlet_waiting(statistics->speech->out));
    print_head(out, "heloscope_start_time_seconds", "gauge",
               "When the monitor was started, in seconds since 1970.");
    fprintf(out, "heloscope_start_time_seconds %" PRId64 "\n", statistics->began_us / 1000000);
    print_head(out, "heloscope_sandbox_active", "gauge",
               "Whether a mechanism of the kernel confines the thread that reads packets.");
    fprintf(out, "heloscope_sandbox_active{mechanism=\"landlock\"} %d\n",
            sandbox_run_state().files);
    fprintf(out, "heloscope_sandbox_active{mechanism=\"seccomp\"} %d\n", sandbox_run_state().calls);
    print_head(out, "heloscope_build_info", "gauge", "The program's version.");
    fprintf(out, "heloscope_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
}

/* Others read it, whatever the umask of the program is. */
static FILE *create(const char *path)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0)
        return NULL;
    FILE *out = fchmod(file, 0644) == 0 ? fdopen(file, "w") : NULL;
    if (!out)
        close(file);
    return out;
}

bool metrics_write(const char *path, const struct statistics *statistics, struct failure *why)
{
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return failure_set(why, "metrics '%.200s...': the name is too long", path);
    FILE *out = create(beside);
    if (out) {
        print_interfaces(out, statistics->recording->capture);
        print_all(out, statistics);
    }
    const bool written = out && !ferror(out);
    if (out && fclose(out) == 0 && written && rename(beside, path) == 0)
        return true;
    return failure_set(why, "metrics '%s' cannot be written: %s", path, strerror(errno));
}
