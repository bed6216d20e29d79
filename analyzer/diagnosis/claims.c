/* SPDX-License-Identifier: ISC */
/* What a reply's text says of the cause. Texts are a hint and no proof: of the known 503 texts more
 * than a third name another cause than the one that holds. A text that is known says what its row
 * in reply_texts.tsv says; any other is read by its words, first hit wins, whatever server it comes
 * from. */
#include "heloscope/diagnosis/claims.h"

#include "heloscope/software/marks.h"
#include "heloscope/software/memo.h"
#include "heloscope/software/reply_texts.h"
#include "heloscope/session/session.h"

enum {
    WORDS = 4
};

/* A row holds when each of its groups has a word in the text; a word is an alternative within "|".
 */
static const struct claim_row {
    const char *groups[WORDS];
    enum cause claim;
} claim_rows[] = {
    {{"pipelin|synchroni|too soon"}, CAUSE_PIPELINING_VIOLATION},
    {{"before", "greeting|banner"}, CAUSE_EARLY_TALKER},
    {{"too many connection|too many recipient|too many rcpt|too many message|too many session|"
      "too many concurrent|too many simultaneous|too many hop"},
     CAUSE_POLICY},
    {{"spf|dkim|dmarc"}, CAUSE_POLICY},
    {{"too many", "error|command|unrecogni|syntax|protocol|bad|invalid"}, CAUSE_ERROR_LIMIT},
    {{"rate limit|ratelimit|too many|too fast|throttl"}, CAUSE_POLICY},
    {{"sender and recipient|sender and rcpt|mail & rcpt|mail and rcpt|mail from and rcpt"},
     CAUSE_UNKNOWN},
    {{"helo|ehlo", " and | & ", "auth|mail"}, CAUSE_UNKNOWN},
    {{"auth", "already|once|previously|any other"}, CAUSE_AUTH_REPEATED},
    {{"identity change"}, CAUSE_AUTH_REPEATED},
    {{"tls|channel", "already|repeat|active|in use|secured"}, CAUSE_STARTTLS_REPEATED},
    {{"auth", "transaction|permitted"}, CAUSE_AUTH_IN_TRANSACTION},
    {{"not permitted in mail transaction|not permitted during a mail transaction"},
     CAUSE_AUTH_IN_TRANSACTION},
    {{"tls", "transaction|permitted now"}, CAUSE_STARTTLS_IN_TRANSACTION},
    {{"tls",
      "not available|not advertised|not enabled|not supported|not offered|when not|disabled"},
     CAUSE_STARTTLS_NOT_OFFERED},
    {{"auth",
      "not available|not advertised|not enabled|not supported|not offered|when not|not allowed|not "
      "defined|only allowed|disabled"},
     CAUSE_AUTH_NOT_OFFERED},
    {{"security failure"}, CAUSE_TLS_FAILED},
    {{"tls|encryption|ssl", "required|first|must"}, CAUSE_TLS_REQUIRED},
    {{"authenticat|authori[sz]|auth ", "required|must|need|first"}, CAUSE_AUTH_REQUIRED},
    {{"rcpt", "bdat|binarymime", "precede"}, CAUSE_RCPT_MISSING},
    {{"bdat", "advertised|not offered|chunking"}, CAUSE_BDAT_NOT_OFFERED},
    {{"chunk", "fail|rset first"}, CAUSE_BDAT_AFTER_FAILURE},
    {{"only rset"}, CAUSE_BDAT_AFTER_FAILURE},
    {{"binarymime", "data"}, CAUSE_BINARYMIME_DATA},
    {{"bdat"}, CAUSE_BDAT_DATA_MIX},
    {{"helo|ehlo|identified", "already|duplicate|wrong state"}, CAUSE_HELLO_REPEATED},
    {{"helo|ehlo|lhlo|hello|introduce|polite|invisible", "first|need|send|say|required|before|yet"},
     CAUSE_HELLO_MISSING},
    {{"nested|multiple mail|multiple from|only one sender|start over|in progress|already specified|"
      "already given|already have|already issued|already told|already been|already started"},
     CAUSE_NESTED_MAIL},
    {{"rcpt|recipient", "rejected|no valid|refused"}, CAUSE_ALL_RCPT_REJECTED},
    {{"option|parameter|argument", "unsupported|not supported|unknown|unrecogni|multiple|requires"},
     CAUSE_PARAMETER_REFUSED},
    {{"mail|sender|from", "first|need|missing|required|not yet|before|precede|use mail"},
     CAUSE_MAIL_MISSING},
    {{"rcpt|recipient|address to send"}, CAUSE_RCPT_MISSING},
    {{"no transaction|not in a transaction"}, CAUSE_MAIL_MISSING},
    {{"access denied|not allowed to|policy|blocked|blacklist|prohibited|relay"}, CAUSE_POLICY},
    {{"sequence|not allowed at this point|out of order|command error|wrong state|out of sequence"},
     CAUSE_UNKNOWN},
};

