#include "encrypted.h"

#include "heloscope/session/direction.h"
#include "heloscope/session/pending.h"
#include "heloscope/application/tls_hello.h"

/* A handshake record; in a session begun midway any record. */
bool tls_begins(struct bytes data, bool midway)
{
    uint8_t type = data.at[0];
    return (type == TLS_HANDSHAKE || (midway && type >= 20 && type <= 23)) &&
           (data.len < 2 || data.at[1] == 3);
}

bool tls_goes_on(struct bytes data)
{
    return tls_begins(data, false) ||
           (data.at[0] == TLS_ALERT && (data.len < 2 || data.at[1] == 3));
}

static void note_hello(struct session *s, enum side side, struct bytes body,
                       const struct mark *mark)
{
    struct tls_hello hello;
    char version[16];
    if (!tls_hello_read(body, &hello))
        return;
    tls_version_print(hello.version, version);
    struct bytes text;
    if (hello.server) {
        s->row.tls_version = arena_copy(&s->own, bytes_of_string(version));
        text =
            arena_print(&s->draft->arena, "ServerHello: %s, cipher 0x%04x", version, hello.cipher);
    } else {
        bool odd;
        s->row.tls_sni = hello.sni.len
                             ? arena_printable(&s->own, bytes_first(hello.sni, 255), false, &odd)
                             : bytes_of(NULL, 0);
        text = arena_print(&s->draft->arena, "ClientHello: up to %s%s%.*s", version,
                           hello.sni.len ? ", server name " : "", (int)s->row.tls_sni.len,
                           s->row.tls_sni.len ? (const char *)s->row.tls_sni.at : "");
    }
    struct event *e = session_event(s, EVENT_TLS, side, mark, text);
    e->saw = session_seen(s, !side, mark->seen);
    if (side == SIDE_CLIENT)
        s->tls.hello = e->seq;
}

/* A hello of which the end never came. */
void tls_cut_off(struct session *s)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    if (s->tls.hello || client->reading != READ_TLS)
        return;
    struct mark mark = client->held_length ? client->held_mark : s->reply.mark;
    struct event *e =
        session_event(s, EVENT_TLS, SIDE_CLIENT, &mark, bytes_of_string("ClientHello, cut off"));
    e->saw = session_seen(s, SIDE_SERVER, mark.seen);
    e->notes |= NOTE_INCOMPLETE;
    s->tls.hello = e->seq;
}

void tls_answered(struct session *s)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    if (s->direction[SIDE_SERVER].reading != READ_LINES || s->tls.answered || s->tls.alert ||
        !client->offset)
        return;
    struct pending *p = pending_push(s, PENDING_TLS);
    s->tls.answered = true;
    tls_cut_off(s);
    if (p) {
        p->command = (struct order_command){.seq = s->tls.hello, .well_formed = true};
        p->end = client->offset;
    }
}

/* A fatal alert in clear text ends the handshake. What follows it on either side, where a record
 * would have to begin, is in clear text again (Exim and others go on so; RFC 3207 section 4.1
 * leaves it to both sides). */
static void note_alert(struct session *s, enum side side, struct bytes body,
                       const struct mark *mark)
{
    if (s->tls.alert || !tls_alert_is_fatal(body))
        return;
    const char *name = tls_alert_name(body.at[1]);
    struct event *e = session_event(
        s, EVENT_TLS, side, mark,
        name ? arena_print(&s->draft->arena, "Alert: %s", name)
             : arena_print(&s->draft->arena, "Alert: number %u", (unsigned)body.at[1]));
    e->saw = session_seen(s, !side, mark->seen);
    session_landmark(s, side, s->direction[side].held_offset + s->direction[side].held_length,
                     e->seq);
    if (!s->tls.starttls_end) /* TLS from the start has nothing to go back to */
        return;
    s->tls.alert = e->seq;
    order_tls_failed(&s->order, e->seq);
}

/* The first record is held until it is whole, since it carries the hello, and so is what may be an
 * alert in clear text; all others are only counted. */
static bool is_read(const struct direction *direction, const struct tls_record *record)
{
    return direction->records <= 1 || (record->type == TLS_ALERT && record->length == 2);
}

static size_t read_record_header(struct session *s, enum side side, struct bytes data,
                                 uint64_t offset, const struct mark *mark)
{
    struct direction *direction = &s->direction[side];
    struct bytes part = bytes_first(data, 5 - direction->held_length);
    struct tls_record record;
    if (!direction->held_length && s->tls.alert &&
        (data.at[0] < TLS_CHANGE_CIPHER_SPEC || data.at[0] > TLS_APPLICATION_DATA)) {
        direction->reading = READ_LINES;
        return 0;
    }
    direction_hold(direction, part, offset, mark);
    if (direction->held_length < 5)
        return part.len;
    if (!tls_record_read(bytes_of(direction->held, 5), &record)) {
        direction->reading = READ_NOTHING;
        return part.len;
    }
    direction->records++;
    s->row.tls_records++;
    if (!is_read(direction, &record)) {
        direction->record_left = record.length;
        direction_release(direction);
    }
    return part.len;
}

size_t tls_read(struct session *s, enum side side, struct bytes data, uint64_t offset,
                const struct mark *mark)
{
    struct direction *direction = &s->direction[side];
    if (direction->record_left) {
        struct bytes part = bytes_first(data, direction->record_left);
        direction->record_left -= part.len;
        return part.len;
    }
    if (direction->held_length < 5)
        return read_record_header(s, side, data, offset, mark);
    struct tls_record record;
    if (!tls_record_read(bytes_of(direction->held, 5), &record))
        return data.len;
    size_t whole = 5 + record.length;
    struct bytes part = bytes_first(data, whole - direction->held_length);
    direction_hold(direction, part, offset, mark);
    if (direction->held_length >= whole || direction->held_length >= LINE_LIMIT) {
        struct bytes body = bytes_of(direction->held + 5, direction->held_length - 5);
        if (record.type == TLS_ALERT)
            note_alert(s, side, body, &direction->held_mark);
        else
            note_hello(s, side, body, &direction->held_mark);
        direction->record_left = whole - direction->held_length;
        direction_release(direction);
    }
    return part.len;
}

/* A SASL security layer: octets behind a length of four (RFC 4422 section 3.7). What follows is
 * opaque. */
void sasl_layer_begin(struct session *s, enum side side, const struct mark *mark)
{
    struct event *e =
        session_event(s, EVENT_TLS, side, mark, bytes_of_string("SASL security layer"));
    e->saw = session_seen(s, !side, mark->seen);
    s->direction[SIDE_CLIENT].reading = s->direction[SIDE_SERVER].reading = READ_NOTHING;
}
