/* SPDX-License-Identifier: ISC */
#include "work.h"

#include <criterion/criterion.h>

/* Of the thread that reads packets; the writer's work is SQLite's. */
static __thread uint64_t blocks_run;

void __sanitizer_cov_trace_pc(void);

/* Called by each basic block that was compiled with -fsanitize-coverage=trace-pc. */
void __sanitizer_cov_trace_pc(void)
{
    blocks_run++;
}

struct work work_begin(void)
{
    return (struct work){blocks_run};
}

void work_expect(const struct work *work, uint64_t count, uint64_t blocks)
{
    uint64_t done = blocks_run - work->before;
    cr_log_info("%.1f basic blocks each, %lu are allowed", (double)done / (double)count,
                (unsigned long)blocks);
    cr_expect_gt(done, count, "nothing is counted");
    cr_expect_leq(done, count * blocks, "%.1f basic blocks each where %lu are allowed",
                  (double)done / (double)count, (unsigned long)blocks);
}
