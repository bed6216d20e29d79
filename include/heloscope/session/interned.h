/* Texts that come again and again: greetings, replies, verbs. Of what many sessions have to say at
 * once each such text is kept only once. */
#ifndef HELOSCOPE_PHRASES_H
#define HELOSCOPE_PHRASES_H

#include "heloscope/bytes.h"

struct phrases;

struct phrases *phrases_new(void);
void phrases_free(struct phrases *phrases);

/* The number of `text`, from 1; 0 when it has none: it was not seen before, is too long, or there
 * are as many as may be. */
uint32_t phrases_number(struct phrases *phrases, struct bytes text);

/* The text with this number, which lives as long as `phrases`. On any thread that was told the
 * number by the one that asks for numbers. */
struct bytes phrases_text(const struct phrases *phrases, uint32_t number);

#endif
