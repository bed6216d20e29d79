/* SPDX-License-Identifier: ISC */
#include "clocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "input.h"
#include "heloscope/base/hash.h"
#include "heloscope/transport/intake.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

/* A file, read through on its own. */
struct probe {
    struct capture_input input;
    struct intake *intake;
    struct sightings sightings;
    uint64_t segments;
    int64_t newest_us;
    bool open, related; /* to another: both have seen some connection */
    bool compared;      /* its curve is known */
};

static bool is_regular(const char *name)
{
    struct stat status;
    return stat(name, &status) == 0 && S_ISREG(status.st_mode);
}

static void probe_begin(struct probe *probe, const char *name, uint64_t seed)
{
    sightings_begin(&probe->sightings, seed);
    probe->intake = intake_new();
    probe->input.source.name = name;
    probe->open = is_regular(name) && capture_input_open(&probe->input);
}

/* So far that it has seen `segments` of TCP. What is wrong with the file is told when it is read in
 * earnest. */
static void probe_read(struct probe *probe, uint64_t segments)
{
    struct capture_input *input = &probe->input;
    struct packet_record record;
    struct segment segment;
    uint32_t path;
    while (probe->open && probe->segments < segments && input->source.packets < CLOCKS_PACKETS) {
        probe->open = capture_input_advance(input) == INPUT_PACKET;
        if (!probe->open)
            return;
        capture_hand_out(&input->source, &input->packet, &record);
        if (record.ts_us > probe->newest_us)
            probe->newest_us = record.ts_us;
        if (intake_packet(probe->intake, &record, probe->newest_us, &segment, &path) ==
            INTAKE_SEGMENT) {
            sightings_take(&probe->sightings, &segment, record.ts_us);
            probe->segments++;
        }
    }
}

static void probe_end(struct probe *probe)
{
    capture_input_close(&probe->input);
    intake_free(probe->intake);
    sightings_free(&probe->sightings);
}

static size_t shared_by(const struct probe *a, const struct probe *b)
{
    size_t shared = 0;
    for (size_t i = 0; i < a->sightings.count; i++)
        shared += sightings_find(&b->sightings, &a->sightings.flows[i]) != NULL;
    return shared;
}

/* Whether any two have seen the same connection. */
static bool find_relations(struct probe *probes, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            if (shared_by(&probes[i], &probes[k]))
                any = probes[i].related = probes[k].related = true;
    return any;
}

/* The pair of a file that is compared and one that is not which share most; false = there is none.
 */
static bool next_pair(const struct probe *probes, size_t count, size_t *known, size_t *unknown)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            if (!probes[i].compared || probes[k].compared)
                continue;
            size_t shared = shared_by(&probes[i], &probes[k]);
            if (shared > most) {
                most = shared;
                *known = i;
                *unknown = k;
            }
        }
    return most > 0;
}

/* The first file's clock is the measure; of files that share nothing with it, that of the first of
 * them. */
static bool compare(struct probe *probes, size_t count, struct clock_curve *curves)
{
    bool any = false;
    for (size_t first = 0; first < count; first++) {
        size_t known = 0, unknown = 0;
        probes[first].compared = true;
        while (next_pair(probes, count, &known, &unknown)) {
            clock_curve_find(&curves[unknown], &probes[unknown].sightings, &probes[known].sightings,
                             &curves[known]);
            probes[unknown].compared = true;
            any |= curves[unknown].count > 0;
        }
    }
    return any;
}

struct clock_curve *capture_clocks_find(const char *const *names, size_t count)
{
    if (count < 2 || count > CLOCKS_FILES)
        return NULL;
    struct probe *probes = memory_get(count * sizeof *probes);
    struct clock_curve *curves = memory_get(count * sizeof *curves);
    uint64_t seed = hash_seed();
    for (size_t i = 0; i < count; i++) {
        probe_begin(&probes[i], names[i], seed);
        probe_read(&probes[i], CLOCKS_HEAD);
    }
    bool any = find_relations(probes, count);
    for (size_t i = 0; any && i < count; i++)
        if (probes[i].related)
            probe_read(&probes[i], UINT64_MAX);
    any = any && compare(probes, count, curves);
    for (size_t i = 0; i < count; i++)
        probe_end(&probes[i]);
    free(probes);
    if (any)
        return curves;
    free(curves);
    return NULL;
}

char *capture_clocks_print(const char *name, const struct clock_curve *curve, char *out,
                           size_t size)
{
    int64_t first = curve->knots[0].add_us, last = curve->knots[curve->count - 1].add_us;
    int64_t most = llabs(first) > llabs(last) ? first : last;
    snprintf(out, size,
             "%s: its clock is %.3f s %s by what TCP's numbers say; its times are corrected", name,
             (double)llabs(most) / 1e6, most > 0 ? "late" : "early");
    return out;
}

size_t capture_clocks_wrong(const struct clock_curve *clocks, size_t count, size_t index)
{
    size_t i = 0;
    while (i < count && !(clocks[i].count && index-- == 0))
        i++;
    return i;
}

bool capture_clocks_differ(const struct clock_curve *clocks, size_t count)
{
    return capture_clocks_wrong(clocks, count, 0) < count;
}
