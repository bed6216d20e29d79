/* SPDX-License-Identifier: ISC */
/* heloscope monitor: an interface, until stopped. */
#include <stdlib.h>
#include <unistd.h>

#include "heloscope/base/memory.h"
#include "heloscope/fleet/beside.h"
#include "live.h"
#include "recording.h"
#include "sandbox.h"

/* The words behind the options are one filter. */
static char *join_words(const struct options *options)
{
    size_t size = 1;
    for (size_t i = 0; i < options->word_count; i++)
        size += strlen(options->words[i]) + 1;
    char *filter = memory_get(size), *end = filter;
    for (size_t i = 0; i < options->word_count; i++)
        end += sprintf(end, "%s%s", i ? " " : "", options->words[i]);
    return filter;
}

struct opening {
    const struct options *options;
    bool wait;
};

/* Root is needed for nothing else, unless an interface is to be opened again. */
static bool become_user(void *context, struct failure *why)
{
    const struct opening *opening = context;
    return !opening->options->user ||
           sandbox_become(opening->options->user, opening->wait, opening->options->database, why);
}

static struct capture *open_interfaces(const struct options *options, bool service,
                                       struct failure *why)
{
    struct opening opening = {options, options->wait || service};
    char *filter = join_words(options);
    const struct capture_live live = {
        .interfaces = options->interfaces,
        .interface_count = options->interface_count,
        .filter = *filter ? filter : options->filter,
        .snap_length = options->snap_length,
        .promiscuous = !options->no_promiscuous,
        .buffer_kib = options->buffer_kib,
        .wait = opening.wait,
        .opened = become_user,
        .context = &opening,
    };
    struct capture *capture = capture_open_live(&live, why);
    free(filter);
    if (capture && options->user && !sandbox_forget_rights(why)) {
        capture_close(capture);
        return NULL;
    }
    /* A service manager may have given the right to capture, and may forbid to give it away. Root's
     * own rights reach its files. */
    struct failure ignored;
    if (capture && !options->user && geteuid() != 0)
        sandbox_forget_rights(&ignored);
    return capture;
}

static struct beside *begin_shipping(const struct options *options, struct failure *why)
{
    const struct fleet_words words = {
        .credentials = options->credentials, .url = options->fleet, .sensor = options->sensor};
    return beside_begin(options->database, &words, why);
}

enum status cmd_monitor(const struct options *options, struct terminal *terminal,
                        struct failure *why)
{
    if (options->list_interfaces)
        return capture_list_interfaces(stdout, why) ? STATUS_DONE : STATUS_INCOMPLETE;
    struct capture *capture = open_interfaces(options, terminal_of_service(terminal), why);
    if (!capture)
        return STATUS_INCOMPLETE;
    struct beside *beside = NULL;
    if (options->ship && !(beside = begin_shipping(options, why))) {
        capture_close(capture);
        return STATUS_INCOMPLETE;
    }
    struct keylog *keylog = recording_keylog(options, true, why);
    enum status status = live_run(options, terminal, capture, keylog, "listening on", why);
    capture_close(capture);
    keylog_free(keylog);
    if (!beside_end(beside, status == STATUS_DONE ? why : NULL))
        status = STATUS_INCOMPLETE;
    return status;
}
