/* SPDX-License-Identifier: ISC */
/* Command lines: one table of verbs, and one reader per form of argument. */
#include "heloscope/application/smtp_command.h"

/* What the grammar asks for behind the verb. */
enum form {
    FORM_ANY,
    FORM_NONE,
    FORM_SOME,
    FORM_FROM, /* "FROM:" path parameters */
    FORM_TO,   /* "TO:" path parameters */
    FORM_CHUNK,
    FORM_URL,
    FORM_SASL,
};

struct verb_row {
    const char *name;
    enum verb verb;
    enum form form;
};

/* The first row of a verb has the name by which it is shown. Sections are of RFC 5321 unless said
 * otherwise. */
static const struct verb_row verbs[] = {
    {"EHLO", VERB_EHLO, FORM_SOME},         /* 4.1.1.1 */
    {"MAIL", VERB_MAIL, FORM_FROM},         /* 4.1.1.2 */
    {"RCPT", VERB_RCPT, FORM_TO},           /* 4.1.1.3 */
    {"DATA", VERB_DATA, FORM_NONE},         /* 4.1.1.4 */
    {"QUIT", VERB_QUIT, FORM_NONE},         /* 4.1.1.10 */
    {"HELO", VERB_HELO, FORM_SOME},         /* 4.1.1.1 */
    {"LHLO", VERB_LHLO, FORM_SOME},         /* RFC 2033 section 4.1 */
    {"RSET", VERB_RSET, FORM_NONE},         /* 4.1.1.5 */
    {"BDAT", VERB_BDAT, FORM_CHUNK},        /* RFC 3030 section 2 */
    {"AUTH", VERB_AUTH, FORM_SASL},         /* RFC 4954 section 4 */
    {"STARTTLS", VERB_STARTTLS, FORM_NONE}, /* RFC 3207 section 4 */
    {"NOOP", VERB_NOOP, FORM_ANY},          /* 4.1.1.9 */
    {"VRFY", VERB_VRFY, FORM_SOME},         /* 4.1.1.6 */
    {"EXPN", VERB_EXPN, FORM_SOME},         /* 4.1.1.7 */
    {"HELP", VERB_HELP, FORM_ANY},          /* 4.1.1.8 */
    {"BURL", VERB_BURL, FORM_URL},          /* RFC 4468 section 3.2 */
    {"ETRN", VERB_ETRN, FORM_SOME},         /* RFC 1985 section 5 */
    {"ATRN", VERB_ATRN, FORM_ANY},          /* RFC 2645 section 5 */
    {"TURN", VERB_TURN, FORM_NONE},         /* RFC 821 section 3.8 */
    {"XCLIENT", VERB_XCLIENT, FORM_SOME},   /* Postfix */
    {"XFORWARD", VERB_XFORWARD, FORM_SOME}, /* Postfix */
    {"SEND", VERB_MAIL, FORM_FROM},         /* RFC 821 section 3.4, with the next two */
    {"SOML", VERB_MAIL, FORM_FROM},
    {"SAML", VERB_MAIL, FORM_FROM},
    {"X-EXPS", VERB_AUTH, FORM_SASL},             /* Exchange */
    {"X-ANONYMOUSTLS", VERB_STARTTLS, FORM_NONE}, /* Exchange */
};

enum {
    VERB_ROWS = sizeof verbs / sizeof verbs[0],
    MASK_SHORTEST = 4,
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct bytes skip_blanks(struct bytes b)
{
    size_t n = 0;
    while (n < b.len && is_blank(b.at[n]))
        n++;
    return bytes_from(b, n);
}

/* RFC 5321 section 4.1.1: white space before the line end is to be tolerated. */
static struct bytes trim_end(struct bytes b)
{
    while (b.len > 0 && is_blank(b.at[b.len - 1]))
        b.len--;
    return b;
}

static struct bytes first_word(struct bytes b)
{
    size_t n = 0;
    while (n < b.len && !is_blank(b.at[n]))
        n++;
    return bytes_first(b, n);
}

/* Takes the first word off the front of `rest`, with the blanks around it. */
static struct bytes next_word(struct bytes *rest)
{
    struct bytes word = first_word(skip_blanks(*rest));
    *rest = skip_blanks(bytes_from(skip_blanks(*rest), word.len));
    return word;
}

static bool is_masked(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] != 'X')
            return false;
    return word.len >= MASK_SHORTEST;
}

static const struct verb_row *find_verb(struct bytes word)
{
    for (size_t i = 0; i < VERB_ROWS; i++)
        if (bytes_equal_nocase(word, verbs[i].name))
            return &verbs[i];
    return NULL;
}

/* The length of the path at the front of `b` with its brackets; 0 when the closing one is missing.
 * A bracket inside a quoted local part closes nothing (RFC 5321 section 4.1.2). */
