/* SPDX-License-Identifier: ISC */
/* Dialogues as a capture file: each a TCP connection of its own, one behind the other. */
#ifndef TESTS_SUPPORT_DIALOGUE_WIRE_H
#define TESTS_SUPPORT_DIALOGUE_WIRE_H

#include "dialogue.h"

enum {
    WIRE_PORT = 20000 /* the client's port in the first dialogue, and so on upwards */
};

/* Writes a pcap file with Ethernet frames. Segments and acknowledgement numbers are those of the
 * dialogues; what is lost is not in the file. Aborts when it cannot be written. */
void dialogues_write_pcap(const struct dialogues *all, const char *path);

#endif
