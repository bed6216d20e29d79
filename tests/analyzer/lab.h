/* The whole way from packets to a history in a file of its own, for tests of the pipeline. */
#ifndef TESTS_ANALYZER_LAB_H
#define TESTS_ANALYZER_LAB_H

#include "heloscope/pipeline.h"
#include "tests/db/scratch.h"
#include "tests/support/trace.h"

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
