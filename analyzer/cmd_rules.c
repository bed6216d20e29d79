/* heloscope explain --rules: the table that commands are judged by, verb by verb. */
#include "heloscope/command.h"
#include "heloscope/json.h"
#include "heloscope/order.h"
#include "heloscope/text.h"

enum {
    FACT_COLUMN = 11,
    TEXT_COLUMN = 23,
    WIDTH = 80
};

static const char every_command[] = "every command but QUIT";

static const char *const kinds[] = {
    [RULE_NEEDS] = "needs", [RULE_FORBIDS] = "forbids", [RULE_OFFERED] = "offered"};

static const char *verb_title(enum verb verb)
{
    return verb == VERB_COUNT ? every_command : verb_name(verb);
}

/* What a rule is about: a fact, or an extension that the server must have offered. */
static const char *subject(const struct rule *rule)
{
    return rule->kind == RULE_OFFERED ? extension_name(rule->extension) : fact_label(rule->fact);
}

static const char *cause_name(enum cause cause)
{
    return cause == CAUSE_NONE ? "-" : cause_entry(cause)->name;
}

static void print_rule(const struct rule *rule)
{
    enum cause causes[RULE_CAUSES];
    size_t count = rule_causes(rule, causes);
    char line[256];
    snprintf(line, sizeof line, "%s (%s)", rule->name, rule->section);
    printf("  %-*s%-*s", FACT_COLUMN - 2, kinds[rule->kind], TEXT_COLUMN - FACT_COLUMN,
           subject(rule));
    text_wrap(stdout, line, TEXT_COLUMN, TEXT_COLUMN, WIDTH);
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(line + length, sizeof line - length, "%s%s", i ? ", " : "",
                                   cause_name(causes[i]));
    printf("%*s", TEXT_COLUMN, "");
    text_wrap(stdout, line, TEXT_COLUMN, TEXT_COLUMN, WIDTH);
}

static void print_heading(const struct terminal *terminal, const char *text)
{
    printf("%s%s%s\n", terminal_style(terminal, STYLE_HEADING), text,
           terminal_style(terminal, STYLE_PLAIN));
}

static bool has_rules(const struct rule *rules, size_t count, enum verb verb)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].verb == verb)
            return true;
    return false;
}

static void print_free_verbs(const struct rule *rules, size_t count)
{
    char line[256] = "";
    size_t length = 0;
    for (int v = VERB_UNKNOWN + 1; v < VERB_MASKED; v++)
        if (!has_rules(rules, count, (enum verb)v) && v != VERB_QUIT)
            length += (size_t)snprintf(line + length, sizeof line - length, "%s, ",
                                       verb_name((enum verb)v));
    snprintf(line + length, sizeof line - length,
             "unknown verbs: only what holds for every command.");
    text_wrap(stdout, line, 0, 2, WIDTH);
    putchar('\n');
}

static bool is_needed(const struct rule *rules, size_t count, enum fact_name fact)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].kind == RULE_NEEDS && rules[i].fact == fact)
            return true;
    return false;
}

static void print_facts(const struct terminal *terminal, const struct rule *rules, size_t count)
{
    char heading[128];
    snprintf(heading, sizeof heading, "%-10s%-11s%-18s%-20s%s", "fact", "rests on", "never there",
             "refused", "taken away");
    print_heading(terminal, heading);
    for (int f = 0; f < FACT_COUNT; f++) {
        struct lack lack = fact_lack((enum fact_name)f);
        if (is_needed(rules, count, (enum fact_name)f))
            printf("%-10s%-11s%-18s%-20s%s\n", fact_label((enum fact_name)f),
                   lack.rests_on == FACT_COUNT ? "-" : fact_label(lack.rests_on),
                   cause_name(lack.never), cause_name(lack.refused), cause_name(lack.cleared));
    }
}

static void print_table(const struct terminal *terminal)
{
    size_t count;
    const struct rule *rules = order_rules(&count);
    for (size_t i = 0; i < count; i++) {
        if (!i || rules[i].verb != rules[i - 1].verb) {
            fputs(i ? "\n" : "", stdout);
            print_heading(terminal, verb_title(rules[i].verb));
        }
        print_rule(&rules[i]);
    }
    putchar('\n');
    print_free_verbs(rules, count);
    text_wrap(stdout,
              "A verb's rules are in the order of the protocol: the first that is broken counts. "
              "Under each stand the causes that it can lead to. Sent in one group, commands are "
              "also held to RFC 2920 3.1: pipelining_violation.",
              0, 0, WIDTH);
    puts("\nWhat the lack of a fact is called where it is needed:\n");
    print_facts(terminal, rules, count);
}

static void json_rule(struct json *json, const struct rule *rule)
{
    enum cause causes[RULE_CAUSES];
    size_t count = rule_causes(rule, causes);
    bool every = rule->verb == VERB_COUNT, offered = rule->kind == RULE_OFFERED;
    json_open(json, NULL, '{');
    json_string(json, "verb", every ? NULL : verb_name(rule->verb));
    json_string(json, "kind", kinds[rule->kind]);
    json_string(json, "fact", offered ? NULL : fact_label(rule->fact));
    json_string(json, "extension", offered ? extension_name(rule->extension) : NULL);
    json_string(json, "rule", rule->name);
    json_string(json, "section", rule->section);
    json_open(json, "causes", '[');
    for (size_t i = 0; i < count; i++)
        json_string(json, NULL, cause_name(causes[i]));
    json_close(json);
    json_close(json);
}

static void print_json(void)
{
    struct json json = {.out = stdout};
    size_t count;
    const struct rule *rules = order_rules(&count);
    json_open(&json, NULL, '[');
    for (size_t i = 0; i < count; i++)
        json_rule(&json, &rules[i]);
    json_close(&json);
}

enum status cmd_rules(const struct options *options, struct terminal *terminal, struct failure *why)
{
    if (options->word_count) {
        failure_set(why, "--rules prints all rules; there is nothing to name behind it");
        return STATUS_USAGE;
    }
    if (options->json)
        print_json();
    else
        print_table(terminal);
    return STATUS_DONE;
}
