/* SPDX-License-Identifier: ISC */
#include "peak.h"

#include <criterion/criterion.h>
#include <malloc.h>

/* GCC says so by a macro, Clang by a feature. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

/* The sanitizer's allocator tells mallinfo2() nothing. */
#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);
static size_t memory_in_use(void)
{
    return __sanitizer_get_current_allocated_bytes();
}
#else
static size_t memory_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
#endif

struct peak peak_begin(void)
{
    return (struct peak){memory_in_use(), 0};
}

void peak_note(struct peak *peak)
{
    size_t now = memory_in_use();
    if (now > peak->before && now - peak->before > peak->most)
        peak->most = now - peak->before;
}

void peak_expect(const struct peak *peak, size_t most)
{
    cr_log_info("peak %zu of %zu octets", peak->most, most);
    cr_expect_leq(peak->most, most, "%zu octets where %zu are allowed", peak->most, most);
}
