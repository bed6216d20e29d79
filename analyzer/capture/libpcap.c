/* SPDX-License-Identifier: ISC */
/* Interfaces and filters; the only file that knows of libpcap. */
#include "libpcap.h"
#include "heloscope/base/limits.h"

#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    SNAP_LENGTH_ALL = 262144, /* what tcpdump takes for "all" */
    BUFFER_KIB = 32 << 10, /* the kernel's buffer: a burst of a quarter of a second at 1 Gbit/s */
};

/* -------------------------------------------------------------------------------------- filters */

struct packet_filter {
    char *text;
    struct filter_program {
        bool used, fits;
        int link_type;
        struct bpf_program code;
        struct failure complaint; /* when it does not fit */
    } programs[FILTER_PROGRAMS];
    struct filter_program *last; /* that was asked for */
    size_t next;                 /* the slot to be used */
};

struct packet_filter *packet_filter_new(const char *text)
{
    struct packet_filter *filter = calloc(1, sizeof *filter);
    if (filter && (filter->text = strdup(text)))
        return filter;
    free(filter);
    return NULL;
}

static void forget(struct filter_program *program)
{
    if (program->used && program->fits)
        pcap_freecode(&program->code);
    *program = (struct filter_program){0};
}

void packet_filter_free(struct packet_filter *filter)
{
    if (!filter)
        return;
    for (size_t i = 0; i < FILTER_PROGRAMS; i++)
        forget(&filter->programs[i]);
    free(filter->text);
    free(filter);
}

/* A handle for packets of `link_type`, a number of files. For some link layers libpcap has another
 * number in memory, which only its reading of a file's header tells: so it is given a header. */
static pcap_t *open_dead(int link_type)
{
    const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t zone, accuracy, snap_length, link_type;
    } header = {0xa1b2c3d4, 2, 4, 0, 0, SNAP_LENGTH_ALL, (uint32_t)link_type};
    char why[PCAP_ERRBUF_SIZE];
    FILE *stream = fmemopen((void *)&header, sizeof header, "rb");
    pcap_t *pcap = stream ? pcap_fopen_offline(stream, why) : NULL;
    if (!pcap && stream)
        fclose(stream);
    return pcap;
}

static bool compile(const char *text, int link_type, struct bpf_program *out, struct failure *why)
{
    pcap_t *pcap = open_dead(link_type);
    if (!pcap)
        return failure_set(why, "link type %d is not known to libpcap", link_type);
    bool fits = pcap_compile(pcap, out, text, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!fits)
        failure_set(why, "%s", pcap_geterr(pcap));
    pcap_close(pcap);
    return fits;
}

static struct filter_program *program_for(struct packet_filter *filter, int link_type)
{
    if (filter->last && filter->last->link_type == link_type)
        return filter->last;
    for (size_t i = 0; i < FILTER_PROGRAMS; i++)
        if (filter->programs[i].used && filter->programs[i].link_type == link_type)
            return filter->last = &filter->programs[i];
    struct filter_program *program = &filter->programs[filter->next];
    filter->next = (filter->next + 1) % FILTER_PROGRAMS;
    forget(program);
    program->used = true;
    program->link_type = link_type;
    program->fits = compile(filter->text, link_type, &program->code, &program->complaint);
    return filter->last = program;
}

enum filter_verdict packet_filter_ask(struct packet_filter *filter, int link_type,
                                      struct bytes frame, size_t wire_length, struct failure *why)
{
    const struct filter_program *program = program_for(filter, link_type);
    if (!program->fits) {
        *why = program->complaint;
        return FILTER_MISFIT;
    }
    const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)frame.len,
                                       .len = (bpf_u_int32)wire_length};
    return pcap_offline_filter(&program->code, &header, frame.at) ? FILTER_PASSES : FILTER_REFUSES;
}

bool packet_filter_fits_ethernet(const struct packet_filter *filter, struct failure *why)
{
    struct bpf_program code;
    struct failure complaint = {""};
    if (!compile(filter->text, DLT_EN10MB, &code, &complaint))
        return failure_set(why, "filter \"%.200s\": %.250s", filter->text, complaint.text);
    pcap_freecode(&code);
    return true;
}

/* ----------------------------------------------------------------------------------- interfaces */

struct live_interface {
    pcap_t *pcap;
    int link_type;
    uint64_t packets;
};

static bool live_refused(const char *name, int status, const char *detail,
                         enum live_trouble *trouble, struct failure *why)
{
    *trouble = status == PCAP_ERROR_NO_SUCH_DEVICE ? LIVE_ABSENT
               : status == PCAP_ERROR_IFACE_NOT_UP ? LIVE_DOWN
                                                   : LIVE_REFUSED;
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
        return failure_set(why,
                           "%s: the interface is down; bring it up first (ip link set %s up), or "
                           "wait for it with --wait",
                           name, name);
    default:
        return failure_set(why, "%s: cannot capture: %s", name, detail);
    }
}

