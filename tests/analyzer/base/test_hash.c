/* SPDX-License-Identifier: ISC */
/* Products of 128 bits made on 32. */
#include <criterion/criterion.h>

#include "heloscope/base/hash.h"

/* (2^64 - 1)^2 = 2^128 - 2^65 + 1: its upper half is 2^64 - 2, its lower half 1. */
Test(hash, a_product_of_halves_has_128_bits)
{
    cr_expect_eq(hash_fold_halves(0, 5), 0u);
    cr_expect_eq(hash_fold_halves(3, 5), 15u);
    cr_expect_eq(hash_fold_halves(UINT64_MAX, UINT64_MAX), (UINT64_MAX - 1) ^ 1u);
    cr_expect_eq(hash_fold_halves(UINT64_C(1) << 63, 2), 1u, "2^64: upper half 1, lower half 0");
    cr_expect_eq(hash_fold_halves(UINT64_C(1) << 32, UINT64_C(1) << 32), 1u);
}

Test(hash, it_is_the_same_with_and_without_a_type_of_128_bits)
{
    uint64_t a = 1, b = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 10000; i++) {
        cr_assert_eq(hash_fold(a, b), hash_fold_halves(a, b));
        a = a * 6364136223846793005u + 1442695040888963407u;
        b = b * 2862933555777941757u + 3037000493u;
    }
}
