#include "heloscope/session/interned.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

enum {
    SLOTS = 2 * PHRASE_LIMIT /* a power of two */
};

/* Texts never move: another thread reads them. */
struct phrases {
    uint64_t seed;
    uint32_t count;
    struct bytes texts[PHRASE_LIMIT];
    uint32_t hashes[PHRASE_LIMIT];
    uint16_t slots[SLOTS]; /* open addressing: the number of a text, 0 = free */
    uint32_t seen[SLOTS];  /* hashes of texts that came once */
    struct arena arena;
};

struct phrases *phrases_new(void)
{
    struct phrases *phrases = memory_get(sizeof *phrases);
    phrases->seed = hash_seed();
    return phrases;
}

void phrases_free(struct phrases *phrases)
{
    if (!phrases)
        return;
    arena_free(&phrases->arena);
    free(phrases);
}

/* Takes a text in when it comes for the second time: most come once only. */
static uint32_t add(struct phrases *phrases, struct bytes text, uint32_t hash, uint16_t *slot)
{
    uint32_t *seen = &phrases->seen[hash % SLOTS];
    if (*seen != hash || phrases->count == PHRASE_LIMIT) {
        *seen = hash;
        return 0;
    }
    phrases->texts[phrases->count] = arena_copy(&phrases->arena, text);
    phrases->hashes[phrases->count] = hash;
    *slot = (uint16_t)++phrases->count;
    return phrases->count;
}

uint32_t phrases_number(struct phrases *phrases, struct bytes text)
{
    if (!text.at || text.len > PHRASE_LENGTH)
        return 0;
    const uint32_t hash = (uint32_t)(hash_octets(phrases->seed, text.at, text.len) >> 16);
    for (uint32_t i = hash;; i++) {
        uint16_t *slot = &phrases->slots[i % SLOTS];
        if (!*slot)
            return add(phrases, text, hash, slot);
        if (phrases->hashes[*slot - 1] == hash && bytes_equal(phrases->texts[*slot - 1], text))
            return *slot;
    }
}

struct bytes phrases_text(const struct phrases *phrases, uint32_t number)
{
    return phrases->texts[number - 1];
}