static bool set_filter(pcap_t *pcap, const char *name, const char *filter, struct failure *why)
{
    struct bpf_program code;
    if (!filter)
        return true;
    if (pcap_compile(pcap, &code, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return failure_set(why, "filter \"%.200s\": %s", filter, pcap_geterr(pcap));
    bool done = pcap_setfilter(pcap, &code) == 0;
    pcap_freecode(&code);
    return done || failure_set(why, "%s: cannot set the filter: %s", name, pcap_geterr(pcap));
}

static bool activate(struct live_interface *live, const char *name,
                     const struct capture_live *options, enum live_trouble *trouble,
                     struct failure *why)
{
    pcap_t *pcap = live->pcap;
    char detail[PCAP_ERRBUF_SIZE];
    /* Each of these fails only on a handle that is active already (libpcap 1.11 wants it asked). */
    int status =
        pcap_set_snaplen(pcap, options->snap_length > 0 ? options->snap_length : SNAP_LENGTH_ALL);
    if (status == 0)
        status = pcap_set_promisc(pcap, options->promiscuous);
    if (status == 0)
        status = pcap_set_timeout(pcap, LIVE_BLOCK_MS);
    const int kib = options->buffer_kib > 0 ? options->buffer_kib : BUFFER_KIB;
    if (status == 0 && kib <= INT32_MAX / 1024)
        status = pcap_set_buffer_size(pcap, kib * 1024);
    if (status == 0)
        status = pcap_activate(pcap);
    if (status < 0)
        return live_refused(name, status, pcap_geterr(pcap), trouble, why);
    live->link_type = pcap_datalink(pcap);
    if (pcap_setnonblock(pcap, 1, detail) != 0)
        return failure_set(why, "%s: cannot capture: %s", name, detail);
    return set_filter(pcap, name, options->filter, why);
}

struct live_interface *live_open(const char *name, const struct capture_live *options,
                                 enum live_trouble *trouble, struct failure *why)
{
    char detail[PCAP_ERRBUF_SIZE];
    *trouble = LIVE_REFUSED;
    struct live_interface *live = calloc(1, sizeof *live);
    if (!live) {
        failure_set(why, "out of memory");
        return NULL;
    }
    live->pcap = pcap_create(name, detail);
    if (!live->pcap)
        failure_set(why, "%s: %s", name, detail);
    else if (activate(live, name, options, trouble, why))
        return live;
    live_close(live);
    return NULL;
}

void live_close(struct live_interface *live)
{
    if (live && live->pcap)
        pcap_close(live->pcap);
    free(live);
}

/* Waits until there may be packets. The library's own wait has no end on Linux while nothing at all
 * arrives (its timeout is that of a block of packets), and then nobody would commit what came
 * before. */
static void wait_for_packets(pcap_t *pcap)
{
    /* On a system without such a descriptor this is a plain pause. */
    int fd = pcap_get_selectable_fd(pcap);
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    poll(&waited, fd < 0 ? 0 : 1, fd < 0 ? LIVE_IDLE_MS / 10 : LIVE_IDLE_MS);
}

static int64_t packet_time(const struct pcap_pkthdr *header)
{
    int64_t seconds = (int64_t)header->ts.tv_sec;
    if (seconds < 0 || seconds >= FILE_LAST_US / 1000000)
        return FILE_LAST_US;
    return seconds * 1000000 + (int64_t)header->ts.tv_usec;
}

enum file_result live_next(struct live_interface *live, struct file_packet *out,
                           struct failure *why)
{
    struct pcap_pkthdr *header;
    const u_char *frame;
    int result = pcap_next_ex(live->pcap, &header, &frame);
    if (result == 0) {
        wait_for_packets(live->pcap);
        result = pcap_next_ex(live->pcap, &header, &frame);
    }
    if (result == 1) {
        *out = (struct file_packet){
            .frame = bytes_of(frame, header->caplen),
            .wire_length = header->len > header->caplen ? header->len : header->caplen,
            .ts_us = packet_time(header),
            .number = ++live->packets,
            .link_type = live->link_type,
        };
        return FILE_PACKET;
    }
    if (result == 0)
        return FILE_IDLE;
    failure_set(why, "%s", pcap_geterr(live->pcap));
    return FILE_UNREADABLE;
}

uint64_t live_dropped(struct live_interface *live)
{
    struct pcap_stat statistics;
    if (pcap_stats(live->pcap, &statistics) != 0)
        return 0;
    return (uint64_t)statistics.ps_drop + statistics.ps_ifdrop;
}

/* The library lists those that are up and are no loopback in front. */
bool live_default(char **name, struct failure *why)
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
