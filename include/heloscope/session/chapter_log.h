/* SPDX-License-Identifier: ISC */
/* What a session has to say so far, in few octets: the events of a session that waits, among a
 * hundred thousand others, for its next packet. */
#ifndef HELOSCOPE_SESSION_CHAPTER_LOG_H
#define HELOSCOPE_SESSION_CHAPTER_LOG_H

#include "heloscope/base/memory.h"
#include "heloscope/session/packer.h"
#include "heloscope/session/interned.h"
#include "heloscope/timeline.h"

/* Where the log stands: what comes next is written as a step from here. All zero is its beginning.
 */
struct log_place {
    uint64_t seq, ts_us, packet;
};

/* The log of a session: octets in pieces of one size, so that it can grow by a few at a time in any
 * number of sessions at once and leaves no holes. All zero is empty. */
struct chapter_log {
    struct log_piece *first, *last;
    uint32_t length;
};

void chapter_log_append(struct chapter_log *log, struct bytes more);
void chapter_log_free(struct chapter_log *log);

/* All of it, in `arena`, with PACK_SPARE octets behind it. */
struct bytes chapter_log_join(const struct chapter_log *log, struct arena *arena);

/* Packs all that is in the chapter's lists, behind what was packed before; not the session's row.
 */
void chapter_pack(struct packer *packer, const struct chapter *chapter, struct log_place *place,
                  struct interned_texts *interned_texts);

/* Puts what was packed, from the beginning of the log on, in front of what is in the chapter's
 * lists. It lives in `arena`; texts are borrowed from `interned_texts` and from `log`, behind which
 * PACK_SPARE octets must be readable. */
void chapter_unpack(struct bytes log, struct chapter *chapter, struct arena *arena,
                    const struct interned_texts *interned_texts);

/* A transaction by itself, with its recipients, but for `next`. `*last_recipient` becomes the last
 * of these, NULL when there are none. */
void transaction_pack(struct packer *packer, const struct transaction *transaction);
struct transaction *transaction_unpack(struct bytes *from, struct arena *arena,
                                       struct recipient **last_recipient);

#endif
