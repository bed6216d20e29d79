/* SPDX-License-Identifier: ISC */
/* From the number of a session that is being written to the place where its rows go. */
#ifndef DB_WRITE_HANDLES_H
#define DB_WRITE_HANDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the rest of a session that has begun is written. */
enum place {
    PLACE_HISTORY, /* the tables themselves */
    PLACE_STAGE,   /* temporary tables, until its end tells which of two analyses is the fuller */
    PLACE_NOWHERE, /* the same session is being written under another handle */
};

struct handle {
    uint64_t key;
    int64_t session_id;
    enum place place;
    bool used;
    bool follows;        /* goes on in a record that another process has begun */
    bool same_name;      /* staged: the session in the history begins with the same packet */
    uint32_t last_event; /* the number of the event that was written last ... */
    uint32_t last_mark;  /* ... and what it was */
    uint32_t told;       /* staged: up to here findings were found in the history */
};

/* Open addressing with linear probing. All zero is empty and ready. */
struct handles {
    struct handle *slots;
    size_t size, count; /* `size` is a power of two, or 0 */
};

/* The entry of `key`, or NULL. Valid until the next handles_add() or handles_remove(). */
struct handle *handles_find(const struct handles *handles, uint64_t key);

/* Adds an entry; its key must not be there yet. */
void handles_add(struct handles *handles, const struct handle *entry);

/* Removes the entry of `key`, if there is one. */
void handles_remove(struct handles *handles, uint64_t key);

/* The same entries, in memory of their own. */
struct handles handles_copy(const struct handles *handles);

void handles_free(struct handles *handles);

#endif
