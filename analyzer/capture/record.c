/* SPDX-License-Identifier: ISC */
#include "record.h"

enum file_result file_result_of(enum bytes_result result, const struct byte_source *source)
{
    if (result == BYTES_IDLE)
        return FILE_IDLE;
    if (result == BYTES_FAILED)
        return source->cut ? FILE_CUT : FILE_UNREADABLE;
    return byte_source_left(source) ? FILE_CUT : FILE_END;
}
