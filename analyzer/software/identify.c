/* SPDX-License-Identifier: ISC */
/* Where the marks of both ends are looked for, as the session goes on. Of each kind of reply and
 * command the first is looked at: a long session costs no more than a short one. */
#include "heloscope/software/identify.h"
#include "heloscope/software/pattern.h"
#include "heloscope/software/reply_texts.h"
#include "heloscope/base/limits.h"

/* Cuts the first line off `text`. */
static struct bytes take_line(struct bytes *text)
{
    const uint8_t *lf = text->len ? memchr(text->at, '\n', text->len) : NULL;
    struct bytes line = bytes_first(*text, lf ? (size_t)(lf - text->at) : text->len);
    *text = bytes_from(*text, line.len + (lf ? 1 : 0));
    return bytes_first(line, TEXT_LINE_READ);
}

/* --- the server
 * ------------------------------------------------------------------------------------- */

static bool look_at_lines(struct fingerprint *server, enum place place, struct bytes text,
                          struct arena *own)
{
    for (int i = 0; i < VOICE_LINES_READ && text.len; i++) {
        struct bytes line = bytes_from(take_line(&text), strlen("250 "));
        if (fingerprint_look(server, server_marks(), place, line, own))
            return true;
    }
    return false;
}

void identify_greeting(struct identify *id, struct arena *own, const struct event *greeting)
{
    if (fingerprint_ask(&id->server, PLACE_GREETING))
        look_at_lines(&id->server, PLACE_GREETING, greeting->text, own);
}

/* The keywords of an EHLO reply in their order: few products list the same ones alike. `text` are
 * the lines behind the first. */
static struct bytes keywords_of(struct bytes text, char out[SIGNATURE_SIZE])
{
    size_t n = 0;
    while (text.len) {
        struct bytes line = bytes_from(take_line(&text), strlen("250-"));
        const uint8_t *space = line.len ? memchr(line.at, ' ', line.len) : NULL;
        struct bytes word = bytes_first(line, space ? (size_t)(space - line.at) : line.len);
        if (n + word.len + 1 >= SIGNATURE_SIZE)
            break;
        if (n)
            out[n++] = ' ';
        for (size_t i = 0; i < word.len; i++)
            out[n++] = (char)ascii_upper(word.at[i]);
    }
    return bytes_of(out, n);
}

static void look_at_hello(struct fingerprint *server, struct bytes text)
{
    char signature[SIGNATURE_SIZE];
    struct bytes first = bytes_from(take_line(&text), strlen("250-"));
    if (fingerprint_ask(server, PLACE_HELLO))
        fingerprint_look(server, server_marks(), PLACE_HELLO, first, NULL);
    if (text.len && fingerprint_ask(server, PLACE_KEYWORDS))
        fingerprint_look(server, server_marks(), PLACE_KEYWORDS, keywords_of(text, signature),
                         NULL);
}

/* A refusal may be put in words that one product alone has. */
static void look_at_refusal(struct identify *id, const struct event *reply)
{
    if (id->refusals == REFUSALS_READ)
        return;
    id->refusals++;
    if (look_at_lines(&id->server, PLACE_REFUSAL, reply->text, NULL))
        return;
    struct bytes rest = reply->text;
    struct bytes text = bytes_from(take_line(&rest), strlen("503 "));
    struct bytes status = reply->enhanced;
    if (status.len && bytes_equal(bytes_first(text, status.len), status))
        text = bytes_from(text, status.len + 1);
    const struct reply_text *row = reply_text_owned(reply->code, text);
    size_t count;
    if (row)
        fingerprint_keep_text(&id->server, server_marks(), (size_t)(row - reply_texts(&count)));
}

/* Where the reply to a command has its mark; PLACE_COUNT = nowhere. */
static enum place place_of_reply(enum verb verb, bool content, int code)
{
    if (verb == VERB_DATA && code == 354)
        return PLACE_DATA;
    if (code / 100 != 2)
        return PLACE_COUNT;
    switch (verb) {
    case VERB_MAIL:
        return PLACE_MAIL;
    case VERB_RCPT:
        return PLACE_RCPT;
    case VERB_BDAT:
        return PLACE_MESSAGE;
    case VERB_DATA:
        return content ? PLACE_MESSAGE : PLACE_COUNT;
    case VERB_RSET:
        return PLACE_RSET;
    case VERB_QUIT:
        return PLACE_QUIT;
    default:
        return PLACE_COUNT;
    }
}

