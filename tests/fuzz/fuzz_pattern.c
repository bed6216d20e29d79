/* SPDX-License-Identifier: ISC */
/* A pattern of any kind is held against a text: the answer is that of a second matcher, which tries
 * every way to read the pattern. What stands behind the first NUL of the input is the text. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>

#include "heloscope/software/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    PATTERN_READ = 512, /* octets of a pattern, see pattern.c */
    TEXT_MODELLED = 600 /* octets of a text about which the second matcher is asked */
};

/* An octet that is itself, or a variable part. */
struct token {
    bool variable;
    uint8_t octet;
    const char *alphabet; /* NULL = any but LF, and may be empty */
    size_t length;        /* 0 = any */
};

struct model {
    struct token tokens[PATTERN_READ];
    size_t count, literals;
    bool kinds; /* some part must consist of something */
    bool vague; /* the length of a part is no number: of that nothing is promised */
};

static const struct {
    const char *name, *alphabet;
} kinds[] = {
    {"digits", "0123456789"},
    {"hex", "0123456789abcdef"},
    {"HEX", "0123456789ABCDEF"},
    {"alnum", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
};

static void model_variable(struct model *m, const char *name, size_t length)
{
    struct token *t = &m->tokens[m->count++];
    t->variable = true;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].name);
        if (length < n || memcmp(name, kinds[i].name, n) != 0 || (length > n && name[n] != ' '))
            continue;
        t->alphabet = kinds[i].alphabet;
        m->kinds = true;
        m->vague |= length > n + 4 || strspn(name + n, " ") > 1;
        for (size_t k = n + 1; k < length; k++) {
            m->vague |= name[k] < '0' || name[k] > '9';
            t->length = t->length * 10 + (size_t)(name[k] - '0');
        }
    }
}

static void model_read(struct model *m, const char *pattern)
{
    memset(m, 0, sizeof *m);
    for (const char *p = pattern; *p; p++) {
        if (*p == '<') {
            size_t length = strcspn(p + 1, ">");
            model_variable(m, p + 1, length);
            p += length + (p[1 + length] == '>');
            continue;
        }
        p += *p == '\\' && p[1];
        m->tokens[m->count++].octet = (uint8_t)*p;
        m->literals++;
    }
}

/* From each place of the text that can be reached: those that can be behind the variable part. */
static void model_step_variable(const struct token *t, struct bytes text, const bool *from,
                                bool *to)
{
    for (size_t start = 0; start <= text.len; start++) {
        if (!from[start])
            continue;
        to[start] |= !t->alphabet;
        for (size_t end = start + 1; end <= text.len; end++) {
            uint8_t c = text.at[end - 1];
            if (t->alphabet ? !c || !strchr(t->alphabet, c) : c == '\n')
                break;
            to[end] |= !t->length || end - start == t->length;
        }
    }
}

static bool model_fits(const struct model *m, struct bytes text, enum letters letters)
{
    static bool reached[2][TEXT_MODELLED + 1];
    memset(reached, 0, sizeof reached);
    reached[0][0] = true;
    for (size_t i = 0; i < m->count; i++) {
        const struct token *t = &m->tokens[i];
        bool *from = reached[i & 1], *to = reached[!(i & 1)];
        memset(to, 0, sizeof reached[0]);
        if (t->variable)
            model_step_variable(t, text, from, to);
        for (size_t at = 0; !t->variable && at < text.len; at++)
            to[at + 1] = from[at] && (letters == LETTERS_FOLDED
                                          ? ascii_upper(text.at[at]) == ascii_upper(t->octet)
                                          : text.at[at] == t->octet);
    }
    return reached[m->count & 1][text.len];
}

static struct bytes without_stops(struct bytes text)
{
    while (text.len && (text.at[text.len - 1] == '.' || text.at[text.len - 1] == ' '))
        text.len--;
    return text;
}

/* Full stops at the end do not count: neither the text's, nor the pattern's own. */
static bool model_fits_folded(const struct model *m, const char *pattern, struct bytes text)
{
    static struct model shorter;
    char copy[PATTERN_READ];
    struct bytes stripped = without_stops(bytes_of_string(pattern));
    if (model_fits(m, text, LETTERS_FOLDED) || model_fits(m, without_stops(text), LETTERS_FOLDED))
        return true;
    memcpy(copy, pattern, stripped.len);
    copy[stripped.len] = '\0';
    model_read(&shorter, copy);
    return model_fits(&shorter, without_stops(text), LETTERS_FOLDED);
}

static void check_within(struct bytes part, struct bytes whole)
{
    assert(part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

/* The part is a run of the text, in one line. */
static void check_part(const char *pattern, struct bytes text, bool fits)
{
    static const char *const names[] = {"version", "x", "digits", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bytes part = bytes_of("left", 4);
        assert(pattern_part(pattern, text, names[i], &part) == fits);
        if (!fits)
            continue;
        check_within(part, text);
        assert(part.len == 0 || !memchr(part.at, '\n', part.len));
    }
}

static void check_pattern(const char *pattern, struct bytes text)
{
    static struct model m;
    bool exact = pattern_fits(pattern, text, LETTERS_EXACT);
    bool folded = pattern_fits(pattern, text, LETTERS_FOLDED);
    check_part(pattern, text, exact);
    if (strlen(pattern) >= PATTERN_READ || text.len > TEXT_MODELLED)
        return;
    model_read(&m, pattern);
    assert(pattern_literals(pattern) == m.literals);
    if (m.vague)
        return;
    bool model_exact = model_fits(&m, text, LETTERS_EXACT);
    bool model_folded = model_fits_folded(&m, pattern, text);
    /* Each literal is taken where it stands first. Without kinds that finds what there is to find;
     * with them it may miss some, but never finds what is not there. */
    assert(exact <= model_exact && folded <= model_folded);
    if (!m.kinds)
        assert(exact == model_exact && folded == model_folded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    if (nul)
        check_pattern((const char *)data,
                      bytes_from(bytes_of(data, size), (size_t)(nul - data) + 1));
    return 0;
}
