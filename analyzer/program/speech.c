/* SPDX-License-Identifier: ISC */
#include "speech.h"

#include <stdlib.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/clock.h"

enum {
    TOLD_EACH_US = 60 * 1000000, /* how often it is told that nothing is read */
};

/* One queue for both keeps their order. */
static bool lead_to_one_place(void)
{
    struct stat out, err;
    return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
           out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

bool speech_begin(struct speech *speech, struct terminal *terminal, struct failure *why)
{
    *speech = (struct speech){.terminal = terminal};
    fflush(stdout);
    speech->out = outlet_new(STDOUT_FILENO, why);
    if (!speech->out)
        return false;
    speech->err = lead_to_one_place() ? speech->out : outlet_new(STDERR_FILENO, why);
    if (!speech->err) {
        outlet_free(speech->out);
        return false;
    }
    terminal->outlet = speech->err;
    return true;
}

FILE *speech_open(struct speaking *speaking)
{
    *speaking = (struct speaking){0};
    return speaking->out = open_memstream(&speaking->text, &speaking->length);
}

void speech_close(struct speech *speech, struct speaking *speaking)
{
    if (speech->out == speech->err)
        terminal_progress_end(speech->terminal);
    if (speaking->out && fclose(speaking->out) == 0 && speaking->length)
        outlet_put(speech->out, speaking->text, speaking->length);
    else
        free(speaking->text);
}

static void tell_left_out(struct speech *speech)
{
    terminal_warn(speech->terminal,
                  "%" PRIu64 " findings were not printed, since standard output is not read fast "
                  "enough; they are stored, and capturing goes on",
                  speech->left_out);
    speech->left_out = 0;
    speech->told_us = clock_steady_us();
}

static void tell_end(struct speech *speech, int error)
{
    if (speech->end_told)
        return;
    speech->end_told = true;
    terminal_warn(speech->terminal,
                  "standard output: %s: nothing is printed there any more; storing goes on",
                  error == EPIPE ? "its reader has gone" : strerror(error));
}

void speech_check(struct speech *speech)
{
    const int error = outlet_error(speech->out);
    speech->left_out += outlet_take_left_out(speech->out);
    if (error)
        tell_end(speech, error);
    else if (speech->left_out &&
             (!speech->told_us || clock_steady_us() - speech->told_us >= TOLD_EACH_US))
        tell_left_out(speech);
}

void speech_end(struct speech *speech)
{
    if (speech->out && speech->out != speech->err) {
        const int error = outlet_error(speech->out);
        speech->left_out += outlet_free(speech->out);
        if (speech->left_out && !error)
            tell_left_out(speech);
        else if (error)
            tell_end(speech, error);
    }
    speech->terminal->outlet = NULL;
    outlet_free(speech->err);
    speech->out = speech->err = NULL;
}
