/* SPDX-License-Identifier: ISC */
#include "heloscope/output/totals_print.h"

#include <inttypes.h>

#include "heloscope/base/text.h"

uint64_t sources_dropped(struct capture *capture)
{
    struct capture_source **sources;
    size_t count = capture_sources(capture, &sources);
    uint64_t dropped = 0;
    for (size_t i = 0; i < count; i++)
        dropped += sources[i]->dropped;
    return dropped;
}

void totals_print_packets(FILE *out, const struct pipeline_totals *totals)
{
    const struct {
        const char *before;
        uint64_t count;
        const char *noun, *behind; /* a noun that is no word has no plural */
    } parts[] = {
        {", ", totals->unreadable_packets, NULL, " unreadable"},
        {", ", totals->duplicates, "duplicate", ""},
        {", ", totals->fragments, "fragment", ""},
        {" with ", totals->incomplete_datagrams, "datagram", " incomplete"},
        {", ", totals->overlapping_fragments, NULL, " overlapping"},
        {", ", totals->contradicting_fragments, NULL, " contradicting others"},
        {", ", totals->malformed_fragments, NULL, " impossible"},
    };
    char words[TEXT_COUNT];
    fprintf(out, "%" PRIu64 " TCP in %s", totals->tcp_packets,
            text_counted(totals->connections, "connection", words));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!parts[i].count)
            continue;
        if (parts[i].noun)
            text_counted(parts[i].count, parts[i].noun, words);
        else
            snprintf(words, sizeof words, "%" PRIu64, parts[i].count);
        fprintf(out, "%s%s%s", parts[i].before, words, parts[i].behind);
    }
}

/* The names that people know; of https://www.tcpdump.org/linktypes.html. */
static const char *link_name(int link_type, char *out, size_t size)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{0, "BSD loopback"}, {1, "Ethernet"},          {9, "PPP"},
                 {50, "PPP"},         {101, "raw IP"},          {105, "802.11"},
                 {113, "Linux SLL"},  {127, "802.11 radiotap"}, {192, "PPI"},
                 {276, "Linux SLL2"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == link_type)
            return names[i].name;
    snprintf(out, size, "%d", link_type);
    return out;
}

void totals_print_no_ip(FILE *out, const struct pipeline_totals *totals)
{
    char stated[16], fitting[16];
    if (totals->unknown_link_type >= 0) {
        fprintf(out, "none is read: link type %d is not known", totals->unknown_link_type);
        return;
    }
    fprintf(out, "none is IP");
    if (totals->fitting_link_type >= 0)
        fprintf(out,
                ": link type %s does not fit, %s would (editcap -T changes what the file says)",
                link_name(totals->link_type, stated, sizeof stated),
                link_name(totals->fitting_link_type, fitting, sizeof fitting));
}
