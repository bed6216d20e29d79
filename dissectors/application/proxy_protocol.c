/* SPDX-License-Identifier: ISC */
#include "heloscope/application/proxy_protocol.h"

#include <arpa/inet.h>

enum {
    WORDS = 6, /* PROXY TCP4 from to from-port to-port */
    VERSION_2 = 2,
    COMMAND_PROXY = 1, /* the other is LOCAL: the balancer speaks for itself */
    OVER_TCP4 = 0x11,
    OVER_TCP6 = 0x21,
};

/* --- version 1 --- */

/* Cuts off the word up to the next space. Words are parted by one space each. */
static struct bytes next_word(struct bytes *line)
{
    const uint8_t *space = line->len ? memchr(line->at, ' ', line->len) : NULL;
    struct bytes word = bytes_first(*line, space ? (size_t)(space - line->at) : line->len);
    *line = bytes_from(*line, word.len + (space ? 1 : 0));
    return word;
}

static bool read_address(struct bytes word, int family, struct address *out)
{
    char text[INET6_ADDRSTRLEN];
    if (!word.len || word.len >= sizeof text)
        return false;
    memcpy(text, word.at, word.len);
    text[word.len] = '\0';
    *out = (struct address){.family = (uint8_t)family};
    return inet_pton(family == 4 ? AF_INET : AF_INET6, text, out->octets) == 1;
}

static bool read_port(struct bytes word, uint16_t *out)
{
    uint32_t port = 0;
    if (!word.len || word.len > 5)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(word.at[i] - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

bool proxy_protocol_line(struct bytes line, struct proxy_header *out)
{
    struct bytes word[WORDS];
    *out = (struct proxy_header){0};
    if (line.len > PROXY_LINE_MAX - 2)
        return false;
    for (size_t i = 0; i < WORDS; i++)
        word[i] = next_word(&line);
    if (!bytes_equal(word[0], bytes_of_string("PROXY")))
        return false;
    if (bytes_equal(word[1], bytes_of_string("UNKNOWN")))
        return true; /* what stands behind it is to be ignored */
    int family = bytes_equal(word[1], bytes_of_string("TCP4"))   ? 4
                 : bytes_equal(word[1], bytes_of_string("TCP6")) ? 6
                                                                 : 0;
    struct proxy_header found = {0};
    if (!family || line.len || !read_address(word[2], family, &found.from) ||
        !read_address(word[3], family, &found.to) || !read_port(word[4], &found.from_port) ||
        !read_port(word[5], &found.to_port))
        return false;
    *out = found;
    return true;
}

/* --- version 2 --- */

static const uint8_t mark[PROXY_MARK] = {'\r', '\n', '\r', '\n', '\0', '\r',
                                         '\n', 'Q',  'U',  'I',  'T',  '\n'};

bool proxy_protocol_begins(struct bytes data)
{
    struct bytes known = bytes_first(data, sizeof mark);
    return known.len && memcmp(known.at, mark, known.len) == 0;
}

size_t proxy_protocol_length(struct bytes data)
{
    if (data.len < PROXY_FIXED || !proxy_protocol_begins(data) || data.at[12] >> 4 != VERSION_2)
        return 0;
    return PROXY_FIXED + (size_t)(data.at[14] << 8 | data.at[15]);
}

bool proxy_protocol_binary(struct bytes header, struct proxy_header *out)
{
    *out = (struct proxy_header){0};
    size_t length = proxy_protocol_length(header);
    if (!length || header.len < length)
        return false;
    uint8_t over = header.at[13];
    size_t size = over == OVER_TCP4 ? 4 : over == OVER_TCP6 ? 16 : 0;
    struct cursor c = cursor_over(bytes_from(bytes_first(header, length), PROXY_FIXED));
    struct bytes from = cursor_take(&c, size), to = cursor_take(&c, size);
    uint16_t from_port = cursor_u16(&c), to_port = cursor_u16(&c);
    if ((header.at[12] & 0x0f) != COMMAND_PROXY || !size || c.failed)
        return true;
    out->from.family = out->to.family = size == 4 ? 4 : 6;
    memcpy(out->from.octets, from.at, size);
    memcpy(out->to.octets, to.at, size);
    out->from_port = from_port;
    out->to_port = to_port;
    return true;
}
