/* SPDX-License-Identifier: ISC */
/* A text is cut into tokens at blanks and punctuation; each token is looked at by itself. */
#include "scrub.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "known_words.h"
#include "token.h"
#include "heloscope/base/limits.h"

enum {
    ADDRESS_ROOM = 64, /* nor is an address of a host, as text */
    LONG_NUMBER = 12,  /* digits of a size or a count of ours */
};

struct scrubber {
    const struct pseudonyms *pseudonyms;
    struct arena *arena;
    enum manner manner;
    char *out;
    size_t length, room;
    bool sized; /* the word before was one that a number follows */
};

/* ------------------------------------------------------------------------------------- writing */

static void put(struct scrubber *s, const void *octets, size_t length)
{
    if (!length)
        return;
    if (s->length + length > s->room) {
        s->room = 2 * (s->length + length) + 256;
        s->out = memory_resize(s->out, s->room);
    }
    memcpy(s->out + s->length, octets, length);
    s->length += length;
}

static void put_bytes(struct scrubber *s, struct bytes text)
{
    put(s, text.at, text.len);
}

static void put_word(struct scrubber *s, const char *word)
{
    put(s, word, strlen(word));
}

static void put_pseudonym(struct scrubber *s, struct bytes name)
{
    char out[PSEUDONYM_SIZE];
    put_word(s, pseudonym_name(s->pseudonyms, name, out));
}

static struct bytes finish(struct scrubber *s)
{
    static const uint8_t nothing;
    struct bytes out =
        arena_copy(s->arena, s->length ? bytes_of(s->out, s->length) : bytes_of(&nothing, 0));
    free(s->out);
    return out;
}

/* -------------------------------------------------------------------------------------- tokens */

static bool number_stays(const struct scrubber *s, struct bytes token)
{
    if (s->manner == SCRUB_OURS || s->sized)
        return token.len <= LONG_NUMBER;
    return token.len <= SHORT_NUMBER || token_is_year(token);
}

/* "+0100" of a date, "0x1301" of a cipher. */
static bool is_formal(const struct scrubber *s, struct bytes token)
{
    if (token.len == 5 && strchr("+-", token.at[0]))
        return token_count_if(token, isdigit) == 4;
    return s->manner == SCRUB_OURS && token.len <= 6 && memcmp(token.at, "0x", 2) == 0 &&
           token_count_if(bytes_from(token, 2), isxdigit) == token.len - 2;
}

static bool stays(const struct scrubber *s, struct bytes token)
{
    if (token_is_punctuation(token))
        return true;
    if (s->manner == SCRUB_ALL)
        return false;
    if (token_count_if(token, isdigit) == token.len)
        return number_stays(s, token) || word_is_known(token);
    return token_is_version(token) || is_formal(s, token) || word_is_known(token) ||
           compound_is_known(token);
}

/* ----------------------------------------------------------------------------------- addresses */

/* A host's address at the front of `text`; returns its length, 0 when there is none. */
static size_t find_host_address(struct bytes text, struct address *out)
{
    char candidate[ADDRESS_ROOM];
    size_t length = 0;
    while (length < text.len && length + 1 < sizeof candidate &&
           (text.at[length] == ':' || text.at[length] == '.' || isxdigit(text.at[length]))) {
        candidate[length] = (char)text.at[length];
        length++;
    }
    while (length && strchr(".:", candidate[length - 1]) &&
           !(length > 1 && candidate[length - 2] == ':'))
        length--; /* the end of a sentence */
    candidate[length] = '\0';
    *out = (struct address){0};
    bool ends = length == text.len || token_ends_at(text.at[length]) || text.at[length] == '.';
    if (length && ends && inet_pton(AF_INET6, candidate, out->octets) == 1)
        out->family = 6;
    char *colon = strchr(candidate, ':'); /* a port behind it */
    if (!out->family && colon) {
        *colon = '\0';
        length = (size_t)(colon - candidate);
        ends = true;
    }
    if (!out->family && ends && inet_pton(AF_INET, candidate, out->octets) == 1)
        out->family = 4;
    return out->family ? length : 0;
}

static bool put_host_address(struct scrubber *s, struct bytes *text)
{
    struct address address;
    char out[46];
    size_t length = find_host_address(*text, &address);
    if (!length)
        return false;
    address = pseudonym_address(s->pseudonyms, &address);
    put_word(s, address_print(&address, out));
    *text = bytes_from(*text, length);
    return true;
}

