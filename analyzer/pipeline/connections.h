/* SPDX-License-Identifier: ISC */
/* A TCP connection as the pipeline knows it: where it is in the table, its two streams, and what is
 * being made of it. */
#ifndef ANALYZER_PIPELINE_CONNECTIONS_H
#define ANALYZER_PIPELINE_CONNECTIONS_H

#include "classify.h"
#include "heloscope/application/forward_proxy.h"
#include "heloscope/base/limits.h"
#include "heloscope/packet_record.h"
#include "heloscope/session/frozen.h"
#include "heloscope/transport/flow.h"
#include "heloscope/transport/reassembly.h"

enum connection_state {
    CONNECTION_CANDIDATE, /* not known yet what it carries */
    CONNECTION_SMTP,
    CONNECTION_IGNORED, /* something else: nothing of it is kept */
    CONNECTION_CLOSED,  /* kept a while, so that stray segments do not make a new one */
};

/* Every connection is in one of these, by the time of its last packet. */
enum queue {
    QUEUE_SMTP,    /* with a session, thawed */
    QUEUE_FROZEN,  /* frozen, with something to write */
    QUEUE_QUIET,   /* frozen, with nothing to write */
    QUEUE_SILENT,  /* no octets yet on a mail port */
    QUEUE_MUTE,    /* the same, frozen */
    QUEUE_CLOSING, /* a RST was captured */
    QUEUE_CLOSED,
    QUEUE_OTHER,      /* something else than SMTP */
    QUEUE_CANDIDATES, /* not known what it carries */
    QUEUE_COUNT
};

/* A set of ports, a bit each: those where the user says that SMTP is spoken. */
struct port_set {
    uint8_t bits[65536 / 8];
};

static inline bool port_set_has(const struct port_set *set, uint16_t port)
{
    return set->bits[port / 8] >> (port % 8) & 1;
}

/* Adds the ports to the set; those of mail when `ports` is NULL: 25, 465, 587, 2525 and 24. */
void port_set_fill(struct port_set *set, const uint16_t *ports, size_t count);

/* What a connection needs while something is being made of it. */
struct decoding {
    struct tunnel tunnel; /* the outermost of the first segment */
    struct mark reset;    /* of the RST; packet 0 = none */
    struct capture_source *source;
    struct capture_source *newest_source; /* that of its last packet */
    int64_t *passed;                      /* the captures that it came to after its first */
    uint32_t passed_count, passed_told;   /* how many; and how many of them the writer has */
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
    struct decoding *decoding; /* NULL when nothing is being made of it, and while frozen */
    struct frozen *frozen;     /* the decoding, frozen with its session; NULL = none */
};

/* Whether something is being made of the connection, frozen or not. */
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

/* Returns what is being made of it, thawed; NULL = nothing. */
struct decoding *connection_thaw(struct connection *c);

/* Freezes what is being made of it. */
void connection_freeze(struct connection *c, struct freezer *room);

static inline bool decoding_has_session(const struct decoding *decoding)
{
    return decoding->session || (decoding->frozen && frozen_has_session(decoding->frozen));
}

/* Returns the session, thawed; NULL = none yet. */
struct session *decoding_session(struct decoding *decoding, struct freezer *room);

/* Notes the capture of a packet of it, when it is not that of the packet before. */
void decoding_note_source(struct decoding *decoding, struct capture_source *source);

/* Counts anew what waits in the session, which has just read. */
void decoding_note_waiting(struct decoding *decoding);

/* Frees what is being made of the connection, which is thawed; its place in the table stays. What
 * was given up at a limit is added to `costs`. */
void connection_end_decoding(struct connection *c, struct costs *costs);

/* Begins a connection with its first segment, which `sender` (an end of `key`) has sent, and puts
 * it into the table. Who is the client: the end that sent the SYN; else the declared ports tell,
 * else the octets. */
struct connection *connection_open(struct flow_table *table, const struct port_set *declared,
                                   const struct packet_record *packet,
                                   const struct segment *segment, const struct flow_key *key,
                                   int sender);

/* Returns the connection that `segment` belongs to, or NULL: the one that comes by the same path,
 * or the one that it continues by its numbers. The path then counts as that connection's. */
struct connection *connection_find(const struct flow_table *table, const struct flow_key *key,
                                   const struct segment *segment, int sender);

/* Whether the segment is the SYN of another connection on the same ports; not one that the capture
 * brings late or twice. */
bool connection_begins_anew(struct connection *c, const struct segment *segment, int sender);

/* Returns the connection that was silent longest, when there are already as many with this key as
 * may be; else NULL. */
struct connection *connection_stalest(const struct flow_table *table, const struct flow_key *key);

/* Returns the queue that a thawed connection belongs in. */
enum queue connection_queue(const struct connection *c);

/* Returns the connections of which something is being made, in the order in which they began;
 * `*count` of them. The caller frees the array. */
struct connection **connections_live(const struct flow_queue queue[QUEUE_COUNT], size_t *count);

#endif
