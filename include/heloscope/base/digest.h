/* SPDX-License-Identifier: ISC */
/* Digests that others compare. */
#ifndef HELOSCOPE_BASE_DIGEST_H
#define HELOSCOPE_BASE_DIGEST_H

#include "heloscope/bytes.h"

enum {
    DIGEST_BASE64 = 45 /* a SHA-256 in base64, and a NUL */
};

/* Writes the SHA-256 of `octets` in base64 (FIPS 180-4, RFC 4648 section 4), as a content security
 * policy names scripts. Returns `out`. */
char *digest_base64(struct bytes octets, char out[DIGEST_BASE64]);

#endif
