/* SPDX-License-Identifier: ISC */
/* Several interfaces as one capture: each has a thread of its own, and their packets are handed out
 * in the order of time as far as that can be had at once. */
#ifndef ANALYZER_CAPTURE_LIVE_CAPTURE_H
#define ANALYZER_CAPTURE_LIVE_CAPTURE_H

#include "tap.h"

struct live_capture;

/* Opens the interfaces and begins to capture; `options` is copied, with its texts. NULL with `why`.
 */
struct live_capture *live_capture_open(const struct capture_live *options, struct failure *why);

/* As capture_next(). */
enum capture_result live_capture_next(struct live_capture *live, struct packet_record *out);

/* As capture_stop(), capture_finish(), capture_sources() and capture_take_notice(). */
void live_capture_stop(struct live_capture *live);
void live_capture_finish(struct live_capture *live);
size_t live_capture_sources(struct live_capture *live, struct capture_source ***out);
bool live_capture_take_notice(struct live_capture *live, struct capture_notice *out);

void live_capture_close(struct live_capture *live); /* NULL is allowed */

#endif
