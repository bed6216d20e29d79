#include "heloscope/capture_input.h"

#include <stdlib.h>
#include <time.h>

#include "heloscope/capture_problem.h"

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool capture_input_is_open(const struct capture_input *input)
{
    return input->file || input->live;
}

void capture_input_close(struct capture_input *input)
{
    if (input->file)
        capture_file_close(input->file);
    free(input->file);
    live_close(input->live);
    input->file = NULL;
    input->live = NULL;
}

/* --------------------------------------------------------------------------------------- a file */

bool capture_input_open(struct capture_input *input)
{
    struct failure why = {""};
    input->file = calloc(1, sizeof *input->file);
    if (!input->file) {
        capture_problem_set(&input->source, "out of memory");
        return false;
    }
    if (!capture_file_open(input->file, input->source.name, input->growing, &why)) {
        capture_problem_set(&input->source, "%s", why.text);
        capture_input_close(input);
        return false;
    }
    input->regular = input->file->source.regular;
    input->size = byte_source_size(&input->file->source);
    input->grown_clock = clock_us();
    return true;
}

/* The end of a file that grows is only a pause, until it has lasted too long. */
static void watch_growth(struct capture_input *input)
{
    uint64_t fetched = input->file->source.fetched;
    int64_t now = clock_us();
    if (fetched != input->grown_to) {
        input->grown_to = fetched;
        input->grown_clock = now;
    } else if (input->quiet_us && now - input->grown_clock >= input->quiet_us) {
        input->file->source.growing = false;
    }
    if (byte_source_size(&input->file->source) < fetched && input->regular) {
        capture_problem_set(&input->source, "became shorter while it was read; the rest is lost");
        input->file->source.growing = false;
    }
}

static enum input_result advance_file(struct capture_input *input)
{
    struct capture_file *file = input->file;
    enum file_result result = capture_file_next(file, &input->packet);
    input->source.dropped = file->pcapng.dropped;
    if (result == FILE_PACKET)
        return INPUT_PACKET;
    if (result == FILE_IDLE) {
        if (input->growing)
            watch_growth(input);
        return INPUT_IDLE;
    }
    input->foreign = result == FILE_FOREIGN || result == FILE_EMPTY;
    capture_problem_of_file(&input->source, file, result);
    input->size = input->growing ? byte_source_size(&file->source) : input->size;
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

/* --------------------------------------------------------------------------------- an interface */

bool capture_input_open_live(struct capture_input *input, const struct capture_live *options,
                             struct failure *why)
{
    input->source.live = true;
    input->live = live_open(input->source.name, options, why);
    return input->live;
}

static enum input_result advance_live(struct capture_input *input)
{
    struct failure why;
    switch (live_next(input->live, &input->packet, &why)) {
    case FILE_PACKET:
        return INPUT_PACKET;
    case FILE_IDLE:
        return INPUT_IDLE;
    case FILE_UNREADABLE:
        capture_problem_set(&input->source, "capturing ended: %s", why.text);
        return INPUT_END;
    default:
        return INPUT_END;
    }
}

/* ---------------------------------------------------------------------------------------- either
 */

enum input_result capture_input_advance(struct capture_input *input)
{
    return input->file ? advance_file(input) : advance_live(input);
}

void capture_input_hand_out(struct capture_input *input, struct packet_record *out)
{
    struct capture_source *source = &input->source;
    const struct file_packet *packet = &input->packet;
    if (!source->packets)
        source->started_us = packet->ts_us;
    source->packets++;
    source->bytes += packet->frame.len;
    source->ended_us = packet->ts_us;
    *out = (struct packet_record){
        .source = source,
        .number = packet->number,
        .ts_us = packet->ts_us,
        .link_type = packet->link_type,
        .frame = packet->frame,
        .wire_length = packet->wire_length,
    };
}
