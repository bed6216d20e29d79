/* A TCP connection as the pipeline knows it: where it is in the table, its two streams, and what is
 * being made of it. */
#ifndef HELOSCOPE_CONNECTION_H
#define HELOSCOPE_CONNECTION_H

#include "heloscope/capture/capture.h"
#include "classify.h"
#include "heloscope/transport/reassembly.h"
#include "heloscope/transport/flow.h"
#include "heloscope/base/limits.h"
#include "heloscope/application/forward_proxy.h"
#include "heloscope/session/frozen.h"

enum connection_state {
    CONNECTION_WATCHED, /* not known yet what it carries */
    CONNECTION_SMTP,
    CONNECTION_IGNORED, /* something else: nothing of it is kept */
    CONNECTION_CLOSED,  /* kept a while, so that stray segments do not make a new one */
};

/* What a connection needs while something is being made of it. */
struct talk {
    struct tunnel tunnel; /* the outermost of the first segment */
    struct mark reset;    /* of the RST; packet 0 = none */
    struct capture_source *source;
    struct conversation conversation;
    struct watch *watch;                  /* CONNECTION_WATCHED */
    struct queued_span *kept, *kept_last; /* what was seen while being watched */
    size_t kept_octets;
    bool looked;             /* whether it begins with a proxy's handshake is known */
    struct relay *relay;     /* that handshake; NULL = there is none */
    struct session *session; /* CONNECTION_SMTP, from the first octets on; talk_session() */
    struct rest *rest;       /* the session, as long as it rests on */
    size_t session_waits;    /* what waits in the session takes */
    bool dirty;              /* the session has something new since the last flush */
};

struct connection {
    struct flow flow; /* must be first */
    enum connection_state state;
    bool client;        /* which endpoint of the key is the client */
    bool roles_guessed; /* neither a SYN nor the ports told */
    bool has_syn;
    uint16_t vlan;
    uint32_t syn;      /* the client's initial sequence number */
    struct mark first; /* time and packet of the first segment */
    struct talk *talk; /* NULL when nothing is being made of it, and while it rests */
    struct rest *rest; /* the talk at rest, with its session; NULL when there is none */
};

/* Whether something is being made of the connection, at rest or not. */
static inline bool connection_is_live(const struct connection *c)
{
    return c->talk || c->rest;
}

/* What waits in a connection takes: to be put in order, to be classified, for an answer. */
static inline size_t connection_held(const struct connection *c)
{
    const struct talk *talk = c->talk;
    if (!talk)
        return 0;
    size_t octets = talk->kept_octets + talk->session_waits;
    for (int side = 0; side < 2; side++) {
        const struct stream *stream = &talk->conversation.side[side];
        octets += stream->waiting_octets + stream->waiting_count * sizeof(struct piece);
    }
    return octets;
}

/* What is being made of it, awake; NULL = nothing. */
struct talk *connection_wake(struct connection *c);

/* Puts what is being made of it to rest. */
void connection_rest(struct connection *c, struct rest_room *room);

static inline bool talk_has_session(const struct talk *talk)
{
    return talk->session || (talk->rest && rest_has_session(talk->rest));
}

/* The session, awake; NULL = none yet. */
struct session *talk_session(struct talk *talk, struct rest_room *room);

/* The connection that `segment` belongs to, or NULL: the one that comes by the same way, or the one
 * that it continues by its numbers. The way then counts as that connection's. */
struct connection *connection_find(const struct flow_table *table, const struct flow_key *key,
                                   const struct segment *segment, int sender);

/* Whether what was kept so far is a proxy's handshake, or begins with one: `relay` is set then. */
enum relay_state talk_relay(struct talk *talk);

/* Behind a proxy's handshake octets are counted anew. False when the span lies in it. */
bool talk_behind_relay(const struct talk *talk, int side, struct span *span);

/* When there are already as many with this key as may be: the one that was silent longest. */
struct connection *connection_stalest(const struct flow_table *table, const struct flow_key *key);

#endif
