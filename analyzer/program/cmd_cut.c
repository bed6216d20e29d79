/* SPDX-License-Identifier: ISC */
/* heloscope cut: sessions as evidence to be handed on, their packets or a script. */
#include <inttypes.h>
#include <stdlib.h>

#include "command.h"
#include "heloscope/evidence/cut.h"
#include "heloscope/evidence/script.h"

static bool cut(const struct options *options, struct history *history, const int64_t *ids,
                size_t count, struct terminal *terminal, struct failure *why)
{
    struct keylog *keylog = options->secrets ? keylog_new() : NULL;
    const struct cut_job job = {options->output, options->captures, keylog};
    struct cut_result result;
    bool done = true;
    for (size_t i = 0; done && keylog && i < options->keylog_count; i++)
        done = keylog_add_file(keylog, options->keylogs[i], why);
    done = done && cut_sessions(history, ids, count, &job, &result, why);
    keylog_free(keylog);
    if (!done)
        return false;
    if (result.warning[0])
        terminal_warn(terminal, "%s", result.warning);
    if (options->secrets && !result.secrets)
        terminal_warn(terminal, "neither the captures nor a --keylog have secrets of %s",
                      count == 1 ? "this session" : "these sessions");
    char packets[TEXT_COUNT], sessions[TEXT_COUNT], comments[TEXT_COUNT];
    if (strcmp(options->output, "-") != 0)
        printf("%s of %s in %s, %s\n", text_counted(result.packets, "packet", packets),
               text_counted(count, "session", sessions), options->output,
               text_counted(result.comments, "comment", comments));
    return true;
}

static bool check(const struct options *options, struct failure *why)
{
    if (options->script && options->output)
        return failure_set(why, "cut either writes packets (-w) or prints a script (--script)");
    if (!options->script && !options->output)
        return failure_set(why, "cut writes the packets to a file: -w FILE; or --script");
    if (options->keylog_count && !options->secrets)
        return failure_set(why, "--keylog is for --secrets, which puts secrets into the file");
    return true;
}

static bool run(const struct options *options, struct history *history, struct terminal *terminal,
                struct failure *why)
{
    int64_t *ids;
    size_t count;
    if (!history_select_ids(history, &options->selection, &ids, &count, why))
        return false;
    bool done;
    if (!count)
        done = failure_set(why, "no such session");
    else if (!options->script)
        done = cut(options, history, ids, count, terminal, why);
    else if (count > 1)
        done = failure_set(why, "--script is of one session, and %zu were asked for", count);
    else
        done = script_print(stdout, history, ids[0], why);
    free(ids);
    return done;
}

enum status cmd_cut(const struct options *options, struct terminal *terminal, struct failure *why)
{
    if (!check(options, why))
        return STATUS_USAGE;
    struct history *history = history_open(options->database, why);
    if (!history)
        return STATUS_INCOMPLETE;
    const bool done = run(options, history, terminal, why);
    history_close(history);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
