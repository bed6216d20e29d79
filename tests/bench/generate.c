/* SPDX-License-Identifier: ISC */
/* Writes a capture file full of mail, the same one for the same words on the command line.
 *
 *   generate [truth=FILE] [NAME=VALUE ...] >FILE.pcap
 *
 * FILE gets what is said in each session and what of it is not captured (truth.h).
 * NAME is one of the table below. Addresses are in 127/8. */
#include <stdlib.h>
#include <string.h>

#include "traffic.h"

enum kind {
    COUNT,
    SHARE,
};

/* One word of the command line: its name, what it may be, where it goes. */
static struct traffic traffic = {
    .seed = 1,
    .sessions = 1000,
    .open = 100,
    .size_min = 1400,
    .size_max = 1800,
    .segment = 1448,
    .rate = 200000,
    .pipelined = 0.5,
    .faulty = 0.05,
};

static const struct word {
    const char *name;
    enum kind kind;
    void *at;
    uint32_t least, most;
    const char *help;
} words[] = {
    {"sessions", COUNT, &traffic.sessions, 1, 1000000000, "how many of SMTP"},
    {"open", COUNT, &traffic.open, 1, 10000000, "how many connections are open at once"},
    {"size-min", COUNT, &traffic.size_min, 0, 100000000, "octets of a message's lines, at least"},
    {"size-max", COUNT, &traffic.size_max, 0, 100000000, "the same, at most"},
    {"segment", COUNT, &traffic.segment, 1, WIRE_PAYLOAD, "the largest payload of a segment"},
    {"rate", COUNT, &traffic.rate, 1, 10000000, "packets a second"},
    {"pipelined", SHARE, &traffic.pipelined, 0, 0, "share of the good sessions with PIPELINING"},
    {"faulty", SHARE, &traffic.faulty, 0, 0, "share of the sessions with a 503"},
    {"starttls", SHARE, &traffic.starttls, 0, 0, "share of the sessions with STARTTLS"},
    {"implicit-tls", SHARE, &traffic.implicit_tls, 0, 0, "share of the sessions on port 465"},
    {"other", SHARE, &traffic.other, 0, 0, "share of the connections that are not SMTP"},
    {"odd-ports", SHARE, &traffic.odd_ports, 0, 0, "share of the sessions on odd ports"},
    {"ip6", SHARE, &traffic.ip6, 0, 0, "share of the connections over IPv6"},
    {"tagged", SHARE, &traffic.tagged, 0, 0, "share of the connections with VLAN tags"},
    {"lost", SHARE, &traffic.lost, 0, 0, "share of the packets that are not captured"},
    {"twice", SHARE, &traffic.twice, 0, 0, "share of the packets that are captured twice"},
    {"late", SHARE, &traffic.late, 0, 0, "share of the packets behind their successor"},
    {"repeated", SHARE, &traffic.repeated, 0, 0, "share of the data segments sent again"},
    {"lost-hello", SHARE, &traffic.lost_hello, 0, 0, "share of the EHLO replies not captured"},
    {"lost-turn", SHARE, &traffic.lost_turn, 0, 0, "share of the sessions that miss a turn"},
    {"frozen", SHARE, &traffic.frozen, 0, 0, "share of the clients that acknowledge no reply"},
};

static int usage(const char *wrong)
{
    fprintf(stderr,
            "generate: %s\nusage: generate [seed=N] [truth=FILE] [NAME=VALUE ...] >FILE.pcap\n",
            wrong);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        fprintf(stderr, "  %-14s %s\n", words[i].name, words[i].help);
    return 2;
}

static bool take_value(const struct word *word, const char *text)
{
    char *end;
    if (word->kind == SHARE) {
        const double share = strtod(text, &end);
        *(double *)word->at = share;
        return end != text && !*end && share >= 0 && share <= 1;
    }
    const unsigned long count = strtoul(text, &end, 10);
    *(uint32_t *)word->at = (uint32_t)count;
    return end != text && !*end && count >= word->least && count <= word->most;
}

static bool take_word(const char *text)
{
    const size_t name = strcspn(text, "=");
    if (!text[name])
        return false;
    if (name == 4 && strncmp(text, "seed", 4) == 0) {
        traffic.seed = strtoull(text + 5, NULL, 10);
        return true;
    }
    if (name == 5 && strncmp(text, "truth", 5) == 0) {
        traffic.truth = fopen(text + 6, "w");
        return traffic.truth != NULL;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].name) == name && strncmp(words[i].name, text, name) == 0)
            return take_value(&words[i], text + name + 1);
    return false;
}

int main(int argc, char **argv)
{
    static struct wire wire;
    static char buffer[1 << 20];
    for (int i = 1; i < argc; i++)
        if (!take_word(argv[i]))
            return usage(argv[i]);
    if (traffic.size_max < traffic.size_min)
        return usage("size-max is less than size-min");
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    wire_begin(&wire, stdout);
    traffic_write(&traffic, &wire);
    const bool told = !traffic.truth || fclose(traffic.truth) == 0;
    if (!wire_end(&wire) || !told) {
        perror("generate");
        return 1;
    }
    fprintf(stderr, "%u sessions, %llu packets, %llu octets\n", traffic.sessions,
            (unsigned long long)wire.packets, (unsigned long long)wire.octets);
    return 0;
}
