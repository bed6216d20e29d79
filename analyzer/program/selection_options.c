/* SPDX-License-Identifier: ISC */
#include "selection_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "heloscope/cause.h"
#include "when.h"

static bool add_term(struct options *o, const struct selection_term *term, struct failure *why)
{
    struct selection *selection = &o->selection;
    if (selection->term_count == SELECTION_TERMS_MAX)
        return failure_set(why, "at most %d things can be asked for at once", SELECTION_TERMS_MAX);
    selection->terms =
        memory_resize(selection->terms, (selection->term_count + 1) * sizeof *selection->terms);
    selection->terms[selection->term_count++] = *term;
    return true;
}

static bool add_text(struct options *o, enum selection_field field, const char *name,
                     const char *value, struct failure *why)
{
    if (!*value)
        return failure_set(why, "--%s wants a value", name);
    return add_term(o, &(struct selection_term){.field = field, .text = value}, why);
}

#define TEXT_SETTER(name_, field_)                                                                 \
    static bool set_##name_(struct options *o, const char *name, const char *value,                \
                            struct failure *why)                                                   \
    {                                                                                              \
        return add_text(o, field_, name, value, why);                                              \
    }
TEXT_SETTER(sender, SELECTION_SENDER)
TEXT_SETTER(recipient, SELECTION_RECIPIENT)
TEXT_SETTER(queue_id, SELECTION_QUEUE_ID)
TEXT_SETTER(message_id, SELECTION_MESSAGE_ID)
TEXT_SETTER(software, SELECTION_SOFTWARE)
TEXT_SETTER(source, SELECTION_SOURCE)

/* --- words of the dictionary --- */

static bool set_cause(struct options *o, const char *name, const char *value, struct failure *why)
{
    if (cause_by_name(bytes_of_string(value)) == CAUSE_NONE)
        return failure_set(why, "--%s: there is no cause '%s'; heloscope explain lists them", name,
                           value);
    return add_text(o, SELECTION_CAUSE, name, value, why);
}

static bool set_fault(struct options *o, const char *name, const char *value, struct failure *why)
{
    if (fault_by_name(value) != FAULT_COUNT)
        return add_text(o, SELECTION_FAULT, name, value, why);
    return failure_set(why,
                       "--%s is client, pipelining, server, middlebox, policy or unknown, not '%s'",
                       name, value);
}

static bool set_certainty(struct options *o, const char *name, const char *value,
                          struct failure *why)
{
    if (certainty_by_name(value) != CERTAINTY_COUNT)
        return add_text(o, SELECTION_CERTAINTY, name, value, why);
    return failure_set(why, "--%s is certain, likely or unknown, not '%s'", name, value);
}

/* "503", "5xx", "close". */
static bool set_code(struct options *o, const char *name, const char *value, struct failure *why)
{
    struct selection_term term = {.field = SELECTION_CODE};
    char *end;
    const long code = strtol(value, &end, 10);
    if (strcmp(value, "close") == 0)
        return add_term(o, &term, why);
    term.low = term.high = code;
    if (code >= 1 && code <= 9 && strcmp(end, "xx") == 0) {
        term.low = code * 100;
        term.high = code * 100 + 99;
    } else if (*end || code < 100 || code > 999) {
        return failure_set(why,
                           "--%s is a code such as 503, a class such as 5xx, or close, not "
                           "'%s'",
                           name, value);
    }
    return add_term(o, &term, why);
}

/* --- clients and servers --- */

static bool read_port(const char *text, int *out)
{
    char *end;
    const long port = strtol(text, &end, 10);
    *out = (int)port;
    return *text >= '0' && *text <= '9' && !*end && port >= 1 && port <= 65535;
}

/* The colon in front of a port; NULL without one. Of an IPv6 address its own are none. */
static char *port_colon(char *text)
{
    if (*text == '[') {
        char *close = strchr(text, ']');
        return close && close[1] == ':' ? close + 1 : NULL;
    }
    char *colon = strchr(text, ':');
    return colon && !strchr(colon + 1, ':') ? colon : NULL;
}

