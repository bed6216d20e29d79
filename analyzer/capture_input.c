/* Files and interfaces through libpcap; the only file that knows of it. */
#include "heloscope/capture_input.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "heloscope/capture_problem.h"

enum {
    READ_BUFFER = 1 << 17, /* of each open file; stdio's own is 4 KiB */
    LIVE_TIMEOUT_MS = 100,
    SNAP_LENGTH_ALL = 262144, /* what tcpdump takes for "all" */
};

/* Times that a damaged record may claim are held below the year 10000, so that sums of them cannot
 * overflow. */
static const int64_t last_second = 253402300799;

struct handle {
    pcap_t *pcap;
    char *buffer;
    struct bpf_program program;
    bool filtered;
    int link_type;
    const struct pcap_pkthdr *header; /* of the current packet */
};

static int64_t packet_time(const struct pcap_pkthdr *header)
{
    int64_t seconds = (int64_t)header->ts.tv_sec;
    if (seconds < 0 || seconds > last_second)
        seconds = last_second;
    return seconds * 1000000 + (int64_t)header->ts.tv_usec;
}

void capture_input_close(struct capture_input *input)
{
    struct handle *handle = input->handle;
    if (!handle)
        return;
    if (handle->filtered)
        pcap_freecode(&handle->program);
    if (handle->pcap)
        pcap_close(handle->pcap); /* closes the stream too */
    free(handle->buffer);
    free(handle);
    input->handle = NULL;
}

static bool set_filter(struct handle *handle, const char *filter, char *why, size_t size)
{
    if (!filter)
        return true;
    handle->filtered =
        pcap_compile(handle->pcap, &handle->program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!handle->filtered)
        snprintf(why, size, "%s", pcap_geterr(handle->pcap));
    return handle->filtered;
}

bool capture_filter_check(const char *filter, struct failure *why)
{
    pcap_t *ethernet = pcap_open_dead(DLT_EN10MB, SNAP_LENGTH_ALL);
    if (!ethernet)
        return failure_set(why, "out of memory");
    struct bpf_program program;
    bool fine = pcap_compile(ethernet, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (fine)
        pcap_freecode(&program);
    else
        failure_set(why, "filter \"%.200s\": %s", filter, pcap_geterr(ethernet));
    pcap_close(ethernet);
    return fine;
}

/* --------------------------------------------------------------------------------------- a file */

static void close_stream(FILE *stream)
{
    if (stream != stdin)
        fclose(stream);
}

/* The stream behind `input`, at its beginning and not empty; NULL with its problem set. */
static FILE *open_stream(struct capture_input *input)
{
    struct capture_source *source = &input->source;
    bool standard = strcmp(source->name, "-") == 0;
    FILE *stream = standard ? stdin : fopen(source->name, "rb");
    struct stat status;
    if (!stream || fstat(fileno(stream), &status) != 0) {
        capture_problem_set(source, "%s", strerror(errno));
        if (stream)
            close_stream(stream);
        return NULL;
    }
    if (S_ISDIR(status.st_mode)) {
        capture_problem_set(source, "a directory, not a capture file");
        close_stream(stream);
        return NULL;
    }
    input->regular = !standard && S_ISREG(status.st_mode);
    input->size = input->regular ? (uint64_t)status.st_size : 0;
    if (!standard && (input->handle->buffer = malloc(READ_BUFFER)))
        setvbuf(stream, input->handle->buffer, _IOFBF, READ_BUFFER);
    int first = getc(stream);
    if (first != EOF) {
        ungetc(first, stream);
        return stream;
    }
    capture_problem_set(source, "%s", ferror(stream) ? strerror(errno) : "empty file");
    close_stream(stream);
    return NULL;
}

static void explain_header(struct capture_input *input, FILE *stream, const char *libpcap)
{
    uint8_t start[16];
    size_t length = 0;
    if (input->regular && fseek(stream, 0, SEEK_SET) == 0)
        length = fread(start, 1, sizeof start, stream);
    capture_problem_header(&input->source, bytes_of(start, length), libpcap);
}

static bool open_handle(struct capture_input *input, const char *filter)
{
    struct handle *handle = input->handle;
    FILE *stream = open_stream(input);
    if (!stream)
        return false;
    char why[PCAP_ERRBUF_SIZE] = "";
    handle->pcap =
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_MICRO, why);
    if (!handle->pcap) {
        explain_header(input, stream, why);
        close_stream(stream);
        return false;
    }
    handle->link_type = pcap_datalink(handle->pcap);
    input->filter_refused = !set_filter(handle, filter, why, sizeof why);
    if (input->filter_refused)
        capture_problem_set(&input->source, "the filter does not fit this file: %s", why);
    return !input->filter_refused;
}

