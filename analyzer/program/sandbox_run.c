/* SPDX-License-Identifier: ISC */
#include "sandbox_run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "heloscope/base/memory.h"
#include "sandbox.h"

struct reach {
    struct sandbox_path *all;
    size_t count;
};

static void add(struct reach *reach, const char *path, bool of_file, bool written)
{
    reach->all = memory_resize(reach->all, (reach->count + 1) * sizeof *reach->all);
    reach->all[reach->count++] =
        (struct sandbox_path){.path = path, .of_file = of_file, .written = written};
}

/* Files of rotation that were analysed before may hold other parts of a connection. */
static void add_known(void *context, const char *path)
{
    struct reach *reach = context;
    char *copy = strdup(path);
    if (copy)
        add(reach, copy, false, false);
}

static bool is_folder(const char *path)
{
    struct stat what;
    return stat(path, &what) == 0 && S_ISDIR(what.st_mode);
}

static void add_captures(struct reach *reach, const struct options *options)
{
    const bool growing = options->follow >= 0; /* they may be replaced, or come later */
    for (size_t i = 0; i < options->word_count; i++)
        add(reach, options->words[i], growing && !is_folder(options->words[i]), false);
}

static struct sandbox confined;

struct sandbox sandbox_run_state(void)
{
    return confined;
}

/* What is not confined on this kernel, or by this build. */
static void say_lacking(struct terminal *terminal)
{
    if (!confined.files)
        terminal_warn(terminal, "there is no Landlock in this kernel, or it is turned off: the "
                                "files of its user are all within reach of the thread that reads "
                                "packets");
    if (!confined.calls)
        terminal_warn(terminal, "calls of the kernel are not confined: seccomp is missing in this "
                                "kernel or build, or could not be turned on");
}

void sandbox_run_enter(const struct options *options, struct store *store,
                       struct terminal *terminal)
{
    struct reach reach = {0};
    if (options->no_sandbox) {
        terminal_warn(terminal, "not confined (--no-sandbox): a fault in the program that a packet "
                                "can reach has all rights of its user");
        return;
    }
    const bool monitors = options->interface_count || !options->word_count;
    if (!options->anonymize)
        store_each_capture_path(store, add_known, &reach);
    const size_t known = reach.count;
    add(&reach, options->database, true, true);
    for (size_t i = 0; i < options->keylog_count; i++)
        add(&reach, options->keylogs[i], true, false);
    if (options->metrics)
        add(&reach, options->metrics, true, true);
    if (!monitors)
        add_captures(&reach, options);
    const struct sandbox_work work = {.captures = monitors, .ships = options->ship};
    const bool all = sandbox_enter_all(&work);
    const struct sandbox held = sandbox_enter(reach.all, reach.count);
    confined = (struct sandbox){.files = held.files, .calls = held.calls && all};
    if (monitors && sandbox_is_possible())
        say_lacking(terminal);
    for (size_t i = 0; i < known; i++)
        free((char *)reach.all[i].path);
    free(reach.all);
}
