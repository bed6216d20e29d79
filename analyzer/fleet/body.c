/* SPDX-License-Identifier: ISC */
#include "body.h"

#ifdef HAVE_ZLIB

#include <stdlib.h>
#include <zlib.h>

#include "heloscope/base/memory.h"

enum {
    LEVEL = 1, /* rows repeat their names: more effort wins little and costs most of the time */
    GZIP = 16, /* added to the window's size: a gzip header, not zlib's */
    FIRST_SIZE = 256 * 1024
};

struct body {
    z_stream stream;
    uint8_t *out;
    size_t size;
    size_t rows, octets;
};

struct body *body_new(void)
{
    struct body *body = memory_get(sizeof *body);
    body->size = FIRST_SIZE;
    body->out = memory_get(body->size);
    deflateInit2(&body->stream, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP, 8, Z_DEFAULT_STRATEGY);
    body_clear(body);
    return body;
}

void body_free(struct body *body)
{
    if (!body)
        return;
    deflateEnd(&body->stream);
    free(body->out);
    free(body);
}

/* Packs until `flush` is done, with more room when there is none left. */
static void pack(struct body *body, struct bytes octets, int flush)
{
    z_stream *stream = &body->stream;
    stream->next_in = (z_const Bytef *)octets.at;
    stream->avail_in = (uInt)octets.len;
    int result;
    do {
        if (!stream->avail_out) {
            const size_t used = body->size;
            body->size *= 2;
            body->out = memory_resize(body->out, body->size);
            stream->next_out = body->out + used;
            stream->avail_out = (uInt)(body->size - used);
        }
        result = deflate(stream, flush);
    } while (stream->avail_in || (flush == Z_FINISH && result == Z_OK));
}

void body_add(struct body *body, struct bytes row)
{
    pack(body, row, Z_NO_FLUSH);
    pack(body, bytes_of("\n", 1), Z_NO_FLUSH);
    body->rows++;
    body->octets += row.len + 1;
}

size_t body_rows(const struct body *body)
{
    return body->rows;
}

size_t body_octets(const struct body *body)
{
    return body->octets;
}

struct bytes body_finish(struct body *body)
{
    pack(body, bytes_of(NULL, 0), Z_FINISH);
    return bytes_of(body->out, body->size - body->stream.avail_out);
}

void body_clear(struct body *body)
{
    deflateReset(&body->stream);
    body->stream.next_out = body->out;
    body->stream.avail_out = (uInt)body->size;
    body->rows = body->octets = 0;
}

#else

struct body *body_new(void)
{
    return NULL;
}

void body_free(struct body *body)
{
    (void)body;
}

void body_add(struct body *body, struct bytes row)
{
    (void)body, (void)row;
}

size_t body_rows(const struct body *body)
{
    (void)body;
    return 0;
}

size_t body_octets(const struct body *body)
{
    (void)body;
    return 0;
}

struct bytes body_finish(struct body *body)
{
    (void)body;
    return bytes_of(NULL, 0);
}

void body_clear(struct body *body)
{
    (void)body;
}

#endif
