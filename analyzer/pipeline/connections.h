/* A TCP connection as the pipeline knows it: where it is in the table, its two streams, and what is
 * being made of it. */
#ifndef ANALYZER_PIPELINE_CONNECTIONS_H
#define ANALYZER_PIPELINE_CONNECTIONS_H

#include "heloscope/capture/capture.h"
#include "classify.h"
#include "heloscope/transport/reassembly.h"
#include "heloscope/transport/flow.h"
#include "heloscope/base/limits.h"
#include "heloscope/application/forward_proxy.h"
#include "heloscope/session/frozen.h"

enum connection_state {
    CONNECTION_CANDIDATE, /* not known yet what it carries */
    CONNECTION_SMTP,
    CONNECTION_IGNORED, /* something else: nothing of it is kept */
    CONNECTION_CLOSED,  /* kept a while, so that stray segments do not make a new one */
};

/* What a connection needs while something is being made of it. */
struct decoding {
    struct tunnel tunnel; /* the outermost of the first segment */
    struct mark reset;    /* of the RST; packet 0 = none */
    struct capture_source *source;
    struct reassembly reassembly;
    struct candidate *candidate;          /* CONNECTION_CANDIDATE */
    struct queued_span *kept, *kept_last; /* what was seen while being watched */
    size_t kept_octets;
    bool looked;                         /* whether it begins with a proxy's handshake is known */
    struct forward_proxy *forward_proxy; /* that handshake; NULL = there is none */
    struct session *session; /* CONNECTION_SMTP, from the first octets on; decoding_session() */
    struct frozen *frozen;   /* the session, as long as it rests on */
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
    uint32_t syn;              /* the client's initial sequence number */
    struct mark first;         /* time and packet of the first segment */
    struct decoding *decoding; /* NULL when nothing is being made of it, and while it rests */
    struct frozen *frozen;     /* the talk at rest, with its session; NULL when there is none */
};

/* Whether something is being made of the connection, at rest or not. */
static inline bool connection_is_live(const struct connection *c)
{
    return c->decoding || c->frozen;
}

/* What waits in a connection takes: to be put in order, to be classified, for an answer. */
static inline size_t connection_held(const struct connection *c)
{
    const struct decoding *decoding = c->decoding;
    if (!decoding)
        return 0;
    size_t octets = decoding->kept_octets + decoding->session_waits;
    for (int side = 0; side < 2; side++) {
        const struct stream *stream = &decoding->reassembly.side[side];
        octets += stream->waiting_octets + stream->waiting_count * sizeof(struct piece);
    }
    return octets;
}

/* What is being made of it, awake; NULL = nothing. */
struct decoding *connection_thaw(struct connection *c);

/* Puts what is being made of it to rest. */
void connection_freeze(struct connection *c, struct freezer *room);

static inline bool decoding_has_session(const struct decoding *decoding)
{
    return decoding->session || (decoding->frozen && frozen_has_session(decoding->frozen));
}

/* The session, awake; NULL = none yet. */
struct session *decoding_session(struct decoding *decoding, struct freezer *room);

/* The connection that `segment` belongs to, or NULL: the one that comes by the same way, or the one
 * that it continues by its numbers. The way then counts as that connection's. */
struct connection *connection_find(const struct flow_table *table, const struct flow_key *key,
                                   const struct segment *segment, int sender);

/* Whether what was kept so far is a proxy's handshake, or begins with one: `forward_proxy` is set
 * then. */
enum forward_proxy_state decoding_forward_proxy(struct decoding *decoding);

/* Behind a proxy's handshake octets are counted anew. False when the span lies in it. */
bool decoding_behind_forward_proxy(const struct decoding *decoding, enum side side,
                                   struct span *span);

/* When there are already as many with this key as may be: the one that was silent longest. */
struct connection *connection_stalest(const struct flow_table *table, const struct flow_key *key);

#endif
