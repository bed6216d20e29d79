/* SPDX-License-Identifier: ISC */
/* The dictionary of causes, whose texts are in causes.txt. */
#include "heloscope/cause.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct cause_entry dictionary[] = {
    [CAUSE_NONE] = {"", "", "", "", "", "", "", ""},
#include "db/causes_rows.h"
};
_Static_assert(COUNT_OF(dictionary) == CAUSE_COUNT, "each cause has its row");

static const char *const fault_names[] = {
    [FAULT_CLIENT] = "client",       [FAULT_PIPELINING] = "pipelining", [FAULT_SERVER] = "server",
    [FAULT_MIDDLEBOX] = "middlebox", [FAULT_POLICY] = "policy",         [FAULT_UNKNOWN] = "unknown",
};
_Static_assert(COUNT_OF(fault_names) == FAULT_COUNT, "each fault has its name");

static const char *const certainty_names[] = {
    [CERTAINTY_CERTAIN] = "certain",
    [CERTAINTY_LIKELY] = "likely",
    [CERTAINTY_UNKNOWN] = "unknown",
};
_Static_assert(COUNT_OF(certainty_names) == CERTAINTY_COUNT, "each certainty has its name");

const struct cause_entry *cause_entry(enum cause cause)
{
    return &dictionary[cause];
}

enum cause cause_by_name(struct bytes name)
{
    for (size_t i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (bytes_equal(name, bytes_of_string(dictionary[i].name)))
            return (enum cause)i;
    return CAUSE_NONE;
}

const char *fault_name(enum fault fault)
{
    return fault_names[fault];
}

const char *certainty_name(enum certainty level)
{
    return certainty_names[level];
}

enum fault fault_by_name(const char *name)
{
    int i = 0;
    while (i < FAULT_COUNT && strcmp(fault_names[i], name) != 0)
        i++;
    return (enum fault)i;
}

enum certainty certainty_by_name(const char *name)
{
    int i = 0;
    while (i < CERTAINTY_COUNT && strcmp(certainty_names[i], name) != 0)
        i++;
    return (enum certainty)i;
}
