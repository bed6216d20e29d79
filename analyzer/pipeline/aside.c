/* SPDX-License-Identifier: ISC */
#include "aside.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

static char *aside_path(const struct store *store)
{
    const char *path = store_path(store);
    char *aside = memory_get(strlen(path) + sizeof "-aside");
    strcpy(stpcpy(aside, path), "-aside");
    return aside;
}

static bool has_room(const char *path)
{
    struct stat file;
    return stat(path, &file) != 0 || file.st_size < ASIDE_LIMIT;
}

/* The captures of the other history have no number here. */
static int64_t capture_of(struct store *aside, struct bytes source)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)source.len, (const char *)source.at);
    return store_capture(aside, name, "live", 0, NULL);
}

static bool write_all(struct store *aside, struct backlog *list)
{
    for (struct draft *draft = list->first; draft; draft = draft->next) {
        struct chapter chapter = draft->chapter;
        chapter.captures = NULL;
        chapter.session.capture_id = capture_of(aside, chapter.session.source);
        if (!chapter.session.capture_id || !store_write(aside, &chapter, NULL))
            return false;
    }
    return true;
}

bool aside_write(const struct store *store, struct backlog *list)
{
    char *path = aside_path(store);
    struct store *aside = has_room(path) ? store_open(path, NULL) : NULL;
    bool done = aside && write_all(aside, list) && store_commit(aside, NULL);
    done = store_close(aside, NULL) && done;
    free(path);
    return done;
}