static void look_at_reply(struct identify *id, enum verb verb, bool content,
                          const struct event *reply)
{
    bool hello = verb == VERB_EHLO || verb == VERB_HELO || verb == VERB_LHLO;
    enum place place = place_of_reply(verb, content, reply->code);
    if (reply->code >= 400)
        look_at_refusal(id, reply);
    else if (hello && reply->code / 100 == 2)
        look_at_hello(&id->server, reply->text);
    else if (place != PLACE_COUNT && fingerprint_ask(&id->server, place))
        look_at_lines(&id->server, place, reply->text, NULL);
}

/* --- the client
 * ------------------------------------------------------------------------------------- */

static enum place place_of_command(enum verb verb)
{
    switch (verb) {
    case VERB_HELO:
    case VERB_EHLO:
        return PLACE_SAYS_HELLO;
    case VERB_MAIL:
        return PLACE_SAYS_MAIL;
    case VERB_RCPT:
        return PLACE_SAYS_RCPT;
    case VERB_DATA:
        return PLACE_SAYS_DATA;
    case VERB_AUTH:
        return PLACE_SAYS_AUTH;
    case VERB_QUIT:
        return PLACE_SAYS_QUIT;
    default:
        return PLACE_COUNT;
    }
}

void identify_exchange(struct identify *id, enum verb verb, bool content, struct bytes command,
                       const struct event *reply)
{
    enum place place = place_of_command(verb);
    if (command.len && place != PLACE_COUNT && fingerprint_ask(&id->client, place))
        fingerprint_look(&id->client, client_marks(), place, bytes_first(command, TEXT_LINE_READ),
                         NULL);
    manner_reply(&id->manner, verb, content, reply->code);
    look_at_reply(id, verb, content, reply);
}

/* --- what is known
 * ---------------------------------------------------------------------------------- */

const char *identify_server(const struct identify *id)
{
    return fingerprint_product(&id->server, server_marks());
}

/* A message's own field names the program; how the commands are written tells the library that it
 * speaks through: "Invoices 2.1 (Python smtplib)". */
static void describe_program(const struct identify *id, struct session_row *row,
                             struct arena *arena)
{
    struct bytes library = row->client_software, evidence = row->client_evidence;
    bool both = library.len > 0;
    row->client_software = arena_print(
        arena, "%.*s%s%.*s%s", (int)id->program.len, (const char *)id->program.at, both ? " (" : "",
        (int)library.len, both ? (const char *)library.at : "", both ? ")" : "");
    row->client_evidence =
        arena_print(arena, "%s \"%.*s\"%s%.*s", id->program_header, (int)id->program.len,
                    (const char *)id->program.at, both ? "; " : "", (int)evidence.len,
                    both ? (const char *)evidence.at : "");
}

/* How the client went about it says something once nothing is missing of it. */
static struct fingerprint client_so_far(const struct identify *id, const struct session_row *row)
{
    char text[MANNER_TEXT];
    struct fingerprint client = id->client;
    const struct manner *m = &id->manner;
    const bool closed = row->outcome && strcmp(row->outcome, "closed by client") == 0;
    if (row->midstream || row->bytes_missing || row->one_sided)
        return client;
    const struct bytes groups = manner_groups(m, text);
    if (groups.len)
        fingerprint_look(&client, client_marks(), PLACE_GROUPS, groups, NULL);
    const struct bytes leaving = manner_leaving(m, closed, text);
    if (leaving.len)
        fingerprint_look(&client, client_marks(), PLACE_LEAVING, leaving, NULL);
    const struct bytes pieces = manner_pieces(m, text);
    if (pieces.len)
        fingerprint_look(&client, client_marks(), PLACE_PIECES, pieces, NULL);
    return client;
}

void identify_describe(const struct identify *id, struct session_row *row, struct arena *arena)
{
    const struct fingerprint client = client_so_far(id, row);
    row->server_software = fingerprint_name(&id->server, server_marks(), arena);
    row->server_evidence = fingerprint_evidence(&id->server, server_marks(), arena);
    row->client_software = fingerprint_name(&client, client_marks(), arena);
    row->client_evidence = fingerprint_evidence(&client, client_marks(), arena);
    if (id->program.at)
        describe_program(id, row, arena);
}
