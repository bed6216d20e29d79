/* One file or interface, read packet by packet: what a capture merges. */
#ifndef HELOSCOPE_CAPTURE_INPUT_H
#define HELOSCOPE_CAPTURE_INPUT_H

#include "heloscope/capture.h"

struct capture_input {
    struct capture_source source;
    bool regular; /* a file that can be opened a second time, and has a size */
    uint64_t size;
    bool filter_refused;   /* it was opened, but the filter does not fit its link type */
    struct handle *handle; /* libpcap's side; NULL while it waits and when it is done */

    /* The packet that comes next; valid while `handle` is open and until the next advance. */
    struct bytes frame;
    size_t wire_length;
    int64_t next_us;
};

/* Opens the file `input->source.name` ("-" is standard input) and reads up to its first packet.
 * False when there is none; `problem` says why unless the file is merely without packets. */
bool capture_input_open(struct capture_input *input, const char *filter);

enum input_result {
    INPUT_PACKET, /* frame, wire_length and next_us are filled */
    INPUT_IDLE,   /* live: nothing came for a while */
    INPUT_END,    /* nothing more can be read, see `problem`; a file is closed */
};

/* Reads on to the next packet. */
enum input_result capture_input_advance(struct capture_input *input);

/* Whether the filter lets the current packet of a file pass. (Filtering is done here and not by
 * libpcap so that packets keep the numbers that they have in the file.) */
bool capture_input_passes(const struct capture_input *input);

/* Counts the current packet as read and describes it. */
void capture_input_hand_out(struct capture_input *input, struct packet_record *out);

/* Opens the interface `input->source.name`. */
bool capture_input_open_live(struct capture_input *input, const struct capture_live *options,
                             struct failure *why);

/* The interface that is captured when none is named, as tcpdump chooses it. The caller frees
 * `name`. */
bool capture_input_default(char **name, struct failure *why);

/* Makes a waiting capture_input_advance() of an interface return. Safe in a signal handler. */
void capture_input_interrupt(struct capture_input *input);

/* Asks the kernel how many packets it dropped. */
void capture_input_count_dropped(struct capture_input *input);

/* Octets of the file that have been read. */
uint64_t capture_input_position(const struct capture_input *input);

/* Whether `filter` compiles for Ethernet; `why` has the complaint when not. */
bool capture_filter_check(const char *filter, struct failure *why);

void capture_input_close(struct capture_input *input);

#endif
