/* SPDX-License-Identifier: ISC */
#include "heloscope/transport/fragments.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/memory.h"

enum {
    BUCKETS = 4096,
    UNIT = 8, /* what offsets are counted in: RFC 791 section 3.1 */
    PAGE_OCTETS = 2048,
    PAGE_UNITS = PAGE_OCTETS / UNIT,
    LONGEST = 65535,
    PAGES = LONGEST / PAGE_OCTETS + 1,
};

/* Octets come in any order and size; a bit for each unit tells which are there. So no fragment
 * costs more than its own octets, however many there are. */
struct page {
    uint64_t present[PAGE_UNITS / 64];
    uint8_t octets[PAGE_OCTETS];
};

/* Compared as octets: no padding that is not zeroed. */
struct datagram_key {
    struct address src, dst;
    uint32_t ip_id, path;
    uint8_t protocol; /* IPv4; in IPv6 it is not part of the key */
};

struct datagram {
    struct datagram_key key;
    struct datagram *in_bucket, *older, *newer;
    int64_t since_us; /* of its first fragment; of its end when it is complete */
    uint32_t units;   /* that are there */
    uint32_t reach;   /* end of the furthest fragment */
    uint32_t end;     /* length; 0 = the last fragment is still to come */
    uint32_t cut_at;  /* from here on octets were cut off by the snap length */
    uint8_t protocol; /* as the first fragment says */
    bool complete;    /* and handed out: kept to know its copies */
    struct page *pages[PAGES];
};

struct queue {
    struct datagram *oldest, *newest;
    size_t count;
};

struct fragments {
    uint64_t seed;
    struct datagram **buckets; /* none as long as no fragment came */
    struct queue waiting, complete;
    size_t memory;
    struct fragment_counts counts;
    uint8_t whole[LONGEST + UNIT];
};

struct fragments *fragments_new(void)
{
    struct fragments *f = memory_get(sizeof *f);
    f->seed = hash_seed();
    return f;
}

/* --- the table --- */

static struct datagram_key key_of(const struct segment *s)
{
    struct datagram_key key;
    memset(&key, 0, sizeof key);
    key.src = s->src;
    key.dst = s->dst;
    key.ip_id = s->ip_id;
    key.path = s->path;
    key.protocol = s->src.family == 4 ? s->protocol : 0;
    return key;
}

static struct datagram **bucket_of(struct fragments *f, const struct datagram_key *key)
{
    if (!f->buckets)
        f->buckets = memory_get(BUCKETS * sizeof *f->buckets);
    return &f->buckets[hash_octets(f->seed, key, sizeof *key) % BUCKETS];
}

static void queue_append(struct queue *queue, struct datagram *d)
{
    d->newer = NULL;
    d->older = queue->newest;
    *(queue->newest ? &queue->newest->newer : &queue->oldest) = d;
    queue->newest = d;
    queue->count++;
}

static void queue_remove(struct queue *queue, struct datagram *d)
{
    *(d->older ? &d->older->newer : &queue->oldest) = d->newer;
    *(d->newer ? &d->newer->older : &queue->newest) = d->older;
    queue->count--;
}

static void free_pages(struct fragments *f, struct datagram *d)
{
    for (size_t i = 0; i < PAGES; i++) {
        if (d->pages[i])
            f->memory -= sizeof *d->pages[i];
        free(d->pages[i]);
        d->pages[i] = NULL;
    }
}

static void forget(struct fragments *f, struct datagram *d)
{
    struct datagram **at = bucket_of(f, &d->key);
    while (*at != d)
        at = &(*at)->in_bucket;
    *at = d->in_bucket;
    queue_remove(d->complete ? &f->complete : &f->waiting, d);
    free_pages(f, d);
    f->memory -= sizeof *d;
    free(d);
}

static void expire(struct fragments *f, int64_t now_us)
{
    while (f->complete.oldest && f->complete.oldest->since_us < now_us - FRAGMENTS_KNOWN_US)
        forget(f, f->complete.oldest);
    while (f->waiting.oldest && f->waiting.oldest->since_us < now_us - FRAGMENTS_WAIT_US) {
        forget(f, f->waiting.oldest);
        f->counts.expired++;
    }
}

/* Makes room for what a fragment of `length` octets can take. */
static void reserve(struct fragments *f, size_t length)
{
    size_t most = sizeof(struct datagram) + (length / PAGE_OCTETS + 2) * sizeof(struct page);
    while (f->memory + most > FRAGMENTS_MEMORY) {
        if (f->complete.oldest) {
            forget(f, f->complete.oldest);
            continue;
        }
        forget(f, f->waiting.oldest);
        f->counts.given_up++;
    }
}

