/* SPDX-License-Identifier: ISC */
/* What a message's header tells of the client. Its fields are looked at once and dropped; numbers
 * of marks and the name of a program are all that stays of them. */
#include "heloscope/software/identify.h"
#include "heloscope/base/limits.h"

/* A field of the header, unfolded (RFC 5322 section 2.2.3). */
struct field {
    struct bytes name;
    const struct field_row *row; /* NULL = its body is not looked at */
    char body[FIELD_READ];
    size_t length;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Appends a line to the body; white space becomes one space. */
static void append(struct field *field, struct bytes line)
{
    size_t n = field->length;
    bool blank = n > 0;
    for (size_t i = 0; i < line.len && n + 1 < FIELD_READ; i++) {
        uint8_t c = line.at[i];
        if (c <= ' ' && is_blank(c)) {
            blank = n > 0;
            continue;
        }
        if (blank)
            field->body[n++] = ' ';
        blank = false;
        field->body[n++] = (char)c;
    }
    field->length = n;
}

static struct bytes take_line(struct bytes *header)
{
    const uint8_t *lf = memchr(header->at, '\n', header->len);
    struct bytes line = bytes_first(*header, lf ? (size_t)(lf - header->at) + 1 : header->len);
    *header = bytes_from(*header, line.len);
    return line;
}

/* Fields whose body is looked at. */
static const struct field_row {
    const char *name;
    enum place place;
    bool program; /* it names the program that made the message */
} fields[] = {
    {"Received", PLACE_RECEIVED, false},         {"Message-ID", PLACE_MESSAGE_ID, false},
    {"Content-Type", PLACE_CONTENT_TYPE, false}, {"X-Mailer", PLACE_X_MAILER, true},
    {"User-Agent", PLACE_USER_AGENT, true},
};

static const struct field_row *row_of(struct bytes name)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (bytes_equal_nocase(name, fields[i].name))
            return &fields[i];
    return NULL;
}

/* Cuts the first field off the header; false at its end. A line without a colon is passed over, and
 * so is the body of a field that is not looked at. */
static bool take_field(struct bytes *header, struct field *field)
{
    while (header->len) {
        struct bytes line = take_line(header);
        const uint8_t *colon = memchr(line.at, ':', line.len);
        bool named = colon && colon > line.at && !is_blank(line.at[0]);
        field->name = bytes_first(line, named ? (size_t)(colon - line.at) : 0);
        field->row = named ? row_of(field->name) : NULL;
        field->length = 0;
        if (field->row)
            append(field, bytes_from(line, field->name.len + 1));
        while (header->len && (header->at[0] == ' ' || header->at[0] == '\t')) {
            line = take_line(header);
            if (field->row)
                append(field, line);
        }
        if (named)
            return true;
    }
    return false;
}

/* "PHPMailer 6.9.1 (https://...)": what stands in brackets and behind is no name. */
static void keep_program(struct identify *id, struct arena *own, const struct field_row *row,
                         struct bytes body)
{
    bool odd;
    const uint8_t *bracket = body.len ? memmem(body.at, body.len, " (", 2) : NULL;
    if (bracket)
        body = bytes_first(body, (size_t)(bracket - body.at));
    if (!body.len || id->program.at)
        return;
    id->program = arena_printable(own, bytes_first(body, PROGRAM_LIMIT), false, &odd);
    id->program_header = row->name;
}

static void look_at_field(struct identify *id, struct arena *own, const struct field *field)
{
    struct bytes body = bytes_of(field->body, field->length);
    const struct field_row *row = field->row;
    if (row) {
        bool known = fingerprint_ask(&id->client, row->place) &&
                     fingerprint_look(&id->client, client_marks(), row->place, body, own);
        if (!known && row->program)
            keep_program(id, own, row, body);
        return;
    }
    /* A field that is telling by its name alone. */
    if (field->name.len > 2 && ascii_upper(field->name.at[0]) == 'X' && field->name.at[1] == '-')
        fingerprint_look(&id->client, client_marks(), PLACE_OTHER_FIELD, field->name, NULL);
}

/* The names in their order are a program's own: which it adds, how it spells them. */
static size_t add_name(char names[SIGNATURE_SIZE], size_t length, struct bytes name)
{
    if (length + name.len + 1 > SIGNATURE_SIZE)
        return length;
    if (length)
        names[length++] = ' ';
    memcpy(names + length, name.at, name.len);
    return length + name.len;
}

void identify_header(struct identify *id, struct arena *own, struct bytes header)
{
    struct field field;
    char names[SIGNATURE_SIZE];
    size_t length = 0;
    if (id->header_seen)
        return;
    id->header_seen = true;
    while (take_field(&header, &field)) {
        look_at_field(id, own, &field);
        length = add_name(names, length, field.name);
        /* The topmost Received is the client's own; what stands below it was made elsewhere. */
        if (field.row && field.row->place == PLACE_RECEIVED)
            return;
    }
    if (length)
        fingerprint_look(&id->client, client_marks(), PLACE_FIELDS, bytes_of(names, length), NULL);
}
