/* SPDX-License-Identifier: ISC */
/* What each stage costs by itself, on sessions from the generator that lie in memory.
 *
 *   micro NEW.db
 *
 * Prints the median of several rounds. The stages are those of a packet's way: a frame is taken
 * apart, its segment put in order, its lines read, the commands judged, the session stored. */
#include <stdlib.h>
#include <time.h>

#include "heloscope/transport/reassembly.h"
#include "heloscope/session/session.h"
#include "heloscope/smtp/decoder.h"
#include "heloscope/db/store.h"
#include "traffic.h"

enum {
    SESSIONS = 4000,
    ROUNDS = 7,
    RECORD_HEADER = 16,
    FILE_HEADER = 24,
    MAIL_PORT_LIMIT = 1024, /* servers are below, clients above */
};

struct frame {
    struct bytes octets;
    struct segment segment;
};

/* One connection with the frames it consists of. */
struct talk {
    size_t first, count;
};

static struct {
    char *image;
    size_t image_size;
    struct frame *frames;
    size_t frame_count;
    struct talk talks[SESSIONS];
    size_t talk_count;
    uint64_t octets; /* of payload */
} input;

/* Keeps the compiler from seeing that a result is not used. */
static volatile uint64_t kept;

/* ----------------------------------------------------------------------------------------- input
 */

static void fail(const char *what)
{
    fprintf(stderr, "micro: %s\n", what);
    exit(1);
}

/* One session after the other, so that a session's frames lie together. */
static void make_image(void)
{
    static struct wire wire;
    const struct traffic traffic = {
        .seed = 1,
        .sessions = SESSIONS,
        .open = 1,
        .size_min = 1400,
        .size_max = 1800,
        .segment = 1448,
        .rate = 200000,
        .pipelined = 0.5,
        .faulty = 0.05,
        .ip6 = 0.1,
    };
    FILE *out = open_memstream(&input.image, &input.image_size);
    if (!out)
        fail("no memory");
    wire_begin(&wire, out);
    traffic_write(&traffic, &wire);
    if (!wire_end(&wire) || fclose(out) != 0)
        fail("no memory");
    input.frames = memory_get((wire.packets + 1) * sizeof *input.frames);
}

static void find_frames(void)
{
    size_t at = FILE_HEADER;
    while (at + RECORD_HEADER <= input.image_size) {
        uint32_t length;
        memcpy(&length, input.image + at + 8, sizeof length);
        struct frame *frame = &input.frames[input.frame_count++];
        frame->octets = bytes_of(input.image + at + RECORD_HEADER, length);
        at += RECORD_HEADER + length;
        if (packet_decode(1, frame->octets, length, &frame->segment) != PACKET_TCP)
            fail("a frame of ours is not understood");
        input.octets += frame->segment.payload.len;
        if (frame->segment.flags == TCP_SYN)
            input.talks[input.talk_count++].first = input.frame_count - 1;
        input.talks[input.talk_count - 1].count++;
    }
}

/* ---------------------------------------------------------------------------------------- timing
 */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Runs a stage over all of its input, and says how many pieces that was. */
typedef uint64_t stage(void);

static void measure(const char *name, const char *piece, stage *run)
{
    double rounds[ROUNDS];
    uint64_t count = 0;
    for (int i = 0; i < ROUNDS; i++) {
        const double began = now();
        count = run();
        rounds[i] = (now() - began) / (double)count;
    }
    qsort(rounds, ROUNDS, sizeof *rounds, by_size);
    printf("| %s | %s | %.1f |\n", name, piece, rounds[ROUNDS / 2] * 1e9);
}

/* ---------------------------------------------------------------------------------------- stages
 */

static uint64_t decode(void)
{
    struct segment segment;
    for (size_t i = 0; i < input.frame_count; i++) {
        const struct bytes octets = input.frames[i].octets;
        kept += (uint64_t)packet_decode(1, octets, octets.len, &segment) + segment.seq;
    }
    return input.frame_count;
}

static int side_of(const struct segment *segment)
{
    return segment->src_port < MAIL_PORT_LIMIT ? SIDE_SERVER : SIDE_CLIENT;
}

static void play(const struct talk *talk, reassembly_sink *sink, void *context)
{
    struct reassembly c = {.ended_by = -1};
    for (size_t i = talk->first; i < talk->first + talk->count; i++) {
        const struct segment *segment = &input.frames[i].segment;
        reassembly_push(&c, side_of(segment), segment, (int64_t)i * 50, i + 1, sink, context);
    }
    reassembly_drain(&c, sink, context);
    reassembly_free(&c);
}

static void count_octets(void *context, enum side side, const struct span *span)
{
    (void)side;
    *(uint64_t *)context += span->data.len;
}

static uint64_t push(void)
{
    uint64_t octets = 0;
    for (size_t i = 0; i < input.talk_count; i++)
        play(&input.talks[i], count_octets, &octets);
    if (octets != input.octets)
        fail("octets were lost in reassembly");
    return input.frame_count;
}

static uint64_t scan(void)
{
    uint64_t blocks = 0;
    for (size_t i = 0; i < input.frame_count; i++) {
        const struct bytes payload = input.frames[i].segment.payload;
        struct content_scan state = {0};
        bool ended;
        if (payload.len < 1024)
            continue;
        kept += smtp_content_scan(&state, payload, &ended);
        blocks += payload.len / 1024;
    }
    return blocks;
}

static const char *const commands[] = {
    "EHLO host123.client.example",
    "MAIL FROM:<user12345@client.example> SIZE=1523",
    "RCPT TO:<person54321@example.org>",
    "DATA",
    "QUIT",
};

