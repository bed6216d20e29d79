/* SPDX-License-Identifier: ISC */
/* heloscope prune: the oldest sessions of a history go, or the events of those in which nothing was
 * wrong. It may be written at the same time. */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "heloscope/base/text.h"
#include "heloscope/db/store.h"
#include "heloscope/output/json.h"

enum {
    PAUSE_US = 2000 /* between two steps, for others who want the lock */
};

struct size {
    int64_t file, used;
    bool shrinks;
};

static bool run_steps(struct store *store, const struct retention *keep, struct prune_state *state,
                      struct failure *why)
{
    const int64_t now_us = (int64_t)time(NULL) * 1000000;
    while (!store_prune_is_over(state)) {
        if (!store_prune(store, keep, state, now_us, why))
            return false;
        usleep(PAUSE_US);
    }
    return true;
}

static void print_size(const char *label, const struct size *size)
{
    printf("%s%.1f MB", label, (double)size->file / 1e6);
}

static void print_text(const struct prune_state *state, const struct size *before,
                       const struct size *after, const struct options *options)
{
    char words[TEXT_COUNT];
    printf("removed %s", text_counted(state->sessions, "session", words));
    if (options->keep.problems_only)
        printf(", and the events of %s in which nothing was wrong",
               text_counted(state->trimmed, "session", words));
    print_size("; the file has ", after);
    print_size(", before ", before);
    printf(" (longest lock %" PRId64 " ms)\n", (state->longest_us + 999) / 1000);
    if (state->unfetched)
        printf("%s had not been fetched yet by all who fetch from this history\n",
               text_counted(state->unfetched, "session", words));
    if (!after->shrinks && after->file > after->used)
        printf(
            "This file cannot give back the %.1f MB that are free in it, since an early heloscope "
            "made it; they are used again. Once, while nobody writes, this changes it:\n"
            "    sqlite3 %s 'PRAGMA auto_vacuum = 2; VACUUM'\n",
            (double)(after->file - after->used) / 1e6, options->database);
}

static void print_json(const struct prune_state *state, const struct size *before,
                       const struct size *after)
{
    struct json json = {.out = stdout};
    json_open(&json, NULL, '{');
    json_integer(&json, "sessions_removed", (int64_t)state->sessions);
    json_integer(&json, "sessions_trimmed", (int64_t)state->trimmed);
    json_integer(&json, "sessions_not_fetched", (int64_t)state->unfetched);
    json_integer(&json, "bytes_before", before->file);
    json_integer(&json, "bytes", after->file);
    json_integer(&json, "bytes_free", after->file - after->used);
    json_integer(&json, "longest_lock_us", state->longest_us);
    json_boolean(&json, "can_shrink", after->shrinks);
    json_close(&json);
}

static bool prune(struct store *store, const struct options *options, struct failure *why)
{
    struct prune_state state = {0};
    struct size before, after;
    store_size(store, &before.file, &before.used, &before.shrinks);
    if (!run_steps(store, &options->keep, &state, why))
        return false;
    store_size(store, &after.file, &after.used, &after.shrinks);
    if (options->json)
        print_json(&state, &before, &after);
    else if (!options->quiet)
        print_text(&state, &before, &after, options);
    return true;
}

enum status cmd_prune(const struct options *options, struct terminal *terminal, struct failure *why)
{
    (void)terminal;
    const struct retention *keep = &options->keep;
    if (!keep->keep_us && !keep->max_octets && !keep->problems_only) {
        failure_set(why, "prune needs --keep, --max-size or --events problems");
        return STATUS_USAGE;
    }
    if (options->word_count) {
        failure_set(why, "prune takes no argument such as '%s'; --db names the history",
                    options->words[0]);
        return STATUS_USAGE;
    }
    if (access(options->database, F_OK) != 0) {
        failure_set(why, "history '%s' does not exist; --db names another", options->database);
        return STATUS_INCOMPLETE;
    }
    struct store *store = store_open(options->database, why);
    if (!store)
        return STATUS_INCOMPLETE;
    const bool done = prune(store, options, why);
    return store_close(store, done ? why : NULL) && done ? STATUS_DONE : STATUS_INCOMPLETE;
}
