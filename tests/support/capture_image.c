/* SPDX-License-Identifier: ISC */
#include "capture_image.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void image_put(struct image *image, uint64_t value, int octets)
{
    cr_assert_leq(image->length + (size_t)octets, IMAGE_ROOM);
    for (int i = 0; i < octets; i++) {
        int shift = 8 * (image->big_endian ? octets - 1 - i : i);
        image->octets[image->length++] = (uint8_t)(value >> shift);
    }
}

void image_fill(struct image *image, uint8_t octet, size_t count)
{
    cr_assert_leq(image->length + count, IMAGE_ROOM);
    memset(image->octets + image->length, octet, count);
    image->length += count;
}

struct image pcap_begin(bool big_endian, bool nanoseconds, unsigned link_type)
{
    struct image image = {.big_endian = big_endian};
    image_put(&image, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4);
    image_put(&image, 2, 2);
    image_put(&image, 4, 2);
    image_put(&image, 0, 8);
    image_put(&image, 65535, 4);
    image_put(&image, link_type, 4);
    return image;
}

void pcap_packet(struct image *image, int64_t us, bool nanoseconds, uint8_t mark)
{
    image_put(image, (uint64_t)(us / 1000000), 4);
    image_put(image, (uint64_t)(us % 1000000) * (nanoseconds ? 1000 : 1) + (nanoseconds ? 999 : 0),
              4);
    image_put(image, IMAGE_FRAME, 4);
    image_put(image, IMAGE_FRAME + 40, 4);
    image_fill(image, mark, 1);
    image_fill(image, 0, IMAGE_FRAME - 1);
}

struct image pcap_of(const int64_t *times, size_t count)
{
    struct image image = pcap_begin(false, false, 1);
    for (size_t i = 0; i < count; i++)
        pcap_packet(&image, times[i], false, (uint8_t)(i + 1));
    return image;
}

size_t pcapng_begin(struct image *image, uint32_t type)
{
    size_t begun = image->length;
    image_put(image, type, 4);
    image_put(image, 0, 4);
    return begun;
}

void pcapng_end(struct image *image, size_t begun)
{
    while (image->length % 4)
        image_put(image, 0, 1);
    size_t end = image->length, length = end + 4 - begun;
    image->length = begun + 4;
    image_put(image, length, 4);
    image->length = end;
    image_put(image, length, 4);
}

void pcapng_option(struct image *image, unsigned code, uint64_t value, int octets)
{
    image_put(image, code, 2);
    image_put(image, (uint64_t)octets, 2);
    image_put(image, value, octets);
    while (image->length % 4)
        image_put(image, 0, 1);
}

void pcapng_section(struct image *image)
{
    size_t begun = pcapng_begin(image, 0x0a0d0d0a);
    image_put(image, 0x1a2b3c4d, 4);
    image_put(image, 1, 2);
    image_put(image, 0, 2);
    image_put(image, UINT64_MAX, 8);
    pcapng_end(image, begun);
}

void pcapng_interface(struct image *image, unsigned link_type)
{
    size_t begun = pcapng_begin(image, 1);
    image_put(image, link_type, 2);
    image_put(image, 0, 2);
    image_put(image, 65535, 4);
    pcapng_end(image, begun);
}

void pcapng_packet(struct image *image, unsigned interface, int64_t us, uint8_t mark)
{
    size_t begun = pcapng_begin(image, 6);
    image_put(image, interface, 4);
    image_put(image, (uint64_t)us >> 32, 4);
    image_put(image, (uint64_t)us & UINT32_MAX, 4);
    image_put(image, IMAGE_FRAME, 4);
    image_put(image, IMAGE_FRAME + 40, 4);
    image_fill(image, mark, 1);
    image_fill(image, 0, IMAGE_FRAME - 1);
    pcapng_end(image, begun);
}

void image_save(const void *octets, size_t length, char path[IMAGE_PATH])
{
    strcpy(path, "/tmp/heloscope-capture-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, octets, length), (ssize_t)length);
    close(fd);
}

void image_folder(char path[IMAGE_PATH])
{
    strcpy(path, "/tmp/heloscope-folder-XXXXXX");
    cr_assert_not_null(mkdtemp(path));
}

void image_save_as(const char *folder, const char *name, const void *octets, size_t length)
{
    char path[2 * IMAGE_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(octets, 1, length, file), length);
    fclose(file);
}

void image_remove(const char *folder)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    if (!entries)
        return;
    while ((entry = readdir(entries)))
        unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    rmdir(folder);
}

struct capture *capture_open_files(const char *const *paths, size_t count, const char *filter,
                                   struct failure *why)
{
    const struct capture_files files = {.paths = paths, .count = count, .filter = filter};
    return capture_open(&files, why);
}

struct capture *capture_of_file(const char *path)
{
    struct failure why = {""};
    struct capture *capture = capture_open_files(&path, 1, NULL, &why);
    cr_assert_not_null(capture, "%s", why.text);
    return capture;
}

const struct capture_source *only_source(struct capture *capture)
{
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), 1);
    return sources[0];
}

size_t read_marked(struct capture *capture)
{
    struct packet_record packet;
    size_t count = 0;
    while (capture_next(capture, &packet) == CAPTURE_PACKET) {
        count++;
        cr_assert_eq(packet.number, count);
        cr_assert_eq(packet.frame.len, IMAGE_FRAME);
        cr_assert_eq(packet.frame.at[0], count);
        cr_assert_eq(packet.wire_length, IMAGE_FRAME + 40);
    }
    return count;
}

const char *problem_of(const void *octets, size_t length, size_t *packets)
{
    static char problem[512];
    char path[IMAGE_PATH];
    image_save(octets, length, path);
    struct capture *capture = capture_of_file(path);
    size_t count = read_marked(capture);
    const struct capture_source *source = only_source(capture);
    strcpy(problem, source->problem);
    if (problem[0])
        cr_expect(strncmp(problem, path, strlen(path)) == 0, "no name in: %s", problem);
    cr_expect_null(strchr(problem, '\n'));
    cr_expect_eq(source->packets, count);
    capture_close(capture);
    unlink(path);
    if (packets)
        *packets = count;
    return problem;
}
