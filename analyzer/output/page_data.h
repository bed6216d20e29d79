/* SPDX-License-Identifier: ISC */
/* What the page shows, as JSON. */
#ifndef ANALYZER_OUTPUT_PAGE_DATA_H
#define ANALYZER_OUTPUT_PAGE_DATA_H

#include <stdio.h>

#include "heloscope/output/page.h"

/* Writes it in such a way that it can stand in a <script> of HTML. Texts that come again stand in
 * it once, in a table; rows are arrays whose order page.js knows. */
bool page_data_write(FILE *out, struct history *history, const int64_t *session_ids, size_t count,
                     const struct page_job *job, struct failure *why);

#endif
