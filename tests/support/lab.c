/* SPDX-License-Identifier: ISC */
#include "lab.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum {
    LINK_RAW = 101
};

void lab_begin(struct lab *lab)
{
    struct failure why = {""};
    struct pipeline_options options = {0};
    memset(lab, 0, sizeof *lab);
    scratch_make(&lab->scratch);
    lab->store = scratch_store(&lab->scratch);
    lab->source.name = "test.pcap";
    lab->source.capture_id =
        store_capture(lab->store, lab->source.name, "file", INT64_C(1700000000000000), &why);
    cr_assert_neq(lab->source.capture_id, 0, "%s", why.text);
    lab->pipeline = pipeline_new(&options, lab->store, &why);
    cr_assert_not_null(lab->pipeline, "%s", why.text);
}

void lab_packet(struct lab *lab, const struct trace_packet *packet)
{
    struct failure why = {""};
    uint8_t room[TRACE_FRAME];
    struct packet_record record = {
        .source = &lab->source,
        .number = ++lab->source.packets,
        .ts_us = packet->ts_us,
        .link_type = LINK_RAW,
    };
    record.frame = trace_frame(packet, room, &record.wire_length);
    cr_assert(pipeline_packet(lab->pipeline, &record, &why), "%s", why.text);
    memset(room, 0xee, sizeof room); /* the frame was on loan */
    if (lab->flush)
        cr_assert(pipeline_flush(lab->pipeline, packet->ts_us, &why), "%s", why.text);
}

void lab_feed(struct lab *lab, const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        lab_packet(lab, &trace->packets[i]);
}

void lab_finish(struct lab *lab)
{
    struct failure why = {""};
    cr_assert(pipeline_finish(lab->pipeline, &why), "%s", why.text);
    pipeline_totals(lab->pipeline, &lab->totals);
    pipeline_free(lab->pipeline);
    scratch_close(lab->store);
}

void lab_remove(struct lab *lab)
{
    scratch_remove(&lab->scratch);
}

void lab_expect(const struct lab *lab, const char *sql, const char *wanted)
{
    scratch_expect(&lab->scratch, sql, wanted);
}

void lab_tell(struct trace *trace, uint16_t client_port, uint16_t server_port, uint32_t client_seq,
              uint32_t server_seq)
{
    trace_begin(trace, client_port, server_port, client_seq, server_seq);
    trace_open(trace);
    TRACE_LINES(trace, "S: 220 localhost ESMTP", "C: EHLO client",
                "S: 250-localhost\r\n250 BINARYMIME", "C: MAIL FROM:<a@localhost>",
                "S: 550 5.1.0 no", "C: RCPT TO:<b@localhost>", "S: 503 5.5.1 need MAIL", "C: QUIT",
                "S: 221 bye");
    trace_close(trace, SIDE_CLIENT);
}

void lab_run(struct lab *lab, const struct trace *trace)
{
    lab_begin(lab);
    lab_feed(lab, trace);
    lab_finish(lab);
}

void lab_count(const struct lab *lab, const char *of, unsigned wanted)
{
    char sql[4096], count[16];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", of);
    snprintf(count, sizeof count, "%u", wanted);
    lab_expect(lab, sql, count);
}

void lab_expect_alike(struct lab *lab, unsigned count)
{
    lab_finish(lab);
    lab_count(lab, "sessions", count);
    lab_count(lab, "(SELECT DISTINCT " LAB_ESSENCE " FROM sessions s)", 1);
    lab_expect(lab, "SELECT " LAB_SHAPE " FROM sessions s WHERE session_id = 1", LAB_TOLD);
    lab_expect(lab,
               "SELECT group_concat(client_port || ': ' || " LAB_SHAPE
               ", char(10)) FROM sessions s "
               "WHERE " LAB_ESSENCE " <> (SELECT " LAB_ESSENCE " FROM sessions s WHERE session_id "
               "= 1)",
               "NULL");
    lab_remove(lab);
}
