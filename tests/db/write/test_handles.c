/* SPDX-License-Identifier: ISC */
/* The table of open sessions against a plain list. */
#include <criterion/criterion.h>

#include "db/write/handles.h"

enum {
    KEYS = 3000
};

Test(handles, an_empty_table_has_nothing)
{
    struct handles handles = {0};
    cr_expect_null(handles_find(&handles, 1));
    handles_remove(&handles, 1);
    handles_free(&handles);
}

/* The list knows what must be there; removals come in another order than additions. */
Test(handles, it_agrees_with_a_list)
{
    struct handles handles = {0};
    static bool there[KEYS];
    unsigned random = 7;
    size_t count = 0;
    for (int step = 0; step < 40000; step++) {
        random = random * 1103515245 + 12345;
        const uint64_t key = random >> 16 & 0xFFFF;
        if (key >= KEYS)
            continue;
        if (there[key])
            handles_remove(&handles, key);
        else
            handles_add(
                &handles,
                &(struct handle){.key = key, .session_id = (int64_t)key * 3, .place = PLACE_STAGE});
        there[key] = !there[key];
        count += there[key] ? 1 : (size_t)-1;
        cr_assert_eq(handles.count, count);
    }
    cr_assert_gt(count, KEYS / 4);
    for (uint64_t key = 0; key < KEYS; key++) {
        const struct handle *found = handles_find(&handles, key);
        cr_assert_eq(found != NULL, there[key], "%d", (int)key);
        cr_assert(!found || found->session_id == (int64_t)key * 3);
    }
    handles_free(&handles);
}

Test(handles, it_does_not_grow_with_what_has_gone)
{
    struct handles handles = {0};
    for (uint64_t key = 1; key < 100000; key++) {
        handles_add(&handles, &(struct handle){.key = key, .session_id = 1});
        if (key > 10)
            handles_remove(&handles, key - 10);
    }
    cr_expect_eq(handles.count, 10);
    cr_expect_eq(handles.size, 64);
    handles_free(&handles);
}
