/* SPDX-License-Identifier: ISC */
#include "heloscope/timeline.h"

#include <stdio.h>

/* These words are stored and queried: a row may be added, none renamed without a migration. */
static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_OPEN] = "open",   [EVENT_GREETING] = "greeting", [EVENT_COMMAND] = "command",
    [EVENT_REPLY] = "reply", [EVENT_AUTH] = "auth",         [EVENT_DATA] = "data",
    [EVENT_CHUNK] = "chunk", [EVENT_TLS] = "tls",           [EVENT_GAP] = "gap",
    [EVENT_CLOSE] = "close",
};

static const char *const role_names[ROLE_COUNT] = {
    [ROLE_OPENED] = "opened", [ROLE_REFUSAL] = "refusal", [ROLE_CASCADE] = "cascade",
    [ROLE_GROUP] = "group",   [ROLE_OFFER] = "offer",     [ROLE_GAP] = "gap",
};

static const struct {
    enum note note;
    const char *words;
} note_words[] = {
    {NOTE_ENCRYPTED, "in TLS"},
    {NOTE_MIDSTREAM, "begun before the capture"},
    {NOTE_DOUBTFUL, "doubtful"},
    {NOTE_NO_RECEIPTS, "acknowledgements unusable"},
    {NOTE_INCOMPLETE, "incomplete"},
    {NOTE_PIPELINED, "pipelined"},
    {NOTE_UNSOLICITED, "unsolicited"},
    {NOTE_CONTENT, "message content"},
    {NOTE_DISCARDED, "to be discarded"},
    {NOTE_MASKED, "masked"},
    {NOTE_SMUGGLE, "second end of data"},
    {NOTE_BARE_LF, "bare LF"},
    {NOTE_UNBRACKETED, "no angle brackets"},
    {NOTE_COLON_SPACE, "space before the colon"},
    {NOTE_BARE_CR, "bare CR"},
    {NOTE_LONG, "too long"},
    {NOTE_BINARY, "not text"},
};

const char *event_kind_name(enum event_kind kind)
{
    return (unsigned)kind < EVENT_KIND_COUNT ? kind_names[kind] : "unknown";
}

const char *role_name(enum role role)
{
    return (unsigned)role < ROLE_COUNT ? role_names[role] : "unknown";
}

char *notes_print(unsigned notes, char *out, size_t size)
{
    size_t used = 0;
    if (size)
        out[0] = '\0';
    for (size_t i = 0; i < sizeof note_words / sizeof *note_words; i++) {
        if (!(notes & note_words[i].note))
            continue;
        const int n =
            snprintf(out + used, size - used, "%s%s", used ? ", " : "", note_words[i].words);
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
    return out;
}
