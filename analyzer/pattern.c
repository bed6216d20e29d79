/* Texts with variable parts. A pattern is read as pieces: a variable part, which may be absent, and
 * the literal behind it. The leftmost place of each literal is the right one, except that the last
 * must end the text: so no step is ever taken back. */
#include "heloscope/pattern.h"

struct piece {
    bool variable;
    struct bytes name;    /* of the variable part */
    struct bytes literal; /* as written, with its "\<" */
    bool last;
};

/* The length of the literal at `p`: up to a bracket without a backslash. */
static size_t literal_length(const char *p)
{
    size_t n = 0;
    while (p[n] && p[n] != '<')
        n += p[n] == '\\' && p[n + 1] ? 2 : 1;
    return n;
}

static const char *next_piece(const char *p, struct piece *out)
{
    *out = (struct piece){.variable = *p == '<'};
    if (out->variable) {
        size_t n = strcspn(++p, ">");
        out->name = bytes_of(p, n);
        p += n + (p[n] == '>');
    }
    size_t n = literal_length(p);
    out->literal = bytes_of(p, n);
    out->last = !p[n];
    return p + n;
}

static uint8_t folded(uint8_t c, enum letters letters)
{
    return letters == LETTERS_FOLDED ? ascii_upper(c) : c;
}

/* The octets that the literal takes when it is sent. */
static size_t sent_length(struct bytes literal)
{
    size_t n = 0;
    for (size_t i = 0; i < literal.len; i++, n++)
        i += literal.at[i] == '\\' && i + 1 < literal.len;
    return n;
}

/* Whether `text` begins with the literal. */
static bool begins(struct bytes text, struct bytes literal, enum letters letters)
{
    size_t n = 0;
    for (size_t i = 0; i < literal.len; i++, n++) {
        i += literal.at[i] == '\\' && i + 1 < literal.len;
        if (n == text.len || folded(text.at[n], letters) != folded(literal.at[i], letters))
            return false;
    }
    return true;
}

/* Octets up to the literal, which may not stand behind a line feed; SIZE_MAX when it is not there.
 */
static size_t run_before(struct bytes text, const struct piece *piece, enum letters letters)
{
    size_t length = sent_length(piece->literal);
    const uint8_t *lf = text.len ? memchr(text.at, '\n', text.len) : NULL;
    size_t limit = lf ? (size_t)(lf - text.at) : text.len;
    if (text.len < length)
        return SIZE_MAX;
    if (piece->last) {
        size_t at = length ? text.len - length : text.len;
        return at <= limit && begins(bytes_from(text, at), piece->literal, letters) ? at : SIZE_MAX;
    }
    if (!length)
        return 0;
    if (letters == LETTERS_EXACT && length == piece->literal.len) { /* as written */
        const uint8_t *at = memmem(text.at, text.len, piece->literal.at, length);
        return at && (size_t)(at - text.at) <= limit ? (size_t)(at - text.at) : SIZE_MAX;
    }
    for (size_t at = 0; at <= limit && at + length <= text.len; at++)
        if (begins(bytes_from(text, at), piece->literal, letters))
            return at;
    return SIZE_MAX;
}

/* --- what stands in a variable part
 * ---------------------------------------------------------------- */

static const struct kind {
    const char *name;
    const char *alphabet;
} kinds[] = {
    {"digits", "0123456789"},
    {"hex", "0123456789abcdef"},
    {"HEX", "0123456789ABCDEF"},
    {"alnum", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
};

static bool consists_of(struct bytes run, const char *alphabet)
{
    for (size_t i = 0; i < run.len; i++)
        if (!run.at[i] || !strchr(alphabet, run.at[i]))
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

static bool suits(struct bytes name, struct bytes run)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].name);
        if (name.len < n || memcmp(name.at, kinds[i].name, n) != 0 ||
            (name.len > n && name.at[n] != ' '))
            continue;
        size_t length = wanted_length(bytes_from(name, n));
        return consists_of(run, kinds[i].alphabet) && (!length || run.len == length);
    }
    return true;
}

static bool is_called(struct bytes name, const char *wanted)
{
    return wanted && bytes_equal(name, bytes_of_string(wanted));
}

static bool fits(const char *pattern, struct bytes text, enum letters letters, const char *name,
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
            if (is_called(piece.name, name))
                *part = bytes_first(text, run);
        } else if (!begins(text, piece.literal, letters)) {
            return false;
        }
        text = bytes_from(text, run + sent_length(piece.literal));
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
    if (fits(pattern, text, letters, NULL, NULL))
        return true;
    if (letters == LETTERS_EXACT)
        return false;
    /* The pattern's own full stop, or the text's. */
    text = without_stops(text);
    if (fits(pattern, text, letters, NULL, NULL))
        return true;
    char copy[512];
    struct bytes shorter = without_stops(bytes_of_string(pattern));
    if (shorter.len == strlen(pattern) || shorter.len >= sizeof copy)
        return false;
    memcpy(copy, shorter.at, shorter.len);
    copy[shorter.len] = '\0';
    return fits(copy, text, letters, NULL, NULL);
}

bool pattern_part(const char *pattern, struct bytes text, const char *name, struct bytes *part)
{
    *part = bytes_of(NULL, 0);
    return fits(pattern, text, LETTERS_EXACT, name, part);
}

size_t pattern_literals(const char *pattern)
{
    struct piece piece;
    size_t n = 0;
    do {
        pattern = next_piece(pattern, &piece);
        n += sent_length(piece.literal);
    } while (!piece.last);
    return n;
}
