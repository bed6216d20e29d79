/* Addresses as text: dotted for IPv4, RFC 5952 for IPv6. */
#include "heloscope/packet.h"

#include <stdio.h>

enum {
    PRINT_ROOM = 46,
    GROUPS = 8,
};

static size_t print_dotted(const uint8_t *octets, char *out, size_t room)
{
    return (size_t)snprintf(out, room, "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
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

static void print_groups(const uint8_t *octets, char *out)
{
    uint16_t groups[GROUPS];
    for (size_t i = 0; i < GROUPS; i++)
        groups[i] = (uint16_t)(octets[2 * i] << 8 | octets[2 * i + 1]);
    struct run zeros = longest_zero_run(groups);

    size_t n = 0;
    for (size_t i = 0; i < GROUPS; i++) {
        if (i == zeros.from) {
            n += (size_t)snprintf(out + n, PRINT_ROOM - n, "::");
            i += zeros.len - 1;
            continue;
        }
        bool first = i == 0 || i == zeros.from + zeros.len;
        n += (size_t)snprintf(out + n, PRINT_ROOM - n, first ? "%x" : ":%x", groups[i]);
    }
}

char *address_print(const struct address *a, char *out)
{
    if (a->family == 4) {
        print_dotted(a->octets, out, PRINT_ROOM);
    } else if (a->family == 6 && is_mapped(a->octets)) {
        size_t n = (size_t)snprintf(out, PRINT_ROOM, "::ffff:");
        print_dotted(a->octets + 12, out + n, PRINT_ROOM - n);
    } else if (a->family == 6) {
        print_groups(a->octets, out);
    } else {
        snprintf(out, PRINT_ROOM, "?");
    }
    return out;
}
