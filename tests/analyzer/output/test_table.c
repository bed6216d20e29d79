/* SPDX-License-Identifier: ISC */
/* Tables: widths, alignment, long ones. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/output/table.h"

static const struct terminal plain;

struct page {
    FILE *out;
    char *text;
    size_t size;
    struct table table;
};

static void begin(struct page *page, int columns, const char *const *names)
{
    page->out = open_memstream(&page->text, &page->size);
    table_begin(&page->table, page->out, &plain, columns, names);
}

static void expect(struct page *page, const char *wanted)
{
    table_end(&page->table);
    fclose(page->out);
    cr_expect_str_eq(page->text, wanted);
    free(page->text);
}

static const char *const names[] = {"cause", "errors", "title"};

Test(table, numbers_at_the_right_words_at_the_left)
{
    struct page page;
    begin(&page, 3, names);
    table_row(&page.table, (const char *const[]){"nested_mail", "7", "a second MAIL"});
    table_row(&page.table, (const char *const[]){"policy", "1000", ""});
    expect(&page, "cause        errors  title\n"
                  "nested_mail       7  a second MAIL\n"
                  "policy         1000  \n");
}

Test(table, without_rows_there_is_no_table)
{
    struct page page;
    begin(&page, 3, names);
    expect(&page, "");
}

Test(table, addresses_are_words)
{
    struct page page;
    begin(&page, 2, (const char *const[]){"client", "n"});
    table_row(&page.table, (const char *const[]){"127.0.0.1", "1"});
    table_row(&page.table, (const char *const[]){"::1", "22"});
    expect(&page, "client      n\n127.0.0.1   1\n::1        22\n");
}

Test(table, cells_are_made_harmless_and_measured_as_printed)
{
    struct page page;
    begin(&page, 2, (const char *const[]){"helo", "x"});
    table_row(&page.table, (const char *const[]){"a\x1b[2J", "1"});
    table_row(&page.table, (const char *const[]){"caf\xc3\xa9", "2"});
    expect(&page, "helo      x\na\\x1B[2J  1\ncaf\xc3\xa9      2\n");
}

Test(table, a_long_one_is_printed_in_pieces_with_one_heading)
{
    struct page page;
    begin(&page, 1, (const char *const[]){"n"});
    for (int i = 0; i < 2500; i++)
        table_row(&page.table, (const char *const[]){"1"});
    table_end(&page.table);
    fclose(page.out);
    cr_expect_eq(page.size, 2501 * 2);
    cr_expect_eq(page.text[0], 'n');
    cr_expect_null(strchr(page.text + 1, 'n'));
    free(page.text);
}
