/* SPDX-License-Identifier: ISC */
#include "heloscope/output/page.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/output/page_text.h"
#include "heloscope/base/digest.h"
#include "heloscope/base/memory.h"
#include "page_data.h"

/* Nothing may be fetched, sent or run but the style and the script of the page itself, which their
 * digests name. */
static void put_policy(FILE *out, const char *script)
{
    char style[DIGEST_BASE64], code[DIGEST_BASE64];
    fprintf(out,
            "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; "
            "form-action 'none'",
            digest_base64(bytes_of_string(page_css), style),
            digest_base64(bytes_of_string(script), code));
}

/* The page with what belongs in the places of {{policy}}, {{style}}, {{script}} and {{data}}. */
static bool put_page(FILE *out, const char *script, struct history *history,
                     const int64_t *session_ids, size_t count, const struct page_job *job,
                     struct failure *why)
{
    bool done = true;
    const char *at = page_html;
    for (const char *place; done && (place = strstr(at, "{{")); at = strstr(place, "}}") + 2) {
        fwrite(at, 1, (size_t)(place - at), out);
        if (strncmp(place, "{{policy", 8) == 0)
            put_policy(out, script);
        else if (strncmp(place, "{{style", 7) == 0)
            fputs(page_css, out);
        else if (strncmp(place, "{{script", 8) == 0)
            fputs(script, out);
        else
            done = page_data_write(out, history, session_ids, count, job, why);
    }
    fputs(at, out);
    return done;
}

static bool complain(const struct page_job *job, struct failure *why)
{
    return failure_set(why, "'%s' cannot be written: %s", job->output, strerror(errno));
}

/* A file gets its name when it is whole. */
static bool write_named(struct history *history, const char *script, const int64_t *session_ids,
                        size_t count, const struct page_job *job, struct failure *why)
{
    struct stat old;
    const bool fresh = stat(job->output, &old) != 0 || S_ISREG(old.st_mode);
    const size_t size = strlen(job->output) + sizeof ".part";
    char *name = memory_get(size);
    snprintf(name, size, "%s%s", job->output, fresh ? ".part" : "");
    FILE *out = fopen(name, "w");
    bool done =
        out ? put_page(out, script, history, session_ids, count, job, why) : complain(job, why);
    if (out && done && (fflush(out) != 0 || ferror(out)))
        done = complain(job, why);
    if (out && fclose(out) != 0 && done)
        done = complain(job, why);
    if (done && fresh && rename(name, job->output) != 0)
        done = complain(job, why);
    if (!done && out && fresh)
        unlink(name);
    free(name);
    return done;
}

bool page_write(struct history *history, const int64_t *session_ids, size_t count,
                const struct page_job *job, struct failure *why)
{
    struct arena arena = {0};
    const char *script = (const char *)arena_print(&arena, "%s%s", page_js, ladder_js).at;
    const bool done = strcmp(job->output, "-") == 0
                          ? put_page(stdout, script, history, session_ids, count, job, why)
                          : write_named(history, script, session_ids, count, job, why);
    arena_free(&arena);
    return done;
}
