/* SPDX-License-Identifier: ISC */
/* Texts with variable parts. A pattern is read as pieces: a variable part, which may be absent, and
 * the literal behind it. The leftmost place of each literal is the right one, except that the last
 * must end the text: so no step is ever taken back. */
#include "heloscope/software/pattern.h"

struct piece {
    bool variable, last;
    struct bytes name;    /* of the variable part */
    struct bytes literal; /* as written, with its "\<" */
    size_t length;        /* of the literal as sent */
    size_t plain;         /* of the literal, the octets before its first backslash */
};

/* The literal at `p`: up to a bracket that has no backslash. */
static const char *next_literal(const char *p, struct piece *out)
{
    const char *end = strchrnul(p, '<'), *escape = memchr(p, '\\', (size_t)(end - p));
    size_t escapes = 0;
    out->plain = (size_t)((escape ? escape : end) - p);
    if (escape)
        for (end = escape; *end && *end != '<'; end++)
            if (*end == '\\' && end[1]) {
                escapes++;
                end++;
            }
    out->literal = bytes_of(p, (size_t)(end - p));
    out->length = out->literal.len - escapes;
    out->last = !*end;
    return end;
}

static const char *next_piece(const char *p, struct piece *out)
{
    out->variable = *p == '<';
    if (out->variable) {
        const char *name = ++p;
        while (*p && *p != '>')
            p++;
        out->name = bytes_of(name, (size_t)(p - name));
        p += *p == '>';
    }
    return next_literal(p, out);
}

static uint8_t folded(uint8_t c, enum letters letters)
{
    return letters == LETTERS_FOLDED ? ascii_upper(c) : c;
}

/* Whether `text` begins with the literal. */
static bool begins(struct bytes text, const struct piece *piece, enum letters letters)
{
    struct bytes literal = piece->literal;
    size_t i = letters == LETTERS_EXACT ? piece->plain : 0, n = i;
    if (text.len < piece->length || (i && memcmp(text.at, literal.at, i) != 0))
        return false;
    for (; i < literal.len; i++, n++) {
        i += literal.at[i] == '\\' && i + 1 < literal.len;
        if (folded(text.at[n], letters) != folded(literal.at[i], letters))
            return false;
    }
    return true;
}

/* Where the literal stands first in `text`; SIZE_MAX = nowhere. */
static size_t find(struct bytes text, const struct piece *piece, enum letters letters)
{
    if (letters == LETTERS_EXACT && piece->plain == piece->literal.len)
        return bytes_find(text, piece->literal);
    for (size_t at = 0; at + piece->length <= text.len; at++)
        if (begins(bytes_from(text, at), piece, letters))
            return at;
    return SIZE_MAX;
}

/* Octets up to the literal, which may not stand behind a line feed; SIZE_MAX when it is not there.
 */
static size_t run_before(struct bytes text, const struct piece *piece, enum letters letters)
{
    size_t at = SIZE_MAX;
    if (!piece->last)
        at = find(text, piece, letters);
    else if (text.len >= piece->length &&
             begins(bytes_from(text, text.len - piece->length), piece, letters))
        at = text.len - piece->length;
    bool broken = at != SIZE_MAX && at && memchr(text.at, '\n', at);
    return broken ? SIZE_MAX : at;
}

/* --- what stands in a variable part
 * ---------------------------------------------------------------- */

enum alphabet {
    DIGIT = 1 << 0,
    SMALL_HEX = 1 << 1,
    CAPITAL_HEX = 1 << 2,
    OTHER_LETTER = 1 << 3,
    URL_SIGN = 1 << 4,
};

static const struct kind {
    const char *name;
    unsigned alphabet;
} kinds[] = {
    {"digits", DIGIT},
    {"hex", DIGIT | SMALL_HEX},
    {"HEX", DIGIT | CAPITAL_HEX},
    {"alnum", DIGIT | SMALL_HEX | CAPITAL_HEX | OTHER_LETTER},
    {"base64url", DIGIT | SMALL_HEX | CAPITAL_HEX | OTHER_LETTER | URL_SIGN},
};

static unsigned alphabet_of(uint8_t c)
{
    uint8_t capital = ascii_upper(c);
    if (c >= '0' && c <= '9')
        return DIGIT;
    if (c == '-' || c == '_')
        return URL_SIGN;
    if (capital < 'A' || capital > 'Z')
        return 0;
    return capital > 'F' ? OTHER_LETTER : c == capital ? CAPITAL_HEX : SMALL_HEX;
}

static bool consists_of(struct bytes run, unsigned alphabet)
{
    for (size_t i = 0; i < run.len; i++)
        if (!(alphabet_of(run.at[i]) & alphabet))
            return false;
    return run.len > 0;
}

/* The number behind the kind's name, "hex 32"; 0 = none. */
static size_t wanted_length(struct bytes number)
{
    size_t n = 0;
    for (size_t i = 1; i < number.len; i++)
        n = n * 10 + (size_t)(number.at[i] - '0');
    return n;
}

/* Whether the variable part's name, "hex 32", is that of a kind. */
static bool names_kind(struct bytes name, const char *kind)
{
    size_t n = 0;
    while (kind[n] && n < name.len && name.at[n] == (uint8_t)kind[n])
        n++;
    return !kind[n] && (n == name.len || name.at[n] == ' ');
}

static bool suits(struct bytes name, struct bytes run)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!names_kind(name, kinds[i].name))
            continue;
        size_t length = wanted_length(bytes_from(name, strlen(kinds[i].name)));
        return consists_of(run, kinds[i].alphabet) && (!length || run.len == length);
    }
    return true;
}

static bool fits(const char *pattern, struct bytes text, enum letters letters, struct bytes wanted,
                 struct bytes *part)
{
    struct piece piece;
    do {
        pattern = next_piece(pattern, &piece);
        size_t run = 0;
        if (piece.variable) {
            run = run_before(text, &piece, letters);
            if (run == SIZE_MAX || !suits(piece.name, bytes_first(text, run)))
                return false;
            if (wanted.len && bytes_equal(piece.name, wanted))
                *part = bytes_first(text, run);
        } else if (!begins(text, &piece, letters)) {
            return false;
        }
        text = bytes_from(text, run + piece.length);
    } while (!piece.last);
    return text.len == 0;
}

static struct bytes without_stops(struct bytes text)
{
    while (text.len && (text.at[text.len - 1] == '.' || text.at[text.len - 1] == ' '))
        text.len--;
    return text;
}

bool pattern_fits(const char *pattern, struct bytes text, enum letters letters)
{
    const struct bytes nothing = {NULL, 0};
    if (fits(pattern, text, letters, nothing, NULL))
        return true;
    if (letters == LETTERS_EXACT)
        return false;
    /* The pattern's own full stop, or the text's. */
    text = without_stops(text);
    if (fits(pattern, text, letters, nothing, NULL))
        return true;
    char copy[512];
    struct bytes shorter = without_stops(bytes_of_string(pattern));
    if (shorter.len == strlen(pattern) || shorter.len >= sizeof copy)
        return false;
    memcpy(copy, shorter.at, shorter.len);
    copy[shorter.len] = '\0';
    return fits(copy, text, letters, nothing, NULL);
}

bool pattern_part(const char *pattern, struct bytes text, const char *name, struct bytes *part)
{
    *part = bytes_of(NULL, 0);
    return fits(pattern, text, LETTERS_EXACT, bytes_of_string(name), part);
}

size_t pattern_literals(const char *pattern)
{
    struct piece piece;
    size_t n = 0;
    do {
        pattern = next_piece(pattern, &piece);
        n += piece.length;
    } while (!piece.last);
    return n;
}
