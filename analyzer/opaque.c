#include "heloscope/opaque.h"

#include "heloscope/half.h"
#include "heloscope/pairing.h"
#include "heloscope/tls_hello.h"

/* A handshake record; in a session begun midway any record. */
bool tls_begins(struct bytes data, bool midway)
{
    uint8_t type = data.at[0];
    return (type == TLS_HANDSHAKE || (midway && type >= 20 && type <= 23)) &&
           (data.len < 2 || data.at[1] == 3);
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
        s->tls_event = e->seq;
}

void tls_answered(struct session *s)
{
    struct half *client = &s->half[SIDE_CLIENT];
    if (s->half[SIDE_SERVER].reading != READ_LINES || s->tls_answered || !client->offset)
        return;
    struct pending *p = pending_push(s, PENDING_TLS);
    s->tls_answered = true;
    if (!s->tls_event) {
        struct mark mark = client->held_length ? client->held_mark : s->reply.mark;
        struct event *e = session_event(s, EVENT_TLS, SIDE_CLIENT, &mark,
                                        bytes_of_string("ClientHello, cut off"));
        e->saw = session_seen(s, SIDE_SERVER, mark.seen);
        e->notes |= NOTE_INCOMPLETE;
        s->tls_event = e->seq;
    }
    if (p) {
        p->command = (struct order_command){.seq = s->tls_event, .well_formed = true};
        p->end = client->offset;
    }
}

/* The first record is held until it is whole, since it carries the hello; later ones are only
 * counted. */
size_t tls_read(struct session *s, enum side side, struct bytes data, uint64_t offset,
                const struct mark *mark)
{
    struct half *half = &s->half[side];
    if (half->record_left) {
        struct bytes part = bytes_first(data, half->record_left);
        half->record_left -= part.len;
        return part.len;
    }
    size_t want = half->held_length < 5 ? 5 - half->held_length : 0;
    struct tls_record record;
    if (want) {
        struct bytes part = bytes_first(data, want);
        half_hold(half, part, offset, mark);
        if (half->held_length < 5)
            return part.len;
        if (!tls_record_read(bytes_of(half->held, 5), &record)) {
            half->reading = READ_NOTHING;
            return part.len;
        }
        half->records++;
        s->row.tls_records++;
        if (half->records > 1) {
            half->record_left = record.length;
            half_release(half);
        }
        return part.len;
    }
    if (!tls_record_read(bytes_of(half->held, 5), &record))
        return data.len;
    size_t whole = 5 + record.length;
    struct bytes part = bytes_first(data, whole - half->held_length);
    half_hold(half, part, offset, mark);
    if (half->held_length >= whole || half->held_length >= LINE_LIMIT) {
        note_hello(s, side, bytes_of(half->held + 5, half->held_length - 5), &half->held_mark);
        half->record_left = whole - half->held_length;
        half_release(half);
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
    s->half[SIDE_CLIENT].reading = s->half[SIDE_SERVER].reading = READ_NOTHING;
}
