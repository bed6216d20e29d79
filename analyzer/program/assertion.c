/* SPDX-License-Identifier: ISC */
#include "assertion.h"

#include <inttypes.h>
#include <string.h>

#include "heloscope/base/text.h"
#include "heloscope/capture/capture.h"
#include "heloscope/output/findings.h"

enum {
    FINDINGS_MAX = 1000000
};

bool assertion_read(const char *words, unsigned *fail_on)
{
    static const struct {
        const char *word;
        unsigned bit;
    } kinds[] = {{"client", FAIL_ON_CLIENT},
                 {"server", FAIL_ON_SERVER},
                 {"any", FAIL_ON_ANY},
                 {"503", FAIL_ON_503},
                 {"violation", FAIL_ON_VIOLATION}};
    for (const char *at = words;; at++) {
        const size_t length = strcspn(at, ",");
        unsigned bit = 0;
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (bytes_equal(bytes_of(at, length), bytes_of_string(kinds[i].word)))
                bit = kinds[i].bit;
        if (!bit)
            return false;
        *fail_on |= bit;
        at += length;
        if (!*at)
            return true;
    }
}

struct checking {
    unsigned fail_on;
    struct findings findings;
};

static bool breaks(unsigned fail_on, const struct history_diagnosis *row)
{
    const char *fault = text_or(row->fault, "");
    return (fail_on & FAIL_ON_ANY) || ((fail_on & FAIL_ON_503) && row->code == 503) ||
           ((fail_on & FAIL_ON_CLIENT) && strcmp(fault, "client") == 0) ||
           ((fail_on & FAIL_ON_SERVER) && strcmp(fault, "server") == 0);
}

static bool add_diagnosis(void *context, const struct history_diagnosis *row)
{
    struct checking *checking = context;
    if (breaks(checking->fail_on, row))
        findings_add(&checking->findings, row);
    return true;
}

/* --- lines --- */

/* The place that a line begins with: "trace.pcap, packet 10: session 4, #8: ". */
struct place {
    FILE *out;
    event_no seq;
    int64_t packet;
};

static bool take_packet(void *context, const struct history_event *event)
{
    ((struct place *)context)->packet = event->packet;
    return true;
}

static bool print_place(void *context, const struct history_session *row)
{
    const struct place *place = context;
    text_print(place->out, bytes_of_string(capture_source_title(text_or(row->source, "-"))));
    if (place->packet)
        fprintf(place->out, ", packet %" PRId64, place->packet);
    fprintf(place->out, ": session %" PRId64 ", #%" PRIu32 ": ", row->session_id, place->seq);
    return true;
}

static bool begin_line(struct history *history, int64_t session_id, event_no seq, FILE *out,
                       struct failure *why)
{
    struct place place = {out, seq, 0};
    return history_events(history, session_id, seq, seq, take_packet, &place, why) &&
           history_session(history, session_id, print_place, &place, why);
}

static bool print_finding(struct history *history, const struct finding *finding, FILE *out,
                          struct failure *why)
{
    const struct ruling *ruling = &finding->ruling;
    const enum cause cause = cause_by_name(bytes_of_string(ruling->cause));
    char code[TEXT_CODE];
    if (!begin_line(history, finding->session_id,
                    finding->origin ? finding->origin : finding->reply, out, why))
        return false;
    fprintf(out, "%s (%s); fault %s, %s; %s at #%" PRIu32, ruling->cause, cause_entry(cause)->title,
            ruling->fault, ruling->certainty, text_code(finding->code, code), finding->reply);
    if (finding->refusals > 1)
        fprintf(out, " and %" PRIu64 " more", finding->refusals - 1);
    fputc('\n', out);
    return true;
}

static bool print_list(struct history *history, const struct finding_list *list, FILE *out,
                       struct failure *why)
{
    for (size_t i = 0; i < list->count; i++)
        if (!print_finding(history, &list->all[i], out, why))
            return false;
    return true;
}

struct violations {
    struct history *history;
    FILE *out;
    uint64_t *broken;
    struct failure *why;
};

static bool print_violation(void *context, const struct history_violation *row)
{
    struct violations *v = context;
    if (!begin_line(v->history, row->session_id, row->seq, v->out, v->why))
        return false;
    fprintf(v->out, "violates %s%s\n", row->rule,
            row->tolerated ? ", and the server accepted it" : "");
    ++*v->broken;
    return true;
}

bool assertion_check(unsigned fail_on, struct history *history, const struct own_findings *own,
                     size_t count, FILE *out, uint64_t *broken, struct failure *why)
{
    struct checking checking = {.fail_on = fail_on};
    findings_begin(&checking.findings, FINDINGS_MAX);
    bool done = history_diagnoses_of(history, own, count, add_diagnosis, &checking, why) &&
                print_list(history, &checking.findings.with_503, out, why) &&
                print_list(history, &checking.findings.other, out, why);
    *broken = checking.findings.total_origins_503 + checking.findings.total_origins_other;
    findings_free(&checking.findings);
    struct violations violations = {history, out, broken, why};
    if (done && (fail_on & FAIL_ON_VIOLATION))
        done = history_violations_of(history, own, count, print_violation, &violations, why);
    return done;
}
