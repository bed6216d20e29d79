/* SPDX-License-Identifier: ISC */
/* Four libraries of one shape: a state, a step that takes some octets and makes others, and a way
 * to begin anew, since each format lets one complete member follow another (`cat a.gz b.gz`). */
#include "decompress.h"
#include "heloscope/base/limits.h"

#include <stdlib.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZ4
#include <lz4frame.h>
#endif

struct decompressor {
    const struct codec *codec;
    size_t hint; /* what zstd and lz4 want next: a block, and the header of the one behind it */
    union {
#ifdef HAVE_ZLIB
        z_stream gzip;
#endif
#ifdef HAVE_LZMA
        lzma_stream xz;
#endif
#ifdef HAVE_ZSTD
        ZSTD_DStream *zstd;
#endif
#ifdef HAVE_LZ4
        LZ4F_dctx *lz4;
#endif
        char none;
    } state;
};

/* What a step is about. */
struct step {
    struct bytes in; /* in: what there is; out: what is left */
    uint8_t *out;
    size_t room;
    size_t made;
    const char *why;
};

struct codec {
    struct packing packing;
    const char *magic;
    size_t magic_length;
    bool (*begin)(struct decompressor *u);
    enum decompress_result (*step)(struct decompressor *u, struct step *s);
    void (*end)(struct decompressor *u);
};

#if defined HAVE_ZSTD || defined HAVE_LZ4
/* What zstd and lz4 made in a call that fails is lost, so that each is given no more than one block
 * at a time, and the header behind it, of so many octets, in a call of its own. */
static struct bytes one_block(const struct decompressor *u, struct bytes in, size_t header)
{
    return bytes_first(in, u->hint > header ? u->hint - header : u->hint);
}
#endif

/* ---------------------------------------------------------------------------------------- gzip */

#ifdef HAVE_ZLIB
enum {
    GZIP_ONLY = 16 + MAX_WBITS /* zlib's way to ask for a gzip header and the largest window */
};

static bool gzip_begin(struct decompressor *u)
{
    u->state.gzip = (z_stream){0};
    return inflateInit2(&u->state.gzip, GZIP_ONLY) == Z_OK;
}

static enum decompress_result gzip_step(struct decompressor *u, struct step *s)
{
    z_stream *z = &u->state.gzip;
    z->next_in = (z_const Bytef *)s->in.at;
    z->avail_in = (uInt)s->in.len;
    z->next_out = s->out;
    z->avail_out = (uInt)s->room;
    int result = inflate(z, Z_NO_FLUSH);
    s->in = bytes_from(s->in, s->in.len - z->avail_in);
    s->made = s->room - z->avail_out;
    if (result == Z_STREAM_END) {
        inflateReset(z);
        return DECOMPRESS_END;
    }
    if (result == Z_OK || result == Z_BUF_ERROR) /* the latter: there was nothing to do */
        return DECOMPRESS_ON;
    s->why = z->msg ? z->msg : zError(result);
    return DECOMPRESS_FAILED;
}

static void gzip_end(struct decompressor *u)
{
    inflateEnd(&u->state.gzip);
}

#define GZIP gzip_begin, gzip_step, gzip_end
#else
#define GZIP NULL, NULL, NULL
#endif

/* ------------------------------------------------------------------------------------------ xz */

#ifdef HAVE_LZMA
static bool xz_begin(struct decompressor *u)
{
    u->state.xz = (lzma_stream)LZMA_STREAM_INIT;
    return lzma_stream_decoder(&u->state.xz, XZ_MEMORY, 0) == LZMA_OK;
}

static const char *xz_complaint(lzma_ret result)
{
    switch (result) {
    case LZMA_MEM_ERROR:
        return "out of memory";
    case LZMA_MEMLIMIT_ERROR:
        return "unpacking it takes more than 256 MiB of memory";
    case LZMA_FORMAT_ERROR:
        return "no xz header";
    case LZMA_OPTIONS_ERROR:
        return "packed in a way that the library does not know";
    default:
        return "a checksum or a code is wrong";
    }
}

static enum decompress_result xz_step(struct decompressor *u, struct step *s)
{
    lzma_stream *z = &u->state.xz;
    z->next_in = s->in.at;
    z->avail_in = s->in.len;
    z->next_out = s->out;
    z->avail_out = s->room;
    lzma_ret result = lzma_code(z, LZMA_RUN);
    s->in = bytes_from(s->in, s->in.len - z->avail_in);
    s->made = s->room - z->avail_out;
    if (result == LZMA_STREAM_END)
        result = lzma_stream_decoder(z, XZ_MEMORY, 0); /* reuses what the first one had */
    else if (result == LZMA_OK || result == LZMA_BUF_ERROR)
        return DECOMPRESS_ON;
    if (result == LZMA_OK)
        return DECOMPRESS_END;
    s->why = xz_complaint(result);
    return DECOMPRESS_FAILED;
}

static void xz_end(struct decompressor *u)
{
    lzma_end(&u->state.xz);
}

#define XZ xz_begin, xz_step, xz_end
#else
#define XZ NULL, NULL, NULL
#endif

/* ---------------------------------------------------------------------------------------- zstd */