bool capture_input_open(struct capture_input *input, const char *filter)
{
    input->handle = calloc(1, sizeof *input->handle);
    if (!input->handle) {
        capture_problem_set(&input->source, "out of memory");
        return false;
    }
    if (open_handle(input, filter))
        return capture_input_advance(input) == INPUT_PACKET;
    capture_input_close(input);
    return false;
}

/* Waits until there may be packets. The library's own wait has no end on Linux while nothing at all
 * arrives (its timeout is that of a block of packets), and then nobody would commit what came
 * before. */
static void wait_for_packets(struct handle *handle)
{
    /* On a system without such a descriptor this is a plain pause. */
    int fd = pcap_get_selectable_fd(handle->pcap);
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    poll(&waited, fd < 0 ? 0 : 1, fd < 0 ? LIVE_TIMEOUT_MS / 10 : LIVE_TIMEOUT_MS);
}

static int next_packet(struct capture_input *input, struct pcap_pkthdr **header,
                       const u_char **frame)
{
    int result = pcap_next_ex(input->handle->pcap, header, frame);
    if (result != 0 || !input->source.live)
        return result;
    wait_for_packets(input->handle);
    return pcap_next_ex(input->handle->pcap, header, frame);
}

enum input_result capture_input_advance(struct capture_input *input)
{
    struct pcap_pkthdr *header;
    const u_char *frame;
    int result = next_packet(input, &header, &frame);
    if (result == 1) {
        input->handle->header = header;
        input->frame = bytes_of(frame, header->caplen);
        input->wire_length = header->len > header->caplen ? header->len : header->caplen;
        input->next_us = packet_time(header);
        return INPUT_PACKET;
    }
    if (input->source.live) {
        if (result == PCAP_ERROR)
            capture_problem_set(&input->source, "capturing ended: %s",
                                pcap_geterr(input->handle->pcap));
        return result == 0 ? INPUT_IDLE : INPUT_END;
    }
    if (result == PCAP_ERROR)
        capture_problem_record(&input->source, pcap_geterr(input->handle->pcap));
    capture_input_close(input);
    return INPUT_END;
}

bool capture_input_passes(const struct capture_input *input)
{
    const struct handle *handle = input->handle;
    return !handle->filtered ||
           pcap_offline_filter(&handle->program, handle->header, input->frame.at);
}

void capture_input_hand_out(struct capture_input *input, struct packet_record *out)
{
    struct capture_source *source = &input->source;
    if (!source->packets)
        source->started_us = input->next_us;
    source->packets++;
    source->bytes += input->frame.len;
    source->ended_us = input->next_us;
    *out = (struct packet_record){
        .source = source,
        .number = source->packets,
        .ts_us = input->next_us,
        .link_type = input->handle->link_type,
        .frame = input->frame,
        .wire_length = input->wire_length,
    };
}

uint64_t capture_input_position(const struct capture_input *input)
{
    if (!input->handle) /* closed behind its end, or not begun */
        return input->source.packets ? input->size : 0;
    off_t position = input->regular ? ftello(pcap_file(input->handle->pcap)) : 0;
    return position > 0 ? (uint64_t)position : 0;
}

/* --------------------------------------------------------------------------------- an interface */

static bool live_refused(const char *name, int status, const char *detail, struct failure *why)
{
    switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return failure_set(why,
                           "%s: no permission to capture: run heloscope as root (sudo), or allow "
                           "it once: sudo setcap cap_net_raw,cap_net_admin+ep "
                           "\"$(command -v heloscope)\"",
                           name);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return failure_set(why, "%s: no such interface; heloscope monitor -D lists them", name);
    case PCAP_ERROR_IFACE_NOT_UP:
        return failure_set(why, "%s: the interface is down; bring it up first (ip link set %s up)",
                           name, name);
    default:
        return failure_set(why, "%s: cannot capture: %s", name, detail);
    }
}

