/* SPDX-License-Identifier: ISC */
/* heloscope explain --client and --server: what is known of a program. */
#include <strings.h>

#include "command.h"
#include "heloscope/base/text.h"
#include "heloscope/output/json.h"
#include "heloscope/software/client_habits.h"
#include "heloscope/software/reply_texts.h"

enum {
    LABEL_COLUMN = 2,
    TEXT_COLUMN = 18,
    WIDTH = 80
};

/* Whether a name has what was asked for in it, whatever the case of its letters. */
static bool is_named(const char *name, const char *asked)
{
    const size_t length = strlen(asked);
    for (; strlen(name) >= length; name++)
        if (strncasecmp(name, asked, length) == 0)
            return true;
    return false;
}

static void print_field(const char *label, const char *text)
{
    printf("%*s%-*s", LABEL_COLUMN, "", TEXT_COLUMN - LABEL_COLUMN, label);
    text_wrap(stdout, text, TEXT_COLUMN, TEXT_COLUMN, WIDTH);
}

static bool is_same_client(const struct client_habit *a, const struct client_habit *b)
{
    return strcmp(a->client, b->client) == 0 && strcmp(a->version, b->version) == 0;
}

static void print_client(const struct terminal *terminal, const struct client_habit *row)
{
    printf("%s%s %s%s, measured: %s\n", terminal_style(terminal, STYLE_HEADING), row->client,
           row->version, terminal_style(terminal, STYLE_PLAIN), row->source);
}

static enum status explain_client(const struct options *options, const struct terminal *terminal,
                                  struct failure *why)
{
    size_t count;
    const struct client_habit *rows = client_habits(&count);
    struct json json = {.out = stdout};
    const struct client_habit *shown = NULL;
    if (options->json)
        json_open(&json, NULL, '[');
    for (size_t i = 0; i < count; i++) {
        if (!is_named(rows[i].client, options->of_client))
            continue;
        if (options->json) {
            json_open(&json, NULL, '{');
            json_string(&json, "client", rows[i].client);
            json_string(&json, "version", rows[i].version);
            json_string(&json, "source", rows[i].source);
            json_string(&json, "situation", rows[i].situation);
            json_string(&json, "does", rows[i].does);
            json_close(&json);
        } else {
            if (!shown || !is_same_client(shown, &rows[i])) {
                fputs(shown ? "\n" : "", stdout);
                print_client(terminal, &rows[i]);
            }
            print_field(rows[i].situation, rows[i].does);
        }
        shown = &rows[i];
    }
    if (options->json)
        json_close(&json);
    if (shown)
        return STATUS_DONE;
    failure_set(why,
                "no client with '%s' in its name was measured; heloscope explain --client '' "
                "shows all",
                options->of_client);
    return STATUS_USAGE;
}

static void print_text(const struct reply_text *row)
{
    char label[TEXT_COLUMN];
    const bool enhanced = strcmp(row->enhanced, "-") != 0;
    snprintf(label, sizeof label, "%d%s%s", row->code, enhanced ? " " : "",
             enhanced ? row->enhanced : "");
    print_field(label, row->text);
    print_field("", row->claim == CAUSE_NONE ? "-> says nothing of the order"
                                             : cause_entry(row->claim)->name);
}

static enum status explain_server(const struct options *options, const struct terminal *terminal,
                                  struct failure *why)
{
    size_t count;
    const struct reply_text *rows = reply_texts(&count);
    struct json json = {.out = stdout};
    const char *shown = NULL;
    if (options->json)
        json_open(&json, NULL, '[');
    for (size_t i = 0; i < count; i++) {
        if (!is_named(rows[i].server, options->of_server))
            continue;
        if (options->json) {
            json_open(&json, NULL, '{');
            json_string(&json, "server", rows[i].server);
            json_integer(&json, "code", rows[i].code);
            json_string(&json, "enhanced", rows[i].enhanced);
            json_string(&json, "text", rows[i].text);
            json_string(&json, "claim", cause_entry(rows[i].claim)->name);
            json_close(&json);
        } else {
            if (!shown || strcmp(shown, rows[i].server) != 0)
                printf("%s%s%s%s\n", shown ? "\n" : "", terminal_style(terminal, STYLE_HEADING),
                       rows[i].server, terminal_style(terminal, STYLE_PLAIN));
            print_text(&rows[i]);
        }
        shown = rows[i].server;
    }
    if (options->json)
        json_close(&json);
    if (shown)
        return STATUS_DONE;
    failure_set(why, "of no server with '%s' in its name a text is known", options->of_server);
    return STATUS_USAGE;
}

enum status cmd_explain_software(const struct options *options, struct terminal *terminal,
                                 struct failure *why)
{
    return options->of_client ? explain_client(options, terminal, why)
                              : explain_server(options, terminal, why);
}
