/* SPDX-License-Identifier: ISC */
/* What a connection has to tell, in a queue until it is asked. */
#include "state.h"

struct tls_news *tls_tell(struct tls *tls, enum tls_news_kind kind)
{
    if (tls->news_count < NEWS_KEPT)
        tls->news_count++;
    struct tls_news *news = &tls->news[(tls->news_first + tls->news_count - 1) % NEWS_KEPT];
    *news = (struct tls_news){.kind = kind};
    return news;
}

struct tls_news *tls_tell_about(struct tls *tls, enum tls_news_kind kind,
                                const struct tls_news *about, struct bytes data)
{
    struct tls_news *news = tls_tell(tls, kind);
    *news = *about;
    news->kind = kind;
    news->data = data;
    return news;
}

bool tls_next(struct tls *tls, struct tls_news *out)
{
    if (!tls->news_count)
        return false;
    *out = tls->news[tls->news_first];
    tls->news_first = (tls->news_first + 1) % NEWS_KEPT;
    tls->news_count--;
    return true;
}
