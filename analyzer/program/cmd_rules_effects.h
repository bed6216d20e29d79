/* SPDX-License-Identifier: ISC */
/* The part of `heloscope explain --rules` that says what each reply does to the facts. */
#ifndef ANALYZER_PROGRAM_CMD_RULES_EFFECTS_H
#define ANALYZER_PROGRAM_CMD_RULES_EFFECTS_H

#include "heloscope/output/json.h"
#include "heloscope/output/terminal.h"

void print_effects(const struct terminal *terminal);

/* A member "effects" of the object that is open. */
void json_effects(struct json *json);

#endif
