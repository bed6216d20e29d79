/* SPDX-License-Identifier: ISC */
#include "pack.h"

#include <criterion/criterion.h>

#ifdef HAVE_ZLIB
#include <zlib.h>

static size_t pack_gzip(struct bytes in, uint8_t *out, size_t room)
{
    z_stream z = {.next_in = (z_const Bytef *)in.at, .avail_in = (uInt)in.len};
    z.next_out = out;
    z.avail_out = (uInt)room;
    cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}
#endif

#ifdef HAVE_LZMA
#include <lzma.h>

static size_t pack_xz(struct bytes in, uint8_t *out, size_t room)
{
    size_t made = 0;
    cr_assert_eq(
        lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, in.at, in.len, out, &made, room),
        LZMA_OK);
    return made;
}
#endif

#ifdef HAVE_ZSTD
#include <zstd.h>

static size_t pack_zstd(struct bytes in, uint8_t *out, size_t room)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1); /* as the zstd command does */
    size_t made = ZSTD_compress2(context, out, room, in.at, in.len);
    ZSTD_freeCCtx(context);
    cr_assert(!ZSTD_isError(made));
    return made;
}
#endif

#ifdef HAVE_LZ4
#include <lz4frame.h>

static size_t pack_lz4(struct bytes in, uint8_t *out, size_t room)
{
    const LZ4F_preferences_t with_checksum = {.frameInfo.contentChecksumFlag =
                                                  LZ4F_contentChecksumEnabled};
    size_t made = LZ4F_compressFrame(out, room, in.at, in.len, &with_checksum);
    cr_assert(!LZ4F_isError(made));
    return made;
}
#endif

static const struct packer packers[] = {
#ifdef HAVE_ZLIB
    {"gzip", pack_gzip},
#endif
#ifdef HAVE_LZMA
    {"xz", pack_xz},
#endif
#ifdef HAVE_ZSTD
    {"zstd", pack_zstd},
#endif
#ifdef HAVE_LZ4
    {"lz4", pack_lz4},
#endif
    {NULL, NULL},
};

const struct packer *packer_at(size_t index)
{
    return packers[index].name ? &packers[index] : NULL;
}
