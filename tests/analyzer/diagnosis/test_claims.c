/* SPDX-License-Identifier: ISC */
/* What the words of a reply claim, where no server is known to say so; and whether a claim is a
 * fair description of what happened. */
#include <criterion/criterion.h>

#include "heloscope/diagnosis/claims.h"
#include "heloscope/software/reply_texts.h"
#include "heloscope/session/session.h"

static const struct {
    enum verb verb;
    int code;
    const char *text;
    enum cause claim;
} worded[] = {
    {VERB_MAIL, 503, "Please do say HELO before that, friend", CAUSE_HELLO_MISSING},
    {VERB_MAIL, 503, "i have not been told ehlo yet", CAUSE_HELLO_MISSING},
    {VERB_RCPT, 503, "A MAIL is what I need first of all", CAUSE_MAIL_MISSING},
    {VERB_DATA, 503, "Where is the recipient for this?", CAUSE_RCPT_MISSING},
    {VERB_DATA, 554, "Every recipient was rejected, you know", CAUSE_ALL_RCPT_REJECTED},
    {VERB_MAIL, 503, "One transaction in progress is plenty", CAUSE_NESTED_MAIL},
    {VERB_MAIL, 503, "nested things are not for me", CAUSE_NESTED_MAIL},
    {VERB_AUTH, 503, "You did AUTH already, did you not", CAUSE_AUTH_REPEATED},
    {VERB_STARTTLS, 503, "The TLS is already there", CAUSE_STARTTLS_REPEATED},
    {VERB_AUTH, 503, "AUTH is not available here and now", CAUSE_AUTH_NOT_OFFERED},
    {VERB_STARTTLS, 502, "TLS is not supported by this old thing", CAUSE_STARTTLS_NOT_OFFERED},
    {VERB_MAIL, 530, "You must encrypt: TLS before anything else, it is required",
     CAUSE_TLS_REQUIRED},
    {VERB_MAIL, 550, "Authentication is required of strangers", CAUSE_AUTH_REQUIRED},
    {VERB_DATA, 503, "BDAT was begun, go on with it", CAUSE_BDAT_DATA_MIX},
    {VERB_BDAT, 503, "A chunk did fail, RSET first", CAUSE_BDAT_AFTER_FAILURE},
    {VERB_NOOP, 421, "Too many errors from your side", CAUSE_ERROR_LIMIT},
    {VERB_MAIL, 421, "Error: too many connections from there", CAUSE_POLICY},
    {VERB_RCPT, 452, "Error: too many recipients", CAUSE_POLICY},
    {VERB_BDAT, 554, "Error: too many hops", CAUSE_POLICY},
    {VERB_DATA, 550, "Unauthenticated mail must pass DMARC first", CAUSE_POLICY},
    {VERB_AUTH, 503, "That is not permitted in mail transaction", CAUSE_AUTH_IN_TRANSACTION},
    {VERB_STARTTLS, 503, "That is not permitted in mail transaction",
     CAUSE_STARTTLS_IN_TRANSACTION},
    {VERB_RCPT, 450, "throttled, wait a while", CAUSE_POLICY},
    {VERB_EHLO, 554, "SMTP synchronization lost, goodbye", CAUSE_PIPELINING_VIOLATION},
    {VERB_EHLO, 554, "You talked before my greeting", CAUSE_EARLY_TALKER},
    {VERB_MAIL, 555, "an unknown parameter of yours", CAUSE_PARAMETER_REFUSED},
    {VERB_RCPT, 554, "Access denied to the likes of you", CAUSE_POLICY},
    {VERB_DATA, 503, "Bad sequence of whatever", CAUSE_UNKNOWN},
    {VERB_DATA, 503, "no", CAUSE_NONE},
    {VERB_DATA, 503, "", CAUSE_NONE},
};

static enum cause claim_of(int code, const char *text, enum verb verb)
{
    return claim_of_reply(NULL, code, bytes_of("", 0), bytes_of_string(text), verb);
}

Test(claims, words_where_no_server_is_known_to_say_so)
{
    for (size_t i = 0; i < sizeof worded / sizeof *worded; i++) {
        struct bytes text = bytes_of_string(worded[i].text);
        cr_assert_null(reply_text_find(NULL, worded[i].code, bytes_of("", 0), text, worded[i].verb),
                       "\"%s\" is in the table: the words are not asked", worded[i].text);
        enum cause claim = claim_of(worded[i].code, worded[i].text, worded[i].verb);
        cr_expect_eq(claim, worded[i].claim, "\"%s\" claims %s", worded[i].text,
                     cause_entry(claim)->name);
    }
}

Test(claims, the_case_of_letters_does_not_matter)
{
    char text[128];
    for (size_t i = 0; i < sizeof worded / sizeof *worded; i++) {
        size_t n = strlen(worded[i].text);
        for (size_t k = 0; k <= n; k++)
            text[k] = (char)ascii_upper((uint8_t)worded[i].text[k]);
        cr_expect_eq(claim_of(worded[i].code, text, worded[i].verb), worded[i].claim, "\"%s\"",
                     text);
    }
}

