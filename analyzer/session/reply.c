/* SPDX-License-Identifier: ISC */
#include "heloscope/session/reply.h"

#include <ctype.h>
#include <nettle/base64.h>

#include <stdlib.h>

#include "heloscope/application/smtp_reply.h"
#include "heloscope/session/session.h"

void reply_add(struct session *s, struct bytes text)
{
    struct reply_building *r = &s->reply;
    if (r->length + text.len + 1 > REPLY_LIMIT) {
        s->costs.of[COST_REPLIES] += !r->truncated;
        r->truncated = true;
        text = bytes_first(text, r->length + 1 < REPLY_LIMIT ? REPLY_LIMIT - r->length - 1 : 0);
    }
    if (r->length + text.len + 1 > r->size) {
        uint32_t size = r->size ? r->size : 128;
        while (size < r->length + text.len + 1)
            size *= 2;
        r->text = memory_resize(r->text, size);
        r->size = size;
    }
    if (r->lines && r->length < REPLY_LIMIT)
        r->text[r->length++] = '\n';
    memcpy(r->text + r->length, text.at, text.len);
    r->length += (uint32_t)text.len;
    r->lines++;
}

void reply_forget(struct session *s)
{
    struct reply_building *r = &s->reply;
    r->length = r->lines = 0;
    r->code = 0;
    r->truncated = r->doubtful = false;
    r->notes = 0;
    if (r->size > 1024) { /* an idle session keeps little */
        free(r->text);
        r->text = NULL;
        r->size = 0;
    }
}

enum {
    QUOTED_LEAST = 3 /* octets: less would be found in any sentence */
};

static bool is_name_octet(uint8_t c)
{
    return isalnum(c) || (c && strchr("@-_+.", c));
}

/* A name may be a part of an address that has nothing to do with it: only between blanks and
 * punctuation it is the one that was sent. */
static bool stands_alone(const struct reply_building *r, const char *at, size_t length)
{
    const char *end = r->text + r->length, *behind = at + length;
    if (at > r->text && is_name_octet((uint8_t)at[-1]))
        return false;
    while (behind < end && *behind == '.')
        behind++;
    return behind == end || !is_name_octet((uint8_t)*behind);
}

/* Overwrites a credential wherever it is quoted, or, as a `part`, where it stands alone. One that
 * was remembered in part is overwritten to the end of the word. */
static void mask_one(struct reply_building *r, struct bytes secret, bool part, bool cut)
{
    char *at = r->text;
    if (secret.len < QUOTED_LEAST || r->length < secret.len)
        return;
    while ((at = memmem(at, (size_t)(r->text + r->length - at), secret.at, secret.len))) {
        size_t n = secret.len;
        if (part && !cut && !stands_alone(r, at, n)) {
            at += n;
            continue;
        }
        while (cut && at + n < r->text + r->length && (uint8_t)at[n] > ' ')
            n++;
        memset(at, '*', n);
        r->notes |= NOTE_MASKED;
        at += n;
    }
}

/* The parts of a credential: a name and a password, between blanks, NULs or quotation marks. */
static void mask_parts(struct reply_building *r, struct bytes secret, bool cut)
{
    while (secret.len) {
        size_t n = 0;
        while (n < secret.len && secret.at[n] > ' ' && secret.at[n] != '"')
            n++;
        mask_one(r, bytes_first(secret, n), true, cut && n == secret.len);
        secret = bytes_from(secret, n < secret.len ? n + 1 : n);
    }
}

/* Servers quote what they did not like: as it was sent, or decoded. */
void reply_mask_secrets(struct session *s)
{
    for (int i = 0; i < 2; i++) {
        const struct bytes secret = bytes_of(s->secrets.octets[i], s->secrets.length[i]);
        const bool cut = secret.len == SECRET_LIMIT;
        uint8_t decoded[BASE64_DECODE_LENGTH(SECRET_LIMIT)];
        size_t length = sizeof decoded;
        struct base64_decode_ctx base64;
        if (!secret.len)
            continue;
        mask_one(&s->reply, secret, false, cut);
        mask_parts(&s->reply, secret, cut);
        base64_decode_init(&base64);
        if (base64_decode_update(&base64, &length, decoded, secret.len, (const char *)secret.at))
            mask_parts(&s->reply, bytes_of(decoded, length), cut);
    }
}

struct bytes reply_plain_text(struct arena *arena, struct bytes raw)
{
    uint8_t *copy = arena_get(arena, raw.len + 1);
    size_t n = 0;
    while (raw.len) {
        const uint8_t *lf = memchr(raw.at, '\n', raw.len);
        struct bytes line = {raw.at, lf ? (size_t)(lf - raw.at) : raw.len};
        raw = bytes_from(raw, line.len + (lf ? 1 : 0));
        struct smtp_reply_line parsed;
        smtp_reply_line_parse(line, &parsed);
        struct bytes text = parsed.well_formed ? parsed.text : line;
        struct bytes enhanced =
            parsed.well_formed ? smtp_enhanced_code(parsed.code, text) : bytes_of("", 0);
        if (enhanced.len && enhanced.at - text.at <= 1) { /* qmail writes it behind the text */
            text = bytes_from(text, (size_t)(enhanced.at - text.at) + enhanced.len);
            while (text.len && text.at[0] == ' ')
                text = bytes_from(text, 1);
        }
        if (n)
            copy[n++] = '\n';
        if (text.len)
            memcpy(copy + n, text.at, text.len);
        n += text.len;
    }
    return bytes_of(copy, n);
}

unsigned reply_extensions(struct bytes raw)
{
    unsigned extensions = 0;
    for (int i = 0; raw.len; i++) {
        const uint8_t *lf = memchr(raw.at, '\n', raw.len);
        struct bytes line = {raw.at, lf ? (size_t)(lf - raw.at) : raw.len};
        raw = bytes_from(raw, line.len + (lf ? 1 : 0));
        struct smtp_reply_line parsed;
        smtp_reply_line_parse(line, &parsed);
        if (i && parsed.well_formed) /* the first line is the server's name (RFC 5321 4.1.1.1) */
            extensions |= smtp_extension(parsed.text);
    }
    return extensions;
}
