/* SPDX-License-Identifier: ISC */
/* The floor of reading: libpcap's own loop over a file, and nothing done with the packets but to
 * touch them.
 *
 *   floor_read FILE.pcap */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const unsigned char *frame;
    unsigned long long packets = 0, octets = 0, touched = 0;
    int result;
    if (argc != 2) {
        fputs("usage: floor_read FILE.pcap\n", stderr);
        return 2;
    }
    pcap_t *pcap = pcap_open_offline(argv[1], why);
    if (!pcap) {
        fprintf(stderr, "floor_read: %s\n", why);
        return 1;
    }
    while ((result = pcap_next_ex(pcap, &header, &frame)) == 1) {
        packets++;
        octets += header->caplen;
        touched += header->caplen ? frame[0] : 0u;
    }
    if (result == PCAP_ERROR)
        fprintf(stderr, "floor_read: %s: %s\n", argv[1], pcap_geterr(pcap));
    pcap_close(pcap);
    printf("%llu packets, %llu octets, %llu\n", packets, octets, touched);
    return result == PCAP_ERROR;
}