/* Whether one of the alternatives in `words` stands in `text` (in small letters). */
static bool holds_one(struct bytes text, const char *words)
{
    while (*words) {
        size_t n = strcspn(words, "|");
        if (n && text.len >= n && memmem(text.at, text.len, words, n))
            return true;
        words += n + (words[n] == '|');
    }
    return false;
}

static bool row_holds(const struct claim_row *row, struct bytes text)
{
    for (int g = 0; g < WORDS && row->groups[g]; g++)
        if (!holds_one(text, row->groups[g]))
            return false;
    return true;
}

/* "Transaction in progress" and "not permitted in mail transaction" are said of each verb that must
 * not stand in one. */
static enum cause said_of(enum cause claim, enum verb verb)
{
    if (claim != CAUSE_NESTED_MAIL && claim != CAUSE_AUTH_IN_TRANSACTION)
        return claim;
    switch (verb) {
    case VERB_AUTH:
        return CAUSE_AUTH_IN_TRANSACTION;
    case VERB_STARTTLS:
        return CAUSE_STARTTLS_IN_TRANSACTION;
    case VERB_ETRN:
    case VERB_XCLIENT:
    case VERB_XFORWARD:
        return CAUSE_COMMAND_IN_TRANSACTION;
    default:
        return claim;
    }
}

