/* SPDX-License-Identifier: ISC */
#include "file_name.h"

#include <string.h>

#include "heloscope/base/memory.h"

char *file_name_plain(const char *path)
{
    char *name = memory_get(strlen(path) + sizeof "./");
    strcpy(*path == '/' ? name : stpcpy(name, "./"), path);
    return name;
}