/* A domain, or an address of a host in brackets. */
static void put_domain(struct scrubber *s, struct bytes domain)
{
    struct bytes inner = domain;
    if (domain.len > 2 && domain.at[0] == '[' && domain.at[domain.len - 1] == ']') {
        inner = bytes_first(bytes_from(domain, 1), domain.len - 2);
        put_word(s, "[");
        if (inner.len > 5 && strncasecmp((const char *)inner.at, "IPv6:", 5) == 0) {
            put_word(s, "IPv6:");
            inner = bytes_from(inner, 5);
        }
        if (put_host_address(s, &inner)) {
            put_word(s, "]");
            return;
        }
        put_pseudonym(s, inner);
        put_word(s, "]");
        return;
    }
    if (domain.len && !put_host_address(s, &inner))
        put_pseudonym(s, domain);
}

/* "local@domain". A route of RFC 5321 appendix C in front is part of the local part. */
static void put_mailbox(struct scrubber *s, struct bytes mailbox)
{
    size_t at = mailbox.len;
    while (at && mailbox.at[at - 1] != '@')
        at--;
    struct bytes local = at ? bytes_first(mailbox, at - 1) : mailbox;
    if (local.len) {
        char word[PSEUDONYM_SIZE];
        put_word(s, pseudonym_word(s->pseudonyms, local, word));
    }
    if (!at)
        return;
    put_word(s, "@");
    put_domain(s, bytes_from(mailbox, at));
}

/* What stands in angle brackets at the front of `text`, if it is a path: with an @, or any when all
 * words go. */
static bool put_path(struct scrubber *s, struct bytes *text)
{
    struct bytes window = bytes_first(*text, PATH_LIMIT + 2);
    const uint8_t *end = memchr(window.at, '>', window.len);
    if (!end)
        return false;
    struct bytes path = bytes_first(bytes_from(*text, 1), (size_t)(end - text->at) - 1);
    if (!path.len || memchr(path.at, '\n', path.len) ||
        (s->manner != SCRUB_ALL && !memchr(path.at, '@', path.len)))
        return false;
    put_word(s, "<");
    put_mailbox(s, path);
    put_word(s, ">");
    *text = bytes_from(*text, path.len + 2);
    return true;
}

/* ---------------------------------------------------------------------------------- altogether */

static bool is_edge(uint8_t c)
{
    return strchr(".!*", c);
}

/* Words behind which a number is no secret. */
static bool announces_number(struct bytes token)
{
    static const char *const words[] = {"SIZE", "BDAT", "port", "RCPTMAX", "MAILMAX"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bytes_equal_nocase(token, words[i]))
            return true;
    return false;
}

static void put_token(struct scrubber *s, struct bytes token)
{
    size_t front = 0, behind = token.len;
    while (front < behind && is_edge(token.at[front]))
        front++;
    while (behind > front && is_edge(token.at[behind - 1]))
        behind--;
    struct bytes core = bytes_first(bytes_from(token, front), behind - front);
    put_bytes(s, bytes_first(token, front));
    if (core.len && token_count_of(core, '@'))
        put_mailbox(s, core);
    else if (core.len && stays(s, core))
        put_bytes(s, core);
    else if (core.len)
        put_pseudonym(s, core);
    put_bytes(s, bytes_from(token, behind));
    s->sized = announces_number(core);
}

/* "250-" at the beginning of a reply's line would make one word with what follows. */
static void put_reply_code(struct scrubber *s, struct bytes *text)
{
    if (text->len >= 4 && token_count_if(bytes_first(*text, 3), isdigit) == 3 &&
        text->at[3] == '-') {
        put_bytes(s, bytes_first(*text, 4));
        *text = bytes_from(*text, 4);
    }
}

static void put_text(struct scrubber *s, struct bytes text);

/* What heloscope quotes may be a line of a message, which may hold quotation marks itself: all up
 * to the last one is taken for the quotation. A single word that is known stays: a verb. */
static bool put_quote(struct scrubber *s, struct bytes *text)
{
    struct bytes inner = bytes_from(*text, 1);
    const uint8_t *end = inner.len ? memrchr(inner.at, '"', inner.len) : NULL;
    if (!end)
        return false;
    inner = bytes_first(inner, (size_t)(end - inner.at));
    *text = bytes_from(*text, inner.len + 2);
    put_word(s, "\"");
    s->manner = word_is_known(inner) ? SCRUB_TEXT : SCRUB_ALL;
    put_text(s, inner);
    s->manner = SCRUB_OURS;
    put_word(s, "\"");
    return true;
}

