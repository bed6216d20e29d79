/* SPDX-License-Identifier: ISC */
/* Queue ids: where each server puts its own in the reply that accepts a message. */
#include "heloscope/software/queue_id.h"

#define DIGITS "0123456789"
#define HEX    DIGITS "abcdefABCDEF"
#define ALNUM  DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
/* What any id is made of: printable, without the brackets and commas that may close it. */
#define ID ALNUM "._-=+/:@!#$%&*?^~|"

/* `before`, then `least` to `most` characters of the alphabet, then `after`. An id that begins a
 * line has no `before`; with `ends`, nothing but a full stop may stand behind `after`. */
static const struct form {
    const char *before, *after, *alphabet;
    size_t least, most;
    bool ends;
} forms[] = {
    /* Postfix, mailpit, MailHog, SendGrid, Barracuda, go-guerrilla, ZoneMTA, Coremail */
    {"queued as ", "", ID, 4, 128, false},
    /* Exim: 16 characters, since 4.97 23 */
    {"OK id=", "", ALNUM "-", 16, 23, false},
    /* Sendmail: 14; OpenSMTPD: 8; Proofpoint: as Sendmail */
    {"", " Message accepted for delivery", ALNUM, 8, 24, false},
    {"[InternalId=", "", DIGITS, 1, 24, false},         /* Exchange: for its message tracking log */
    {" ", " - gsmtp", ID, 8, 64, true},                 /* Gmail */
    {"Message Queued (", ")", HEX "-.", 36, 48, false}, /* Haraka */
    {" qp ", "", DIGITS, 1, 10, false},                 /* qmail: the process that queued it */
    {"(Queue-Id: ", ")", ID, 4, 64, false},             /* qpsmtpd in front of Postfix */
    {"Message ", " accepted", DIGITS, 1, 12, false},    /* Cisco ESA */
    {"Ok ", "", HEX "-", 50, 70, true},                 /* Amazon SES */
    {"OK:", "", ALNUM, 40, 64, true},                   /* Campaign Monitor */
    {"queued with id ", "", HEX, 4, 32, false},         /* Stalwart */
    {"OK ids=", "", ID " ", 4, 128, true}, /* KumoMTA: one for each recipient's domain */
    {"PARTIAL ids=", "", ID " ", 4, 128, true},
    {"Ok. ", "", HEX ".", 20, 64, true},         /* Courier */
    {"SESSIONID=<", ">", ID "<", 4, 128, false}, /* Cyrus */
    {"> ", " Saved", ID, 4, 64, true},           /* Dovecot, one for each recipient */
    {"it is done (", ")", HEX, 4, 32, false},    /* mox */
    {"id=", "", ID, 8, 128, true},               /* 1&1, and who does likewise */
};

static bool stands_at(struct bytes text, size_t at, const char *words)
{
    size_t n = strlen(words);
    return text.len - at >= n && memcmp(text.at + at, words, n) == 0;
}

/* Whether a line, or the text, ends at `at`, a full stop apart. */
static bool line_ends(struct bytes text, size_t at)
{
    if (at < text.len && text.at[at] == '.')
        at++;
    return at == text.len || text.at[at] == '\n';
}

/* The id at `at`; empty when it has not the form. */
static struct bytes id_at(const struct form *form, struct bytes text, size_t at)
{
    size_t n = 0;
    while (at + n < text.len && n <= form->most && text.at[at + n] &&
           strchr(form->alphabet, text.at[at + n]))
        n++;
    while (n && (text.at[at + n - 1] == '.' || text.at[at + n - 1] == ' ')) /* ends the sentence */
        n--;
    bool fits = n >= form->least && n <= form->most && stands_at(text, at + n, form->after) &&
                (!form->ends || line_ends(text, at + n + strlen(form->after)));
    return fits ? bytes_of(text.at + at, n) : bytes_of(NULL, 0);
}

/* Where the form may stand next in `text`, from `from` on; SIZE_MAX = nowhere any more. */
static size_t next_place(const struct form *form, struct bytes text, size_t from)
{
    size_t at = 0;
    if (*form->before)
        at = bytes_find(bytes_from(text, from), bytes_of_string(form->before));
    else if (from) { /* the next line's start */
        at = bytes_find(bytes_from(text, from - 1), bytes_of("\n", 1));
    }
    return at == SIZE_MAX ? at : from + at;
}

/* The last id of this form. */
static struct bytes last_of(const struct form *form, struct bytes text)
{
    struct bytes last = {NULL, 0};
    size_t n = strlen(form->before);
    for (size_t at = 0; at < text.len; at++) {
        at = next_place(form, text, at);
        if (at == SIZE_MAX)
            break;
        struct bytes id = id_at(form, text, at + n);
        if (id.at)
            last = id;
    }
    return last;
}

struct bytes queue_id_of(struct bytes text)
{
    struct bytes best = {NULL, 0};
    text = bytes_first(text, 1024); /* RFC 5321 section 4.5.3.1.5: a line has 512 */
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct bytes id = last_of(&forms[i], text);
        if (id.at && (!best.at || id.at > best.at))
            best = id;
    }
    return best;
}
