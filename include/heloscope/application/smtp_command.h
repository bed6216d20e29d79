/* SPDX-License-Identifier: ISC */
/* One line from the client, taken apart. RFC 5321 section 4.1.1 and the extensions of each verb. */
#ifndef HELOSCOPE_APPLICATION_SMTP_COMMAND_H
#define HELOSCOPE_APPLICATION_SMTP_COMMAND_H

#include "heloscope/bytes.h"

/* Order matters only in that VERB_UNKNOWN is 0; names come from verb_name(). */
enum verb {
    VERB_UNKNOWN,
    VERB_HELO,
    VERB_EHLO,
    VERB_LHLO,
    VERB_MAIL, /* also SEND, SOML, SAML: obsolete, and they open a transaction like MAIL */
    VERB_RCPT,
    VERB_DATA,
    VERB_BDAT,
    VERB_BURL,
    VERB_RSET,
    VERB_NOOP,
    VERB_VRFY,
    VERB_EXPN,
    VERB_HELP,
    VERB_QUIT,
    VERB_AUTH,     /* also X-EXPS */
    VERB_STARTTLS, /* also X-ANONYMOUSTLS */
    VERB_ETRN,
    VERB_ATRN,
    VERB_TURN,
    VERB_XCLIENT,
    VERB_XFORWARD,
    VERB_MASKED, /* nothing but X: a middlebox has overwritten the verb (Cisco PIX/ASA fixup) */
    VERB_COUNT
};

struct smtp_command {
    enum verb verb;
    struct bytes word;     /* the first word as sent; borrowed from the line */
    struct bytes argument; /* what follows the verb, without the space; borrowed */
    bool well_formed;      /* the argument has the form that the verb's grammar asks for */
    /* MAIL and RCPT: the path without <>; empty for the null sender. One without brackets is here
     * too, though the line is not well formed. */
    struct bytes path;
    /* MAIL: parameters (RFC 5321 section 4.1.1.11). */
    bool has_parameters;
    bool binarymime; /* BODY=BINARYMIME, RFC 3030 section 3 */
    /* What servers take or refuse though the grammar does not have it. */
    bool unbracketed;  /* a path without <> */
    bool colon_spaced; /* a space before the colon */
    /* BDAT (RFC 3030 section 2) */
    uint64_t chunk_size;
    bool chunk_last; /* also of BURL */
    /* AUTH (RFC 4954 section 4) */
    struct bytes mechanism;
    bool initial_response;
};

/* `line` is without its line end. Never fails: what is no command has VERB_UNKNOWN. Pure. */
void smtp_command_parse(struct bytes line, struct smtp_command *out);

/* "MAIL"; "" for VERB_UNKNOWN; "XXXX" for VERB_MASKED. Static storage. */
const char *verb_name(enum verb verb);

/* Whether the line has the shape of a header field of RFC 5322 ("Subject: ..."): the usual first
 * sign that message content is being read as commands. */
bool looks_like_header(struct bytes line);

/* The line that ends a message (RFC 5321 section 4.1.1.4). */
bool is_lone_dot(struct bytes line);

/* Whether the line could be base64 as SASL uses it: only its alphabet, at least one character,
 * no space. RFC 4648 section 4. */
bool looks_like_base64(struct bytes line);

#endif
