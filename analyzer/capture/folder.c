/* SPDX-License-Identifier: ISC */
/* Directories are read anew each time instead of being watched by the kernel: that works on every
 * file system, and sees a file that was written over in place, as `tcpdump -W` does. */
#include "folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "paths.h"

static void free_files(struct folder_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(files[i].path);
    free(files);
}

void capture_folder_free(struct capture_folder *folder)
{
    free_files(folder->files, folder->count);
    folder->files = NULL;
    folder->count = 0;
    folder->looked = false;
}

/* ------------------------------------------------------------------------- what is there now */

struct listing {
    struct folder_file *files;
    size_t count;
};

static bool add_file(struct listing *listing, const char *folder, const char *name)
{
    struct stat status;
    char *path = capture_path_join(folder, name);
    if (!path)
        return false;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        free(path);
        return true;
    }
    listing->files[listing->count++] = (struct folder_file){
        .path = path,
        .device = status.st_dev,
        .inode = status.st_ino,
        .size = (uint64_t)status.st_size,
        .fresh = true,
    };
    return true;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool list_files(struct listing *listing, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_visible, versionsort);
    size_t room = count > 0 ? (size_t)count : 0;
    listing->files = calloc(room + 1, sizeof *listing->files);
    bool done = listing->files;
    for (size_t i = 0; i < room; i++) {
        done = done && add_file(listing, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return done;
}

/* -------------------------------------------------------------------- what was there before */

static int by_inode(const void *a, const void *b)
{
    const struct folder_file *one = *(struct folder_file *const *)a;
    const struct folder_file *other = *(struct folder_file *const *)b;
    if (one->inode != other->inode)
        return one->inode < other->inode ? -1 : 1;
    if (one->device != other->device)
        return one->device < other->device ? -1 : 1;
    return 0;
}

/* Whether `path` is a file of before with the ending of a compressor: `tcpdump -z gzip` makes such
 * files of those that are complete, and nothing is to be read twice. */
static bool is_packed_copy(const struct capture_folder *before, const char *path)
{
    static const char *const endings[] = {".gz", ".xz", ".zst", ".lz4", ".bz2"};
    size_t length = strlen(path);
    for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
        size_t tail = strlen(endings[k]);
        if (length <= tail || strcmp(path + length - tail, endings[k]) != 0)
            continue;
        for (size_t i = 0; i < before->count; i++) {
            const char *known = before->files[i].path;
            if (strlen(known) == length - tail && memcmp(known, path, length - tail) == 0)
                return true;
        }
    }
    return false;
}

static bool recognise(const struct capture_folder *before, struct listing *now)
{
    const struct folder_file **known = calloc(before->count + 1, sizeof *known);
    if (!known)
        return false;
    for (size_t i = 0; i < before->count; i++)
        known[i] = &before->files[i];
    qsort(known, before->count, sizeof *known, by_inode);
    for (size_t i = 0; i < now->count; i++) {
        struct folder_file *file = &now->files[i];
        const struct folder_file **same =
            bsearch(&file, known, before->count, sizeof *known, by_inode);
        if (same) {
            file->fresh = false;
            file->reader = (*same)->reader;
        } else if (before->looked) {
            file->fresh = !is_packed_copy(before, file->path);
        }
    }
    free(known);
    return true;
}

bool capture_folder_look(struct capture_folder *folder)
{
    struct listing now = {0};
    if (!list_files(&now, folder->name) || !recognise(folder, &now)) {
        free_files(now.files, now.count);
        return false;
    }
    free_files(folder->files, folder->count);
    folder->files = now.files;
    folder->count = now.count;
    folder->looked = true;
    return true;
}
