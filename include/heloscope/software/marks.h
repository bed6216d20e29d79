/* SPDX-License-Identifier: ISC */
/* The marks by which mail software is recognised: two tables, one for each end. */
#ifndef HELOSCOPE_SOFTWARE_MARKS_H
#define HELOSCOPE_SOFTWARE_MARKS_H

#include "heloscope/application/smtp_command.h"

/* Where a mark is found. Of each place the first row that fits counts, once in a session. */
enum place {
    PLACE_GREETING,
    PLACE_HELLO,    /* first line of the reply to EHLO or HELO */
    PLACE_KEYWORDS, /* the keywords of the EHLO reply in their order, separated by a space */
    PLACE_MAIL,     /* reply that accepts MAIL ... */
    PLACE_RCPT,
    PLACE_DATA,    /* 354 */
    PLACE_MESSAGE, /* reply that accepts the message */
    PLACE_RSET,
    PLACE_QUIT,
    PLACE_REFUSAL, /* any reply of 400 and more */
    SERVER_PLACES,

    PLACE_SAYS_HELLO = SERVER_PLACES, /* the client's lines, as sent */
    PLACE_SAYS_MAIL,
    PLACE_SAYS_RCPT,
    PLACE_SAYS_DATA,
    PLACE_SAYS_AUTH,
    PLACE_SAYS_QUIT,
    PLACE_RECEIVED, /* header fields of the message, unfolded */
    PLACE_MESSAGE_ID,
    PLACE_CONTENT_TYPE,
    PLACE_X_MAILER,
    PLACE_USER_AGENT,
    PLACE_OTHER_FIELD, /* a field's name */
    PLACE_FIELDS,      /* the names of the header's fields in their order, a space between */
    PLACE_GROUPS,      /* manner.h: which commands were sent together */
    PLACE_LEAVING,     /* what it did last */
    PLACE_PIECES,      /* in which pieces it wrote the message */
    PLACE_COUNT
};

/* One row. The text is what stands behind the reply's code, with its enhanced code. */
struct mark_row {
    enum place place;
    int weight;
    uint64_t products;   /* bits 1 << enum product */
    const char *pattern; /* pattern.h; its <version> is the product's */
};

enum {
    WEIGHT_HINT = 1,     /* many say so */
    WEIGHT_SIGN = 2,     /* some say so */
    WEIGHT_STYLE = 3,    /* unusual: a family's */
    WEIGHT_NAME = 4,     /* it gives its name, which can be changed */
    WEIGHT_OWN = 5,      /* no other product says so */
    WEIGHT_SIGNED = 9,   /* a relay's own Received field: it signs what it hands on */
    WEIGHT_DERIVED = 20, /* the name of a product that has all other marks of its origin */
    WEIGHT_ENOUGH = 4,   /* to name a product */
};

struct mark_table {
    const struct mark_row *rows;
    size_t count;
    const char *const *products; /* names; number 0 is none */
    int product_count;
    uint64_t proxies; /* products that answer in front of another, whose marks show as well */
};

const struct mark_table *server_marks(void);
const struct mark_table *client_marks(void);

#endif