static void put_text(struct scrubber *s, struct bytes text)
{
    bool line = true;
    while (text.len) {
        if (line && s->manner == SCRUB_TEXT)
            put_reply_code(s, &text);
        line = text.len && *text.at == '\n';
        if (!text.len || put_host_address(s, &text) || (*text.at == '<' && put_path(s, &text)) ||
            (s->manner == SCRUB_OURS && *text.at == '"' && put_quote(s, &text)))
            continue;
        struct bytes token = token_at(text);
        if (token.len)
            put_token(s, token);
        else
            put(s, text.at, 1);
        text = bytes_from(text, token.len ? token.len : 1);
    }
}

struct bytes scrub_text(const struct pseudonyms *pseudonyms, struct arena *arena, struct bytes text,
                        enum manner manner)
{
    struct scrubber s = {.pseudonyms = pseudonyms, .arena = arena, .manner = manner};
    if (!text.at)
        return text;
    put_text(&s, text);
    return finish(&s);
}

struct bytes scrub_mailbox(const struct pseudonyms *pseudonyms, struct arena *arena,
                           struct bytes mailbox)
{
    struct scrubber s = {.pseudonyms = pseudonyms, .arena = arena, .manner = SCRUB_ALL};
    if (!mailbox.at)
        return mailbox;
    if (!mailbox.len || *mailbox.at != '<' || !put_path(&s, &mailbox))
        put_mailbox(&s, mailbox);
    return finish(&s);
}

/* ------------------------------------------------------------------------------------ commands */

/* How the argument of a command is read; of all others every word goes, since anything may stand
 * there. */
static const struct argument_row {
    const char *verb;
    bool path; /* a path first, behind a colon */
    enum manner manner;
} argument_rows[] = {
    {"MAIL", true, SCRUB_TEXT},  {"RCPT", true, SCRUB_TEXT},   {"AUTH", false, SCRUB_TEXT},
    {"BDAT", false, SCRUB_TEXT}, {"PROXY", false, SCRUB_OURS},
};

static const struct argument_row *argument_row_of(const char *verb)
{
    static const struct argument_row other = {"", false, SCRUB_ALL};
    for (size_t i = 0; i < sizeof argument_rows / sizeof *argument_rows; i++)
        if (strcmp(argument_rows[i].verb, verb) == 0)
            return &argument_rows[i];
    return &other;
}

static size_t blanks_at(struct bytes text)
{
    size_t length = 0;
    while (length < text.len && (text.at[length] == ' ' || text.at[length] == '\t'))
        length++;
    return length;
}

/* "FROM:" at the front of an argument, with the blanks around it; 0 when it is not there. */
static size_t path_keyword(struct bytes text, bool *colon)
{
    size_t length = blanks_at(text);
    const struct bytes word = bytes_from(text, length);
    length += bytes_start_nocase(word, "FROM") ? 4 : bytes_start_nocase(word, "TO") ? 2 : 0;
    if (length >= text.len || !token_ends_at(text.at[length]))
        return 0;
    length += blanks_at(bytes_from(text, length));
    *colon = length < text.len && text.at[length] == ':';
    length += *colon;
    return length + blanks_at(bytes_from(text, length));
}

/* "FROM:<path>", however it is written. What is no path all the same goes as a whole. True when it
 * is such an argument, and parameters may follow; a line of a message can begin with "Mail". */
static bool put_path_argument(struct scrubber *s, struct bytes *text)
{
    bool colon = false;
    const size_t front = path_keyword(*text, &colon);
    put_bytes(s, bytes_first(*text, front));
    *text = bytes_from(*text, front);
    s->manner = SCRUB_ALL;
    if (text->len && (*text->at != '<' || !put_path(s, text))) {
        const uint8_t *blank = memchr(text->at, ' ', text->len);
        size_t length = blank ? (size_t)(blank - text->at) : text->len;
        put_text(s, bytes_first(*text, length));
        *text = bytes_from(*text, length);
    }
    return colon;
}

struct bytes scrub_command(const struct pseudonyms *pseudonyms, struct arena *arena,
                           struct bytes text, const char *verb, bool content)
{
    struct scrubber s = {.pseudonyms = pseudonyms, .arena = arena, .manner = SCRUB_ALL};
    if (!text.at)
        return text;
    if (verb) {
        size_t length = 0;
        while (length < text.len && text.at[length] > ' ' && text.at[length] != ':')
            length++;
        const struct argument_row *row = argument_row_of(verb);
        struct bytes typed = bytes_first(text, length);
        if (word_is_known(typed))
            put_bytes(&s, typed); /* "mail" */
        else
            put_word(&s, verb);
        text = bytes_from(text, length);
        s.sized = announces_number(bytes_of_string(verb));
        const bool known = !row->path || put_path_argument(&s, &text);
        s.manner = known && !content ? row->manner : SCRUB_ALL;
    }
    put_text(&s, text);
    return finish(&s);
}
