/* SPDX-License-Identifier: ISC */
/* Names for names: what stands for an address or a word in an anonymised history. The same key and
 * the same name always give the same pseudonym, and without the key it leads back to no name. */
#ifndef HELOSCOPE_PRIVACY_PSEUDONYM_H
#define HELOSCOPE_PRIVACY_PSEUDONYM_H

#include "heloscope/failure.h"
#include "heloscope/network/packet.h"

enum {
    PSEUDONYM_KEY = 32,
    PSEUDONYM_SIZE = 24, /* of the longest, with its NUL */
};

struct pseudonyms {
    uint8_t key[PSEUDONYM_KEY];
};

/* The key is made from what the file `key_file` holds, at least 16 octets; NULL = of chance, so
 * that another run gives other pseudonyms. False with `why`. */
bool pseudonyms_begin(struct pseudonyms *pseudonyms, const char *key_file, struct failure *why);

/* IPv4 becomes an address of 240.0.0.0/4 (RFC 1112 section 4: reserved), IPv6 one of fd00::/8 (RFC
 * 4193: local): nobody's. Of 10,000 IPv4 addresses two may share one, seldom. Family 0 stays. */
struct address pseudonym_address(const struct pseudonyms *pseudonyms,
                                 const struct address *address);

/* "xk7bm2q4tzc". Case makes no difference. Returns `out`. */
char *pseudonym_word(const struct pseudonyms *pseudonyms, struct bytes word,
                     char out[PSEUDONYM_SIZE]);

/* The same, with ".invalid" (RFC 6761 section 6.4) behind it when `name` has a dot: a host. */
char *pseudonym_name(const struct pseudonyms *pseudonyms, struct bytes name,
                     char out[PSEUDONYM_SIZE]);

#endif
