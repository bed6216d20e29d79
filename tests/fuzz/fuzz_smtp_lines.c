/* SPDX-License-Identifier: ISC */
/* The parsers of what both sides send: each line of the input as a command and as a reply, the
 * whole input as message content and as TLS. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "heloscope/application/smtp_command.h"
#include "heloscope/application/smtp_content.h"
#include "heloscope/application/smtp_reply.h"
#include "heloscope/application/tls_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct bytes part, struct bytes whole)
{
    assert(part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

/* The parts put together again are a line that says the same. */
static void check_command_again(const struct smtp_command *c)
{
    struct bytes verb = bytes_of_string(verb_name(c->verb));
    size_t length = verb.len + 1 + c->argument.len;
    uint8_t *line = malloc(length);
    assert(line);
    memcpy(line, verb.at, verb.len);
    line[verb.len] = ' ';
    if (c->argument.len > 0)
        memcpy(line + verb.len + 1, c->argument.at, c->argument.len);

    struct smtp_command again;
    smtp_command_parse(bytes_of(line, length), &again);
    assert(again.verb == c->verb && again.well_formed == c->well_formed);
    assert(bytes_equal(again.argument, c->argument));
    assert(bytes_equal(again.path, c->path));
    assert(bytes_equal(again.mechanism, c->mechanism));
    assert(again.has_parameters == c->has_parameters && again.binarymime == c->binarymime);
    assert(again.chunk_size == c->chunk_size && again.chunk_last == c->chunk_last);
    free(line);
}

static void check_command(struct bytes line)
{
    struct smtp_command c;
    smtp_command_parse(line, &c);
    assert(c.verb < VERB_COUNT);
    assert(c.verb != VERB_UNKNOWN || !c.well_formed);
    check_within(c.word, line);
    check_within(c.argument, line);
    check_within(c.path, c.argument);
    check_within(c.mechanism, c.argument);
    if (c.verb != VERB_UNKNOWN)
        check_command_again(&c);
    assert(!(looks_like_header(line) && looks_like_base64(line)));
    assert(!looks_like_header(line) || c.verb == VERB_UNKNOWN);
}

static void check_reply(struct bytes line)
{
    struct smtp_reply_line l;
    smtp_reply_line_parse(line, &l);
    check_within(l.text, line);
    struct bytes status = smtp_enhanced_code(l.code, l.text);
    check_within(status, l.text);
    unsigned extension = smtp_extension(l.text);
    assert((extension & (extension - 1)) == 0);
    if (!l.well_formed) {
        assert(l.code == 0 && !l.more && status.len == 0);
        return;
    }
    char front[8];
    snprintf(front, sizeof front, "%d%c", l.code, l.more ? '-' : ' ');
    assert(bytes_equal(bytes_first(line, 4), bytes_first(bytes_of_string(front), line.len)));
    assert(l.text.len + 4 == line.len || line.len == 3);
    assert(status.len == 0 || status.at[0] == line.at[0]);
}

static void check_lines(struct bytes input)
{
    while (input.len > 0) {
        const uint8_t *lf = memchr(input.at, '\n', input.len);
        size_t length = lf ? (size_t)(lf - input.at) : input.len;
        struct bytes line = bytes_first(input, length);
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        check_command(line);
        check_reply(line);
        input = bytes_from(input, length + 1);
    }
}

/* In parts whose lengths follow from the input. */
static size_t scan_in_parts(struct content_scan *scan, struct bytes input, bool *ended)
{
    size_t at = 0;
    uint32_t state = (uint32_t)input.len;
    *ended = false;
    while (at < input.len && !*ended) {
        state = state * 1664525u + 1013904223u + input.at[at];
        struct bytes part = bytes_first(bytes_from(input, at), 1 + (state >> 16) % 200);
        at += smtp_content_scan(scan, part, ended);
    }
    return at;
}

/* The definition: the content ends at the first CR LF . CR LF, where the first CR LF may be the one
 * before the content. */
static size_t content_end(struct bytes input)
{
    if (input.len >= 3 && memcmp(input.at, ".\r\n", 3) == 0)
        return 3;
    const uint8_t *end = input.len > 0 ? memmem(input.at, input.len, "\r\n.\r\n", 5) : NULL;
    return end ? (size_t)(end - input.at) + 5 : 0;
}

static void check_content(struct bytes input)
{
    struct content_scan whole = {0}, parts = {0};
    bool whole_ended, parts_ended;
    size_t n = smtp_content_scan(&whole, input, &whole_ended);
    assert(scan_in_parts(&parts, input, &parts_ended) == n);
    assert(whole_ended == parts_ended);
    assert(whole.at == parts.at && whole.bare_start == parts.bare_start);
    assert(whole.oddities == parts.oddities && whole.size == parts.size);

    size_t end = content_end(input);
    assert(whole_ended == (end > 0));
    assert(n == (end > 0 ? end : input.len));
    assert(whole.size == (end > 0 ? n - 3 : n));
    struct bytes content = bytes_first(input, n);
    bool nul = content.len > 0 && memchr(content.at, 0, content.len);
    assert(nul == ((whole.oddities & CONTENT_NUL) != 0));
}

static void check_tls(struct bytes input)
{
    struct tls_record record;
    struct bytes body = input;
    if (tls_record_read(input, &record)) {
        check_within(record.body, input);
        assert(record.body.len <= record.length);
        body = record.body;
    }
    struct tls_hello hello;
    if (!tls_hello_read(body, &hello))
        return;
    check_within(hello.sni, body);
    assert(hello.version >> 8 == 3);
    assert(hello.server ? hello.sni.len == 0 : hello.cipher == 0);
    char text[16];
    assert(strlen(tls_version_print(hello.version, text)) < sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    check_lines(input);
    check_content(input);
    check_tls(input);
    return 0;
}
