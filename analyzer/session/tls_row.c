/* SPDX-License-Identifier: ISC */
#include "heloscope/session/tls_row.h"

#include <stdio.h>

#include "heloscope/application/tls_hello.h"
#include "heloscope/tls/tls.h"

enum {
    VERSION_13 = 0x0304,
    FATAL = 2,
    ALERT_ROOM = 40, /* octets of one in the list of them */
};

const char *tls_row_suite(uint16_t suite, char out[TLS_NAME_ROOM])
{
    struct tls_suite known;
    if (tls_suite_read(suite, &known))
        snprintf(out, TLS_NAME_ROOM, "TLS_%s", known.name);
    else
        snprintf(out, TLS_NAME_ROOM, "cipher 0x%04x", suite);
    return out;
}

const char *tls_row_group(uint16_t group, char out[TLS_NAME_ROOM])
{
    const char *name = tls_group_name(group);
    if (name)
        snprintf(out, TLS_NAME_ROOM, "%s", name);
    else if (group)
        snprintf(out, TLS_NAME_ROOM, "group 0x%04x", group);
    else
        out[0] = '\0';
    return out;
}

static const char *alert_print(const struct tls_alert *alert, char out[ALERT_ROOM])
{
    const char *name = alert->unread ? "encrypted" : tls_alert_name(alert->description);
    const char *side = alert->side == SIDE_CLIENT ? "C" : "S";
    if (name)
        snprintf(out, ALERT_ROOM, "%s %s", side, name);
    else
        snprintf(out, ALERT_ROOM, "%s number %u", side, alert->description);
    return out;
}

static struct bytes alerts_of(const struct tls_facts *facts, struct arena *arena)
{
    char text[TLS_ALERTS_KEPT * (ALERT_ROOM + 2)] = "", one[ALERT_ROOM];
    size_t used = 0;
    for (unsigned i = 0; i < facts->alert_count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : "",
                                 alert_print(&facts->alerts[i], one));
    return used ? arena_print(arena, "%s", text) : bytes_of(NULL, 0);
}

/* That of an alert of a handshake that goes no further. */
static struct bytes failure_by_alert(const struct tls_facts *facts, const struct tls_alert *alert,
                                     struct arena *arena)
{
    enum {
        PROTOCOL_VERSION = 70
    };
    const char *side = alert->side == SIDE_CLIENT ? "client" : "server";
    const char *name = tls_alert_name(alert->description);
    const char *meaning = tls_alert_meaning(alert->description);
    char version[16];
    if (alert->unread)
        return arena_print(arena,
                           "the client ended the handshake with an encrypted alert, most likely "
                           "because it does not accept the server's certificate");
    if (alert->description == PROTOCOL_VERSION && alert->side == SIDE_SERVER && facts->offered)
        return arena_print(arena, "alert of the server: %s (%s: the client offers up to %s)", name,
                           meaning, tls_version_print(facts->offered, version));
    if (!name)
        return arena_print(arena, "alert of the %s: number %u", side, alert->description);
    return arena_print(arena, "alert of the %s: %s%s%s%s", side, name, meaning ? " (" : "",
                       meaning ? meaning : "", meaning ? ")" : "");
}

static struct bytes failure_of(const struct session *s, const struct tls_facts *facts, bool last,
                               struct arena *arena)
{
    for (unsigned i = 0; i < facts->alert_count; i++) {
        const struct tls_alert *alert = &facts->alerts[i];
        if (alert->early && (alert->level == FATAL || alert->unread))
            return failure_by_alert(facts, alert, arena);
    }
    const bool whole = last && !s->row.cut && !s->row.bytes_missing && !s->hole;
    if (whole && facts->greeted && !facts->agreed && !facts->records[SIDE_SERVER] &&
        !s->tls.answered)
        return arena_print(arena, "the connection ended without an answer to the client's hello");
    return bytes_of(NULL, 0);
}

static const char *hidden_because(unsigned verdict)
{
    static const char *const reasons[] = {
        [TLS_VERDICT_NONE] = "no key log",
        [TLS_VERDICT_NO_KEYLOG] = "no key log",
        [TLS_VERDICT_NO_ENTRY] = "no entry in the key log",
        [TLS_VERDICT_WRONG] = "the entry in the key log does not fit",
        [TLS_VERDICT_SUITE] = "the cipher suite cannot be decrypted",
        [TLS_VERDICT_NO_HELLO] = "the handshake was not captured",
    };
    return verdict < sizeof reasons / sizeof *reasons ? reasons[verdict] : NULL;
}

static struct bytes hidden_of(const struct session *s, const struct tls_facts *facts,
                              struct arena *arena)
{
    const bool client = facts->sealed[SIDE_CLIENT] && !facts->open[SIDE_CLIENT];
    const bool server = facts->sealed[SIDE_SERVER] && !facts->open[SIDE_SERVER];
    if (!client && !server)
        return bytes_of(NULL, 0);
    if (facts->open[SIDE_CLIENT] || facts->open[SIDE_SERVER])
        return arena_print(arena, "%s: not in the key log", client ? "client" : "server");
    return arena_print(arena, "%s", hidden_because(s->tls.verdict));
}

/* In TLS 1.3 it is encrypted whether the server asks for one. */
static const char *certificate_of(const struct tls_facts *facts)
{
    if (facts->certificate_given)
        return "given";
    if (facts->certificate_asked)
        return "asked for";
    if (!facts->agreed || (facts->version >= VERSION_13 && !facts->extensions_seen))
        return NULL;
    return "not asked for";
}

static const char *closed_by(const struct tls_facts *facts)
{
    const bool client = facts->closed[SIDE_CLIENT], server = facts->closed[SIDE_SERVER];
    if (client && server)
        return "both";
    if (!facts->open[SIDE_CLIENT] || !facts->open[SIDE_SERVER])
        return NULL;
    return client ? "client" : server ? "server" : "neither";
}

static struct bytes printable(const char *text, struct arena *arena)
{
    bool odd;
    return *text ? arena_printable(arena, bytes_of_string(text), false, &odd) : bytes_of(NULL, 0);
}

void tls_row_describe(const struct session *s, bool last, struct session_row *row,
                      struct arena *arena)
{
    struct tls_row *tls = &row->tls;
    char name[TLS_NAME_ROOM];
    if (!s->tls.layer)
        return;
    const struct tls_facts *facts = tls_facts(s->tls.layer);
    *tls = (struct tls_row){.seen = true,
                            .alerts = alerts_of(facts, arena),
                            .failure = failure_of(s, facts, last, arena),
                            .hidden = hidden_of(s, facts, arena),
                            .certificate = certificate_of(facts),
                            .closed = last ? closed_by(facts) : NULL,
                            .records_client = facts->records[SIDE_CLIENT],
                            .octets_client = facts->octets[SIDE_CLIENT],
                            .octets_server = facts->octets[SIDE_SERVER],
                            .idle_us = facts->idle_us};
    tls->group = printable(tls_row_group(facts->group, name), arena);
    if (!facts->agreed)
        return;
    tls->suite = printable(tls_row_suite(facts->suite, name), arena);
    tls->alpn = printable(facts->protocol, arena);
    if (!facts->guessed)
        tls->handshake = facts->resumed ? "resumed" : "full";
}
