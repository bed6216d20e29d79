/* SPDX-License-Identifier: ISC */
/* One file, read packet by packet: what a capture merges. */
#ifndef ANALYZER_CAPTURE_INPUT_H
#define ANALYZER_CAPTURE_INPUT_H

#include "heloscope/capture/capture.h"
#include "libpcap.h"
#include "clock_curve.h"

struct capture_input {
    struct capture_source source;
    size_t number;                /* in the order given */
    struct packet_filter *filter; /* of files; shared, NULL = all pass */
    struct keylog *keylog;        /* takes the secrets that the file holds; NULL = nothing does */
    bool regular;                 /* a file that can be opened a second time, and has a size */
    uint64_t size;
    bool no_capture;     /* it is no capture */
    bool filter_refused; /* the filter says nothing about packets like its first */
    const struct clock_curve
        *clock; /* how its times are corrected; borrowed, NULL = they are not */

    /* A file that is still being written. */
    bool growing;
    bool of_folder;      /* others may follow it, or take its place on the disk */
    bool done;           /* nothing more is read of it */
    bool listed;         /* among the sources; kept here for the capture */
    int64_t grown_clock; /* when it was last seen to grow, and to what */
    uint64_t grown_to;

    /* What it is read through; NULL while it waits and when it is done. */
    struct capture_file *file;

    /* The packet that comes next; valid while it is open and until the next advance. */
    struct file_packet packet;
};

enum input_result {
    INPUT_PACKET, /* `packet` is filled */
    INPUT_IDLE,   /* nothing came for a while */
    INPUT_END,    /* nothing more can be read, see `problem`; a file is closed */
};

/* Opens the file `input->source.name` ("-" is standard input). False with `problem`. */
bool capture_input_open(struct capture_input *input);

bool capture_input_is_open(const struct capture_input *input);

/* Reads on to the next packet. */
enum input_result capture_input_advance(struct capture_input *input);

/* Whether it is known to be a capture, whole or not. */
bool capture_input_is_capture(const struct capture_input *input);

/* A growing file grows no more: its end is the end. */
void capture_input_complete(struct capture_input *input);

/* A growing file that has been written over: what was read of it so far is all. */
void capture_input_give_up(struct capture_input *input);

/* Whether the file of `size` octets that lies on the disk now is another than the one that was
 * read, since `tcpdump -W` writes over those of an earlier round: it was shorter once. A file that
 * was taken for complete, because newer ones had come, and has grown after all gets its problem. */
bool capture_input_is_written_over(struct capture_input *input, uint64_t size);

/* Whether the filter lets the current packet of a file pass. (Filtering is done here and not by
 * libpcap so that packets keep the numbers that they have in the file.) A link type that it does
 * not fit is noted as the file's problem. */
bool capture_input_passes(struct capture_input *input);

/* Counts a packet of `source` as read and describes it. */
void capture_hand_out(struct capture_source *source, const struct file_packet *packet,
                      struct packet_record *out);

/* Octets of the file that have been read. */
uint64_t capture_input_position(const struct capture_input *input);

void capture_input_close(struct capture_input *input);

#endif
