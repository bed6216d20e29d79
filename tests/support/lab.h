/* SPDX-License-Identifier: ISC */
/* The whole way from packets to a history in a file of its own, for tests of the pipeline. */
#ifndef TESTS_SUPPORT_LAB_H
#define TESTS_SUPPORT_LAB_H

#include "heloscope/pipeline/pipeline.h"
#include "tests/db/scratch.h"
#include "trace.h"

struct lab {
    struct scratch scratch;
    struct store *store;
    struct pipeline *pipeline;
    struct capture_source source;
    struct pipeline_totals totals; /* once finished */
    bool flush;                    /* hand open sessions over after each packet */
};

void lab_begin(struct lab *lab);
void lab_feed(struct lab *lab, const struct trace *trace);
void lab_packet(struct lab *lab, const struct trace_packet *packet);

/* Ends all sessions and closes the store; what was stored can be asked for then. */
void lab_finish(struct lab *lab);
void lab_remove(struct lab *lab);

/* Packets in, history out: the three above for one trace. */
void lab_run(struct lab *lab, const struct trace *trace);

/* A session for `trace` in which MAIL is refused and RCPT follows all the same: packets 0 to 2
 * open, 3 to 11 talk, 12 to 14 close. LAB_TOLD is its shape. */
void lab_tell(struct trace *trace, uint16_t client_port, uint16_t server_port, uint32_t client_seq,
              uint32_t server_seq);
#define LAB_TOLD                                                                                   \
    "C:open S:greeting220 C:EHLO S:250>3 C:MAIL S:550>5 C:RCPT S:503>7 C:QUIT S:221>9 C:close"

/* `of` (a table, or a question in brackets) has `wanted` rows. */
void lab_count(const struct lab *lab, const char *of, unsigned wanted);

/* Finishes: `count` sessions were stored, which all have the shape LAB_TOLD and differ in nothing
 * but times, packets and ports. Removes the lab. */
void lab_expect_alike(struct lab *lab, unsigned count);

/* The answer to `sql` is `wanted`. */
void lab_expect(const struct lab *lab, const char *sql, const char *wanted);

/* All events of a session in the order of seq, a word each: "C:open", "C:EHLO", "S:250>3",
 * "C:data12", "S:gap5" ...; to stand behind SELECT, with `s` the row of sessions. */
#define LAB_SHAPE                                                                                  \
    "(SELECT group_concat(side || ':' || CASE kind WHEN 'command' THEN coalesce(verb, '?') "       \
    "WHEN 'reply' THEN code || '>' || coalesce(answers, '-') "                                     \
    "WHEN 'greeting' THEN 'greeting' || code "                                                     \
    "ELSE kind || coalesce(bytes, '') END, ' ') FROM (SELECT * FROM events e WHERE "               \
    "e.session_id = s.session_id ORDER BY seq))"

/* The only session's. */
#define LAB_ONLY_SHAPE "SELECT " LAB_SHAPE " FROM sessions s"

/* All that is known of a session but times, packets and ports: sessions that differ in nothing else
 * have the same. */
#define LAB_ESSENCE                                                                                \
    LAB_SHAPE                                                                                      \
    " || coalesce((SELECT group_concat(coalesce(text, '') || coalesce(saw, '-') || "               \
    "coalesce(note, ''), '|') FROM (SELECT * FROM events e WHERE e.session_id = s.session_id "     \
    "AND kind <> 'open' ORDER BY seq)), '')"                                                       \
    " || coalesce((SELECT group_concat(reply_seq || cause || coalesce(origin_seq, '-') || fault "  \
    "|| certainty || explanation, '|') FROM diagnoses d WHERE d.session_id = s.session_id), '')"   \
    " || outcome || commands || ' ' || replies || ' ' || bytes_missing || ' ' || midstream || "    \
    "one_sided || violations"

#endif
