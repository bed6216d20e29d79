/* SPDX-License-Identifier: ISC */
#include "alike.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"

#define MINUTE_US (INT64_C(60) * 1000000)

/* The findings of one kind in the minute at hand. */
struct kind {
    char name[160]; /* "503 mail_missing, 192.0.2.1 -> 192.0.2.2 port 25"; empty = free */
    int64_t began_us;
    int64_t session_id; /* the latest that was printed */
    uint32_t printed;
    uint64_t counted;
};

/* A kind has one place; another that comes there takes it. */
struct alike {
    uint64_t seed; /* of the places */
    struct kind kinds[ALIKE_KINDS];
    uint64_t counted; /* of kinds that had to go */
};

struct alike *alike_new(void)
{
    struct alike *alike = memory_get(sizeof *alike);
    alike->seed = hash_seed();
    return alike;
}

void alike_free(struct alike *alike)
{
    free(alike);
}

static void print_name(const struct history_diagnosis *row, char *out, size_t size)
{
    char code[TEXT_CODE];
    snprintf(out, size, "%s %.40s, %.46s -> %.46s port %d", text_code(row->code, code),
             text_or(row->cause, "unknown"), text_or(row->client_addr, "?"),
             text_or(row->server_addr, "?"), row->server_port);
}

static struct kind *place_of(struct alike *alike, const char *name)
{
    return &alike->kinds[hash_octets(alike->seed, name, strlen(name)) % ALIKE_KINDS];
}

bool alike_prints(struct alike *alike, const struct history_diagnosis *row, int64_t clock_us)
{
    char name[sizeof alike->kinds[0].name];
    print_name(row, name, sizeof name);
    struct kind *kind = place_of(alike, name);
    if (strcmp(kind->name, name) != 0) {
        alike->counted += kind->counted;
        *kind = (struct kind){.began_us = clock_us};
        strcpy(kind->name, name);
    }
    if (!kind->counted && clock_us - kind->began_us >= MINUTE_US) {
        kind->began_us = clock_us;
        kind->printed = 0;
    }
    if (kind->session_id == row->session_id && kind->printed)
        return true;
    if (kind->printed == ALIKE_PRINTED) {
        kind->counted++;
        return false;
    }
    kind->printed++;
    kind->session_id = row->session_id;
    return true;
}

static void say(struct terminal *terminal, uint64_t count, const char *name)
{
    char words[TEXT_COUNT];
    terminal_say(terminal, "%s like those before: %s; heloscope report --by problem counts them",
                 text_counted(count, "further finding", words), name);
}

void alike_say(struct alike *alike, struct terminal *terminal, int64_t clock_us, bool all)
{
    for (size_t i = 0; i < ALIKE_KINDS; i++) {
        struct kind *kind = &alike->kinds[i];
        if (!kind->counted || (!all && clock_us - kind->began_us < MINUTE_US))
            continue;
        say(terminal, kind->counted, kind->name);
        *kind = (struct kind){0};
    }
    if (alike->counted && all)
        say(terminal, alike->counted, "of several kinds");
}
