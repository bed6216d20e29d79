/* SPDX-License-Identifier: ISC */
#include "paths.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool capture_paths_add(struct capture_paths *paths, char *name, size_t folder)
{
    if (!name)
        return false;
    if (paths->count == paths->room) {
        size_t room = paths->room ? 2 * paths->room : 16;
        struct capture_path *larger = realloc(paths->all, room * sizeof *larger);
        if (!larger) {
            free(name);
            return false;
        }
        paths->all = larger;
        paths->room = room;
    }
    paths->all[paths->count++] = (struct capture_path){.name = name, .folder = folder};
    return true;
}

static bool is_of_mode(const char *name, mode_t mode)
{
    struct stat status;
    return stat(name, &status) == 0 && (status.st_mode & S_IFMT) == mode;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

char *capture_path_join(const char *folder, const char *name)
{
    char *path = NULL;
    size_t length = strlen(folder);
    bool slash = length && folder[length - 1] == '/';
    return asprintf(&path, "%s%s%s", folder, slash ? "" : "/", name) < 0 ? NULL : path;
}

static bool add_entries(struct capture_paths *paths, const char *folder, struct dirent **entries,
                        int count)
{
    for (int i = 0; i < count; i++) {
        char *path = capture_path_join(folder, entries[i]->d_name);
        if (path && !is_of_mode(path, S_IFREG))
            free(path);
        else if (!capture_paths_add(paths, path, paths->folder_count))
            return false;
    }
    return true;
}

static bool add_folder(struct capture_paths *paths, const char *folder)
{
    struct dirent **entries = NULL;
    size_t before = paths->count;
    int count = scandir(folder, &entries, is_visible, versionsort);
    bool done = add_entries(paths, folder, entries, count);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (done && paths->count == before)
        done = capture_paths_add(paths, strdup(folder), 0);
    return done;
}

static bool expand(struct capture_paths *paths, const char *name)
{
    if (strcmp(name, "-") == 0 || !is_of_mode(name, S_IFDIR))
        return capture_paths_add(paths, strdup(name), 0);
    bool later = paths->growing && access(name, R_OK | X_OK) == 0;
    paths->folders[paths->folder_count++] = name;
    return later || add_folder(paths, name);
}

bool capture_paths_expand(struct capture_paths *out, const char *const *names, size_t count,
                          bool growing)
{
    *out = (struct capture_paths){.folders = calloc(count + 1, sizeof *out->folders),
                                  .growing = growing};
    bool done = out->folders;
    for (size_t i = 0; done && i < count; i++)
        done = expand(out, names[i]);
    if (!done)
        capture_paths_free(out);
    return done;
}

/* ------------------------------------------------------------------------------------ strangers */

struct folder_content {
    size_t captures, strangers;
    struct capture_path *stranger; /* the first */
};

static struct folder_content look_through(struct capture_paths *paths, size_t folder)
{
    struct folder_content content = {0};
    for (size_t i = 0; i < paths->count; i++) {
        struct capture_path *path = &paths->all[i];
        if (path->folder != folder)
            continue;
        if (!path->no_capture) {
            content.captures++;
            continue;
        }
        path->part = PATH_STRANGER;
        if (!content.strangers++)
            content.stranger = path;
    }
    return content;
}

static bool note(struct capture_paths *paths, const char *folder,
                 const struct folder_content *content)
{
    char **line = &paths->notes[paths->note_count];
    const char *name = content->stranger->name;
    int made = content->strangers == 1
                   ? asprintf(line, "%.300s: no capture file, passed over", name)
                   : asprintf(line,
                              "%.300s: %zu files are no captures and are passed over (the first: "
                              "%.300s)",
                              folder, content->strangers, name);
    paths->note_count += made >= 0;
    return made >= 0;
}

static bool judge_folder(struct capture_paths *paths, size_t folder)
{
    struct folder_content content = look_through(paths, folder);
    const char *name = paths->folders[folder - 1];
    if (!content.strangers)
        return true;
    if (content.captures || paths->growing)
        return note(paths, name, &content);
    char *copy = strdup(name);
    if (!copy)
        return false;
    free(content.stranger->name);
    content.stranger->name = copy;
    content.stranger->part = PATH_FOR_FOLDER;
    return true;
}

static void free_notes(struct capture_paths *paths)
{
    for (size_t i = 0; i < paths->note_count; i++)
        free(paths->notes[i]);
    free(paths->notes);
    paths->notes = NULL;
    paths->note_count = 0;
}

bool capture_paths_judge(struct capture_paths *paths)
{
    free_notes(paths);
    paths->notes = calloc(paths->folder_count + 1, sizeof *paths->notes);
    bool done = paths->notes;
    for (size_t folder = 1; done && folder <= paths->folder_count; folder++)
        done = judge_folder(paths, folder);
    return done;
}

void capture_paths_free(struct capture_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->all[i].name);
    free_notes(paths);
    free(paths->all);
    free(paths->folders);
    *paths = (struct capture_paths){0};
}
