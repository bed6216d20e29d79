/* SPDX-License-Identifier: ISC */
/* Rows on their way into the body of a request, as gzip. Never plain: of a plain body that is cut
 * the server stores what came, and answers 200; of a gzip one that is cut it stores nothing. */
#ifndef ANALYZER_FLEET_BODY_H
#define ANALYZER_FLEET_BODY_H

#include "heloscope/bytes.h"

struct body;

/* NULL when the program was built without zlib. */
struct body *body_new(void);
void body_free(struct body *body);

/* Adds a row and the end of its line. */
void body_add(struct body *body, struct bytes row);

size_t body_rows(const struct body *body);

/* Octets of the rows, before they were packed. */
size_t body_octets(const struct body *body);

/* Ends the stream; the octets are the body's, until body_clear(). */
struct bytes body_finish(struct body *body);

void body_clear(struct body *body);

#endif
