/* SPDX-License-Identifier: ISC */
/* Least privilege: what strangers send is read by a process that can do little else. */
#ifndef ANALYZER_PROGRAM_SANDBOX_H
#define ANALYZER_PROGRAM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/failure.h"
#include "sandbox_calls.h"

/* What the process still has to reach. */
struct sandbox_path {
    const char *path; /* borrowed; what is not there is passed over */
    bool written;     /* files beneath it are made, written and removed, too */
    bool of_file;     /* the folder that it lies in is meant: it may be replaced, or come later */
};

/* Which of the two mechanisms of the kernel hold. */
struct sandbox {
    bool files; /* Landlock: no file but those beneath the paths */
    bool calls; /* seccomp: no call that reading does not need */
};

/* Nothing that is done afterwards gives rights, no other process of the user can look into this
 * one, and its files are its owner's. For every run. */
void sandbox_harden(void);

/* Whether anything is confined: not in a build for sanitizers, nor under valgrind, which need more.
 */
bool sandbox_is_possible(void);

/* Confines all threads that there are to what `work` needs. False when it could not be done. */
bool sandbox_enter_all(const struct sandbox_work *work);

/* Confines this thread, and the threads that it starts later, for good. What the kernel does not
 * have, or the build, is left out. */
struct sandbox sandbox_enter(const struct sandbox_path *paths, size_t count);

/* Becomes `user` for good; of root's rights stays, with `keep_raw`, that to capture. `history` is
 * made for the user when it is not there. False with `why`. */
bool sandbox_become(const char *user, bool keep_raw, const char *history, struct failure *why);

/* This thread captures no more: gives the right to do so away. False with `why`. */
bool sandbox_forget_rights(struct failure *why);

#endif
