/* SPDX-License-Identifier: ISC */
/* The files that a command line means: those it names, and those in the directories it names. */
#ifndef ANALYZER_CAPTURE_PATHS_H
#define ANALYZER_CAPTURE_PATHS_H

#include <stdbool.h>
#include <stddef.h>

enum path_part {
    PATH_FILE,
    PATH_STRANGER,   /* lies in a directory and is no capture */
    PATH_FOR_FOLDER, /* stands for a directory that holds no captures */
};

struct capture_path {
    char *name;
    size_t folder;   /* the number, from 1, of the directory in which it was found; 0 = named */
    bool no_capture; /* to be set by who has looked into it: it is no capture */
    enum path_part part;
};

struct capture_paths {
    struct capture_path *all;
    size_t count, room;
    const char **folders; /* as named; folder 1 is folders[0] */
    size_t folder_count;
    bool growing;
    char **notes; /* what is to be said of directories that hold other files too */
    size_t note_count;
};

/* Puts in the place of each directory the plain files in it, in the order of their names with
 * numbers in them read as numbers, as rotation makes them. Directories in it are not entered, and
 * hidden files left out, as a shell's * does. A directory without files, or that cannot be read,
 * stands for itself. `growing`: the files of directories are not looked for, since more may come;
 * they are added as they are found. False when memory is short. */
bool capture_paths_expand(struct capture_paths *out, const char *const *names, size_t count,
                          bool growing);

/* Adds a file found in directory number `folder`; `name` is owned from now on, NULL fails as want
 * of memory does. */
bool capture_paths_add(struct capture_paths *paths, char *name, size_t folder);

/* "FOLDER/NAME", to be freed; NULL when memory is short. */
char *capture_path_join(const char *folder, const char *name);

/* Decides what part each plays, once `no_capture` is set, and makes the notes: one for each
 * directory that has strangers among its captures, or may still get captures. Can be called again.
 * False when memory is short. */
bool capture_paths_judge(struct capture_paths *paths);

void capture_paths_free(struct capture_paths *paths);

#endif
