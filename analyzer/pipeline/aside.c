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

static bool write_to(const char *path, struct backlog *list)
{
    struct store *aside = has_room(path) ? store_open(path, NULL) : NULL;
    const bool done = aside && write_all(aside, list) && store_commit(aside, NULL);
    return store_close(aside, NULL) && done;
}

/* Another writer may have taken all that is in it back into the history, and have removed it, just
 * when it was opened here. */
bool aside_write(const struct store *store, struct backlog *list)
{
    struct stat file;
    char *path = aside_path(store);
    bool done = write_to(path, list);
    if (done && stat(path, &file) != 0)
        done = write_to(path, list);
    free(path);
    return done;
}
