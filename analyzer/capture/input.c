/* SPDX-License-Identifier: ISC */
#include "input.h"

#include <stdlib.h>

#include "heloscope/base/clock.h"
#include "problem.h"

bool capture_input_is_open(const struct capture_input *input)
{
    return input->file;
}

void capture_input_close(struct capture_input *input)
{
    if (input->file)
        capture_file_close(input->file);
    free(input->file);
    input->file = NULL;
}

/* --------------------------------------------------------------------------------------- a file */

bool capture_input_open(struct capture_input *input)
{
    struct failure why = {""};
    input->file = calloc(1, sizeof *input->file);
    if (!input->file) {
        capture_problem_set(&input->source, "out of memory");
        input->done = true;
        return false;
    }
    if (!capture_file_open(input->file, input->source.name, input->growing, &why)) {
        capture_problem_set(&input->source, "%s", why.text);
        capture_input_close(input);
        input->done = true;
        return false;
    }
    input->file->pcapng.keylog = input->keylog;
    input->regular = input->file->source.regular;
    input->size = byte_source_size(&input->file->source);
    input->grown_clock = clock_steady_us();
    return true;
}

bool capture_input_is_capture(const struct capture_input *input)
{
    if (input->file)
        return input->file->format != FORMAT_UNKNOWN;
    return input->source.started_us || (input->source.problem[0] && !input->no_capture);
}

void capture_input_complete(struct capture_input *input)
{
    if (input->file)
        input->file->source.growing = false;
}

void capture_input_give_up(struct capture_input *input)
{
    capture_input_complete(input);
    if (input->file)
        input->file->source.ended = true;
}

bool capture_input_is_written_over(struct capture_input *input, uint64_t size)
{
    if (input->no_capture)
        return false;
    uint64_t read = input->file ? input->file->source.fetched : input->grown_to;
    if (size < read || (input->done && input->size < read))
        return true;
    if (input->done && size > input->size)
        capture_problem_set(&input->source,
                            "grew again behind newer files; what was added is not read");
    return false;
}

/* The end of a file that grows is only a pause. In a directory it may be written over when its turn
 * in the rotation comes again, which loses nothing when all of it had been read. */
static void watch_growth(struct capture_input *input)
{
    struct byte_source *bytes = &input->file->source;
    if (bytes->fetched != input->grown_to) {
        input->grown_to = bytes->fetched;
        input->grown_clock = clock_steady_us();
    }
    if (!input->regular || byte_source_size(bytes) >= bytes->fetched)
        return;
    if (!input->of_folder || byte_source_left(bytes))
        capture_problem_set(&input->source, "became shorter while it was read; the rest is lost");
    capture_input_give_up(input);
}

enum input_result capture_input_advance(struct capture_input *input)
{
    struct capture_file *file = input->file;
    enum file_result result = capture_file_next(file, &input->packet);
    input->source.dropped = file->pcapng.dropped;
    if (result == FILE_PACKET) {
        if (input->clock)
            input->packet.ts_us += clock_curve_at(input->clock, input->packet.ts_us);
        return INPUT_PACKET;
    }
    if (result == FILE_IDLE) {
        if (input->growing)
            watch_growth(input);
        return INPUT_IDLE;
    }
    input->done = true;
    input->no_capture = result == FILE_FOREIGN || result == FILE_EMPTY;
    capture_problem_of_file(&input->source, file, result);
    if (input->growing) {
        input->grown_to = file->source.fetched;
        input->size = byte_source_size(&file->source);
    }
    capture_input_close(input);
    return INPUT_END;
}

bool capture_input_passes(struct capture_input *input)
{
    struct failure why;
    const struct file_packet *packet = &input->packet;
    if (!input->filter)
        return true;
    switch (packet_filter_ask(input->filter, packet->link_type, packet->frame, packet->wire_length,
                              &why)) {
    case FILTER_PASSES:
        return true;
    case FILTER_MISFIT:
        capture_problem_set(&input->source,
                            "the filter does not fit link type %d, whose packets are left out: "
                            "%.200s",
                            packet->link_type, why.text);
        return false;
    default:
        return false;
    }
}

uint64_t capture_input_position(const struct capture_input *input)
{
    if (!input->file) /* closed behind its end, or not begun */
        return input->source.packets ? input->size : 0;
    return input->regular ? byte_source_position(&input->file->source) : 0;
}

void capture_hand_out(struct capture_source *source, const struct file_packet *packet,
                      struct packet_record *out)
{
    if (!source->packets)
        source->started_us = packet->ts_us;
    source->packets++;
    source->bytes += packet->frame.len;
    source->ended_us = packet->ts_us;
    out->source = source;
    out->number = packet->number;
    out->ts_us = packet->ts_us;
    out->link_type = packet->link_type;
    out->frame = bytes_of(packet->frame.at, packet->frame.len);
    out->wire_length = packet->wire_length;
}