/* Of one text each verb that must not stand in a transaction makes its own claim. */
Test(claims, a_transaction_in_progress_is_said_of_several_verbs)
{
    static const struct {
        enum verb verb;
        enum cause claim;
    } rows[] = {{VERB_MAIL, CAUSE_NESTED_MAIL},
                {VERB_AUTH, CAUSE_AUTH_IN_TRANSACTION},
                {VERB_STARTTLS, CAUSE_STARTTLS_IN_TRANSACTION},
                {VERB_ETRN, CAUSE_COMMAND_IN_TRANSACTION},
                {VERB_XCLIENT, CAUSE_COMMAND_IN_TRANSACTION},
                {VERB_XFORWARD, CAUSE_COMMAND_IN_TRANSACTION}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(claim_of(503, "Something is in progress just now", rows[i].verb),
                     rows[i].claim, "%s", verb_name(rows[i].verb));
}

/* RFC 4954 section 6: some codes say it all. */
Test(claims, codes_that_speak_for_themselves)
{
    cr_expect_eq(claim_of(538, "no", VERB_AUTH), CAUSE_TLS_REQUIRED);
    cr_expect_eq(claim_of(523, "no", VERB_AUTH), CAUSE_TLS_REQUIRED);
    cr_expect_eq(claim_of(530, "no", VERB_MAIL), CAUSE_AUTH_REQUIRED);
}

/* Whatever comes from the wire, also of any length and without text. */
Test(claims, any_octets)
{
    static uint8_t octets[5000];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n < sizeof octets; n += 37)
        for (int v = 0; v < VERB_COUNT; v += 5)
            cr_assert_lt(
                claim_of_reply("Exim", 503, bytes_of("", 0), bytes_of(octets, n), (enum verb)v),
                CAUSE_COUNT);
    cr_expect_eq(claim_of_reply(NULL, 503, bytes_of(NULL, 0), bytes_of(NULL, 0), VERB_DATA),
                 CAUSE_NONE);
}

Test(claims, a_claim_agrees_with_its_own_cause)
{
    for (int c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
        cr_expect(claim_agrees((enum cause)c, (enum cause)c));
}

/* A server that has forgotten a refused MAIL can only say that there is none. */
Test(claims, what_looks_the_same_from_the_servers_side)
{
    static const struct {
        enum cause claim, cause;
        bool agrees;
    } rows[] = {
        {CAUSE_MAIL_MISSING, CAUSE_MAIL_REJECTED, true},
        {CAUSE_MAIL_MISSING, CAUSE_TRANSACTION_RESET, true},
        {CAUSE_RCPT_MISSING, CAUSE_ALL_RCPT_REJECTED, true},
        {CAUSE_HELLO_MISSING, CAUSE_HELLO_REJECTED, true},
        {CAUSE_HELLO_MISSING, CAUSE_HELLO_RESET, true},
        {CAUSE_NESTED_MAIL, CAUSE_TRANSACTION_ABANDONED, true},
        {CAUSE_MAIL_REJECTED, CAUSE_MAIL_MISSING, false}, /* not the other way round */
        {CAUSE_RCPT_MISSING, CAUSE_MAIL_REJECTED, false}, /* it names the wrong one */
        {CAUSE_RCPT_MISSING, CAUSE_HELLO_MISSING, false},
        {CAUSE_NESTED_MAIL, CAUSE_HELLO_MISSING, false},
        {CAUSE_POLICY, CAUSE_SERVER_DISAGREES, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(claim_agrees(rows[i].claim, rows[i].cause), rows[i].agrees, "%s for %s",
                     cause_entry(rows[i].claim)->name, cause_entry(rows[i].cause)->name);
}

Test(claims, some_can_be_said_of_one_cause_only)
{
    cr_expect(claim_is_distinct(CAUSE_AUTH_REPEATED));
    cr_expect(claim_is_distinct(CAUSE_STARTTLS_IN_TRANSACTION));
    cr_expect_not(claim_is_distinct(CAUSE_NESTED_MAIL));
    cr_expect_not(claim_is_distinct(CAUSE_MAIL_MISSING));
}

Test(claims, a_refusal_is_of_order_or_has_a_reason_of_its_own)
{
    static const struct {
        struct reply_code code;
        enum cause claim;
        bool of_order;
    } rows[] = {
        {{550, "5.1.1"}, CAUSE_NONE, false},
        {{550, "5.1.1"}, CAUSE_ALL_RCPT_REJECTED, false}, /* "Recipient address rejected" */
        {{530, "5.7.0"}, CAUSE_AUTH_REQUIRED, false},
        {{501, "5.5.4"}, CAUSE_NONE, false},
        {{451, ""}, CAUSE_NONE, false},
        {{503, ""}, CAUSE_NONE, true},
        {{502, ""}, CAUSE_NONE, true},
        {{421, "4.7.0"}, CAUSE_NONE, true},
        {{554, "5.5.1"}, CAUSE_NONE, true}, /* Postfix: "no valid recipients" */
        {{550, ""}, CAUSE_HELLO_MISSING, true},
        {{550, "5.5.0"}, CAUSE_UNKNOWN, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(refusal_of_order(&rows[i].code, rows[i].claim), rows[i].of_order, "row %zu",
                     i);
}
