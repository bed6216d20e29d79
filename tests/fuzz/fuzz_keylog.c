/* SPDX-License-Identifier: ISC */
/* Key logs. The order of their lines makes no difference, nor how often each is there; every secret
 * that was taken can be reached. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdlib.h>

#include "heloscope/tls/keylog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All secrets, label by label, and no other. */
static void check_each(const struct keylog *keylog)
{
    size_t sum = 0;
    for (unsigned label = 0; label < KEYLOG_LABELS; label++) {
        const struct keylog_secret *secret;
        size_t place = 0, of_label = 0;
        while ((secret = keylog_each(keylog, label, &place, NULL))) {
            assert(secret->length > 0 && secret->length <= KEYLOG_SECRET_LONGEST);
            of_label++;
        }
        assert(keylog_has(keylog, label) == (of_label > 0));
        sum += of_label;
    }
    assert(sum == keylog_count(keylog));
}

/* An id that nobody has given finds nothing, wherever the search begins. */
static void check_absent(const struct keylog *keylog)
{
    for (unsigned label = 0; label < KEYLOG_LABELS; label++) {
        size_t place = 0;
        assert(!keylog_find(keylog, label, (struct bytes){0}, &place));
    }
}

/* The lines in turned order. Of the last line it is unknown whether it ends with the text. */
static void add_turned(struct keylog *keylog, struct bytes text)
{
    while (text.len) {
        size_t begin = text.len - 1;
        while (begin && text.at[begin - 1] != '\n')
            begin--;
        keylog_add_text(keylog, bytes_from(text, begin));
        text = bytes_first(text, begin);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes text = bytes_of(data, size);
    struct keylog *keylog = keylog_new(), *turned = keylog_new();
    keylog_add_text(keylog, text);
    const size_t count = keylog_count(keylog);
    check_each(keylog);
    check_absent(keylog);
    add_turned(turned, text);
    assert(keylog_count(turned) == count);
    keylog_add_text(keylog, text);
    assert(keylog_count(keylog) == count);
    keylog_free(keylog);
    keylog_free(turned);
    return 0;
}
