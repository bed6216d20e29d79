/* SPDX-License-Identifier: ISC */
#include "remark.h"

#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/base/text.h"

enum {
    FRAMES_NAMED = 8,   /* of the refusals of one origin; of more their number is told */
    REMARKS_SHOWN = 16, /* of one frame */
};

/* What a related event is to the refusal. */
static const char *part_words(const char *part)
{
    static const struct {
        const char *part, *words;
    } rows[] = {
        {"command", "the command that was refused by"},
        {"opened", "this opened what was in the way at"},
        {"refusal", "a refusal that led to"},
        {"cascade", "of the same origin as"},
        {"group", "sent in one group with the command of"},
        {"offer", "what the server had offered, before"},
        {"gap", "octets are missing here, which could matter for"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].part, part) == 0)
            return rows[i].words;
    return "it belongs to";
}

static void put(FILE *out, const char *text)
{
    text_print(out, bytes_of_string(text_or(text, "")));
}

static void put_code(FILE *out, int code)
{
    char words[TEXT_CODE];
    fprintf(out, code ? "the %s" : "the %s of the connection", text_code(code, words));
}

static void put_head(FILE *out, const struct plan *plan, const struct plan_point *point)
{
    fputs("heloscope: ", out);
    if (plan->session_count > 1)
        fprintf(out, "session %" PRId64 ", ", point->is.session_id);
    fprintf(out, "event #%" PRIu32 ": ", point->is.seq);
}

/* The origin of a finding; the refusal itself where it has none of its own. */
static const struct plan_point *origin_of(const struct plan *plan, const struct plan_point *lead)
{
    const size_t next = lead->lead + 1;
    const bool own = next < plan->point_count && plan->points[next].lead == lead->lead &&
                     strcmp(plan->points[next].is.part, "origin") == 0;
    return own ? &plan->points[next] : lead;
}

static void put_refusal(FILE *out, const struct plan *plan, const struct plan_point *lead)
{
    const struct plan_point *origin = origin_of(plan, lead);
    char code[TEXT_CODE];
    fprintf(out, "%s, ", text_code(lead->is.code, code));
    put(out, lead->is.cause);
    if (lead->is.title)
        fprintf(out, " (%s)", lead->is.title);
    if (origin != lead)
        fprintf(out, ". Origin: frame %" PRIu64 ", event #%" PRIu32, origin->frame, origin->is.seq);
    else if (lead->is.origin)
        fputs(". This is the origin itself", out);
    fputs(". Fault: ", out);
    put(out, lead->is.fault);
    fputs(" (", out);
    put(out, lead->is.certainty);
    fputs("). ", out);
    put(out, lead->is.explanation);
    if (lead->is.advice) {
        fputs(" To do: ", out);
        put(out, lead->is.advice);
    }
}

static bool is_of_same_origin(const struct plan_point *a, const struct plan_point *b)
{
    return a->is.session_id == b->is.session_id && a->is.origin == b->is.origin &&
           strcmp(text_or(a->is.cause, ""), text_or(b->is.cause, "")) == 0;
}

/* The refusals that an origin brought about stand one after the other. */
static void put_origin(FILE *out, const struct plan *plan, size_t index)
{
    const struct plan_point *origin = &plan->points[index];
    const struct plan_point *lead = &plan->points[origin->lead];
    uint64_t frames[FRAMES_NAMED];
    size_t count = 0;
    for (size_t i = origin->lead; i < plan->point_count; i++) {
        const struct plan_point *other = &plan->points[i];
        if (other->lead != i)
            continue;
        if (!is_of_same_origin(other, lead))
            break;
        if (count < FRAMES_NAMED)
            frames[count] = other->frame;
        count++;
    }
    fputs("ORIGIN of ", out);
    put_code(out, lead->is.code);
    for (size_t i = 0; i < count && i < FRAMES_NAMED; i++)
        fprintf(out, "%s %" PRIu64,
                i           ? ","
                : count > 1 ? " and what followed, in frames"
                            : " in frame",
                frames[i]);
    if (count > FRAMES_NAMED)
        fprintf(out, " and %zu more", count - FRAMES_NAMED);
    fputs(": ", out);
    put(out, lead->is.cause);
    if (lead->is.title)
        fprintf(out, " (%s)", lead->is.title);
    fputs(". ", out);
    put(out, lead->is.explanation);
}

/* Whether an earlier refusal has said it of this origin. */
static bool is_told(const struct plan *plan, size_t index)
{
    const struct plan_point *lead = &plan->points[plan->points[index].lead];
    if (!lead->lead)
        return false;
    const struct plan_point *before = &plan->points[plan->points[lead->lead - 1].lead];
    return is_of_same_origin(before, lead);
}

static const char *make_text(struct plan *plan, size_t index)
{
    const struct plan_point *point = &plan->points[index];
    const struct plan_point *lead = &plan->points[point->lead];
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return "";
    put_head(out, plan, point);
    if (point == lead) {
        put_refusal(out, plan, lead);
    } else if (strcmp(point->is.part, "origin") == 0) {
        put_origin(out, plan, index);
    } else {
        fprintf(out, "%s ", part_words(point->is.part));
        put_code(out, lead->is.code);
        fprintf(out, " in frame %" PRIu64, lead->frame);
    }
    fclose(out);
    const char *kept = (const char *)arena_print(&plan->arena, "%s", text).at;
    free(text);
    return kept;
}

/* Texts of one frame stay in the order in which they were made. */
struct ranked {
    struct remark remark;
    size_t rank;
};

static int by_frame(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->remark.frame != y->remark.frame)
        return x->remark.frame < y->remark.frame ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The refusals and origins of a frame go before what is only related. */
static size_t rank_of(const struct plan *plan, size_t index)
{
    const struct plan_point *point = &plan->points[index];
    const bool key = point->lead == index || strcmp(point->is.part, "origin") == 0;
    return key ? index : index + plan->point_count;
}

size_t remarks_make(struct plan *plan, struct remark **out)
{
    struct ranked *ranked = memory_get((plan->point_count + 1) * sizeof *ranked);
    size_t made = 0;
    for (size_t i = 0; i < plan->point_count; i++)
        if (strcmp(plan->points[i].is.part, "origin") != 0 || !is_told(plan, i))
            ranked[made++] =
                (struct ranked){{plan->points[i].frame, make_text(plan, i)}, rank_of(plan, i)};
    qsort(ranked, made, sizeof *ranked, by_frame);
    *out = memory_get((made + 1) * sizeof **out);
    size_t count = 0, same = 0;
    for (size_t i = 0; i < made; i++) {
        same = count && (*out)[count - 1].frame == ranked[i].remark.frame ? same + 1 : 0;
        if (same < REMARKS_SHOWN)
            (*out)[count++] = ranked[i].remark;
    }
    free(ranked);
    return count;
}
