/* SPDX-License-Identifier: ISC */
/* JSON that any parser takes, whatever the strings hold. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/output/json.h"

struct document {
    struct json json;
    char *text;
    size_t size;
};

static void begin(struct document *document, bool one_line)
{
    *document = (struct document){.json = {.one_line = one_line}};
    document->json.out = open_memstream(&document->text, &document->size);
}

static void expect(struct document *document, const char *wanted)
{
    fclose(document->json.out);
    cr_expect_str_eq(document->text, wanted);
    free(document->text);
}

Test(json, members_and_levels)
{
    struct document d;
    begin(&d, false);
    json_open(&d.json, NULL, '{');
    json_integer(&d.json, "packets", -12);
    json_open(&d.json, "list", '[');
    json_string(&d.json, NULL, "a");
    json_boolean(&d.json, NULL, true);
    json_close(&d.json);
    json_open(&d.json, "empty", '{');
    json_close(&d.json);
    json_string(&d.json, "none", NULL);
    json_close(&d.json);
    expect(&d, "{\n  \"packets\": -12,\n  \"list\": [\n    \"a\",\n    true\n  ],\n"
               "  \"empty\": {},\n  \"none\": null\n}\n");
}

Test(json, one_document_a_line)
{
    struct document d;
    begin(&d, true);
    for (int i = 0; i < 2; i++) {
        json_open(&d.json, NULL, '{');
        json_integer(&d.json, "n", i);
        json_open(&d.json, "list", '[');
        json_integer(&d.json, NULL, 1);
        json_integer(&d.json, NULL, 2);
        json_close(&d.json);
        json_close(&d.json);
    }
    expect(&d, "{\"n\": 0, \"list\": [1, 2]}\n{\"n\": 1, \"list\": [1, 2]}\n");
}

Test(json, strings_are_escaped)
{
    struct document d;
    begin(&d, true);
    json_open(&d.json, NULL, '[');
    json_string(&d.json, NULL, "quote \" and \\");
    json_string(&d.json, NULL, "250-a\n250 b");
    json_string(&d.json, NULL, "\x1b[0m\t\x7f");
    json_string(&d.json, NULL, "caf\xc3\xa9 \xff \xed\xa0\x80.");
    json_close(&d.json);
    expect(&d, "[\"quote \\\" and \\\\\", \"250-a\\n250 b\", \"\\u001b[0m\\u0009\\u007f\", "
               "\"caf\xc3\xa9 \\ufffd \\ufffd\\ufffd\\ufffd.\"]\n");
}
