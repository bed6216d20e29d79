/* SPDX-License-Identifier: ISC */
#include "listing.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/base/text.h"
#include "heloscope/db/watch.h"

/* A text from the wire, made harmless; "" for NULL. */
static const char *harmless(struct arena *arena, const char *text)
{
    char *out = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&out, &length);
    if (!memory)
        return "";
    text_print(memory, bytes_of_string(text_or(text, "")));
    fclose(memory);
    const char *kept = (const char *)arena_print(arena, "%s", out).at;
    free(out);
    return kept;
}

static const char *endpoint(struct arena *arena, const char *address, int port)
{
    const char *shown = harmless(arena, text_or(address, "?"));
    return (const char *)arena_print(arena, strchr(shown, ':') ? "[%s]:%d" : "%s:%d", shown, port)
        .at;
}

static void lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* A copy in small letters. */
static const char *lowered(struct arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = arena_get(arena, size);
    memcpy(copy, text, size);
    lower(copy);
    return copy;
}

static bool take_session(void *context, const struct history_session *row)
{
    struct listing *listing = context;
    struct arena *arena = &listing->arena;
    if (listing->count == listing->room) {
        listing->room = listing->room ? 2 * listing->room : 256;
        listing->all = memory_resize(listing->all, listing->room * sizeof *listing->all);
    }
    struct listed *listed = &listing->all[listing->count++];
    *listed = (struct listed){
        .id = row->session_id,
        .started_us = row->started_us,
        .errors = row->errors_503 + row->errors_other,
        .client = endpoint(arena, row->client_addr, row->client_port),
        .server = endpoint(arena, row->server_addr, row->server_port),
        .helo = harmless(arena, row->helo),
        .outcome = harmless(arena, row->outcome),
        .cause = "",
        .messages = (int)row->messages,
        .errors_503 = (int)row->errors_503,
        .errors_other = (int)row->errors_other,
    };
    const char *hay =
        (const char *)arena_print(arena, "%" PRId64 " %s %s %s %s %s %s %s %s", row->session_id,
                                  listed->client, listed->server, listed->helo, listed->outcome,
                                  harmless(arena, row->client_software),
                                  harmless(arena, row->server_software),
                                  harmless(arena, row->source), harmless(arena, row->proxied_addr))
            .at;
    listed->hay = lowered(arena, hay);
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_time(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    if (x->started_us != y->started_us)
        return x->started_us < y->started_us ? -1 : 1;
    return by_id(a, b);
}

static bool take_cause(void *context, const struct history_diagnosis *row)
{
    struct listing *listing = context;
    const struct listed key = {.id = row->session_id};
    struct listed *listed =
        bsearch(&key, listing->all, listing->count, sizeof *listing->all, by_id);
    if (!listed || !row->cause)
        return true;
    if (!*listed->cause)
        listed->cause = harmless(&listing->arena, row->cause);
    if (!strstr(listed->hay, row->cause))
        listed->hay = (const char *)arena_print(&listing->arena, "%s %s %s", listed->hay,
                                                harmless(&listing->arena, row->cause),
                                                harmless(&listing->arena, row->fault))
                          .at;
    return true;
}

bool listing_read(struct listing *listing, bool *changed, struct failure *why)
{
    const int64_t version = history_version(listing->history);
    *changed = version != listing->version || !listing->all;
    if (!*changed)
        return true;
    listing->version = version;
    listing->count = 0;
    arena_free(&listing->arena);
    listing->arena = (struct arena){0};
    if (!listing->all)
        listing->all = memory_get((listing->room = 256) * sizeof *listing->all);
    if (!history_select(listing->history, listing->selection, take_session, listing, why))
        return false;
    qsort(listing->all, listing->count, sizeof *listing->all, by_id);
    if (!history_diagnoses(listing->history, 0, false, take_cause, listing, why))
        return false;
    qsort(listing->all, listing->count, sizeof *listing->all, by_time);
    listing_filter(listing);
    return true;
}

/* Whether every word of `filter` is in `hay`. */
static bool fits(const char *hay, const char *filter)
{
    char words[FILTER_SIZE], *rest = NULL;
    snprintf(words, sizeof words, "%s", filter);
    lower(words);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (!strstr(hay, word))
            return false;
    return true;
}

void listing_filter(struct listing *listing)
{
    listing->shown = memory_resize(listing->shown, (listing->count + 1) * sizeof *listing->shown);
    listing->shown_count = 0;
    for (size_t i = 0; i < listing->count; i++)
        if ((!listing->only_errors || listing->all[i].errors) &&
            fits(listing->all[i].hay, listing->filter))
            listing->shown[listing->shown_count++] = i;
}

void listing_free(struct listing *listing)
{
    arena_free(&listing->arena);
    free(listing->all);
    free(listing->shown);
}