static size_t bracketed(struct bytes b)
{
    bool quoted = false;
    for (size_t i = 1; i < b.len; i++) {
        if (quoted && b.at[i] == '\\')
            i++;
        else if (b.at[i] == '"')
            quoted = !quoted;
        else if (b.at[i] == '>' && !quoted)
            return i + 1;
    }
    return 0;
}

static bool has_binarymime(struct bytes parameters)
{
    while (parameters.len > 0)
        if (bytes_equal_nocase(next_word(&parameters), "BODY=BINARYMIME"))
            return true;
    return false;
}

/* "FROM:<path> parameters". The grammar has no space around the colon, but servers take it, and so
 * does this. Nor has it a path without brackets: that one is read all the same, since many servers
 * accept it, but not called well formed. */
static bool parse_path(struct smtp_command *out, const char *keyword, bool may_be_empty)
{
    struct bytes rest = out->argument;
    if (!bytes_start_nocase(rest, keyword))
        return false;
    rest = bytes_from(rest, strlen(keyword));
    out->colon_spaced = rest.len > 0 && is_blank(rest.at[0]);
    rest = skip_blanks(rest);
    if (rest.len == 0 || rest.at[0] != ':')
        return false;
    rest = skip_blanks(bytes_from(rest, 1));

    bool opened = rest.len > 0 && rest.at[0] == '<';
    size_t closed = opened ? bracketed(rest) : 0;
    size_t length = closed ? closed : first_word(rest).len;
    out->path = bytes_from(bytes_first(rest, closed ? closed - 1 : length), opened);
    rest = bytes_from(rest, length);
    bool apart = rest.len == 0 || is_blank(rest.at[0]);
    rest = skip_blanks(rest);
    out->unbracketed = !opened && out->path.len > 0;
    out->has_parameters = rest.len > 0;
    out->binarymime = has_binarymime(rest);
    return closed && apart && (may_be_empty || out->path.len > 0);
}

/* False when `digits` is no decimal number or one that does not fit. */
static bool parse_size(struct bytes digits, uint64_t *out)
{
    uint64_t size = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
        unsigned digit = digits.at[i] - '0';
        if (size > (UINT64_MAX - digit) / 10)
            return false;
        size = size * 10 + digit;
    }
    *out = size;
    return digits.len > 0;
}

/* What BDAT and BURL have in common: nothing more, or LAST. */
static bool parse_last(struct smtp_command *out, struct bytes rest)
{
    out->chunk_last = bytes_equal_nocase(rest, "LAST");
    return rest.len == 0 || out->chunk_last;
}

static bool parse_chunk(struct smtp_command *out)
{
    struct bytes rest = out->argument;
    bool sized = parse_size(next_word(&rest), &out->chunk_size);
    return parse_last(out, rest) && sized;
}

static bool parse_url(struct smtp_command *out)
{
    struct bytes rest = out->argument;
    bool named = next_word(&rest).len > 0;
    return parse_last(out, rest) && named;
}

static bool parse_sasl(struct smtp_command *out)
{
    struct bytes rest = out->argument;
    out->mechanism = next_word(&rest);
    out->initial_response = rest.len > 0;
    return out->mechanism.len > 0 && first_word(rest).len == rest.len;
}

static bool parse_argument(struct smtp_command *out, enum form form)
{
    switch (form) {
    case FORM_ANY:
        return true;
    case FORM_NONE:
        return out->argument.len == 0;
    case FORM_SOME:
        return out->argument.len > 0;
    case FORM_FROM:
        return parse_path(out, "FROM", true);
    case FORM_TO:
        return parse_path(out, "TO", false);
    case FORM_CHUNK:
        return parse_chunk(out);
    case FORM_URL:
        return parse_url(out);
    case FORM_SASL:
        return parse_sasl(out);
    }
    return false;
}

/* Blanks before the verb are skipped, as Postfix and others do. */
void smtp_command_parse(struct bytes line, struct smtp_command *out)
{
    *out = (struct smtp_command){0};
    line = skip_blanks(line);
    out->word = first_word(line);
    out->argument = trim_end(skip_blanks(bytes_from(line, out->word.len)));
    const struct verb_row *row = find_verb(out->word);
    if (row) {
        out->verb = row->verb;
        out->well_formed = parse_argument(out, row->form);
    } else if (is_masked(out->word)) {
        out->verb = VERB_MASKED;
    }
}

const char *verb_name(enum verb verb)
{
    for (size_t i = 0; i < VERB_ROWS; i++)
        if (verbs[i].verb == verb)
            return verbs[i].name;
    return verb == VERB_MASKED ? "XXXX" : "";
}
