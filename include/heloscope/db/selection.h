/* SPDX-License-Identifier: ISC */
/* Which sessions of a history are meant: what the options --client, --from, --cause and the like
 * ask for, and the numbers and names that sessions are called by.
 *
 * Terms of one field are alternatives ("this client or that one"); terms of different fields must
 * all fit. Those that speak of a finding (cause, fault, certainty, code) must fit one and the same
 * finding. */
#ifndef HELOSCOPE_DB_SELECTION_H
#define HELOSCOPE_DB_SELECTION_H

#include "heloscope/db/history.h"

enum selection_field {
    SELECTION_CLIENT, /* an address, a network or a name: see struct selection_term */
    SELECTION_SERVER,
    SELECTION_SENDER, /* a mailbox, "@domain" or "domain"; "<>" is the null sender */
    SELECTION_RECIPIENT,
    SELECTION_QUEUE_ID,
    SELECTION_MESSAGE_ID, /* with or without angle brackets */
    SELECTION_CAUSE,      /* words of the dictionary */
    SELECTION_FAULT,
    SELECTION_CERTAINTY,
    SELECTION_CODE,     /* `low` to `high` */
    SELECTION_SOFTWARE, /* part of the name of the client's or the server's program */
    SELECTION_SOURCE,   /* a capture: its path, or the last part of it */
    SELECTION_ID,       /* the sessions `low` to `high` */
    SELECTION_UID,
    SELECTION_COMMUNITY_ID,
    SELECTION_FIELDS
};

/* One thing asked for. In texts a * stands for any characters, and case does not count. */
struct selection_term {
    enum selection_field field;
    const char *text; /* borrowed; NULL where numbers say it */
    int64_t low, high;
    /* Of clients and servers: when `address_length` is 4 or 16, the first `bits` of the address;
     * else `text` is a name, or the domain of one, or NULL for any. `port` 0 = any. */
    uint8_t address[16];
    int address_length, bits, port;
};

struct selection {
    int64_t from_us, to_us; /* the session began at or after, before; 0 = whenever */
    long last;              /* only the last so many of them; 0 = all */
    bool errors_only;       /* with an error of order, under whichever code */
    struct selection_term *terms;
    size_t term_count;
};

/* Those diagnoses with an id above `after` and up to `upto` that are asked for, of sessions that
 * are, in the order of storing. */
bool history_diagnoses_selected(struct history *history, int64_t after, int64_t upto,
                                const struct selection *selection, history_diagnosis_fn *fn,
                                void *context, struct failure *why);

/* Whether session `session_id` is asked for; false with `why` when that cannot be told. */
bool history_is_selected(struct history *history, const struct selection *selection,
                         int64_t session_id, struct failure *why);

/* A selection that is all zero means every session. */
bool selection_is_all(const struct selection *selection);

/* The sessions that fit, in the order in which they began. `*ids` is the caller's to free, NULL
 * when none fits. False with `why` when the history cannot be read, when a session is called by a
 * number, uid or Community ID that the history does not have, and when Message-IDs or queue ids are
 * asked for in a history that holds none at all. */
bool history_select_ids(struct history *history, const struct selection *selection, int64_t **ids,
                        size_t *count, struct failure *why);

/* The same, each session's row handed to `fn`. */
bool history_select(struct history *history, const struct selection *selection,
                    history_session_fn *fn, void *context, struct failure *why);

/* From now on the questions, rankings and views of this reader are about these sessions alone, and
 * of their findings those that fit: history_ask(), history_report(), history_json_report(). What is
 * asked by number sees all. A further call replaces the first. False with `why`, as above. */
bool history_restrict(struct history *history, const struct selection *selection,
                      struct failure *why);
/* Looks the errors up once, behind history_restrict(): all rankings that follow are made from that.
 * `restricted`: the selection was not all. history_restrict_end() ends it too. False with `why`. */
bool history_gather(struct history *history, bool restricted, struct failure *why);
bool history_restrict_end(struct history *history, struct failure *why);

#endif
