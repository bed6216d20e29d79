/* SPDX-License-Identifier: ISC */
#include "credentials.h"

#include <ctype.h>

#include "heloscope/base/limits.h"

/* Mechanisms that are registered for SASL or in use without that. Any other word behind AUTH may
 * be what the client wanted to keep secret. */
static const char *const mechanisms[] = {
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "DIGEST-MD5",
    "NTLM",
    "XOAUTH2",
    "XOAUTH",
    "OAUTHBEARER",
    "EXTERNAL",
    "ANONYMOUS",
    "GSSAPI",
    "GSS-SPNEGO",
    "KERBEROS_V4",
    "KERBEROS_V5",
    "SECURID",
    "SKEY",
    "OTP",
    "PASSDSS-3DES-1",
    "SRP",
    "ECDSA-NIST256P-CHALLENGE",
    "EAP-AES128",
    "SAML20",
    "OPENID20",
    "CRAM-SHA1",
    "CRAM-SHA256",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-512-PLUS",
    "GS2-KRB5",
    "MSN",
    "NMAS-SAMBA-AUTH",
    "CALLER-ID",
};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

bool credentials_is_mechanism(struct bytes word)
{
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (bytes_equal_nocase(word, mechanisms[i]))
            return true;
    return false;
}

bool credentials_could_be_mechanism(struct bytes word)
{
    enum {
        LONGEST = 20
    };
    for (size_t i = 0; i < word.len; i++) {
        const uint8_t c = word.at[i];
        if (!isupper(c) && (i == 0 || (c != '-' && c != '_')))
            return false;
    }
    return word.len > 0 && word.len <= LONGEST;
}

static bool is_word_octet(uint8_t c)
{
    return isalnum(c) || c == '-' || c == '_';
}

static size_t word_length(struct bytes text)
{
    size_t length = 0;
    while (length < text.len && is_word_octet(text.at[length]))
        length++;
    return length;
}

/* Blanks and what is mistyped for one: "AUTH=PLAIN", "AUTH:LOGIN". */
static size_t blanks(struct bytes text)
{
    size_t length = 0;
    while (length < text.len && !is_word_octet(text.at[length]) && text.at[length] < 0x80)
        length++;
    return length;
}

/* Words that credentials follow, whoever's: POP, FTP, IMAP, and what is asked by hand. */
static const char *const words[] = {
    "USER", "PASS", "PASSWORD", "PASSWD",   "APOP",   "ACCT",  "LOGIN",  "AUTHENTICATE", "XAUTH",
    "AUT",  "AUHT", "ATUH",     "USERNAME", "SECRET", "TOKEN", "BEARER", "XOAUTH2"};

static bool announces(struct bytes word)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (bytes_equal_nocase(word, words[i]))
            return true;
    return bytes_start_nocase(word, "AUTH");
}

/* "Authorization: Basic ...", "Cookie: ...", "X-Api-Key: ...": fields of HTTP, by what their names
 * hold. */
static bool is_secret_field(struct bytes name)
{
    static const char *const parts[] = {"auth", "cookie", "token", "passw", "secret", "api-key"};
    for (size_t i = 0; i + 4 <= name.len; i++)
        for (size_t k = 0; k < COUNT_OF(parts); k++)
            if (bytes_start_nocase(bytes_from(name, i), parts[k]))
                return true;
    return false;
}

/* "AUTH PLAIN ...", "AUTHPLAIN ...": the mechanism may be shown too. Returns the length up to
 * the credential. */
static size_t behind_mechanism(struct bytes text, size_t word)
{
    size_t gap = blanks(bytes_from(text, word));
    struct bytes next = bytes_from(text, word + gap);
    next = bytes_first(next, word_length(next));
    return gap && credentials_is_mechanism(next) ? word + gap + next.len : word;
}

/* One part of a line, between control characters: the length up to a credential in it, SIZE_MAX
 * when there is none. `further`: it is not the first part. */
static size_t part_storable(struct bytes part, bool further)
{
    size_t at = blanks(part);
    while (at < part.len && part.at[at] >= 0x80)
        at += 1 + blanks(bytes_from(part, at + 1));
    for (int n = 0; n < 2 && at < part.len; n++) { /* IMAP puts a tag in front */
        const struct bytes text = bytes_from(part, at);
        const size_t word = word_length(text);
        const bool field = word < text.len && text.at[word] == ':';
        const struct bytes name = bytes_first(text, word);
        if (announces(name) || (!n && field && is_secret_field(name)))
            return at + behind_mechanism(text, word);
        if ((n || further) && credentials_is_mechanism(name))
            return at + word; /* a verb that nobody knows, with a mechanism */
        const size_t gap = blanks(bytes_from(text, word));
        if (!word || !gap)
            break;
        at += word + gap;
    }
    return SIZE_MAX;
}

static bool is_control(uint8_t c)
{
    return (c < ' ' && c != '\t') || c == 0x7f;
}

/* The URL of BURL (RFC 4468) names a user and holds a token that is as good as a password. */
static size_t url_at(struct bytes line)
{
    size_t at = blanks(line);
    at += word_length(bytes_from(line, at));
    return at;
}

/* Where the first control character is; the length when there is none. Eight octets at a time:
 * lines may be long. */
static size_t find_control(struct bytes text)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t at = 0;
    for (uint64_t eight; at + sizeof eight <= text.len; at += sizeof eight) {
        memcpy(&eight, text.at + at, sizeof eight);
        if ((eight - ones * ' ') & ~eight & ones * 0x80)
            break;
    }
    while (at < text.len && !is_control(text.at[at]))
        at++;
    return at;
}

/* `text`: as much of a line as may be stored. */
static size_t text_storable(struct bytes text, bool known)
{
    for (size_t from = 0; from < text.len;) {
        const size_t length = find_control(bytes_from(text, from));
        const size_t open =
            known ? SIZE_MAX : part_storable(bytes_first(bytes_from(text, from), length), from > 0);
        if (open != SIZE_MAX)
            return from + open;
        known = false;
        from += length + 1;
    }
    return text.len;
}

size_t credentials_storable(struct bytes line, const struct smtp_command *command)
{
    if (command->verb == VERB_BURL)
        return url_at(line);
    /* What has a known verb is hidden by its own rules; what a control character leads up to, by
     * those of a line. */
    const bool known = command->verb != VERB_UNKNOWN && command->verb != VERB_MASKED;
    const struct bytes text = bytes_first(line, known ? TEXT_LIMIT : UNKNOWN_TEXT_LIMIT);
    const size_t open = text_storable(text, known);
    return open < text.len ? open : line.len;
}
