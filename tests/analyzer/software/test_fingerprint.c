/* SPDX-License-Identifier: ISC */
/* Marks weighed, and the two tables of them. */
#include <criterion/criterion.h>
#include <strings.h>

#include "heloscope/software/pattern.h"
#include "heloscope/software/reply_texts.h"
#include "heloscope/software/fingerprint.h"
#include "tests/support/fill.h"

static size_t first_fit(const struct mark_table *table, enum place place, struct bytes text)
{
    size_t i = 0;
    while (i < table->count && (table->rows[i].place != place ||
                                !pattern_fits(table->rows[i].pattern, text, LETTERS_EXACT)))
        i++;
    return i;
}

/* A row that an earlier one covers could never speak. */
static void expect_every_row_to_speak(const struct mark_table *table, const char *which)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct mark_row *row = &table->rows[i];
        char text[1024];
        struct bytes said = bytes_of_string(fill_pattern(row->pattern, text, sizeof text));
        size_t found = first_fit(table, row->place, said);
        cr_expect_eq(found, i, "%s row %zu \"%s\": \"%s\" is covered by \"%s\"", which, i,
                     row->pattern, text,
                     found < table->count ? table->rows[found].pattern : "nothing");
        cr_expect(row->products != 0 && !(row->products & 1) &&
                      (table->product_count == 64 || row->products >> table->product_count == 0),
                  "%s row %zu names no product", which, i);
        cr_expect(row->weight > 0, "%s row %zu weighs nothing", which, i);
        bool version = strstr(row->pattern, "<version>") != NULL;
        cr_expect(!version || (row->products & (row->products - 1)) == 0,
                  "%s row %zu: whose version?", which, i);
    }
}

Test(fingerprint, every_row_speaks)
{
    expect_every_row_to_speak(server_marks(), "server");
    expect_every_row_to_speak(client_marks(), "client");
}

Test(fingerprint, every_product_can_be_named)
{
    const struct mark_table *tables[] = {server_marks(), client_marks()};
    for (int t = 0; t < 2; t++)
        for (int p = 1; p < tables[t]->product_count; p++) {
            int most = 0;
            cr_assert_not_null(tables[t]->products[p]);
            for (size_t i = 0; i < tables[t]->count; i++)
                if (tables[t]->rows[i].products & UINT64_C(1) << p)
                    most += tables[t]->rows[i].weight;
            cr_expect_geq(most, WEIGHT_ENOUGH, "%s", tables[t]->products[p]);
        }
}

Test(fingerprint, rows_of_a_table_stand_in_the_order_of_places)
{
    const struct mark_table *tables[] = {server_marks(), client_marks()};
    for (int t = 0; t < 2; t++)
        for (size_t i = 1; i < tables[t]->count; i++)
            cr_expect_geq(tables[t]->rows[i].place, tables[t]->rows[i - 1].place, "row %zu", i);
}

/* Claims are looked up by the product's name: it is spelled alike in both places. */
Test(fingerprint, products_are_spelled_as_in_the_reply_texts)
{
    const struct mark_table *table = server_marks();
    size_t count, both = 0;
    const struct reply_text *texts = reply_texts(&count);
    for (int p = 1; p < table->product_count; p++) {
        bool there = false;
        for (size_t i = 0; i < count; i++) {
            bool alike = strcasecmp(texts[i].server, table->products[p]) == 0;
            bool same = strcmp(texts[i].server, table->products[p]) == 0;
            cr_expect_eq(alike, same, "%s, %s", texts[i].server, table->products[p]);
            there |= same;
        }
        both += there;
    }
    cr_expect_geq(both, 35, "%zu products have texts", both);
}

static struct arena arena;

static void expect_name(const struct fingerprint *who, const char *wanted)
{
    struct bytes name = fingerprint_name(who, server_marks(), &arena);
    cr_expect(wanted ? bytes_equal(name, bytes_of_string(wanted)) : !name.at, "%.*s, not %s",
              (int)name.len, (const char *)name.at, wanted ? wanted : "nobody");
}

static bool heard(struct fingerprint *who, enum place place, const char *text)
{
    return fingerprint_look(who, server_marks(), place, bytes_of_string(text), &arena);
}

