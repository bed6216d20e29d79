/* SPDX-License-Identifier: ISC */
/* Where packets come from: capture files, standard input, an interface. libpcap lives behind this
 * header. */
#ifndef HELOSCOPE_CAPTURE_CAPTURE_H
#define HELOSCOPE_CAPTURE_CAPTURE_H

#include "heloscope/packet_record.h"
#include "heloscope/failure.h"
#include "heloscope/tls/keylog.h"

struct capture;

struct capture_files {
    const char *const *paths;
    size_t count;
    const char *filter;    /* tcpdump's language; NULL = everything */
    struct keylog *keylog; /* takes secrets of TLS that pcapng files hold; NULL = nothing does */
    bool growing;          /* they are still being written: their ends are waited at */
    int64_t quiet_seconds; /* growing: until none has grown for so long; 0 = for ever */
};

/* Opens files as one capture, merged in time order: each file's packets stay in their order, and
 * the file whose next packet is the oldest goes first, by clocks that agree (capture_clocks.h). "-"
 * is standard input, a directory stands for the capture files in it. pcap (either byte order,
 * micro- or nanoseconds) and pcapng, plain or compressed with gzip, xz, zstd or lz4. A file that
 * cannot be opened or is no capture gets its `problem` set and takes no further part; the others go
 * on. NULL with `why` only when memory is short or the filter does not compile. Files are opened
 * when their turn comes, so that a thousand rotated files need few descriptors. Of those that may
 * grow one that has nothing new does not hold up the others, and the files that come to a directory
 * are read too, in the same order. */
struct capture *capture_open(const struct capture_files *files, struct failure *why);

struct capture_live {
    const char *const *interfaces;
    size_t interface_count; /* 0 = the first that is up */
    const char *filter;     /* NULL = everything */
    int snap_length;        /* 0 = all */
    bool promiscuous;
    int buffer_kib; /* of the kernel's buffer; 0 = 32 MiB */
    bool wait;      /* for interfaces that are absent or down, at first or later */
    /* Called when they are open and no thread runs yet: rights can be given away here. NULL = none
     * are. False with `why` ends it. */
    bool (*opened)(void *context, struct failure *why);
    void *context;
};

/* Opens interfaces and captures them from now on, in threads of their own. NULL with `why`: no
 * permission (and how to get it), no such interface, bad filter. */
struct capture *capture_open_live(const struct capture_live *options, struct failure *why);

enum capture_result {
    CAPTURE_PACKET, /* `out` is filled */
    CAPTURE_IDLE,   /* live or growing: nothing arrived for a while (about 100 ms) */
    CAPTURE_END,    /* all files are read, or capture_stop() was called */
};

/* The next packet. A file that turns out to be truncated or corrupt gets its `problem` set (name,
 * what, and behind which packet) and ends there; what came before it has been delivered. */
enum capture_result capture_next(struct capture *capture, struct packet_record *out);

/* Makes capture_next() return CAPTURE_END. Safe in a signal handler. */
void capture_stop(struct capture *capture);

/* The sources in the order in which they were given, those of a directory by name, or as they come.
 * Live: refreshes `dropped` from the kernel. */
size_t capture_sources(struct capture *capture, struct capture_source ***out);

/* Line `index` of what is to be said of directories whose files are not all captures and of clocks
 * that are corrected (which is no problem); NULL behind the last. Valid until the next call. */
const char *capture_note(struct capture *capture, size_t index);

/* What happened to an interface: a line to be said, and when it was over the times between which
 * nothing was captured, by the clock on the wall; 0 = it is not. */
struct capture_notice {
    char text[400];
    int64_t began_us, ended_us;
};

/* Hands over the oldest that was not; false when there is none. */
bool capture_take_notice(struct capture *capture, struct capture_notice *out);

/* Ends the threads that capture interfaces; of files nothing. What they have to tell is then
 * there. */
void capture_finish(struct capture *capture);

/* Whether files may still come, since a directory is followed. */
bool capture_expects_files(const struct capture *capture);

/* Octets read so far and in all, for a progress bar; `total` 0 when it cannot be known. */
void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *total);

/* Returns what a person calls the source: the name that was given; "-" is standard input. */
const char *capture_source_title(const char *name);

void capture_close(struct capture *capture); /* NULL is allowed */

/* Prints the interfaces that can be captured, as `tcpdump -D` does. */
bool capture_list_interfaces(FILE *out, struct failure *why);

#endif
