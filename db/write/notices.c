/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <string.h>

#include "parts.h"

void store_say(struct store *store, const char *format, ...)
{
    struct store_notice notice;
    va_list args;
    va_start(args, format);
    vsnprintf(notice.text, sizeof notice.text, format, args);
    va_end(args);
    pthread_mutex_lock(&store->desk);
    if (store->notice_count == NOTICES_KEPT)
        memmove(store->notices, store->notices + 1, --store->notice_count * sizeof notice);
    store->notices[store->notice_count++] = notice;
    pthread_mutex_unlock(&store->desk);
}

bool store_take_notice(struct store *store, struct store_notice *out)
{
    pthread_mutex_lock(&store->desk);
    const bool any = store->notice_count > 0;
    if (any) {
        *out = store->notices[0];
        memmove(store->notices, store->notices + 1, --store->notice_count * sizeof *out);
    }
    pthread_mutex_unlock(&store->desk);
    return any;
}
