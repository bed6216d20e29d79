/* SPDX-License-Identifier: ISC */
#include "heloscope/tls/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/memory.h"

enum {
    ID_LONGEST = 32,
    READ_AT_ONCE = 32 * 1024 /* octets of a file; a longer line is passed over */
};

struct entry {
    uint32_t before; /* the one before it in its bucket, from 1; 0 = none */
    uint8_t label, id_length;
    uint8_t id[ID_LONGEST];
    struct keylog_secret secret;
};

/* A file that may still grow. */
struct followed {
    const char *path;
    dev_t device;
    ino_t inode;
    off_t read;     /* octets up to the end of its last whole line */
    uint64_t lines; /* as many */
    bool slipped;   /* a line that is none has been told of */
};

struct keylog {
    struct followed *followed;
    size_t followed_count;
    struct entry *entries;
    size_t count, size;
    uint32_t *buckets;
    size_t bucket_count; /* a power of two */
    uint64_t seed;
    size_t of_label[KEYLOG_LABELS];
    struct keylog_slip slip; /* not taken yet; `lines` 0 = none */
};

struct keylog *keylog_new(void)
{
    struct keylog *keylog = memory_get(sizeof *keylog);
    keylog->seed = hash_seed();
    return keylog;
}

void keylog_free(struct keylog *keylog)
{
    if (!keylog)
        return;
    memory_free_private(keylog->entries, keylog->size * sizeof *keylog->entries);
    free(keylog->buckets);
    free(keylog->followed);
    free(keylog);
}

static size_t bucket_of(const struct keylog *keylog, unsigned label, struct bytes id)
{
    uint64_t hash = keylog->seed ^ label;
    for (; id.len >= sizeof hash; id = bytes_from(id, sizeof hash)) {
        uint64_t word;
        memcpy(&word, id.at, sizeof word);
        hash = hash_mix(hash, word);
    }
    for (size_t i = 0; i < id.len; i++)
        hash = hash_mix(hash, id.at[i]);
    return hash & (keylog->bucket_count - 1);
}

static void link_entry(struct keylog *keylog, size_t i)
{
    struct entry *e = &keylog->entries[i];
    uint32_t *bucket = &keylog->buckets[bucket_of(keylog, e->label, bytes_of(e->id, e->id_length))];
    e->before = *bucket;
    *bucket = (uint32_t)i + 1;
}

/* From the first secret on no core dump is written that could show one. */
static void forbid_core_dumps(void)
{
    const struct rlimit none = {0};
    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
}

static void grow(struct keylog *keylog)
{
    if (!keylog->size)
        forbid_core_dumps();
    const size_t size = keylog->size ? keylog->size * 2 : 64;
    struct entry *entries = memory_get_private(size * sizeof *entries);
    if (keylog->entries)
        memcpy(entries, keylog->entries, keylog->count * sizeof *entries);
    memory_free_private(keylog->entries, keylog->size * sizeof *keylog->entries);
    keylog->entries = entries;
    keylog->size = keylog->bucket_count = size;
    free(keylog->buckets);
    keylog->buckets = memory_get(size * sizeof *keylog->buckets);
    for (size_t i = 0; i < keylog->count; i++)
        link_entry(keylog, i);
}

enum {
    NO_DIGIT = 0x80
};

static uint8_t digit(uint8_t c)
{
    static const uint8_t values[] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
        ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16}; /* one more than the digit's value; 0 =
                                                            none */
    return c < sizeof values && values[c] ? (uint8_t)(values[c] - 1) : NO_DIGIT;
}

