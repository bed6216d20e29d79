/* SPDX-License-Identifier: ISC */
/* Rows as JSON objects, by the million. SQLite's own functions make them for a few rows elsewhere;
 * put together out of SQL a row costs as much as the analysis of what it tells. */
#include "outbox.h"

#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/base/memory.h"

static void reserve(struct object *object, size_t more)
{
    if (object->length + more <= object->size)
        return;
    while (object->length + more > object->size)
        object->size = object->size ? 2 * object->size : 4096;
    object->text = memory_resize(object->text, object->size);
}

static void put(struct object *object, const char *text, size_t length)
{
    reserve(object, length);
    memcpy(object->text + object->length, text, length);
    object->length += length;
}

static void put_number(struct object *object, int64_t number)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--at = '-';
    put(object, at, (size_t)(digits + sizeof digits - at));
}

/* What RFC 8259, section 7, wants escaped. The history holds nothing but UTF-8. */
static void put_text(struct object *object, const unsigned char *text, size_t length)
{
    reserve(object, 6 * length + 2);
    char *out = object->text + object->length;
    *out++ = '"';
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = text[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            *out++ = (char)c;
        } else if (c >= 0x20) {
            *out++ = '\\';
            *out++ = (char)c;
        } else {
            static const char hex[] = "0123456789abcdef";
            memcpy(out, "\\u00", 4);
            out[4] = hex[c >> 4];
            out[5] = hex[c & 15];
            out += 6;
        }
    }
    *out++ = '"';
    object->length = (size_t)(out - object->text);
}

static void put_member(struct object *object, const char *name)
{
    const size_t length = strlen(name);
    reserve(object, length + 4);
    char *out = object->text + object->length;
    *out++ = ',';
    *out++ = '"';
    memcpy(out, name, length);
    out += length;
    *out++ = '"';
    *out++ = ':';
    object->length = (size_t)(out - object->text);
}

void outbox_object_begin(struct object *object, const struct outbox_session *session,
                         int64_t version, const char *sensor)
{
    object->length = 0;
    put(object, "{\"sensor\":", 10);
    put_text(object, (const unsigned char *)sensor, strlen(sensor));
    put_member(object, "uid");
    put_text(object, (const unsigned char *)session->uid, strlen(session->uid));
    put_member(object, "version");
    put_number(object, version);
    put_member(object, "started_us");
    put_number(object, session->started_us);
    object->head = object->length;
}

struct bytes outbox_object(struct object *object, sqlite3_stmt *row,
                           const struct outbox_column *columns)
{
    const int count = sqlite3_column_count(row);
    object->length = object->head;
    for (int i = 0; i < count; i++) {
        const int type = sqlite3_column_type(row, i);
        if (type == SQLITE_NULL)
            continue;
        put_member(object, columns[i].name);
        if (type == SQLITE_INTEGER) {
            put_number(object, sqlite3_column_int64(row, i));
        } else {
            const unsigned char *text = sqlite3_column_text(row, i);
            put_text(object, text, text ? (size_t)sqlite3_column_bytes(row, i) : 0);
        }
    }
    put(object, "}", 1);
    return bytes_of(object->text, object->length);
}

void outbox_object_free(struct object *object)
{
    free(object->text);
}
