/* SPDX-License-Identifier: ISC */
/* Files whose clocks disagree are found out before they are merged. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "tests/support/capture_image.h"
#include "analyzer/capture/clocks.h"
#include "tests/support/trace.h"

enum {
    LINK_RAW = 101,
    SECOND = 1000 * 1000,
};

/* The packets of `side`, or of both (-1), by a clock that shows `clock` too much. */
static void save_side(const struct trace *trace, int side, int64_t clock, char path[IMAGE_PATH])
{
    struct image image = pcap_begin(false, false, LINK_RAW);
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_packet *packet = &trace->packets[i];
        uint8_t frame[TRACE_FRAME];
        size_t wire;
        if (side >= 0 && packet->side != (enum side)side)
            continue;
        struct bytes octets = trace_frame(packet, frame, &wire);
        int64_t us = packet->ts_us + clock;
        image_put(&image, (uint64_t)(us / SECOND), 4);
        image_put(&image, (uint64_t)(us % SECOND), 4);
        image_put(&image, octets.len, 4);
        image_put(&image, wire, 4);
        for (size_t k = 0; k < octets.len; k++)
            image_put(&image, octets.at[k], 1);
    }
    image_save(image.octets, image.length, path);
}

static void tell(struct trace *trace, uint16_t port)
{
    trace_begin(trace, port, 25, 1000, 5000);
    trace_open(trace);
    TRACE_LINES(trace, "S: 220 localhost", "C: EHLO localhost", "S: 250 localhost", "C: QUIT");
    trace_close(trace, SIDE_CLIENT);
}

/* What is added to the times of each of the files, in milliseconds; 0 where nothing is. */
static void expect_added(const char *const *names, size_t count, const int64_t *wanted_ms)
{
    struct clock_curve *curves = capture_clocks_find(names, count);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        int64_t add = curves && curves[i].count ? curves[i].knots[0].add_us : 0;
        /* A trace has a packet each millisecond. */
        cr_expect_leq(llabs(add / 1000 - wanted_ms[i]), 2, "file %zu: %ld us", i, (long)add);
        any |= wanted_ms[i] != 0;
        if (curves)
            clock_curve_free(&curves[i]);
    }
    cr_expect_eq(curves != NULL, any);
    free(curves);
}

Test(capture_clocks, by_the_first_file_of_those_that_saw_the_same)
{
    char paths[5][IMAGE_PATH];
    struct trace trace, other;
    tell(&trace, 40000);
    tell(&other, 50000);
    save_side(&trace, SIDE_CLIENT, 0, paths[0]);
    save_side(&trace, SIDE_SERVER, -30 * SECOND, paths[1]);
    save_side(&trace, -1, 2 * SECOND, paths[2]);
    save_side(&other, SIDE_SERVER, 7 * SECOND, paths[3]);
    save_side(&other, SIDE_CLIENT, 6 * SECOND, paths[4]);
    const char *const names[] = {paths[0], paths[1], paths[2], paths[3], paths[4]};
    expect_added(names, 5, (const int64_t[]){0, 30000, -2000, 0, 1000});
    expect_added(names, 1, (const int64_t[]){0});
    const char *const agreeing[] = {paths[0], paths[3], "/dev/null", "-"};
    expect_added(agreeing, 4, (const int64_t[]){0, 0, 0, 0});
    for (int i = 0; i < 5; i++)
        unlink(paths[i]);
}

Test(capture_clocks, the_packets_of_a_capture_are_in_the_order_of_cause_and_effect)
{
    char paths[2][IMAGE_PATH];
    struct trace trace;
    struct failure why;
    tell(&trace, 40000);
    save_side(&trace, SIDE_CLIENT, 0, paths[0]);
    save_side(&trace, SIDE_SERVER, SECOND, paths[1]);
    const char *const names[] = {paths[0], paths[1]};
    struct capture *capture = capture_open_files(names, 2, NULL, &why);
    cr_assert_not_null(capture);
    struct packet_record packet;
    for (size_t i = 0; i < trace.count; i++) {
        uint8_t frame[TRACE_FRAME];
        size_t wire;
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
        struct bytes wanted = trace_frame(&trace.packets[i], frame, &wire);
        cr_expect(bytes_equal(packet.frame, wanted), "packet %zu", i);
    }
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    const char *note = capture_note(capture, 0);
    cr_assert_not_null(note);
    cr_expect(strncmp(note, paths[1], strlen(paths[1])) == 0, "%s", note);
    cr_expect_not_null(strstr(note, "s early"), "%s", note);
    cr_expect_null(capture_note(capture, 1));
    capture_close(capture);
    unlink(paths[0]);
    unlink(paths[1]);
}
