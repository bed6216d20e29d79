/* SPDX-License-Identifier: ISC */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "db/file_name.h"

Test(file_name, whatever_is_not_absolute_is_a_file_here)
{
    static const char *const names[][2] = {
        {"a.db", "./a.db"},         {"/a/b.db", "/a/b.db"},
        {":memory:", "./:memory:"}, {"file:a?mode=memory", "./file:a?mode=memory"},
        {"../a", "./../a"},         {"", "./"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *name = file_name_plain(names[i][0]);
        cr_expect_str_eq(name, names[i][1]);
        free(name);
    }
}
