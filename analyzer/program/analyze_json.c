/* SPDX-License-Identifier: ISC */
/* What analyze found, as one document. */
#include <inttypes.h>

#include "analyze_run.h"
#include "heloscope/capture/capture.h"
#include "heloscope/output/finding_print.h"
#include "heloscope/output/totals_print.h"

static void json_sources(const struct run *run, struct json *json)
{
    struct capture_source **sources;
    size_t count = capture_sources(run->capture, &sources);
    json_open(json, "captures", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        json_string(json, "source", sources[i]->name);
        json_integer(json, "packets", (int64_t)sources[i]->packets);
        json_integer(json, "bytes", (int64_t)sources[i]->bytes);
        json_integer(json, "dropped", (int64_t)sources[i]->dropped);
        json_integer(json, "duplicates", (int64_t)sources[i]->duplicates);
        json_integer(json, "overlaps", (int64_t)sources[i]->overlaps);
        json_integer(json, "started_us", sources[i]->started_us);
        json_integer(json, "ended_us", sources[i]->ended_us);
        json_string(json, "problem", sources[i]->problem[0] ? sources[i]->problem : NULL);
        json_close(json);
    }
    json_close(json);
}

static void json_totals(const struct run *run, struct json *json)
{
    const struct pipeline_totals *totals = &run->totals;
    const struct findings *findings = &run->findings;
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"packets", totals->packets},
        {"tcp_packets", totals->tcp_packets},
        {"unreadable_packets", totals->unreadable_packets},
        {"dropped_packets", sources_dropped(run->capture)},
        {"duplicates", totals->duplicates},
        {"cut_packets", totals->cut},
        {"fragments", totals->fragments},
        {"datagrams", totals->datagrams},
        {"incomplete_datagrams", totals->incomplete_datagrams},
        {"overlapping_fragments", totals->overlapping_fragments},
        {"contradicting_fragments", totals->contradicting_fragments},
        {"malformed_fragments", totals->malformed_fragments},
        {"connections", totals->connections},
        {"sessions", totals->sessions},
        {"sessions_known", totals->sessions_known},
        {"commands", totals->commands},
        {"messages", totals->messages},
        {"violations", totals->violations},
        {"bytes_missing", totals->bytes_missing},
        {"not_smtp", totals->not_smtp},
        {"tls_decrypted", totals->tls_opened},
        {"tls_without_entry", totals->tls_no_entry},
        {"tls_with_wrong_entry", totals->tls_wrong},
        {"silent_connections", totals->silent},
        {"errors_503", findings->total_503},
        {"causes_503", findings->total_origins_503},
        {"errors_other", findings->total_other},
        {"causes_other", findings->total_origins_other},
    };
    json_open(json, "summary", '{');
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        json_integer(json, numbers[i].name, (int64_t)numbers[i].value);
    json_open(json, "given_up", '{');
    for (int i = 0; i < COST_COUNT; i++)
        if (totals->costs.of[i])
            json_integer(json, cost_name((enum limit)i), (int64_t)totals->costs.of[i]);
    json_close(json);
    json_open(json, "by_cause", '{');
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (findings->errors_503[i])
            json_integer(json, cause_entry((enum cause)i)->name, (int64_t)findings->errors_503[i]);
    json_close(json);
    json_close(json);
}

bool analyze_json(const struct run *run, struct history *history, struct failure *why)
{
    const struct finding_list *lists[] = {&run->findings.with_503, &run->findings.other};
    struct json json = {.out = stdout};
    json_open(&json, NULL, '{');
    json_sources(run, &json);
    json_totals(run, &json);
    json_open(&json, "findings", '[');
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->count; i++)
            if (!finding_json(&json, history, &lists[k]->all[i], why))
                return false;
    json_close(&json);
    json_close(&json);
    return true;
}
