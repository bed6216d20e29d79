/* Plain sentences about refusals that have nothing to do with the order of commands. */
#ifndef HELOSCOPE_EXPLAIN_BESIDE_H
#define HELOSCOPE_EXPLAIN_BESIDE_H

#include "wording.h"

/* For every cause that explain.c has no sentence for; lives in the scene's arena, or is static. */
const char *explain_beside_order(const struct scene *t);

#endif
