/* SPDX-License-Identifier: ISC */
/* A whole capture file of any format, plain or compressed: no octet of it is trusted. What is read
 * is the same when it comes at once as when the file grows, and each packet lies in memory. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/capture/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read, as far as it can be compared. */
struct account {
    uint64_t packets, octets, sum;
    enum file_result last;
    bool undefined; /* how much a library makes of damaged data is its own affair */
};

/* A little compressed data can hold a lot. */
enum {
    MOST_PACKETS = 4096
};

static void count(struct account *account, const struct file_packet *packet)
{
    account->packets++;
    account->octets += packet->frame.len;
    assert(packet->wire_length >= packet->frame.len);
    assert(packet->ts_us >= 0 && packet->ts_us <= FILE_LAST_US + UINT32_MAX);
    assert(packet->number >= account->packets);
    account->sum = account->sum * 31 + (uint64_t)packet->ts_us + (uint64_t)packet->link_type;
    for (size_t i = 0; i < packet->frame.len; i++)
        account->sum = account->sum * 31 + packet->frame.at[i];
}

static void read_on(struct capture_file *file, struct account *account)
{
    struct file_packet packet;
    while (account->packets < MOST_PACKETS &&
           (account->last = capture_file_next(file, &packet)) == FILE_PACKET)
        count(account, &packet);
}

static void write_all(int fd, const uint8_t *data, size_t size)
{
    ssize_t written = write(fd, data, size);
    assert(written == (ssize_t)size);
}

/* Reads the file when `first` of its octets are there, and on when all are. */
static struct account account_of(const uint8_t *data, size_t size, size_t first)
{
    struct account account = {0};
    struct capture_file file;
    struct failure why;
    char name[32];
    int fd = memfd_create("capture", 0);
    assert(fd >= 0);
    write_all(fd, data, first);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    assert(capture_file_open(&file, name, true, &why));
    read_on(&file, &account);
    if (account.last == FILE_IDLE) {
        write_all(fd, data + first, size - first);
        file.source.growing = false;
        read_on(&file, &account);
    }
    account.undefined = file.source.packing && file.source.failed && !file.source.cut;
    capture_file_close(&file);
    close(fd);
    return account;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct account whole = account_of(data, size, size);
    struct account parts = account_of(data, size, size / 2);
    if (whole.undefined || parts.undefined)
        return 0;
    assert(whole.packets == parts.packets && whole.octets == parts.octets);
    assert(whole.sum == parts.sum && whole.last == parts.last);
    return 0;
}
