/* SPDX-License-Identifier: ISC */
#include <criterion/criterion.h>

#include "heloscope/base/digest.h"

/* FIPS 180-4's own example "abc", and the digest of nothing. */
Test(digest, of_known_texts)
{
    char out[DIGEST_BASE64];
    cr_expect_str_eq(digest_base64(bytes_of_string("abc"), out),
                     "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    cr_expect_str_eq(digest_base64(bytes_of_string(""), out),
                     "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}