static const char *const replies[] = {
    "250-mx.example.org",
    "250-SIZE 10240000",
    "250 CHUNKING",
    "250 2.1.5 Ok",
    "354 End data with <CR><LF>.<CR><LF>",
    "250 2.0.0 Ok: queued as 4F3A2B1C0D",
    "503 5.5.1 Error: need MAIL command",
};

enum {
    REPEAT = 50000,
    COMMANDS = sizeof commands / sizeof commands[0],
    REPLIES = sizeof replies / sizeof replies[0],
};

static uint64_t parse_commands(void)
{
    struct smtp_command command;
    for (int i = 0; i < REPEAT; i++)
        for (int k = 0; k < COMMANDS; k++) {
            smtp_command_parse(bytes_of_string(commands[k]), &command);
            kept += (uint64_t)command.verb;
        }
    return (uint64_t)REPEAT * COMMANDS;
}

static uint64_t parse_replies(void)
{
    struct smtp_reply_line line;
    for (int i = 0; i < REPEAT; i++)
        for (int k = 0; k < REPLIES; k++) {
            smtp_reply_line_parse(bytes_of_string(replies[k]), &line);
            kept += (uint64_t)line.code + smtp_enhanced_code(line.code, line.text).len;
        }
    return (uint64_t)REPEAT * REPLIES;
}

/* A transaction as the validator sees it; 503 for the RCPT behind it. */
static uint64_t judge(void)
{
    static const struct {
        enum verb verb;
        bool content;
        int code;
    } steps[] = {
        {VERB_EHLO, false, 250}, {VERB_MAIL, false, 250}, {VERB_RCPT, false, 250},
        {VERB_DATA, false, 354}, {VERB_DATA, true, 250},  {VERB_RCPT, false, 503},
        {VERB_QUIT, false, 221},
    };
    for (int i = 0; i < REPEAT; i++) {
        struct order order = {0};
        event_no seq = 2;
        order_greeting(&order, &(struct order_reply){.seq = seq, .code = {.number = 220}});
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++, seq += 2) {
            const struct order_command command = {.seq = seq + 1,
                                                  .verb = steps[k].verb,
                                                  .saw = seq,
                                                  .content = steps[k].content,
                                                  .well_formed = true};
            const struct verdict verdict = order_judge(&order, &command);
            const struct order_reply reply = {
                .seq = seq + 2, .code = {.number = steps[k].code}, .extensions = EXT_PIPELINING};
            order_settle(&order, &command, &verdict, &reply);
            kept += (uint64_t)verdict.kind;
        }
    }
    return (uint64_t)REPEAT * sizeof steps / sizeof steps[0];
}

/* ---------------------------------------------------------------------------------- whole sessions
 */

static void give(void *context, enum side side, const struct span *span)
{
    session_span(context, (enum side)side, span);
}

/* A session from its segments to its timeline. */
static struct draft *read_talk(const struct talk *talk, uint64_t handle, unsigned round)
{
    const struct segment *syn = &input.frames[talk->first].segment;
    /* Another time in each round: the history knows a session by it. */
    const struct mark mark = {.ts_us = (int64_t)round << 32 | talk->first,
                              .packet = talk->first + 1};
    const struct session_begin begin = {
        .client = syn->src,
        .server = syn->dst,
        .client_port = syn->src_port,
        .server_port = syn->dst_port,
        .source = "micro",
        .capture_id = 1,
        .mark = mark,
        .handle = handle,
    };
    struct session *session = session_new(&begin);
    play(talk, give, session);
    session_end(session, &mark, SIDE_SERVER, NULL);
    struct draft *draft = session_detach(session, true);
    session_free(session);
    return draft;
}

static unsigned round_number;
static struct draft *drafts[SESSIONS];
static struct store *store;

static void read_all(void)
{
    round_number++;
    for (size_t i = 0; i < input.talk_count; i++)
        drafts[i] = read_talk(&input.talks[i], round_number * (uint64_t)SESSIONS + i, round_number);
}

static void free_all(void)
{
    for (size_t i = 0; i < input.talk_count; i++)
        draft_free(drafts[i]);
}

static uint64_t read_sessions(void)
{
    read_all();
    free_all();
    return input.talk_count;
}

/* As the program does it: in lists. */
static void write_all(void)
{
    struct failure why;
    for (size_t i = 0; i + 1 < input.talk_count; i++)
        drafts[i]->chapter.next = &drafts[i + 1]->chapter;
    if (!store_write_list(store, &drafts[0]->chapter, &why) || !store_commit(store, &why))
        fail(why.text);
}

/* Sessions have to be new each time, or the history would know them; making them is not counted. */
static void measure_store(void)
{
    double rounds[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        read_all();
        const double began = now();
        write_all();
        rounds[i] = (now() - began) / (double)input.talk_count;
        free_all();
    }
    qsort(rounds, ROUNDS, sizeof *rounds, by_size);
    printf("| store a session | session | %.1f |\n", rounds[ROUNDS / 2] * 1e9);
}

int main(int argc, char **argv)
{
    struct failure why;
    if (argc != 2) {
        fputs("usage: micro NEW.db\n", stderr);
        return 2;
    }
    make_image();
    find_frames();
    store = store_open(argv[1], &why);
    if (!store || !store_capture(store, "micro", "file", 1, &why))
        fail(why.text);
    puts("| stage | per | ns |\n| --- | --- | ---: |");
    measure("decode a frame", "frame", decode);
    measure("put a segment in order", "segment", push);
    measure("scan content for its end", "KiB", scan);
    measure("parse a command", "line", parse_commands);
    measure("parse a reply", "line", parse_replies);
    measure("judge and settle", "command", judge);
    measure("segments to a timeline", "session", read_sessions);
    measure_store();
    return store_close(store, &why) ? 0 : 1;
}