static struct datagram *find_or_begin(struct fragments *f, const struct segment *s, int64_t now_us)
{
    struct datagram_key key = key_of(s);
    struct datagram **bucket = bucket_of(f, &key), *d = *bucket;
    while (d && memcmp(&d->key, &key, sizeof key) != 0)
        d = d->in_bucket;
    if (d)
        return d;
    d = memory_get(sizeof *d);
    f->memory += sizeof *d;
    d->key = key;
    d->since_us = now_us;
    d->cut_at = UINT32_MAX;
    d->in_bucket = *bucket;
    *bucket = d;
    queue_append(&f->waiting, d);
    return d;
}

/* --- a fragment --- */

/* Whether a fragment of `length` octets can be true by itself. All but the last have whole units;
 * what ends behind the longest datagram was made to do harm. */
static bool plausible(const struct segment *s, size_t length)
{
    return length > 0 && s->offset + length <= LONGEST && (!s->more || length % UNIT == 0);
}

/* Whether it agrees with what the fragments before it said of the datagram's end. */
static bool agrees(const struct datagram *d, const struct segment *s, uint32_t end)
{
    if (d->end)
        return s->more ? end <= d->end : end == d->end;
    return s->more || end >= d->reach;
}

static struct page *page_of(struct fragments *f, struct datagram *d, size_t unit)
{
    struct page **page = &d->pages[unit / PAGE_UNITS];
    if (!*page) {
        *page = memory_get(sizeof **page);
        f->memory += sizeof **page;
    }
    return *page;
}

/* One unit or less. Returns whether it says something else than what is there. */
static bool keep_unit(struct fragments *f, struct datagram *d, size_t unit, struct bytes data)
{
    struct page *page = page_of(f, d, unit);
    size_t in_page = unit % PAGE_UNITS;
    uint8_t *at = page->octets + in_page * UNIT;
    uint64_t bit = 1ull << in_page % 64, *present = &page->present[in_page / 64];
    if (*present & bit)
        return unit * UNIT + data.len <= d->cut_at && !bytes_equal(data, bytes_of(at, data.len));
    *present |= bit;
    d->units++;
    if (data.len)
        memcpy(at, data.at, data.len);
    return false;
}

static void keep(struct fragments *f, struct datagram *d, const struct segment *s, uint32_t length)
{
    uint32_t before = d->units, end = s->offset + length;
    bool differs = false;
    for (uint32_t at = 0; at < length; at += UNIT)
        differs |=
            keep_unit(f, d, (s->offset + at) / UNIT, bytes_first(bytes_from(s->payload, at), UNIT));
    if (s->cut && s->offset + s->payload.len < d->cut_at && d->units != before)
        d->cut_at = (uint32_t)(s->offset + s->payload.len);
    if (s->offset == 0 && d->protocol == 0)
        d->protocol = s->protocol;
    if (!s->more)
        d->end = end;
    if (end > d->reach)
        d->reach = end;
    uint32_t added = d->units - before, there = (length + UNIT - 1) / UNIT - added;
    f->counts.overlaps += there && (added || differs);
    f->counts.contradicting += differs;
    f->counts.repeated += !differs && !added;
}

static void hand_out(struct fragments *f, struct datagram *d, struct segment *s, int64_t now_us)
{
    for (size_t i = 0; i < PAGES && d->pages[i]; i++)
        memcpy(f->whole + i * PAGE_OCTETS, d->pages[i]->octets,
               i + 1 < PAGES ? (size_t)PAGE_OCTETS : LONGEST % PAGE_OCTETS);
    size_t captured = d->cut_at < d->end ? d->cut_at : d->end;
    s->payload = bytes_of(f->whole, captured);
    s->cut = (uint32_t)(d->end - captured);
    s->protocol = d->protocol;
    free_pages(f, d);
    queue_remove(&f->waiting, d);
    queue_append(&f->complete, d);
    d->complete = true;
    d->since_us = now_us;
    f->counts.datagrams++;
}

bool fragments_take(struct fragments *f, struct segment *s, int64_t now_us)
{
    size_t length = s->payload.len + s->cut;
    f->counts.fragments++;
    expire(f, now_us);
    if (!plausible(s, length)) {
        f->counts.malformed++;
        return false;
    }
    reserve(f, length);
    struct datagram *d = find_or_begin(f, s, now_us);
    uint32_t end = (uint32_t)(s->offset + length);
    if (d->complete) {
        f->counts.repeated++;
        return false;
    }
    if (!agrees(d, s, end)) {
        f->counts.malformed++;
        return false;
    }
    keep(f, d, s, (uint32_t)length);
    if (!d->end || d->units != (d->end + UNIT - 1) / UNIT)
        return false;
    hand_out(f, d, s, now_us);
    return true;
}

void fragments_counts(const struct fragments *f, struct fragment_counts *out)
{
    *out = f->counts;
}

size_t fragments_waiting(const struct fragments *f)
{
    return f->waiting.count;
}

size_t fragments_memory(const struct fragments *f)
{
    return f->memory;
}

void fragments_free(struct fragments *f)
{
    if (!f)
        return;
    while (f->complete.oldest)
        forget(f, f->complete.oldest);
    while (f->waiting.oldest)
        forget(f, f->waiting.oldest);
    free(f->buckets);
    free(f);
}
