/* SPDX-License-Identifier: ISC */
#include "guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void *die(const char *what)
{
    perror(what);
    abort();
}

struct guard guard_open(size_t room)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct guard guard = {.room = (room + page - 1) / page * page};
    void *map =
        mmap(NULL, guard.room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    guard.map = map == MAP_FAILED ? die("mmap") : map;
    if (mprotect(guard.map + guard.room, page, PROT_NONE) != 0)
        die("mprotect");
    return guard;
}

struct bytes guard_place(struct guard *guard, struct bytes data)
{
    if (data.len > guard->room) {
        fprintf(stderr, "guard: %zu octets do not fit into %zu\n", data.len, guard->room);
        abort();
    }
    uint8_t *at = guard->map + guard->room - data.len;
    if (data.len > 0)
        memmove(at, data.at, data.len);
    return bytes_of(at, data.len);
}

void guard_close(struct guard *guard)
{
    munmap(guard->map, guard->room + (size_t)sysconf(_SC_PAGESIZE));
    *guard = (struct guard){0};
}
