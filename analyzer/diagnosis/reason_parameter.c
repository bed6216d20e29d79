/* SPDX-License-Identifier: ISC */
/* A parameter of MAIL or RCPT was refused (RFC 5321 section 4.1.1.11). Whose fault that is, the
 * reply to EHLO tells: what it offers is to be taken. */
#include "refusal.h"

#include "heloscope/diagnosis/claims.h"

/* Codes by which a parameter is refused (RFC 5321 section 4.1.1.11), and 503. */
static bool refuses_parameters(int code)
{
    return code == 555 || code == 501 || code == 504 || code == 503;
}

/* Whether nothing but the parameters can be meant: an address of letters, digits and dots, or none
 * at all, as MAIL may have it. */
static bool plain_address(struct bytes path)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+.@";
    if (!path.len)
        return true;
    const uint8_t *at = memchr(path.at, '@', path.len);
    if (!at || at == path.at || !memchr(at, '.', (size_t)(path.at + path.len - at)))
        return false;
    for (size_t i = 0; i < path.len; i++)
        if (!memchr(allowed, path.at[i], sizeof allowed - 1))
            return false;
    return !memchr(at + 1, '@', (size_t)(path.at + path.len - at - 1));
}

/* Whether each parameter was offered by its keyword: BODY by 8BITMIME, RET by DSN and so on. */
static bool all_offered(struct bytes text, unsigned offered)
{
    static const struct {
        const char *name;
        unsigned extension;
    } rows[] = {{"BODY=8BITMIME", EXT_8BITMIME},
                {"BODY=7BIT", EXT_8BITMIME},
                {"SIZE=", EXT_SIZE},
                {"SMTPUTF8", EXT_SMTPUTF8},
                {"BODY=BINARYMIME", EXT_BINARYMIME},
                {"AUTH=", EXT_AUTH},
                {"RET=", EXT_DSN},
                {"ENVID=", EXT_DSN},
                {"NOTIFY=", EXT_DSN},
                {"ORCPT=", EXT_DSN}};
    const uint8_t *end = text.len ? memchr(text.at, '>', text.len) : NULL;
    struct bytes rest = end ? bytes_from(text, (size_t)(end - text.at) + 1) : bytes_of(NULL, 0);
    bool any = false;
    while (rest.len) {
        while (rest.len && rest.at[0] == ' ')
            rest = bytes_from(rest, 1);
        if (!rest.len)
            break;
        bool known = false;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            known |= bytes_start_nocase(rest, rows[i].name) && (offered & rows[i].extension);
        if (!known)
            return false;
        any = true;
        const uint8_t *space = memchr(rest.at, ' ', rest.len);
        rest = space ? bytes_from(rest, (size_t)(space - rest.at)) : bytes_of(NULL, 0);
    }
    return any;
}

bool reason_parameter(const struct refusal *r, struct refusal_reason *out)
{
    bool numbered = enhanced_is(r->a->enhanced, ".5.4");
    bool offered = r->p->command.has_parameters && refuses_parameters(r->a->code) &&
                   all_offered(r->p->text, r->order->extensions);
    if (offered && (r->claim == CAUSE_PARAMETER_REFUSED || numbered ||
                    (r->a->code != 503 && plain_address(r->p->path)))) {
        out->fault = FAULT_SERVER; /* it refuses what it had offered */
        out->certainty = r->claim == CAUSE_PARAMETER_REFUSED ? CERTAINTY_CERTAIN : CERTAINTY_LIKELY;
        out->related = r->order->offer;
        out->role = ROLE_OFFER;
        return reason_is(out, CAUSE_PARAMETER_REFUSED, r->p->command.seq);
    }
    return refused_with_503(r) &&
           (r->claim == CAUSE_PARAMETER_REFUSED || (numbered && r->p->command.has_parameters)) &&
           reason_is(out, CAUSE_PARAMETER_REFUSED, r->p->command.seq);
}
