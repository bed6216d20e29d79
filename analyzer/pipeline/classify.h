/* SPDX-License-Identifier: ISC */
/* Which flows are SMTP. What a greeting or a first command says for itself comes first; nDPI is
 * asked about the flows that leave a doubt, and never overrules SMTP that was seen. nDPI lives
 * behind this header. */
#ifndef ANALYZER_PIPELINE_CLASSIFY_H
#define ANALYZER_PIPELINE_CLASSIFY_H

#include "heloscope/span.h"
#include "heloscope/failure.h"

enum classification {
    CLASS_UNDECIDED,
    CLASS_SMTP,
    CLASS_OTHER,
};

struct classifier;

/* NULL with `why` when nDPI cannot be set up. */
struct classifier *classifier_new(struct failure *why);
void classifier_free(struct classifier *classifier);

/* A flow under observation. */
struct candidate {
    struct bytes_copy {
        uint8_t head[192]; /* the first octets of a side */
        uint8_t length;
    } side[2];
    uint32_t spans;
    enum classification opinion; /* nDPI's */
    void *ndpi;                  /* its flow, as long as the doubt lasts */
};

/* Looks at the next octets in order of `side` (an enum side); `port`: the ports of both sides. */
enum classification classify_span(struct classifier *classifier, struct candidate *candidate,
                                  enum side side, struct bytes data, const uint16_t port[2]);

/* The flow has ended undecided; `server` is the side that would be the server's. */
enum classification classify_end(const struct candidate *candidate, int server);

/* Whether `data`, the first octets of a direction, look like a server's, a client's, or neither. */
enum speaker {
    SPEAKER_UNKNOWN,
    SPEAKER_CLIENT,
    SPEAKER_SERVER,
};
enum speaker speaker_of(struct bytes data);

void candidate_free(struct candidate *candidate); /* NULL is allowed */

#endif
