/* SPDX-License-Identifier: ISC */
/* What libpcap is needed for: interfaces, and filters in tcpdump's language. */
#ifndef ANALYZER_CAPTURE_LIBPCAP_H
#define ANALYZER_CAPTURE_LIBPCAP_H

#include "heloscope/capture/capture.h"
#include "file.h"

/* A filter for packets of any link type: compiled for each when its first packet comes. */
struct packet_filter;

struct packet_filter *packet_filter_new(const char *text); /* NULL when memory is short */
void packet_filter_free(struct packet_filter *filter);     /* NULL is allowed */

enum filter_verdict {
    FILTER_PASSES,
    FILTER_REFUSES,
    FILTER_MISFIT, /* it says nothing about packets of this link type: `why` */
};

enum filter_verdict packet_filter_ask(struct packet_filter *filter, int link_type,
                                      struct bytes frame, size_t wire_length, struct failure *why);

/* Whether it compiles for Ethernet; `why` has the complaint when not. */
bool packet_filter_fits_ethernet(const struct packet_filter *filter, struct failure *why);

struct live_interface;

/* Why an interface could not be opened: the first two may pass. */
enum live_trouble {
    LIVE_ABSENT, /* there is none of that name */
    LIVE_DOWN,
    LIVE_REFUSED,
};

/* NULL with `why` and `trouble`: no permission, no such interface, bad filter. */
struct live_interface *live_open(const char *name, const struct capture_live *options,
                                 enum live_trouble *trouble, struct failure *why);
void live_close(struct live_interface *live); /* NULL is allowed */

/* The interface that is captured when none is named, as tcpdump chooses it. The caller frees
 * `name`. */
bool live_default(char **name, struct failure *why);

/* FILE_PACKET; FILE_IDLE after LIVE_IDLE_MS without one; FILE_UNREADABLE with `why`, as when the
 * interface was removed. */
enum file_result live_next(struct live_interface *live, struct file_packet *out,
                           struct failure *why);

enum {
    LIVE_IDLE_MS = 100,  /* how long it waits for a packet */
    LIVE_BLOCK_MS = 100, /* how long the kernel may keep packets back to hand over more at once */
};

/* Packets that the kernel dropped so far. */
uint64_t live_dropped(struct live_interface *live);

#endif