#ifdef HAVE_ZSTD
enum {
    ZSTD_HEADER = 3, /* of a block: RFC 8878 section 3.1.1.2 */
    ZSTD_FRAME = 5   /* the least of a frame */
};

static bool zstd_begin(struct decompressor *u)
{
    u->state.zstd = ZSTD_createDStream();
    u->hint = u->state.zstd ? ZSTD_initDStream(u->state.zstd) : 0;
    return u->state.zstd;
}

/* The library itself refuses windows of more than 128 MiB, and begins the next frame by itself. */
static enum decompress_result zstd_step(struct decompressor *u, struct step *s)
{
    struct bytes block = one_block(u, s->in, ZSTD_HEADER);
    ZSTD_inBuffer in = {block.at, block.len, 0};
    ZSTD_outBuffer out = {s->out, s->room, 0};
    size_t result = ZSTD_decompressStream(u->state.zstd, &out, &in);
    if (ZSTD_isError(result)) {
        s->why = ZSTD_getErrorName(result);
        return DECOMPRESS_FAILED;
    }
    s->in = bytes_from(s->in, in.pos);
    s->made = out.pos;
    u->hint = result ? result : ZSTD_FRAME;
    return result ? DECOMPRESS_ON : DECOMPRESS_END;
}

static void zstd_end(struct decompressor *u)
{
    ZSTD_freeDStream(u->state.zstd);
}

#define ZSTANDARD zstd_begin, zstd_step, zstd_end
#else
#define ZSTANDARD NULL, NULL, NULL
#endif

/* ----------------------------------------------------------------------------------------- lz4 */

#ifdef HAVE_LZ4
enum {
    LZ4_HEADER = 4, /* of a block: its size */
    LZ4_FRAME = 7   /* the least of a frame */
};

static bool lz4_begin(struct decompressor *u)
{
    u->hint = LZ4_FRAME;
    return !LZ4F_isError(LZ4F_createDecompressionContext(&u->state.lz4, LZ4F_VERSION));
}

static enum decompress_result lz4_step(struct decompressor *u, struct step *s)
{
    struct bytes block = one_block(u, s->in, LZ4_HEADER);
    size_t taken = block.len, made = s->room;
    size_t result = LZ4F_decompress(u->state.lz4, s->out, &made, block.at, &taken, NULL);
    if (LZ4F_isError(result)) {
        s->why = LZ4F_getErrorName(result);
        return DECOMPRESS_FAILED;
    }
    s->in = bytes_from(s->in, taken);
    s->made = made;
    u->hint = result ? result : LZ4_FRAME;
    return result ? DECOMPRESS_ON : DECOMPRESS_END;
}

static void lz4_end(struct decompressor *u)
{
    LZ4F_freeDecompressionContext(u->state.lz4);
}

#define LZ4 lz4_begin, lz4_step, lz4_end
#else
#define LZ4 NULL, NULL, NULL
#endif

/* ---------------------------------------------------------------------------------- altogether */

static const struct codec codecs[] = {
    {{"gzip", "gzip -d"}, "\x1f\x8b\x08", 3, GZIP}, /* RFC 1952 section 2.3; 8 = deflate */
    {{"xz", "xz -d"}, "\xfd\x37\x7a\x58\x5a\x00", 6, XZ},
    {{"zstd", "zstd -d"}, "\x28\xb5\x2f\xfd", 4, ZSTANDARD}, /* RFC 8878 section 3.1.1 */
    /* A frame to be skipped, section 3.1.2: pzstd writes one in front of each of its own. */
    {{"zstd", "zstd -d"}, "\x50\x2a\x4d\x18", 4, ZSTANDARD},
    {{"lz4", "lz4 -d"}, "\x04\x22\x4d\x18", 4, LZ4},
};

/* The packing is the first member of its codec. */
static const struct codec *codec_of(const struct packing *packing)
{
    return (const struct codec *)packing;
}

const struct packing *packing_find(struct bytes start)
{
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        struct bytes magic = bytes_of(codecs[i].magic, codecs[i].magic_length);
        if (bytes_equal(bytes_first(start, magic.len), magic))
            return &codecs[i].packing;
    }
    return NULL;
}

bool packing_is_available(const struct packing *packing)
{
    return codec_of(packing)->begin;
}

struct decompressor *decompressor_new(const struct packing *packing)
{
    const struct codec *codec = codec_of(packing);
    struct decompressor *u = codec->begin ? calloc(1, sizeof *u) : NULL;
    if (!u)
        return NULL;
    u->codec = codec;
    if (codec->begin(u))
        return u;
    free(u);
    return NULL;
}

enum decompress_result decompressor_step(struct decompressor *decompressor, struct bytes *in,
                                         uint8_t *out, size_t room, size_t *made, const char **why)
{
    struct step step = {.in = *in, .out = out, .room = room};
    enum decompress_result result = decompressor->codec->step(decompressor, &step);
    *in = step.in;
    *made = step.made;
    if (result == DECOMPRESS_FAILED)
        *why = step.why;
    return result;
}

void decompressor_free(struct decompressor *decompressor)
{
    if (decompressor)
        decompressor->codec->end(decompressor);
    free(decompressor);
}