static size_t read_hex(struct bytes text, uint8_t *out, size_t size)
{
    uint8_t wrong = 0;
    if (text.len % 2 || text.len / 2 > size)
        return 0;
    for (size_t i = 0; i < text.len; i += 2) {
        const uint8_t high = digit(text.at[i]), low = digit(text.at[i + 1]);
        wrong |= high | low;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return wrong & NO_DIGIT ? 0 : text.len / 2;
}

static struct bytes take_word(struct bytes *line)
{
    while (line->len && (*line->at == ' ' || *line->at == '\t'))
        *line = bytes_from(*line, 1);
    size_t n = 0;
    while (n < line->len && line->at[n] != ' ' && line->at[n] != '\t')
        n++;
    const struct bytes word = bytes_first(*line, n);
    *line = bytes_from(*line, n);
    return word;
}

/* Both ends may have logged it. */
static bool is_known(const struct keylog *keylog, const struct entry *e)
{
    const struct keylog_secret *secret;
    size_t place = 0;
    while ((secret = keylog_find(keylog, e->label, bytes_of(e->id, e->id_length), &place)))
        if (bytes_equal(bytes_of(secret->octets, secret->length),
                        bytes_of(e->secret.octets, e->secret.length)))
            return true;
    return false;
}

static const char *const labels[] = {
    [KEYLOG_CLIENT_RANDOM] = "CLIENT_RANDOM",
    [KEYLOG_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
    [KEYLOG_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    [KEYLOG_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    [KEYLOG_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
    [KEYLOG_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
    [KEYLOG_RSA] = "RSA",
    [KEYLOG_PMS] = "PMS_CLIENT_RANDOM",
};

const char *keylog_label_name(enum keylog_label label)
{
    return labels[label];
}

enum line {
    LINE_OTHER, /* a comment, or a label that is not known: there are more of them each year */
    LINE_SECRET,
    LINE_WRONG,
};

static enum line add_line(struct keylog *keylog, struct bytes line)
{
    const struct bytes label = take_word(&line), id = take_word(&line), secret = take_word(&line);
    unsigned i = 0;
    while (i < KEYLOG_LABELS && !bytes_equal(label, bytes_of_string(labels[i])))
        i++;
    if (i == KEYLOG_LABELS)
        return LINE_OTHER;
    struct entry e = {.label = (uint8_t)i};
    e.id_length = (uint8_t)read_hex(id, e.id, ID_LONGEST);
    e.secret.length = (uint8_t)read_hex(secret, e.secret.octets, KEYLOG_SECRET_LONGEST);
    if (!e.id_length || !e.secret.length) {
        explicit_bzero(&e, sizeof e);
        return LINE_WRONG;
    }
    if (is_known(keylog, &e)) {
        explicit_bzero(&e, sizeof e);
        return LINE_SECRET;
    }
    if (keylog->count == keylog->size)
        grow(keylog);
    keylog->entries[keylog->count] = e;
    keylog->of_label[i]++;
    link_entry(keylog, keylog->count++);
    explicit_bzero(&e, sizeof e);
    return LINE_SECRET;
}

void keylog_add_text(struct keylog *keylog, struct bytes text)
{
    struct bytes line;
    while (bytes_take_line(&text, &line))
        add_line(keylog, line);
    add_line(keylog, text);
}

/* Lines as they come out of a file, in one buffer that is wiped: no copy of a secret is left
 * behind, and a file of one endless line needs no more memory than any other. */
struct lines {
    size_t held;
    bool passes_over;            /* the line that was too long has not ended yet */
    uint64_t number;             /* of those that have ended */
    uint64_t wrong, first_wrong; /* how many are none, and the first of them */
    uint8_t octets[READ_AT_ONCE];
};

/* Takes `n` more octets, and returns how many of those held are done with. */
static size_t take_lines(struct lines *lines, struct keylog *keylog, size_t n)
{
    lines->held += n;
    struct bytes rest = bytes_of(lines->octets, lines->held), line;
    while (bytes_take_line(&rest, &line)) {
        lines->number++;
        if (!lines->passes_over && add_line(keylog, line) == LINE_WRONG && !lines->wrong++)
            lines->first_wrong = lines->number;
        lines->passes_over = false;
    }
    lines->passes_over |= rest.len == sizeof lines->octets;
    if (lines->passes_over)
        rest.len = 0;
    const size_t done = lines->held - rest.len;
    if (rest.len)
        memmove(lines->octets, rest.at, rest.len);
    lines->held = rest.len;
    return done;
}

/* What is not taken by then is not told any more. */
static void note_slip(struct keylog *keylog, const char *path, const struct lines *lines)
{
    if (lines->wrong && !keylog->slip.lines)
        keylog->slip = (struct keylog_slip){path, lines->first_wrong, lines->wrong};
}

/* Reads lines up to the end of the file. `*place` advances past those that are whole, `*number`
 * counts them; the last one, without its end, counts only where `ended` says that the file will not
 * grow. Returns false, with errno, when it cannot be read. */
static bool read_lines(struct keylog *keylog, int file, bool ended, off_t *place, uint64_t *number,
                       const char *path)
{
    struct lines lines = {.number = *number};
    ssize_t n;
    while ((n = read(file, lines.octets + lines.held, sizeof lines.octets - lines.held)) != 0) {
        if (n > 0)
            *place += (off_t)take_lines(&lines, keylog, (size_t)n);
        else if (errno != EINTR)
            break;
    }
    const int problem = errno;
    if (n == 0 && ended)
        keylog_add_text(keylog, bytes_of(lines.octets, lines.held));
    *number = lines.number;
    if (path)
        note_slip(keylog, path, &lines);
    explicit_bzero(&lines, sizeof lines);
    errno = problem;
    return n == 0;
}

bool keylog_add_file(struct keylog *keylog, const char *path, struct failure *why)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    off_t place = 0;
    uint64_t number = 0;
    if (file < 0)
        return failure_set(why, "%s: %s", path, strerror(errno));
    const bool read = read_lines(keylog, file, true, &place, &number, path);
    if (!read)
        failure_set(why, "%s: %s", path, strerror(errno));
    close(file);
    return read;
}

/* A last line without its end is still being written. A pipe could be read only once, and would be
 * waited for: only files are followed. */
static void read_on(struct keylog *keylog, struct followed *followed)
{
    const int file = open(followed->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (file < 0)
        return;
    if (fstat(file, &status) != 0)
        status = (struct stat){0};
    if (status.st_dev != followed->device || status.st_ino != followed->inode ||
        status.st_size < followed->read)
        *followed = (struct followed){.path = followed->path,
                                      .device = status.st_dev,
                                      .inode = status.st_ino,
                                      .slipped = followed->slipped};
    if (status.st_size > followed->read && lseek(file, followed->read, SEEK_SET) >= 0)
        read_lines(keylog, file, false, &followed->read, &followed->lines,
                   followed->slipped ? NULL : followed->path);
    followed->slipped |= keylog->slip.lines && keylog->slip.path == followed->path;
    close(file);
}

void keylog_follow(struct keylog *keylog, const char *path)
{
    const size_t count = keylog->followed_count++;
    keylog->followed =
        memory_resize(keylog->followed, keylog->followed_count * sizeof *keylog->followed);
    keylog->followed[count] = (struct followed){.path = path};
    read_on(keylog, &keylog->followed[count]);
}

void keylog_poll(struct keylog *keylog)
{
    for (size_t i = 0; i < keylog->followed_count; i++)
        read_on(keylog, &keylog->followed[i]);
}

bool keylog_take_slip(struct keylog *keylog, struct keylog_slip *out)
{
    *out = keylog->slip;
    keylog->slip = (struct keylog_slip){0};
    return out->lines;
}

bool keylog_may_grow(const struct keylog *keylog)
{
    return keylog->followed_count;
}

const struct keylog_secret *keylog_find(const struct keylog *keylog, enum keylog_label label,
                                        struct bytes id, size_t *place)
{
    if (!keylog->count)
        return NULL;
    size_t i =
        *place ? keylog->entries[*place - 1].before : keylog->buckets[bucket_of(keylog, label, id)];
    for (; i; i = keylog->entries[i - 1].before) {
        const struct entry *e = &keylog->entries[i - 1];
        if (e->label == label && bytes_equal(bytes_of(e->id, e->id_length), id)) {
            *place = i;
            return &e->secret;
        }
    }
    return NULL;
}

const struct keylog_secret *keylog_each(const struct keylog *keylog, enum keylog_label label,
                                        size_t *place, struct bytes *id)
{
    while (*place < keylog->count) {
        const struct entry *e = &keylog->entries[keylog->count - ++*place];
        if (e->label != label)
            continue;
        if (id)
            *id = bytes_of(e->id, e->id_length);
        return &e->secret;
    }
    return NULL;
}

bool keylog_has(const struct keylog *keylog, enum keylog_label label)
{
    return keylog->of_label[label];
}

size_t keylog_count(const struct keylog *keylog)
{
    return keylog->count;
}
