/* SPDX-License-Identifier: ISC */
/* Capture files built octet by octet, so that what libpcap writes is not the measure of what is
 * read. Each packet is IMAGE_FRAME octets of zeros but for its first, which marks it. */
#ifndef TESTS_SUPPORT_CAPTURE_IMAGE_H
#define TESTS_SUPPORT_CAPTURE_IMAGE_H

#include "heloscope/capture/capture.h"

enum {
    IMAGE_ROOM = 16384,
    IMAGE_PATH = 64,
    IMAGE_FRAME = 60
};

struct image {
    uint8_t octets[IMAGE_ROOM];
    size_t length;
    bool big_endian;
};

/* The low `octets` octets of `value`, in the image's byte order. */
void image_put(struct image *image, uint64_t value, int octets);

void image_fill(struct image *image, uint8_t octet, size_t count);

struct image pcap_begin(bool big_endian, bool nanoseconds, unsigned link_type);
void pcap_packet(struct image *image, int64_t us, bool nanoseconds, uint8_t mark);

/* A pcap file with a packet at each of `times`, marked 1, 2, ... */
struct image pcap_of(const int64_t *times, size_t count);

void pcapng_section(struct image *image);
void pcapng_interface(struct image *image, unsigned link_type);
void pcapng_packet(struct image *image, unsigned interface, int64_t us, uint8_t mark);

/* Any block of pcapng: what is put between the two calls is its body. */
size_t pcapng_begin(struct image *image, uint32_t type);
void pcapng_end(struct image *image, size_t begun);

/* An option of a block, of a number. */
void pcapng_option(struct image *image, unsigned code, uint64_t value, int octets);

/* Writes `length` octets as a file of its own; its name goes to `path`. */
void image_save(const void *octets, size_t length, char path[IMAGE_PATH]);

/* A folder of its own, and a file `name` in it. */
void image_folder(char path[IMAGE_PATH]);
void image_save_as(const char *folder, const char *name, const void *octets, size_t length);

/* Removes a folder and the files in it. */
void image_remove(const char *folder);

/* capture_open() for files that are complete; `filter` may be NULL. */
struct capture *capture_open_files(const char *const *paths, size_t count, const char *filter,
                                   struct failure *why);

struct capture *capture_of_file(const char *path);
const struct capture_source *only_source(struct capture *capture);

/* Reads to the end, expecting packets marked 1, 2, ...; returns their count. */
size_t read_marked(struct capture *capture);

/* What a file that holds `octets` is complained of, "" when nothing is; valid until the next call.
 * `packets`, which may be NULL, is how many were read. */
const char *problem_of(const void *octets, size_t length, size_t *packets);

#endif
