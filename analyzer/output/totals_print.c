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
