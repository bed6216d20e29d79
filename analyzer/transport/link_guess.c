/* SPDX-License-Identifier: ISC */
#include "link_guess.h"

#include "heloscope/network/packet.h"

/* Numbers of https://www.tcpdump.org/linktypes.html, the more particular first: raw IP fits nearly
 * nothing by chance, but a frame of Ethernet could be one of several. */
static const int candidates[] = {1, 113, 276, 101, 0, 9, 50, 105, 127, 192};

void link_guess_keep(struct link_guess *guess, struct bytes frame)
{
    if (guess->count == LINK_SAMPLES || !frame.len)
        return;
    struct bytes head = bytes_first(frame, LINK_SAMPLE_SIZE);
    memcpy(guess->samples[guess->count].octets, head.at, head.len);
    guess->samples[guess->count++].length = (uint16_t)head.len;
}

static bool holds_ip(int link_type, struct bytes frame)
{
    struct segment segment;
    segment.src.family = 0;
    enum packet_kind kind = packet_decode(link_type, frame, frame.len, &segment);
    return (kind == PACKET_TCP || kind == PACKET_OTHER || kind == PACKET_FRAGMENT) &&
           segment.src.family;
}

int link_guess_fitting(const struct link_guess *guess)
{
    int best = -1;
    uint32_t most = guess->count / 2; /* more than half of them */
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        uint32_t fitting = 0;
        for (uint32_t n = 0; n < guess->count; n++)
            fitting += holds_ip(candidates[i],
                                bytes_of(guess->samples[n].octets, guess->samples[n].length));
        if (fitting > most) {
            most = fitting;
            best = candidates[i];
        }
    }
    return best;
}
