/* SPDX-License-Identifier: ISC */
#include "tests/support/fill.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What stands in place of a variable part: `letters` over and over, as often as the part asks for.
 */
static const struct filler {
    const char *name, *letters;
    size_t usual;
} fillers[] = {
    {"digits", "4711082953", 3},
    {"hex", "0a1b2c3d4e5f", 12},
    {"HEX", "0A1B2C3D4E5F", 12},
    {"alnum", "1rA2bC3dE4", 10},
    {"base64url", "1r-2bC_dE4", 10},
    {"version", "4.96.2", 6},
    {"", "x.y-z", 5},
};

static const struct filler *filler_of(const char *name, size_t length)
{
    const struct filler *f = fillers;
    while (*f->name) {
        size_t n = strlen(f->name);
        if (length >= n && memcmp(name, f->name, n) == 0 && (length == n || name[n] == ' '))
            break;
        f++;
    }
    return f;
}

char *fill_pattern(const char *pattern, char *out, size_t size)
{
    size_t n = 0;
    for (const char *p = pattern; *p; p++) {
        assert(n + 64 < size);
        if (*p != '<') {
            p += *p == '\\' && p[1];
            out[n++] = *p;
            continue;
        }
        size_t length = strcspn(++p, ">");
        const struct filler *f = filler_of(p, length);
        size_t name = strlen(f->name);
        size_t wanted = name && length > name ? strtoul(p + name, NULL, 10) : f->usual;
        for (size_t i = 0; i < wanted; i++)
            out[n++] = f->letters[i % strlen(f->letters)];
        p += length;
    }
    out[n] = '\0';
    return out;
}
