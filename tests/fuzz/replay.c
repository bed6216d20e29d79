/* SPDX-License-Identifier: ISC */
/* Runs a fuzz target over stored inputs, without a fuzzer: each file of the folders given on the
 * command line, or without any of tests/fuzz/seeds/X where the program is called replay_X. Each
 * input ends at a protected page. The result is one line of TAP; a failed check aborts. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support/guard.h"

enum {
    INPUT_ROOM = 1 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const char *name)
{
    printf("Bail out! replay: %s: %s\n", what, name);
    exit(1);
}

static void replay_file(struct guard *guard, const char *path)
{
    static uint8_t octets[INPUT_ROOM];
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("cannot open", path);
    size_t size = fread(octets, 1, sizeof octets, file);
    if (ferror(file) || fgetc(file) != EOF)
        fail("cannot read, or too long", path);
    fclose(file);

    /* Told before, so that the last line names the input that failed. */
    printf("# %s\n", path);
    fflush(stdout);
    struct bytes input = guard_place(guard, bytes_of(octets, size));
    LLVMFuzzerTestOneInput(input.at, input.len);
}

static size_t replay_folder(struct guard *guard, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        fail("cannot open", folder);
    size_t inputs = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
            continue;
        replay_file(guard, path);
        inputs++;
    }
    closedir(dir);
    if (inputs == 0)
        fail("no inputs", folder);
    return inputs;
}

/* "tests/fuzz/replay_packet" has its seeds in $srcdir/tests/fuzz/seeds/packet. */
static size_t replay_own_seeds(struct guard *guard, const char *program)
{
    const char *target = strstr(program, "replay_");
    for (const char *next = target; next; next = strstr(next + 1, "replay_"))
        target = next;
    if (!target)
        fail("name a folder of inputs", program);
    const char *source = getenv("srcdir");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/tests/fuzz/seeds/%s", source ? source : ".",
             target + strlen("replay_"));
    return replay_folder(guard, folder);
}

int main(int argc, char **argv)
{
    struct guard guard = guard_open(INPUT_ROOM);
    size_t inputs = 0;
    puts("1..1");
    for (int i = 1; i < argc; i++)
        inputs += replay_folder(&guard, argv[i]);
    if (argc < 2)
        inputs = replay_own_seeds(&guard, argv[0]);
    printf("ok 1 - %zu inputs replayed\n", inputs);
    guard_close(&guard);
    return 0;
}
