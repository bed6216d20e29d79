/* SPDX-License-Identifier: ISC */
#include "heloscope/diagnosis/protocol_words.h"

#include "heloscope/diagnosis/claims.h"

enum {
    LMTP_PORT = 24, /* RFC 2033 section 5 wants none of its own; 24 is what is declared for it */
    TEXT_READ = 512,
};

bool names_proxy_header(struct bytes text)
{
    static const char *const words[] = {"proxy negotiation", "proxy protocol", "proxy header",
                                        "proxy line",        "proxy timeout",  "proxy timed out",
                                        "proxyv1",           "proxyv2",        "haproxy"};
    const struct bytes read = bytes_first(text, TEXT_READ);
    /* In capitals it is the header's own word. */
    return bytes_hold_any_nocase(read, words, sizeof words / sizeof *words) ||
           (text.len && memmem(text.at, text.len, "PROXY", 5) &&
            !bytes_hold_nocase(read, "open proxy"));
}

bool names_lmtp(struct bytes text)
{
    /* In capitals: a host may be called lmtp.example.com. */
    return text.len &&
           (memmem(text.at, text.len, "LMTP", 4) || memmem(text.at, text.len, "LHLO", 4));
}

bool speaks_lmtp(const struct session *s, struct bytes reply)
{
    return s->protocol.server_is_lmtp || s->row.server_port == LMTP_PORT || names_lmtp(reply);
}

bool names_timeout(struct bytes text, struct bytes enhanced)
{
    static const char *const said[] = {"timeout", "timed out", "time out",
                                       "idle",    "inactiv",   "too long"};
    return bytes_hold_any_nocase(text, said, sizeof said / sizeof *said) ||
           enhanced_is(enhanced, ".4.2");
}
