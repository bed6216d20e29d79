/* SPDX-License-Identifier: ISC */
#include "not_smtp.h"

#include <stdlib.h>

#include "credentials.h"
#include "heloscope/session/direction.h"
#include "heloscope/base/limits.h"

enum {
    SUBMISSIONS = 465, /* TLS comes first there (RFC 8314 section 3.3) */
};

/* How others begin: the first word, and what else the line must hold. */
static const struct beginning {
    const char *word, *holds, *protocol;
} clients[] =
    {
        {"GET ", " HTTP/", "HTTP"},     {"POST ", " HTTP/", "HTTP"},
        {"PUT ", " HTTP/", "HTTP"},     {"HEAD ", " HTTP/", "HTTP"},
        {"OPTIONS ", " HTTP/", "HTTP"}, {"CONNECT ", " HTTP/", "HTTP"},
        {"DELETE ", " HTTP/", "HTTP"},  {"PATCH ", " HTTP/", "HTTP"},
        {"TRACE ", " HTTP/", "HTTP"},   {"PRI ", " HTTP/2", "HTTP"},
        {"OPTIONS ", " RTSP/", "RTSP"}, {"OPTIONS ", " SIP/", "SIP"},
        {"SSH-", "-", "SSH"},
},
  servers[] = {
      {"HTTP/", " ", "HTTP"}, {"SSH-", "-", "SSH"},      {"* OK", "", "IMAP"},
      {"* BYE", "", "IMAP"},  {"+OK", "", "POP3"},       {"-ERR", "", "POP3"},
      {"RFB ", "", "VNC"},    {"RTSP/", " ", "RTSP"},    {"SIP/", " ", "SIP"},
      {"<?xml", "", "XML"},   {"<!DOCTYPE", "", "HTTP"}, {"<html", "", "HTTP"},
};

static const char *protocol_of(const struct beginning *rows, size_t count, struct bytes line)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_start_nocase(line, rows[i].word) &&
            memmem(line.at, line.len, rows[i].holds, strlen(rows[i].holds)))
            return rows[i].protocol;
    return NULL;
}

#define PROTOCOL_OF(rows, line) protocol_of(rows, sizeof(rows) / sizeof *(rows), line)

/* Telnet begins with IAC (RFC 854); a person's backspace or escape is no sign of another protocol.
 */
static bool begins_with_no_text(struct bytes line)
{
    uint8_t first = line.len ? line.at[0] : ' ';
    bool typed = first == '\b' || first == '\t' || first == 0x1b || first == 0x7f;
    return !typed && (first < ' ' || first == 0xff);
}

/* "Subject: x" and its like, as RFC 5322 has them; not a verb with a colon behind it. */
static bool is_field(struct bytes line)
{
    const uint8_t *colon = line.len ? memchr(line.at, ':', line.len) : NULL;
    struct smtp_command c;
    if (!colon || !looks_like_header(line))
        return false;
    size_t name = (size_t)(colon - line.at);
    smtp_command_parse(bytes_first(line, name), &c);
    bool apart = name + 1 == line.len || line.at[name + 1] == ' ' || line.at[name + 1] == '\t';
    return apart && c.verb == VERB_UNKNOWN;
}

/* "a1 LOGIN name password": IMAP's commands have a tag in front. */
static size_t behind_login(struct bytes line)
{
    static const char word[] = " LOGIN ";
    const uint8_t *at = line.len ? memmem(line.at, line.len, word, sizeof word - 1) : NULL;
    return at && !memchr(line.at, ' ', (size_t)(at - line.at))
               ? (size_t)(at - line.at) + sizeof word - 1
               : 0;
}

enum not_smtp_kind not_smtp_kind_of(struct bytes line, const char **name)
{
    static const struct {
        const char *begins, *name;
    } words[] = {
        {"GET ", "HTTP"},     {"POST ", "HTTP"},    {"PUT ", "HTTP"},    {"HEAD ", "HTTP"},
        {"OPTIONS ", "HTTP"}, {"CONNECT ", "HTTP"}, {"DELETE ", "HTTP"}, {"PATCH ", "HTTP"},
        {"TRACE ", "HTTP"},   {"PRI * ", "HTTP"},   {"SSH-", "SSH"},     {"USER ", "POP3 or FTP"},
        {"CAPA", "POP3"},     {"JRMI", "Java RMI"},
    };
    *name = NULL;
    if (bytes_start_nocase(line, "PROXY "))
        return NOT_SMTP_PROXY;
    for (size_t i = 0; !*name && i < sizeof words / sizeof *words; i++)
        if (bytes_start_nocase(line, words[i].begins))
            *name = words[i].name;
    if (!*name && line.len > 1 && line.at[0] == 0xff && line.at[1] >= 0xf0)
        *name = "telnet"; /* IAC and a command (RFC 854) */
    if (!*name &&
        (behind_login(line) || (line.len && memmem(line.at, line.len, " CAPABILITY", 11))))
        *name = "IMAP";
    if (!*name && line.len > 1 && line.at[0] == '*' && line.at[1] >= '0' && line.at[1] <= '9')
        *name = "Redis";
    if (*name || begins_with_no_text(line))
        return NOT_SMTP_PROTOCOL;
    return is_field(line) ? NOT_SMTP_FIELD : NOT_SMTP_NONE;
}