static enum cause claim_of_words(int code, struct bytes text, enum verb verb)
{
    uint8_t small[512];
    text = bytes_first(text, sizeof small);
    for (size_t i = 0; i < text.len; i++)
        small[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (uint8_t)(text.at[i] + 32) : text.at[i];
    if (code == 538 || code == 523) /* RFC 4954 section 6: the mechanism needs encryption */
        return CAUSE_TLS_REQUIRED;
    for (size_t i = 0; i < sizeof claim_rows / sizeof *claim_rows; i++)
        if (row_holds(&claim_rows[i], bytes_of(small, text.len)))
            return said_of(claim_rows[i].claim, verb);
    return code == 530 ? CAUSE_AUTH_REQUIRED : CAUSE_NONE; /* RFC 4954 section 6 */
}

enum cause claim_of_reply(const char *software, int code, struct bytes enhanced, struct bytes text,
                          enum verb verb)
{
    const struct reply_text *row = reply_text_find(software, code, enhanced, text, verb);
    return row ? row->claim : claim_of_words(code, text, verb);
}

enum cause claim_of_server(const struct identify *id, int code, struct bytes enhanced,
                           struct bytes text, enum verb verb)
{
    enum {
        FIRST_QUESTION = PLACE_COUNT /* behind those that fingerprint.c asks */
    };
    const char *software = identify_server(id);
    uint8_t key[MEMO_TEXT];
    const size_t front = sizeof software + sizeof code + enhanced.len + 1;
    bool known = false;
    uint16_t *kept = NULL;
    if (front + text.len <= sizeof key) {
        memcpy(key, &software, sizeof software); /* a product's name is one string */
        memcpy(key + sizeof software, &code, sizeof code);
        if (enhanced.len)
            memcpy(key + sizeof software + sizeof code, enhanced.at, enhanced.len);
        key[front - 1] = 0;
        if (text.len)
            memcpy(key + front, text.at, text.len);
        kept = memo_ask(id->server.memo, FIRST_QUESTION + verb, bytes_of(key, front + text.len),
                        &known);
    }
    if (known)
        return (enum cause) * kept;
    const enum cause claim = claim_of_reply(software, code, enhanced, text, verb);
    if (kept)
        *kept = (uint16_t)claim;
    return claim;
}

/* Several causes look the same from where the server stands. */
static const struct {
    enum cause claim, cause;
} same[] = {
    {CAUSE_HELLO_MISSING, CAUSE_HELLO_REJECTED},
    {CAUSE_HELLO_MISSING, CAUSE_HELLO_RESET},
    {CAUSE_HELLO_MISSING, CAUSE_EHLO_REQUIRED},
    {CAUSE_MAIL_MISSING, CAUSE_MAIL_REJECTED},
    {CAUSE_MAIL_MISSING, CAUSE_TRANSACTION_RESET},
    {CAUSE_RCPT_MISSING, CAUSE_ALL_RCPT_REJECTED},
    {CAUSE_ALL_RCPT_REJECTED, CAUSE_RCPT_MISSING},
    {CAUSE_NESTED_MAIL, CAUSE_TRANSACTION_ABANDONED},
    {CAUSE_BDAT_DATA_MIX, CAUSE_BDAT_AFTER_FAILURE},
    {CAUSE_BDAT_DATA_MIX, CAUSE_BDAT_AFTER_LAST},
    {CAUSE_PIPELINING_VIOLATION, CAUSE_EARLY_TALKER},
    {CAUSE_EARLY_TALKER, CAUSE_PIPELINING_VIOLATION},
    {CAUSE_AUTH_NOT_OFFERED, CAUSE_TLS_REQUIRED},
    {CAUSE_TLS_REQUIRED, CAUSE_AUTH_NOT_OFFERED},
    {CAUSE_AUTH_REQUIRED, CAUSE_AUTH_REJECTED},
    {CAUSE_AUTH_REQUIRED, CAUSE_TLS_REQUIRED}, /* AUTH itself had been refused for want of TLS */
    {CAUSE_COMMAND_NOT_OFFERED, CAUSE_AUTH_NOT_OFFERED},
    {CAUSE_COMMAND_NOT_OFFERED, CAUSE_STARTTLS_NOT_OFFERED},
    {CAUSE_COMMAND_NOT_OFFERED, CAUSE_BDAT_NOT_OFFERED},
    {CAUSE_COMMAND_NOT_OFFERED, CAUSE_CONTENT_AS_COMMANDS},
    {CAUSE_POLICY, CAUSE_SESSION_REFUSED},
};

bool claim_is_vague(enum cause claim)
{
    return claim == CAUSE_NONE || claim == CAUSE_UNKNOWN;
}

bool enhanced_is(struct bytes enhanced, const char *subject_and_detail)
{
    return enhanced.len && bytes_equal_nocase(bytes_from(enhanced, 1), subject_and_detail);
}

bool claim_agrees(enum cause claim, enum cause cause)
{
    if (claim == cause)
        return true;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (same[i].claim == claim && same[i].cause == cause)
            return true;
    return false;
}

bool claim_is_distinct(enum cause claim)
{
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (same[i].claim == claim)
            return false;
    return true;
}

bool refusal_of_order(const struct reply_code *code, enum cause claim)
{
    static const enum cause names_order[] = {
        CAUSE_UNKNOWN,      CAUSE_HELLO_MISSING,        CAUSE_EHLO_REQUIRED, CAUSE_MAIL_MISSING,
        CAUSE_EARLY_TALKER, CAUSE_PIPELINING_VIOLATION, CAUSE_ERROR_LIMIT,   CAUSE_SESSION_REFUSED,
    };
    static const int codes[] = {421, 500, 502, 503}; /* RFC 5321 section 4.2.2 */
    /* X.5.0 and X.5.1 are about the command, not about what it names (RFC 3463 section 3.6). */
    const struct bytes enhanced = bytes_of_string(code->enhanced);
    if (enhanced_is(enhanced, ".5.0") || enhanced_is(enhanced, ".5.1"))
        return true;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code->number)
            return true;
    for (size_t i = 0; i < sizeof names_order / sizeof *names_order; i++)
        if (names_order[i] == claim)
            return true;
    return false;
}
