/* SPDX-License-Identifier: ISC */
/* What two programs say to each other, turn by turn, as functions of a dialogue's plan: nothing is
 * kept between two calls, so that half a million dialogues can be open at once. */
#ifndef TESTS_BENCH_DIALOGUE_H
#define TESTS_BENCH_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum speaker_side {
    CLIENT,
    SERVER,
};

enum turn_kind {
    TURN_END,     /* behind the last turn */
    TURN_TEXT,    /* `text` with its placeholders filled in */
    TURN_CONTENT, /* `text`, then lines up to the size of the plan, then `tail` */
    TURN_HELLO,   /* a TLS ClientHello or ServerHello, by the side */
    TURN_RECORDS, /* TLS application data of `length` octets, 0 = of the plan's size */
    TURN_QUERY,   /* a DNS message */
};

/* Placeholders: %c client's name, %s server's name, %f sender, %t recipient, %q queue id, %n size
 * of the content behind the header. */
struct turn {
    enum turn_kind kind;
    enum speaker_side side;
    bool acked; /* the peer acknowledges it at once, in a segment of its own */
    const char *text, *tail;
    uint32_t length;
};

/* One kind of connection. */
struct dialogue {
    const char *name;
    const struct turn *turns;
    uint16_t ports[6];  /* of the server, ended by 0; one is chosen */
    bool datagrams;     /* UDP */
    const char *cause;  /* of its 503s, NULL = it has none */
    const char *fault;  /* whose they are */
    const char *origin; /* where it went wrong: "reply 4" is the fourth of the session's replies */
};

/* One connection: everything about it that its turns depend on. */
struct plan {
    uint64_t number; /* chance_of() it answers all questions */
    const struct dialogue *dialogue;
    uint32_t size; /* of the message or body, in octets */
};

enum group {
    GROUP_LOCKSTEP,  /* SMTP that ends well, a command at a time */
    GROUP_PIPELINED, /* the same with PIPELINING */
    GROUP_FAULTY,    /* SMTP with a 503 */
    GROUP_STARTTLS,
    GROUP_IMPLICIT_TLS,
    GROUP_OTHER, /* not SMTP */
    GROUP_COUNT
};

/* The dialogues of a group; `*count` of them. */
const struct dialogue *dialogue_group(enum group group, size_t *count);

/* How many octets the turn is long. */
uint32_t turn_length(const struct plan *plan, const struct turn *turn);

/* Writes `count` octets of the turn from `offset` on; they exist. */
void turn_read(const struct plan *plan, const struct turn *turn, uint32_t offset, uint32_t count,
               uint8_t *out);

/* Makes the lines of which all messages consist. Once, before turn_read(). */
void dialogue_prepare(uint64_t seed);

#endif
