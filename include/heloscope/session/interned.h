/* SPDX-License-Identifier: ISC */
/* Texts that come again and again: greetings, replies, verbs. Of what many sessions have to say at
 * once each such text is kept only once. */
#ifndef HELOSCOPE_SESSION_INTERNED_H
#define HELOSCOPE_SESSION_INTERNED_H

#include "heloscope/bytes.h"

struct interned_texts;

struct interned_texts *interned_new(void);
void interned_free(struct interned_texts *interned_texts);

/* The number of `text`, from 1; 0 when it has none: it was not seen before, is too long, or there
 * are as many as may be. */
uint32_t interned_number(struct interned_texts *interned_texts, struct bytes text);

/* The text with this number, which lives as long as `interned_texts`. On any thread that was told
 * the number by the one that asks for numbers. */
struct bytes interned_text(const struct interned_texts *interned_texts, uint32_t number);

#endif