static bool live_activate(struct handle *handle, const char *name,
                          const struct capture_live *options, struct failure *why)
{
    pcap_t *pcap = handle->pcap;
    char detail[PCAP_ERRBUF_SIZE];
    pcap_set_snaplen(pcap, options->snap_length > 0 ? options->snap_length : SNAP_LENGTH_ALL);
    pcap_set_promisc(pcap, options->promiscuous);
    pcap_set_timeout(pcap, LIVE_TIMEOUT_MS);
    if (options->buffer_kib > 0 && options->buffer_kib <= INT32_MAX / 1024)
        pcap_set_buffer_size(pcap, options->buffer_kib * 1024);
    int status = pcap_activate(pcap);
    if (status < 0)
        return live_refused(name, status, pcap_geterr(pcap), why);
    handle->link_type = pcap_datalink(pcap);
    if (pcap_setnonblock(pcap, 1, detail) != 0)
        return failure_set(why, "%s: cannot capture: %s", name, detail);
    if (!set_filter(handle, options->filter, detail, sizeof detail))
        return failure_set(why, "filter \"%.200s\": %s", options->filter, detail);
    if (handle->filtered && pcap_setfilter(pcap, &handle->program) != 0)
        return failure_set(why, "%s: cannot set the filter: %s", name, pcap_geterr(pcap));
    return true;
}

bool capture_input_open_live(struct capture_input *input, const struct capture_live *options,
                             struct failure *why)
{
    char detail[PCAP_ERRBUF_SIZE];
    const char *name = input->source.name;
    input->source.live = true;
    input->handle = calloc(1, sizeof *input->handle);
    if (!input->handle)
        return failure_set(why, "out of memory");
    input->handle->pcap = pcap_create(name, detail);
    if (!input->handle->pcap)
        return failure_set(why, "%s: %s", name, detail);
    return live_activate(input->handle, name, options, why);
}

/* The library lists those that are up and are no loopback in front. */
bool capture_input_default(char **name, struct failure *why)
{
    char detail[PCAP_ERRBUF_SIZE];
    pcap_if_t *all;
    if (pcap_findalldevs(&all, detail) != 0)
        return failure_set(why, "cannot list the interfaces: %s", detail);
    *name = all ? strdup(all->name) : NULL;
    pcap_freealldevs(all);
    if (!*name)
        return failure_set(why, "no interface can be captured; run heloscope as root (sudo)");
    return true;
}

void capture_input_interrupt(struct capture_input *input)
{
    if (input->handle && input->handle->pcap)
        pcap_breakloop(input->handle->pcap);
}

void capture_input_count_dropped(struct capture_input *input)
{
    struct pcap_stat statistics;
    if (input->handle && input->handle->pcap && pcap_stats(input->handle->pcap, &statistics) == 0)
        input->source.dropped = (uint64_t)statistics.ps_drop + statistics.ps_ifdrop;
}

static void print_interface(FILE *out, int number, const pcap_if_t *one)
{
    static const struct {
        bpf_u_int32 flag;
        const char *name;
    } states[] = {
        {PCAP_IF_UP, "Up"},
        {PCAP_IF_RUNNING, "Running"},
        {PCAP_IF_LOOPBACK, "Loopback"},
        {PCAP_IF_WIRELESS, "Wireless"},
    };
    fprintf(out, "%d.%s", number, one->name);
    if (one->description)
        fprintf(out, " (%s)", one->description);
    const char *before = " [";
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (one->flags & states[i].flag) {
            fprintf(out, "%s%s", before, states[i].name);
            before = ", ";
        }
    fputs(before[0] == ',' ? "]\n" : "\n", out);
}

bool capture_list_interfaces(FILE *out, struct failure *why)
{
    char detail[PCAP_ERRBUF_SIZE];
    pcap_if_t *all;
    if (pcap_findalldevs(&all, detail) != 0)
        return failure_set(why, "cannot list the interfaces: %s", detail);
    if (!all)
        return failure_set(why, "no interface can be captured; run heloscope as root (sudo)");
    int number = 0;
    for (const pcap_if_t *one = all; one; one = one->next)
        print_interface(out, ++number, one);
    pcap_freealldevs(all);
    return true;
}
