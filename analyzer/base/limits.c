/* SPDX-License-Identifier: ISC */
#include "heloscope/base/limits.h"

#include <inttypes.h>

#include "heloscope/base/text.h"

/* "12 NOUNs FATE at the limit of BOUND UNIT" */
static const struct row {
    const char *name, *noun, *fate;
    uint64_t bound;
    const char *unit;
} rows[COST_COUNT] = {
    [COST_CONNECTIONS] = {"connections_given_up", "connection", "given up", CONNECTION_LIMIT, ""},
    [COST_TWINS] = {"twins_given_up", "connection", "given up", CONNECTION_TWINS,
                    " with the same endpoints"},
    [COST_SILENT] = {"silent_given_up", "connection without an octet", "given up", SILENT_LIMIT,
                     ""},
    [COST_WATCHED] = {"watched_given_up", "connection", "no longer looked at", WATCHED_LIMIT,
                      " under observation"},
    [COST_HOLES] = {"holes_given_up", "hole", "given up early", STREAM_MAX_WAITING,
                    " octets behind it"},
    [COST_HELD] = {"held_given_up", "wait", "cut short", HELD_LIMIT, " octets that wait in all"},
    [COST_AHEAD] = {"octets_too_far", "octet", "thrown away", STREAM_MAX_AHEAD, " from its place"},
    [COST_FRAGMENTS] = {"datagrams_given_up", "datagram in fragments", "given up", FRAGMENTS_MEMORY,
                        " octets"},
    [COST_LINES] = {"lines_cut", "line", "cut", LINE_LIMIT, " octets"},
    [COST_REPLIES] = {"replies_cut", "reply", "cut", REPLY_LIMIT, " octets"},
    [COST_WAITS] = {"waits_given_up", "answer", "no longer waited for", WAIT_LIMIT, " octets"},
    [COST_PENDING] = {"commands_unpaired", "command", "not paired with a reply", PENDING_LIMIT,
                      " that wait for theirs"},
    [COST_RECEIPTS] = {"receipts_forgotten", "event", "of unknown receipt", PENDING_LIMIT,
                       " not acknowledged"},
    [COST_RECIPIENTS] = {"recipients_not_stored", "recipient", "counted, not stored",
                         RECIPIENT_LIMIT, " of a transaction"},
    [COST_EVENTS] = {"events_not_stored", "event", "not stored", SESSION_EVENTS, " of a session"},
    [COST_LAYERS] = {"packets_too_deep", "packet", "not read", LAYER_LIMIT, " headers"},
    [COST_NESTED] = {"fragments_too_deep", "fragment", "not read", NESTED_FRAGMENTS,
                     " fragments within each other"},
    [COST_PATHS] = {"addresses_cut", "address", "cut", PATH_LIMIT, " octets"},
};

void costs_add(struct costs *to, const struct costs *more)
{
    for (int i = 0; i < COST_COUNT; i++)
        to->of[i] += more->of[i];
}

/* "2,000,000" */
static const char *grouped(uint64_t number, char out[TEXT_COUNT])
{
    char digits[TEXT_COUNT];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number), n = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = digits[i];
    }
    out[n] = '\0';
    return out;
}

/* Of "connection without an octet" the first word has a plural. */
static void print_counted(FILE *out, uint64_t count, const char *noun)
{
    char word[TEXT_COUNT], words[TEXT_COUNT];
    size_t length = strcspn(noun, " ");
    snprintf(word, sizeof word, "%.*s", (int)length, noun);
    fprintf(out, "%s%s", text_counted(count, word, words), noun + length);
}

void costs_print(FILE *out, const char *lead, const struct costs *costs)
{
    char bound[TEXT_COUNT];
    for (int i = 0; i < COST_COUNT; i++) {
        if (!costs->of[i])
            continue;
        fputs(lead, out);
        print_counted(out, costs->of[i], rows[i].noun);
        fprintf(out, " %s at the limit of %s%s\n", rows[i].fate, grouped(rows[i].bound, bound),
                rows[i].unit);
    }
}

const char *cost_name(enum limit limit)
{
    return rows[limit].name;
}
