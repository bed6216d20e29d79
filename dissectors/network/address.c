/* SPDX-License-Identifier: ISC */
/* Addresses as text: dotted for IPv4, RFC 5952 for IPv6. */
#include "heloscope/network/packet.h"

enum {
    GROUPS = 8,
};

/* Each of these writes at `out` and returns where what follows is to be written. Two addresses are
 * written for every session: printf() would be felt. */
static char *put_text(char *out, const char *text)
{
    while (*text)
        *out++ = *text++;
    return out;
}

static char *put_number(char *out, unsigned value, unsigned base)
{
    char digits[8];
    size_t n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        *out++ = digits[--n];
    return out;
}

static char *put_dotted(char *out, const uint8_t *octets)
{
    for (int i = 0; i < 4; i++) {
        if (i)
            *out++ = '.';
        out = put_number(out, octets[i], 10);
    }
    return out;
}

/* ::ffff:0:0/96: an IPv4 address in IPv6 clothes, dotted by RFC 5952 section 5. */
static bool is_mapped(const uint8_t *octets)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(octets, prefix, sizeof prefix) == 0;
}

struct run {
    size_t from, len;
};

/* The run of zero groups that "::" stands for: the longest, of equal ones the first, and never a
 * single group (RFC 5952 section 4.2). */
static struct run longest_zero_run(const uint16_t *groups)
{
    struct run best = {0, 0}, here = {0, 0};
    for (size_t i = 0; i < GROUPS; i++) {
        if (groups[i] != 0) {
            here = (struct run){i + 1, 0};
            continue;
        }
        here.len++;
        if (here.len > best.len)
            best = here;
    }
    return best.len > 1 ? best : (struct run){GROUPS, 0};
}

static char *put_groups(char *out, const uint8_t *octets)
{
    uint16_t groups[GROUPS];
    for (size_t i = 0; i < GROUPS; i++)
        groups[i] = (uint16_t)(octets[2 * i] << 8 | octets[2 * i + 1]);
    struct run zeros = longest_zero_run(groups);

    for (size_t i = 0; i < GROUPS; i++) {
        if (i == zeros.from) {
            out = put_text(out, "::");
            i += zeros.len - 1;
            continue;
        }
        if (i != 0 && i != zeros.from + zeros.len)
            *out++ = ':';
        out = put_number(out, groups[i], 16);
    }
    return out;
}

char *address_print(const struct address *a, char *out)
{
    char *end = out;
    if (a->family == 4)
        end = put_dotted(end, a->octets);
    else if (a->family == 6 && is_mapped(a->octets))
        end = put_dotted(put_text(end, "::ffff:"), a->octets + 12);
    else if (a->family == 6)
        end = put_groups(end, a->octets);
    else
        end = put_text(end, "?");
    *end = '\0';
    return out;
}
