/* SPDX-License-Identifier: ISC */
/* A directory into which captures are rotated, looked at again and again: which files came. */
#ifndef ANALYZER_CAPTURE_FOLDER_H
#define ANALYZER_CAPTURE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_input;

struct folder_file {
    char *path;
    uint64_t device, inode; /* which file it is, whatever its name */
    uint64_t size;
    bool fresh; /* the last look was the first that saw it */
    /* What it is read through; kept here for the caller. NULL at first, and for good when the file
     * is one that was there before and has been compressed since. */
    struct capture_input *reader;
};

/* A structure with a name and zeros is ready. */
struct capture_folder {
    const char *name;
    struct folder_file *files; /* by name, numbers in it read as numbers */
    size_t count;
    bool looked;
};

/* Looks at the files that are there now: plain ones that are not hidden. One that was renamed is
 * the one that it was; of those that are gone nothing is kept. A directory that cannot be read has
 * no files. False when memory is short. */
bool capture_folder_look(struct capture_folder *folder);

void capture_folder_free(struct capture_folder *folder);

#endif
