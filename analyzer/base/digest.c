/* SPDX-License-Identifier: ISC */
#include "heloscope/base/digest.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>

char *digest_base64(struct bytes octets, char out[DIGEST_BASE64])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, octets.len, octets.at);
    sha256_digest(&sha, sizeof digest, digest);
    base64_encode_raw(out, sizeof digest, digest);
    out[DIGEST_BASE64 - 1] = '\0';
    return out;
}
