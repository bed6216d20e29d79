/* SPDX-License-Identifier: ISC */
/* Where a fleet's database is, and who we are there: a file that only its owner may read. */
#ifndef ANALYZER_FLEET_ACCOUNT_H
#define ANALYZER_FLEET_ACCOUNT_H

#include "heloscope/fleet/fleet.h"

enum {
    ACCOUNT_TEXT = 256,
    ACCOUNT_ENDPOINTS = 16
};

struct account {
    char endpoints[ACCOUNT_ENDPOINTS][ACCOUNT_TEXT]; /* http:// or https://, without a path */
    size_t endpoint_count;
    char user[ACCOUNT_TEXT], password[ACCOUNT_TEXT];
    char database[ACCOUNT_TEXT], cluster[ACCOUNT_TEXT], sensor[ACCOUNT_TEXT];
    char ca[ACCOUNT_TEXT]; /* a file of certificates; empty = the system's */
};

/* Reads what `words` name: the file of credentials, then what the command line says beyond it.
 * False with `why` when the file can be read by others, holds a line that is not known, or no
 * endpoint is named. */
bool account_read(const struct fleet_words *words, struct account *account, struct failure *why);

#endif
