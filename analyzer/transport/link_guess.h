/* SPDX-License-Identifier: ISC */
/* Frames from which no IP packet could be read: which link type would fit them. Tools write files
 * with a wrong one, and such a capture must not pass for one without mail. */
#ifndef ANALYZER_TRANSPORT_LINK_GUESS_H
#define ANALYZER_TRANSPORT_LINK_GUESS_H

#include "heloscope/bytes.h"

enum {
    LINK_SAMPLES = 16,      /* frames that are kept ... */
    LINK_SAMPLE_SIZE = 160, /* ... so many octets of each */
};

struct link_guess {
    struct {
        uint8_t octets[LINK_SAMPLE_SIZE];
        uint16_t length;
    } samples[LINK_SAMPLES];
    uint32_t count;
};

/* Keeps a frame of which no layer was IP, as long as there is room. */
void link_guess_keep(struct link_guess *guess, struct bytes frame);

/* Returns the link type (as in pcap files) by which most of the frames hold an IP packet; -1 when
 * none fits. */
int link_guess_fitting(const struct link_guess *guess);

#endif