Test(fingerprint, marks_add_up)
{
    struct fingerprint who = {0};
    expect_name(&who, NULL);
    cr_expect(heard(&who, PLACE_MAIL, "2.1.0 Ok"));
    expect_name(&who, NULL);
    cr_expect(heard(&who, PLACE_RCPT, "2.1.5 Ok"));
    expect_name(&who, NULL); /* mailpit says so too */
    cr_expect(heard(&who, PLACE_DATA, "End data with <CR><LF>.<CR><LF>"));
    expect_name(&who, "Postfix");
    cr_expect_not(heard(&who, PLACE_DATA, "tell me"));
    cr_expect_eq(who.count, 3);
    struct bytes evidence = fingerprint_evidence(&who, server_marks(), &arena);
    cr_expect(bytes_equal(evidence,
                          bytes_of_string("reply to MAIL \"2.1.0 Ok\"; reply to RCPT \"2.1.5 Ok\"; "
                                          "reply to DATA \"End data with <CR><LF>.<CR><LF>\"")),
              "%.*s", (int)evidence.len, (const char *)evidence.at);
    arena_free(&arena);
}

Test(fingerprint, texts_outweigh_a_banner)
{
    struct fingerprint who = {0};
    heard(&who, PLACE_GREETING, "mx.example.org ESMTP Postfix");
    expect_name(&who, "Postfix");
    heard(&who, PLACE_MAIL, "2.1.0 <a@example.net>... Sender ok");
    expect_name(&who, "Sendmail");
    struct bytes evidence = fingerprint_evidence(&who, server_marks(), &arena);
    cr_expect_null(memmem(evidence.at, evidence.len, "Postfix", 7), "marks of another");
    arena_free(&arena);
}

Test(fingerprint, a_version_is_the_named_products)
{
    struct fingerprint who = {0};
    heard(&who, PLACE_GREETING, "mx.example.org ESMTP Exim 4.96 Sat, 21 Nov 2026 00:00:00 +0000");
    expect_name(&who, "Exim 4.96");
    heard(&who, PLACE_MAIL, "2.1.0 OK ab12 - gsmtp");
    expect_name(&who, "Gmail");
    arena_free(&arena);

    who = (struct fingerprint){0};
    heard(&who, PLACE_GREETING, "mx.example.org ESMTP Postfix (Debian/GNU)");
    expect_name(&who, "Postfix");
    arena_free(&arena);
}

Test(fingerprint, a_text_of_the_catalogue_is_a_mark_but_no_proof)
{
    struct fingerprint who = {0};
    size_t count;
    const struct reply_text *texts = reply_texts(&count);
    const char *const said[] = {"AUTH command used when not advertised",
                                "STARTTLS command used when not advertised"};
    for (int i = 0; i < 2; i++) {
        const struct reply_text *row = reply_text_owned(503, bytes_of_string(said[i]));
        cr_assert_not_null(row);
        fingerprint_keep_text(&who, server_marks(), (size_t)(row - texts));
        fingerprint_keep_text(&who, server_marks(), (size_t)(row - texts)); /* once is enough */
        expect_name(&who, i ? "Exim" : NULL);
    }
    cr_expect_eq(who.count, 2);
    for (size_t i = 0; i < count; i++)
        fingerprint_keep_text(&who, server_marks(), i);
    cr_expect_eq(who.count, MARKS_KEPT);
    struct bytes evidence = fingerprint_evidence(&who, server_marks(), &arena);
    cr_expect(evidence.len < 600);
    arena_free(&arena);
}

Test(fingerprint, each_place_is_asked_once)
{
    struct fingerprint who = {0};
    for (int place = 0; place < PLACE_COUNT; place++) {
        cr_expect(fingerprint_ask(&who, (enum place)place));
        cr_expect_not(fingerprint_ask(&who, (enum place)place));
    }
}

static uint64_t numbers_of(const struct fingerprint *who)
{
    uint64_t all = 0;
    for (int i = 0; i < who->count; i++)
        all = all * 0x10001 + who->marks[i];
    return all;
}

/* What a memo remembers is what would have been found. */
static void expect_alike(const struct mark_table *table, struct memo *memo)
{
    for (size_t i = 0; i < table->count; i++) {
        char text[1024];
        struct fingerprint with = {.memo = memo}, without = {0};
        struct bytes said =
            bytes_of_string(fill_pattern(table->rows[i].pattern, text, sizeof text));
        for (int place = 0; place < PLACE_COUNT; place++)
            if ((place < SERVER_PLACES) == (table == server_marks()))
                cr_assert_eq(fingerprint_look(&with, table, (enum place)place, said, &arena),
                             fingerprint_look(&without, table, (enum place)place, said, &arena),
                             "%s", text);
        cr_expect_eq(numbers_of(&with), numbers_of(&without), "%s", text);
        cr_expect(bytes_equal(with.version, without.version), "%s", text);
        cr_expect_eq(with.version_of, without.version_of, "%s", text);
    }
}

Test(fingerprint, a_memo_changes_nothing)
{
    struct memo *memo = memo_new();
    for (int round = 0; round < 2; round++) {
        expect_alike(server_marks(), memo);
        expect_alike(client_marks(), memo);
    }
    memo_free(memo);
    arena_free(&arena);
}
