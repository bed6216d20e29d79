/* A finding in the session that it stands in, and the phrases that sentences about it are made of.
 */
#ifndef HELOSCOPE_SCENE_H
#define HELOSCOPE_SCENE_H

#include "heloscope/session/session.h"

struct scene {
    struct session *s;
    struct arena *arena;
    const struct diagnosis *d;
    const struct pending *p; /* the command; NULL = none was seen */
    const struct verdict *v;
};

/* A text with a NUL at its end, in the scene's arena. */
#define SAY(t, ...) ((const char *)arena_print((t)->arena, __VA_ARGS__).at)

/* The command by its verb: "RCPT"; for the end of a message its "DATA". */
const char *scene_command(const struct scene *t);

/* "the server", with the name of its software where that is known: "the server (Exim)". */
const char *scene_server(const struct scene *t);

/* Whether the command only suffers from what went wrong with another one before it. */
bool scene_inherited(const struct scene *t);

/* A refusal with its code where the session still has it: "#8 (550 5.1.1)". */
const char *scene_refusal(const struct scene *t, event_no refusal);

/* A sentence: what the client knew of the refusal when it sent the command. */
const char *scene_knowledge(const struct scene *t);

#endif
