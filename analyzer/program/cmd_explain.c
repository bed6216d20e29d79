/* SPDX-License-Identifier: ISC */
/* heloscope explain: the dictionary of causes. */
#include "heloscope/cause.h"
#include "command.h"
#include "explain_topics.h"
#include "heloscope/output/json.h"
#include "heloscope/base/text.h"

enum {
    LABEL_COLUMN = 2,
    TEXT_COLUMN = 13,
    WIDTH = 80
};

static void print_list(const struct terminal *terminal)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const struct cause_entry *entry = cause_entry((enum cause)i);
        printf("%s%-24s%s %s\n", terminal_style(terminal, STYLE_HEADING), entry->name,
               terminal_style(terminal, STYLE_PLAIN), entry->title);
    }
    putchar('\n');
    for (size_t i = 0; i < topic_count(); i++)
        printf("%s%-24s%s %s\n", terminal_style(terminal, STYLE_HEADING), topic_at(i)->name,
               terminal_style(terminal, STYLE_PLAIN), topic_at(i)->title);
    puts("\nheloscope explain NAME tells more of one.");
}

static void print_field(const char *label, const char *text)
{
    printf("%*s%-*s", LABEL_COLUMN, "", TEXT_COLUMN - LABEL_COLUMN, label);
    text_wrap(stdout, text, TEXT_COLUMN, TEXT_COLUMN, WIDTH);
}

/* A dialogue is shown as it stands, line by line. */
static void print_example(const char *example)
{
    const char *label = "Example";
    while (*example) {
        size_t length = strcspn(example, "\n");
        printf("%*s%-*s%.*s\n", LABEL_COLUMN, "", TEXT_COLUMN - LABEL_COLUMN, label, (int)length,
               example);
        label = "";
        example += length + (example[length] == '\n');
    }
}

static void print_entry(const struct terminal *terminal, const struct cause_entry *entry)
{
    printf("%s%s%s: %s\n\n", terminal_style(terminal, STYLE_HEADING), entry->name,
           terminal_style(terminal, STYLE_PLAIN), entry->title);
    print_field("Meaning", entry->meaning);
    print_field("Rule", entry->rule);
    putchar('\n');
    print_example(entry->example);
    putchar('\n');
    print_field("Look for", entry->look_for);
    print_field("Client", entry->client);
    print_field("Server", entry->server);
}

static void json_entry(struct json *json, const struct cause_entry *entry)
{
    json_open(json, NULL, '{');
    json_string(json, "cause", entry->name);
    json_string(json, "title", entry->title);
    json_string(json, "meaning", entry->meaning);
    json_string(json, "rule", entry->rule);
    json_string(json, "example", entry->example);
    json_string(json, "look_for", entry->look_for);
    json_string(json, "client", entry->client);
    json_string(json, "server", entry->server);
    json_close(json);
}

static void print_topic(const struct terminal *terminal, const struct topic *topic)
{
    printf("%s%s%s: %s\n\n%s", terminal_style(terminal, STYLE_HEADING), topic->name,
           terminal_style(terminal, STYLE_PLAIN), topic->title, topic->text);
}

static void json_topic(struct json *json, const struct topic *topic)
{
    json_open(json, NULL, '{');
    json_string(json, "topic", topic->name);
    json_string(json, "title", topic->title);
    json_string(json, "text", topic->text);
    json_close(json);
}

static bool names_are_known(const struct options *options, struct failure *why)
{
    for (size_t i = 0; i < options->word_count; i++)
        if (!topic_by_name(options->words[i]) &&
            cause_by_name(bytes_of_string(options->words[i])) == CAUSE_NONE)
            return failure_set(why, "there is no cause '%s'; heloscope explain lists them",
                               options->words[i]);
    return true;
}

static const struct cause_entry *named(const struct options *options, size_t i)
{
    return cause_entry(cause_by_name(bytes_of_string(options->words[i])));
}

static void print_json(const struct options *options)
{
    struct json json = {.out = stdout};
    json_open(&json, NULL, '[');
    for (size_t i = 0; i < options->word_count; i++)
        if (topic_by_name(options->words[i]))
            json_topic(&json, topic_by_name(options->words[i]));
        else
            json_entry(&json, named(options, i));
    if (!options->word_count)
        for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
            json_entry(&json, cause_entry((enum cause)i));
    json_close(&json);
}

enum status cmd_explain(const struct options *options, struct terminal *terminal,
                        struct failure *why)
{
    if (options->rules)
        return cmd_rules(options, terminal, why);
    if (options->of_client || options->of_server)
        return cmd_explain_software(options, terminal, why);
    if (!names_are_known(options, why))
        return STATUS_USAGE;
    if (options->json) {
        print_json(options);
        return STATUS_DONE;
    }
    if (!options->word_count)
        print_list(terminal);
    for (size_t i = 0; i < options->word_count; i++) {
        fputs(i ? "\n" : "", stdout);
        if (topic_by_name(options->words[i]))
            print_topic(terminal, topic_by_name(options->words[i]));
        else
            print_entry(terminal, named(options, i));
    }
    return STATUS_DONE;
}