static void take_line(struct session *s, enum event_kind kind, enum side side,
                      const struct line *line)
{
    struct smtp_command c;
    smtp_command_parse(line->text, &c);
    const size_t open = side == SIDE_CLIENT ? credentials_storable(line->text, &c) : line->text.len;
    struct bytes text = bytes_first(line->text, UNKNOWN_TEXT_LIMIT);
    if (open < line->text.len)
        text = arena_print(&s->draft->arena, "%.*s ****", (int)open, (const char *)line->text.at);
    struct event *e = session_event(s, kind, side, &line->mark, text);
    e->notes |= open < line->text.len ? NOTE_MASKED : 0;
    e->notes |= line->notes | (line->length > UNKNOWN_TEXT_LIMIT ? NOTE_LONG : 0);
    e->bytes = line->length;
    e->has_bytes = e->notes & NOTE_LONG;
    e->saw = session_seen(s, !side, line->mark.seen);
}

/* Nothing of either side is read on. */
static void leave(struct session *s, const char *protocol)
{
    s->row.protocol = protocol;
    s->protocol.not_smtp = true;
    for (int side = 0; side < 2; side++) {
        direction_free(&s->direction[side]);
        s->direction[side].held = NULL;
        s->direction[side].held_length = s->direction[side].held_size = 0;
        s->direction[side].skipped = 0;
        direction_enter(&s->direction[side], READ_NOTHING);
    }
}

bool not_smtp_holds(struct session *s, const struct line *line)
{
    if (line->start || s->row.midstream || s->hole || s->protocol.held_before)
        return false;
    s->protocol.held = PROTOCOL_OF(clients, line->text);
    if (!s->protocol.held || s->greeted || line->length > line->text.len)
        return false;
    s->protocol.held_before = true;
    direction_enter(&s->direction[SIDE_CLIENT], READ_HELD);
    direction_put_back(&s->direction[SIDE_CLIENT], line);
    return true;
}

void not_smtp_give_up(struct session *s)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    const struct queued_span *first = client->queue; /* a whole line, as it was put back */
    struct bytes text = first->span.data;
    while (text.len && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r'))
        text.len--;
    struct line line = {.text = text, .length = text.len, .mark = first->span.mark};
    take_line(s, EVENT_COMMAND, SIDE_CLIENT, &line);
    leave(s, s->protocol.held);
}

bool not_smtp_greets(struct session *s, const struct line *line, bool well_formed)
{
    bool held = s->direction[SIDE_CLIENT].reading == READ_HELD;
    if (well_formed) {
        s->protocol.server_is_smtp = true;
        if (held)
            direction_enter(&s->direction[SIDE_CLIENT], READ_LINES);
        return false;
    }
    if (s->protocol.server_is_smtp || s->row.midstream || s->hole)
        return false;
    const char *protocol = PROTOCOL_OF(servers, line->text);
    if (!protocol && !held && ++s->protocol.strange_lines < STRANGE_LINES)
        return false;
    if (held)
        not_smtp_give_up(s);
    take_line(s, EVENT_REPLY, SIDE_SERVER, line);
    leave(s, protocol ? protocol : s->protocol.held ? s->protocol.held : "unknown");
    return true;
}

void not_smtp_tls(struct session *s)
{
    if (!s->row.midstream && !s->protocol.server_is_smtp)
        s->row.protocol = s->row.server_port == SUBMISSIONS ? "SMTPS" : "TLS";
}

bool not_smtp_ended(struct session *s)
{
    if (s->direction[SIDE_CLIENT].reading == READ_HELD)
        not_smtp_give_up(s);
    if (s->protocol.not_smtp || s->row.midstream || s->hole || s->protocol.client_is_smtp)
        return s->protocol.not_smtp;
    if (s->protocol.server_is_smtp) { /* whom somebody took for another */
        if (s->protocol.held)
            s->row.protocol = s->protocol.held;
        return false;
    }
    if (strcmp(s->row.protocol, "SMTP") != 0)
        return false;
    s->row.protocol = "unknown";
    return true;
}
