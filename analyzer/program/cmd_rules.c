/* SPDX-License-Identifier: ISC */
/* heloscope explain --rules: the tables that commands are judged by, verb by verb; what each reply
 * does to the facts is in cmd_rules_effects.c. */
#include "cmd_rules_effects.h"
#include "command.h"
#include "heloscope/order/pipelining_rules.h"
#include "heloscope/output/json.h"
#include "heloscope/order/order.h"
#include "heloscope/base/text.h"

enum {
    FACT_COLUMN = 11,
    TEXT_COLUMN = 23,
    WIDTH = 80
};

static const char every_command[] = "every command but QUIT";

static const char *const kinds[] = {
    [RULE_NEEDS] = "needs",
    [RULE_FORBIDS] = "forbids",
    [RULE_OFFERED] = "offered",
    [RULE_WAITS] = "waits",
};

static const char *verb_title(enum verb verb)
{
    return verb == VERB_COUNT ? every_command : verb_name(verb);
}

/* What a rule is about: a fact, or an extension that the server must have offered, or a reply. */
static const char *subject(const struct rule *rule)
{
    if (rule->extension)
        return extension_name(rule->extension);
    return rule->kind == RULE_WAITS ? "reply" : fact_label(rule->fact);
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

static const char *const followings[] = {
    [FOLLOWING_NONE] = "last of its group",
    [FOLLOWING_ANY] = "anywhere in a group",
    [FOLLOWING_IF_COMPLETE] = "anywhere, with its initial response",
};

static bool same_place(const struct pipelining_rule *a, const struct pipelining_rule *b)
{
    return a->following == b->following && strcmp(a->section, b->section) == 0;
}

static void print_groups(const struct terminal *terminal)
{
    char line[256];
    snprintf(line, sizeof line, "%-24s%-37s%s", "verb", "its place", "written in");
    print_heading(terminal, line);
    size_t count, length = 0;
    const struct pipelining_rule *rules = pipelining_rules(&count);
    for (size_t i = 0; i < count; i++) {
        bool others = rules[i].verb == VERB_COUNT;
        length += (size_t)snprintf(line + length, sizeof line - length, "%s%s", length ? " " : "",
                                   others ? "all others" : verb_name(rules[i].verb));
        bool last = i + 1 == count || rules[i + 1].verb == VERB_COUNT;
        if (!last && same_place(&rules[i], &rules[i + 1]))
            continue;
        printf("%-24s%-37s%s\n", line, followings[rules[i].following], rules[i].section);
        length = 0;
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
    text_wrap(
        stdout,
        "A verb's rules are in the order of the protocol: the first that is broken counts. "
        "Under each stand the causes that it can lead to. \"waits\" is judged by what the client "
        "had received when it sent the command.",
        0, 0, WIDTH);
    puts("\nWhat may be sent before the reply to the command in front of it is there:\n");
    print_groups(terminal);
    puts("\nWhat the lack of a fact is called where it is needed:\n");
    print_facts(terminal, rules, count);
    putchar('\n');
    print_effects(terminal);
}

static void json_rule(struct json *json, const struct rule *rule)
{
    enum cause causes[RULE_CAUSES];
    size_t count = rule_causes(rule, causes);
    bool every = rule->verb == VERB_COUNT, fact = rule->fact < FACT_COUNT && !rule->extension;
    json_open(json, NULL, '{');
    json_string(json, "verb", every ? NULL : verb_name(rule->verb));
    json_string(json, "kind", kinds[rule->kind]);
    json_string(json, "fact", fact ? fact_label(rule->fact) : NULL);
    json_string(json, "extension", rule->extension ? extension_name(rule->extension) : NULL);
    json_string(json, "rule", rule->name);
    json_string(json, "section", rule->section);
    json_open(json, "causes", '[');
    for (size_t i = 0; i < count; i++)
        json_string(json, NULL, cause_name(causes[i]));
    json_close(json);
    json_close(json);
}

static void json_groups(struct json *json)
{
    size_t count;
    const struct pipelining_rule *rules = pipelining_rules(&count);
    json_open(json, "groups", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        json_string(json, "verb", rules[i].verb == VERB_COUNT ? NULL : verb_name(rules[i].verb));
        json_string(json, "place", followings[rules[i].following]);
        json_string(json, "section", rules[i].section);
        json_close(json);
    }
    json_close(json);
}

static void print_json(void)
{
    struct json json = {.out = stdout};
    size_t count;
    const struct rule *rules = order_rules(&count);
    json_open(&json, NULL, '{');
    json_open(&json, "rules", '[');
    for (size_t i = 0; i < count; i++)
        json_rule(&json, &rules[i]);
    json_close(&json);
    json_groups(&json);
    json_effects(&json);
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
