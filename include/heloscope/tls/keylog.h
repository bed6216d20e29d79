/* SPDX-License-Identifier: ISC */
/* Secrets of TLS sessions, as programs log them for those who may read along: the format of NSS
 * (draft-ietf-tls-keylogfile). */
#ifndef HELOSCOPE_TLS_KEYLOG_H
#define HELOSCOPE_TLS_KEYLOG_H

#include "heloscope/bytes.h"
#include "heloscope/failure.h"

enum keylog_label {
    KEYLOG_CLIENT_RANDOM, /* the master secret, up to TLS 1.2 */
    KEYLOG_CLIENT_EARLY,
    KEYLOG_CLIENT_HANDSHAKE,
    KEYLOG_SERVER_HANDSHAKE,
    KEYLOG_CLIENT_TRAFFIC,
    KEYLOG_SERVER_TRAFFIC,
    KEYLOG_RSA, /* a premaster secret; its id: 8 octets of it encrypted */
    KEYLOG_PMS, /* a premaster secret; its id: the client's random */
    KEYLOG_LABELS
};

enum {
    KEYLOG_SECRET_LONGEST = 64,
};

/* One secret. What follows it in the store is not the next one: keylog_next(). */
struct keylog_secret {
    uint8_t length;
    uint8_t octets[KEYLOG_SECRET_LONGEST];
};

struct keylog;

struct keylog *keylog_new(void);

/* Wipes what it holds. NULL is allowed. */
void keylog_free(struct keylog *keylog);

/* Reads a file. False, with `why`, when it cannot be read. */
bool keylog_add_file(struct keylog *keylog, const char *path, struct failure *why);

/* Reads a file now, and what is added to it with each keylog_poll(); it may come later, or be
 * replaced. `path` outlives the key log. */
void keylog_follow(struct keylog *keylog, const char *path);

/* Reads what has been added to the files that are followed. */
void keylog_poll(struct keylog *keylog);

/* Lines that begin like those of a key log and hold no secret: they were passed over. */
struct keylog_slip {
    const char *path;
    uint64_t line;  /* the first of them, from 1 */
    uint64_t lines; /* how many there were when it was read */
};

/* Takes what has been noted of the file read last; false when there is nothing. Of a file that is
 * followed it is noted once, and never a last line without its end, which is still being written.
 */
bool keylog_take_slip(struct keylog *keylog, struct keylog_slip *out);

/* Whether more secrets may come. */
bool keylog_may_grow(const struct keylog *keylog);

/* Reads lines that come from elsewhere: a block of pcapng, a test. */
void keylog_add_text(struct keylog *keylog, struct bytes text);

/* The secrets under `label` and `id`, one by one: `*place` is 0 before the first. NULL = no more.
 * Borrowed until the key log changes. */
const struct keylog_secret *keylog_find(const struct keylog *keylog, enum keylog_label label,
                                        struct bytes id, size_t *place);

/* All secrets of `label`, the newest first, one by one like keylog_find(). `id`, where it is not
 * NULL, is what it is for. */
const struct keylog_secret *keylog_each(const struct keylog *keylog, enum keylog_label label,
                                        size_t *place, struct bytes *id);

/* Whether there is any secret of `label`. */
bool keylog_has(const struct keylog *keylog, enum keylog_label label);

/* "CLIENT_RANDOM": what lines of this kind begin with. Static. */
const char *keylog_label_name(enum keylog_label label);

/* Grows with every secret that is added. */
size_t keylog_count(const struct keylog *keylog);

#endif