static bool read_bits(const char *text, struct selection_term *term)
{
    char *end;
    const long bits = strtol(text, &end, 10);
    term->bits = (int)bits;
    return *text >= '0' && *text <= '9' && !*end && bits <= term->address_length * 8L;
}

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::/32"; anything else is a name. */
static bool read_network(char *text, struct selection_term *term)
{
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    if (inet_pton(AF_INET, text, term->address) == 1)
        term->address_length = 4;
    else if (inet_pton(AF_INET6, text, term->address) == 1)
        term->address_length = 16;
    term->bits = term->address_length * 8;
    return !slash || (term->address_length && read_bits(slash + 1, term));
}

static bool read_party(char *text, struct selection_term *term)
{
    char *colon = port_colon(text);
    if (colon) {
        *colon = '\0';
        if (!read_port(colon + 1, &term->port))
            return false;
    }
    const size_t length = strlen(text);
    if (*text == '[' && length && text[length - 1] == ']') {
        text[length - 1] = '\0';
        text++;
    }
    if (*text && !read_network(text, term))
        return false;
    term->text = *text && !term->address_length ? text : NULL;
    return *text || term->port;
}

static bool add_party(struct options *o, enum selection_field field, const char *name,
                      const char *value, struct failure *why)
{
    struct selection_term term = {.field = field};
    char *copy = strcpy(memory_get(strlen(value) + 1), value);
    o->copies = memory_resize(o->copies, (o->copy_count + 1) * sizeof *o->copies);
    o->copies[o->copy_count++] = copy;
    if (!read_party(copy, &term))
        return failure_set(why,
                           "--%s is an address, a network such as 192.0.2.0/24, or a name, each "
                           "also with :PORT, not '%s'",
                           name, value);
    return add_term(o, &term, why);
}

static bool set_client(struct options *o, const char *name, const char *value, struct failure *why)
{
    return add_party(o, SELECTION_CLIENT, name, value, why);
}

static bool set_server(struct options *o, const char *name, const char *value, struct failure *why)
{
    return add_party(o, SELECTION_SERVER, name, value, why);
}

/* --- times and numbers --- */

#define WORD_SETTER(field_)                                                                        \
    static bool set_##field_(struct options *o, const char *name, const char *value,               \
                             struct failure *why)                                                  \
    {                                                                                              \
        (void)name, (void)why;                                                                     \
        o->field_ = value;                                                                         \
        return true;                                                                               \
    }
WORD_SETTER(since)
WORD_SETTER(from)
WORD_SETTER(to)

static bool set_last(struct options *o, const char *name, const char *value, struct failure *why)
{
    char *end;
    errno = 0;
    o->selection.last = strtol(value, &end, 10);
    if (*value >= '1' && *value <= '9' && !*end && !errno)
        return true;
    return failure_set(why, "--%s wants a number from 1 on, not '%s'", name, value);
}

static bool set_errors(struct options *o, const char *name, const char *value, struct failure *why)
{
    (void)name, (void)value, (void)why;
    o->selection.errors_only = true;
    return true;
}

static bool settle_times(struct options *o, int64_t now_us, struct failure *why)
{
    static const char forms[] = "a time such as 2026-11-21, \"2026-11-21 14:05\", 14:05, today or "
                                "yesterday";
    struct selection *selection = &o->selection;
    int64_t span;
    if (o->since && when_read_span(o->since, &span))
        selection->from_us = now_us > span ? now_us - span : 1;
    else if (o->since && !when_read(o->since, o->utc, false, now_us, &selection->from_us))
        return failure_set(why, "--since wants a span such as 24h or 7d, or %s, not '%s'", forms,
                           o->since);
    if (o->from && !when_read(o->from, o->utc, false, now_us, &selection->from_us))
        return failure_set(why, "--from wants %s, not '%s'", forms, o->from);
    if (o->to && !when_read(o->to, o->utc, true, now_us, &selection->to_us))
        return failure_set(why, "--to wants %s, not '%s'", forms, o->to);
    if (selection->to_us && selection->from_us >= selection->to_us)
        return failure_set(why, "nothing lies between %s and %s", o->from ? o->from : o->since,
                           o->to);
    return true;
}

/* --- the words that are left --- */

static bool read_id(const char *text, char **end, int64_t *out)
{
    errno = 0;
    *out = strtoll(text, end, 10);
    return *text >= '0' && *text <= '9' && !errno;
}

