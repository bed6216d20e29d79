/* SPDX-License-Identifier: ISC */
#include "truth.h"

#include <string.h>

enum {
    TEXT_ROOM = 4096, /* of a turn of commands or replies */
};

static void write_address(FILE *out, const struct endpoint *end)
{
    const uint32_t a = end->address;
    fprintf(out, "\t%u.%u.%u.%u\t%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, end->port);
}

/* Writes the commands or replies of a turn; a reply ends with the line whose code has no hyphen
 * behind it (RFC 5321 section 4.2.1). */
static void write_text(FILE *out, uint32_t index, const struct plan *plan, const struct turn *turn,
                       uint32_t offset)
{
    char text[TEXT_ROOM + 1];
    const uint32_t length = turn_length(plan, turn);
    if (length > TEXT_ROOM)
        return;
    turn_read(plan, turn, 0, length, (uint8_t *)text);
    text[length] = '\0';
    const char *begin = text;
    for (char *line = text, *end; (end = strstr(line, "\r\n")); line = end + 2) {
        if (turn->side == SERVER && line[3] == '-')
            continue;
        const uint32_t whole = (uint32_t)(end + 2 - begin);
        *end = '\0';
        fprintf(out, "%s\t%u\t%u\t%u\t%.*s\n", turn->side == SERVER ? "reply" : "command", index,
                offset + (uint32_t)(begin - text), whole, turn->side == SERVER ? 3 : TEXT_ROOM,
                line);
        begin = end + 2;
    }
}

void truth_session(FILE *out, uint32_t index, const struct endpoint ends[2],
                   const struct plan *plan)
{
    const struct dialogue *dialogue = plan->dialogue;
    uint32_t offset[2] = {0, 0};
    fprintf(out, "session\t%u", index);
    write_address(out, &ends[CLIENT]);
    write_address(out, &ends[SERVER]);
    fprintf(out, "\t%s\t%s\t%s\t%s\n", dialogue->name, dialogue->cause ? dialogue->cause : "-",
            dialogue->fault ? dialogue->fault : "-", dialogue->origin ? dialogue->origin : "-");
    for (const struct turn *turn = dialogue->turns; turn->kind != TURN_END; turn++) {
        const uint32_t length = turn_length(plan, turn);
        if (turn->kind == TURN_TEXT) {
            write_text(out, index, plan, turn, offset[turn->side]);
        } else if (turn->kind == TURN_CONTENT) {
            fprintf(out, "message\t%u\t%u\t%u\n", index, offset[CLIENT], length);
        } else {
            fprintf(out, "opaque\t%u\n", index);
            break;
        }
        offset[turn->side] += length;
    }
}

void truth_segment(FILE *out, uint32_t index, int side, uint32_t offset, uint32_t length, bool lost)
{
    fprintf(out, "%s\t%u\t%c\t%u\t%u\n", lost ? "lost" : "again", index, side == CLIENT ? 'C' : 'S',
            offset, length);
}
