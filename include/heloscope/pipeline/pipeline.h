/* SPDX-License-Identifier: ISC */
/* The stages wired together: packets in, chapters of sessions to the store. */
#ifndef HELOSCOPE_PIPELINE_PIPELINE_H
#define HELOSCOPE_PIPELINE_PIPELINE_H

#include "heloscope/capture/capture.h"
#include "heloscope/base/limits.h"
#include "heloscope/privacy/pseudonym.h"
#include "heloscope/db/store.h"

/* What is done while the history cannot be written, for a reason that may pass. */
enum persistence {
    PERSISTENCE_NONE,  /* the analysis ends */
    PERSISTENCE_WAITS, /* it waits, as its input can */
    PERSISTENCE_SHEDS, /* it goes on: what comes is kept in memory, and of too much the least
                        * important is left out */
};

struct pipeline_options {
    enum persistence persistence;
    const uint16_t *ports; /* declared SMTP ports; NULL = 25, 465, 587, 2525, 24 */
    size_t port_count;
    const struct pseudonyms *pseudonyms; /* borrowed; NULL = names are stored as they are */
    struct keylog *keylog;               /* borrowed; NULL = none */
    const uint32_t *only; /* borrowed; endpoints_hash() of the connections that are looked at,
                           * ascending; NULL = of all */
    size_t only_count;
    bool freeze_always; /* every connection rests behind each packet; by default few do, and seldom
                         */
};

/* What went through so far. */
struct pipeline_totals {
    uint64_t packets, tcp_packets, other_packets, unreadable_packets;
    uint64_t duplicates; /* of TCP packets, sent twice by a mirror */
    uint64_t cut;        /* TCP packets that the snap length cut */
    uint64_t fragments, datagrams, incomplete_datagrams; /* put together; and not */
    uint64_t overlapping_fragments, contradicting_fragments, malformed_fragments;
    uint64_t connections, sessions, messages, commands, errors_503, diagnoses, violations;
    uint64_t bytes_missing;
    uint64_t tls_opened, tls_no_entry, tls_wrong; /* sessions in TLS: read; without an entry in the
                                                     key log; with one that does not fit */
    uint64_t silent;                         /* connections to mail ports that carried nothing */
    uint64_t not_smtp;                       /* sessions that turned out to be something else */
    struct costs costs;                      /* what was given up at a limit */
    uint64_t sessions_added, sessions_known; /* the latter: stored by an earlier run */
    uint64_t ip_packets;
    uint64_t open;                    /* connections that are remembered now */
    uint64_t queue_octets;            /* that wait to be written */
    int link_type, fitting_link_type; /* where none is IP: as stated, and what fits; -1 = none */
    int unknown_link_type;            /* one that had no row in the table; -1 = none */
};

struct pipeline;

/* `options` is copied, `store` borrowed. NULL with `why` when memory is short. */
struct pipeline *pipeline_new(const struct pipeline_options *options, struct store *store,
                              struct failure *why);

/* Takes one packet in. False only when the store failed; the pipeline can then only be freed. */
bool pipeline_packet(struct pipeline *pipeline, const struct packet_record *packet,
                     struct failure *why);

/* Hands what open sessions have so far to the store and commits. For live use, about once a second;
 * `now_us` is the capture's time. */
bool pipeline_flush(struct pipeline *pipeline, int64_t now_us, struct failure *why);

/* Secrets may have come for sessions whose octets wait for them; those that have waited long enough
 * go on without. `now_us` is the capture's time. */
void pipeline_poll(struct pipeline *pipeline, int64_t now_us);

/* What expires does so by this time from now on, not by the packets' own: a live capture knows it
 * better. It does not go back. */
void pipeline_tell_time(struct pipeline *pipeline, int64_t now_us);

/* The capture's time: what was told, or what the packets agree on. */
int64_t pipeline_time(const struct pipeline *pipeline);

/* Whether a diagnosis was made since the last flush. */
bool pipeline_has_news(const struct pipeline *pipeline);

/* Ends all sessions that are still open, in the order in which they began, and commits. */
bool pipeline_finish(struct pipeline *pipeline, struct failure *why);

void pipeline_totals(const struct pipeline *pipeline, struct pipeline_totals *out);
void pipeline_free(struct pipeline *pipeline); /* NULL is allowed */

#endif