/* "7", "1-3", "5-". */
static bool read_range(const char *word, struct selection_term *term)
{
    char *end;
    if (!read_id(word, &end, &term->low))
        return false;
    term->high = term->low;
    if (*end == '-') {
        term->high = INT64_MAX;
        if (end[1] && !read_id(end + 1, &end, &term->high))
            return false;
        end += *end == '-';
    }
    return !*end && term->low <= term->high;
}

/* Session numbers are digits; a Community ID is its version and 20 octets in base64; a uid begins
 * with a digit as well, and has capitals and digits only. */
static bool add_session(struct options *o, const char *word, struct failure *why)
{
    struct selection_term term = {.field = SELECTION_ID};
    const size_t length = strlen(word);
    if (read_range(word, &term))
        return add_term(o, &term, why);
    if (strncmp(word, "1:", 2) == 0 && length == 2 + 28)
        term = (struct selection_term){.field = SELECTION_COMMUNITY_ID, .text = word};
    else if (length >= 12 && strspn(word, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == length)
        term = (struct selection_term){.field = SELECTION_UID, .text = word};
    else
        return failure_set(why,
                           "'%s' is not the number of a session, a range such as 1-3, a uid or a "
                           "Community ID; heloscope show lists them",
                           word);
    return add_term(o, &term, why);
}

bool selection_settle(struct options *options, int64_t now_us, struct failure *why)
{
    for (size_t i = 0; i < options->word_count; i++)
        if (!add_session(options, options->words[i], why))
            return false;
    return settle_times(options, now_us, why);
}

bool selection_is_named(const struct selection *selection)
{
    for (size_t i = 0; i < selection->term_count; i++)
        switch (selection->terms[i].field) {
        case SELECTION_ID:
        case SELECTION_UID:
        case SELECTION_COMMUNITY_ID:
        case SELECTION_QUEUE_ID:
        case SELECTION_MESSAGE_ID:
            return true;
        default:
            break;
        }
    return false;
}

const struct option_row selection_rows[] = {
    {FOR_SELECTION, 0, "since", "WHEN", set_since,
     "sessions that began in the last 30m, 24h, 7d, or since a time as --from has"},
    {FOR_SELECTION, 0, "from", "TIME", set_from,
     "that began at or after 2026-11-21, \"2026-11-21 14:05\", 14:05, today, yesterday"},
    {FOR_SELECTION, 0, "to", "TIME", set_to, "that began before it; a day is meant to its end"},
    {FOR_SELECTION, 0, "client", "WHOM", set_client,
     "of this client: address, network (192.0.2.0/24), name or domain, also with :PORT"},
    {FOR_SELECTION, 0, "server", "WHOM", set_server, "of this server, in the same forms"},
    {FOR_SELECTION, 0, "sender", "ADDRESS", set_sender,
     "with this envelope sender, or one of this domain; \"<>\" is the null sender"},
    {FOR_SELECTION, 0, "recipient", "ADDRESS", set_recipient, "with this envelope recipient"},
    {FOR_SELECTION, 0, "queue-id", "ID", set_queue_id,
     "in which the server gave a message this queue id"},
    {FOR_SELECTION, 0, "message-id", "ID", set_message_id, "with a message of this Message-ID"},
    {FOR_SELECTION, 0, "cause", "CAUSE", set_cause, "with a finding of this cause"},
    {FOR_SELECTION, 0, "fault", "WHOSE", set_fault,
     "of this fault: client, pipelining, server, middlebox, policy, unknown"},
    {FOR_SELECTION, 0, "certainty", "HOW", set_certainty, "certain, likely or unknown"},
    {FOR_SELECTION, 0, "code", "CODE", set_code, "under this code: 503, 5xx, close"},
    {FOR_SELECTION, 0, "errors", NULL, set_errors, "with a 503, or the like under another code"},
    {FOR_SELECTION, 0, "software", "NAME", set_software, "whose client or server is this program"},
    {FOR_SELECTION, 0, "source", "CAPTURE", set_source,
     "out of this capture: its path, or the last part of it"},
    {FOR_SELECTION, 0, "last", "N", set_last, "only the last N of them"},
};
const size_t selection_row_count = sizeof selection_rows / sizeof *selection_rows;
