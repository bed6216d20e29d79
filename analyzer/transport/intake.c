/* SPDX-License-Identifier: ISC */
#include "heloscope/transport/intake.h"

#include <stdlib.h>

#include "duplicates.h"
#include "link_guess.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

struct intake {
    struct fragments *fragments;
    struct duplicates *duplicates;
    struct link_guess link_guess; /* as long as no packet was IP */
    struct intake_counts counts;
};

struct intake *intake_new(void)
{
    struct intake *intake = memory_get(sizeof *intake);
    intake->fragments = fragments_new();
    intake->duplicates = duplicates_new();
    intake->counts.unknown_link_type = -1;
    return intake;
}

void intake_free(struct intake *intake)
{
    if (!intake)
        return;
    fragments_free(intake->fragments);
    duplicates_free(intake->duplicates);
    free(intake);
}

/* Of a fragment that overlaps others its source is told too. */
static bool take_fragment(struct intake *intake, const struct packet_record *packet, int64_t now_us,
                          struct segment *out)
{
    struct fragment_counts before, after;
    fragments_counts(intake->fragments, &before);
    bool whole = fragments_take(intake->fragments, out, now_us);
    fragments_counts(intake->fragments, &after);
    packet->source->overlaps += after.overlaps - before.overlaps;
    return whole;
}

/* PACKET_FRAGMENT is left where the rest is still to come. */
static enum packet_kind decode(struct intake *intake, const struct packet_record *packet,
                               int64_t now_us, struct segment *out)
{
    out->src.family = 0; /* set where a layer is IP */
    enum packet_kind kind =
        packet_decode(packet->link_type, packet->frame, packet->wire_length, out);
    for (int n = 0; kind == PACKET_FRAGMENT && n < NESTED_FRAGMENTS; n++) {
        if (!take_fragment(intake, packet, now_us, out))
            return PACKET_FRAGMENT;
        kind = packet_resume(out);
    }
    intake->counts.nested += kind == PACKET_FRAGMENT;
    intake->counts.ip += out->src.family != 0;
    if (!intake->counts.ip && kind != PACKET_UNKNOWN_LINK) {
        intake->counts.link_type = packet->link_type;
        link_guess_keep(&intake->link_guess, packet->frame);
    }
    return kind;
}

enum intake_result intake_packet(struct intake *intake, const struct packet_record *packet,
                                 int64_t now_us, struct segment *segment, uint32_t *path)
{
    struct intake_counts *counts = &intake->counts;
    counts->packets++;
    switch (decode(intake, packet, now_us, segment)) {
    case PACKET_TCP:
        break;
    case PACKET_OTHER:
        counts->other++;
        return INTAKE_NOTHING;
    case PACKET_FRAGMENT:
        return INTAKE_NOTHING;
    case PACKET_UNKNOWN_LINK:
        counts->unknown_link_type = packet->link_type;
        counts->unreadable++;
        return INTAKE_NOTHING;
    case PACKET_SHORT:
        counts->unreadable++;
        return INTAKE_NOTHING;
    case PACKET_TOO_DEEP:
        counts->too_deep++;
        counts->unreadable++;
        return INTAKE_NOTHING;
    }
    counts->tcp++;
    counts->cut += segment->cut > 0;
    if (!duplicates_take(intake->duplicates, segment, packet->ts_us, path))
        return INTAKE_SEGMENT;
    counts->duplicates++;
    packet->source->duplicates++;
    return INTAKE_COPY;
}

void intake_counts(const struct intake *intake, struct intake_counts *out)
{
    *out = intake->counts;
    out->fitting_link_type = out->ip ? -1 : link_guess_fitting(&intake->link_guess);
    fragments_counts(intake->fragments, &out->fragments);
    out->incomplete =
        out->fragments.expired + out->fragments.given_up + fragments_waiting(intake->fragments);
}
