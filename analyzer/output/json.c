/* SPDX-License-Identifier: ISC */
#include "heloscope/output/json.h"

#include <assert.h>
#include <inttypes.h>

#include "heloscope/base/text.h"

static void line_break(struct json *json)
{
    if (!json->one_line)
        fprintf(json->out, "\n%*s", json->depth * 2, "");
}

/* As \uNNNN; beyond U+FFFF as the two surrogates (RFC 8259 section 7). */
static void quote_point(FILE *out, uint32_t point)
{
    if (point > 0xffff)
        fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
    else
        fprintf(out, "\\u%04x", point);
}

/* What could end a script of HTML, or begin a comment in it. */
static bool is_markup(uint8_t c)
{
    return c == '<' || c == '>' || c == '&';
}

static void quote(const struct json *json, struct bytes text)
{
    FILE *out = json->out;
    putc('"', out);
    while (text.len) {
        size_t length = text_wellformed(text);
        uint8_t c = text.at[0];
        if (!length)
            fputs("\\ufffd", out);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", out);
        else if (!text_visible(text) || (json->in_html && is_markup(c)))
            quote_point(out, text_code_point(text));
        else
            fwrite(text.at, 1, length, out);
        text = bytes_from(text, length ? length : 1);
    }
    putc('"', out);
}

/* What stands in front of any value: a comma, a new line, the name. */
static void begin_value(struct json *json, const char *name)
{
    if (json->depth) {
        bool *filled = &json->filled[json->depth - 1];
        if (*filled)
            fputs(json->one_line && !json->in_html ? ", " : ",", json->out);
        *filled = true;
        line_break(json);
    }
    if (name) {
        quote(json, bytes_of_string(name));
        fputs(json->in_html ? ":" : ": ", json->out);
    }
}

void json_open(struct json *json, const char *name, char bracket)
{
    assert(json->depth < JSON_DEPTH);
    begin_value(json, name);
    putc(bracket, json->out);
    json->closing[json->depth] = bracket == '{' ? '}' : ']';
    json->filled[json->depth++] = false;
}

void json_close(struct json *json)
{
    assert(json->depth > 0);
    bool filled = json->filled[--json->depth];
    if (filled)
        line_break(json);
    putc(json->closing[json->depth], json->out);
    if (!json->depth)
        putc('\n', json->out);
}

void json_string(struct json *json, const char *name, const char *text)
{
    begin_value(json, name);
    if (text)
        quote(json, bytes_of_string(text));
    else
        fputs("null", json->out);
}

void json_integer(struct json *json, const char *name, int64_t value)
{
    begin_value(json, name);
    fprintf(json->out, "%" PRId64, value);
}

void json_number(struct json *json, const char *name, const char *digits)
{
    begin_value(json, name);
    fputs(digits[digits[0] == '-'] >= '0' && digits[digits[0] == '-'] <= '9' ? digits : "null",
          json->out);
}

void json_boolean(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    fputs(value ? "true" : "false", json->out);
}
