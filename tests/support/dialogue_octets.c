/* SPDX-License-Identifier: ISC */
/* What is spoken in a dialogue, as octets: escapes, and content that would be tedious to write. */
#include "dialogue.h"

#include <stdio.h>
#include <stdlib.h>

static int hex_digit(uint8_t c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, ascii_upper(c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

static int hex_octet(uint8_t high, uint8_t low)
{
    int h = hex_digit(high), l = hex_digit(low);
    return h < 0 || l < 0 ? -1 : h * 16 + l;
}

/* The octet that the escape behind a backslash stands for, -1 for none. `*used` octets of it. */
static int escaped(struct bytes behind, size_t *used)
{
    *used = 1;
    switch (behind.at[0]) {
    case '\\':
        return '\\';
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'x':
        *used = 3;
        return behind.len >= 3 ? hex_octet(behind.at[1], behind.at[2]) : -1;
    default:
        return -1;
    }
}

bool dialogue_unescape(struct arena *arena, struct bytes text, struct bytes *out)
{
    uint8_t *octets = arena_get(arena, text.len + 2);
    size_t n = 0;
    bool line_end = true;
    for (size_t i = 0; i < text.len; i++) {
        size_t used;
        if (text.at[i] != '\\') {
            octets[n++] = text.at[i];
        } else if (i + 1 == text.len) {
            line_end = false;
        } else {
            int octet = escaped(bytes_from(text, i + 1), &used);
            if (octet < 0)
                return false;
            octets[n++] = (uint8_t)octet;
            i += used;
        }
    }
    if (line_end) {
        octets[n++] = '\r';
        octets[n++] = '\n';
    }
    *out = bytes_of(octets, n);
    return true;
}

static void end_line(uint8_t *octets, size_t end)
{
    octets[end - 2] = '\r';
    octets[end - 1] = '\n';
}

/* Lines of 76 characters that are no commands, replies or header fields; CR LF at the end. */
static struct bytes plain_content(struct arena *arena, size_t size)
{
    enum {
        LINE = 78
    };
    uint8_t *octets = arena_get(arena, size + 2);
    memset(octets, 'x', size);
    for (size_t end = LINE; end + 2 <= size; end += LINE)
        end_line(octets, end);
    if (size >= 2)
        end_line(octets, size);
    return bytes_of(octets, size);
}

/* One record of application data, RFC 8446 section 5.1. */
static struct bytes tls_data(struct arena *arena, size_t size)
{
    uint8_t *octets = arena_get(arena, size + 5);
    const uint8_t header[] = {23, 3, 3, (uint8_t)(size >> 8), (uint8_t)size};
    memcpy(octets, header, sizeof header);
    memset(octets + sizeof header, 0xa5, size);
    return bytes_of(octets, size + sizeof header);
}

/* RFC 8446 sections 4.1.2 and 4.1.3, the random 32 octets all alike. */
#define RANDOM "--------------------------------"
static const char client_hello[] =
    "\x16\x03\x01\x00\x44\x01\x00\x00\x40\x03\x03" RANDOM "\x00\x00\x02\x13\x01\x01\x00\x00\x15"
    "\x00\x00\x00\x11\x00\x0f\x00\x00\x0c"
    "mail.example";
static const char server_hello[] = "\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM
                                   "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04";

bool dialogue_generate(struct arena *arena, struct bytes name, struct bytes *out)
{
    char text[64];
    unsigned size;
    int end = 0;
    snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.at);
    if (bytes_equal(name, bytes_of_string("TLS client hello")))
        *out = bytes_of(client_hello, sizeof client_hello - 1);
    else if (bytes_equal(name, bytes_of_string("TLS server hello")))
        *out = bytes_of(server_hello, sizeof server_hello - 1);
    else if (sscanf(text, "%u octets%n", &size, &end) == 1 && end && !text[end] && size < 1 << 24)
        *out = plain_content(arena, size);
    else if (sscanf(text, "%u octets of TLS%n", &size, &end) == 1 && end && !text[end] &&
             size <= 1 << 14)
        *out = tls_data(arena, size);
    else
        return false;
    return true;
}
