/* SPDX-License-Identifier: ISC */
/* Names by which a session is found again, here and in other tools. */
#ifndef HELOSCOPE_SESSION_IDENTITY_H
#define HELOSCOPE_SESSION_IDENTITY_H

#include "heloscope/network/packet.h"

enum {
    IDENTITY_SIZE = 40
};

/* The Community ID, version 1, of a TCP connection with seed 0: "1:" and the base64 of a SHA-1, as
 * Zeek, Suricata and Arkime print it. https://github.com/corelight/community-id-spec */
void community_id(const struct address *a, uint16_t a_port, const struct address *b,
                  uint16_t b_port, char out[IDENTITY_SIZE]);

/* A number of the two endpoints of a connection, the same whichever is named first and on every
 * machine. Connections may share it: whoever finds one by it compares the endpoints themselves. */
uint32_t endpoints_hash(const struct address *a, uint16_t a_port, const struct address *b,
                        uint16_t b_port);

/* A session's own name: the same for the same connection in the same capture, however often it is
 * analysed. From the endpoints and the time of the first packet. It begins with the time, so that
 * a history's index of them grows at its end: later sessions have greater names. */
void session_uid(const struct address *client, uint16_t client_port, const struct address *server,
                 uint16_t server_port, int64_t started_us, char out[IDENTITY_SIZE]);

#endif
