/* SPDX-License-Identifier: ISC */
#include "selection_sql.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "query.h"

/* -------------------------------------------------------------------------------------- networks
 */

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
    const size_t whole = (size_t)bits / 8;
    const unsigned rest = (unsigned)bits % 8;
    return memcmp(a, b, whole) == 0 &&
           (!rest || ((a[whole] ^ b[whole]) & (0xff00u >> rest) & 0xff) == 0);
}

/* in_network(address, octets, bits): whether the address, as text, begins with these bits. */
static void in_network(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    const int length = sqlite3_value_bytes(values[1]), bits = sqlite3_value_int(values[2]);
    const void *network = sqlite3_value_blob(values[1]);
    uint8_t address[16];
    const bool fits = text && network && (length == 4 || length == 16) && bits >= 0 &&
                      bits <= length * 8 &&
                      inet_pton(length == 4 ? AF_INET : AF_INET6, text, address) == 1 &&
                      same_bits(address, network, bits);
    sqlite3_result_int(context, fits);
}

/* ---------------------------------------------------------------------------------------- values
 */

void selection_sql_begin(struct selection_sql *sql, sqlite3 *db)
{
    *sql = (struct selection_sql){.text = sqlite3_str_new(db)};
    sqlite3_create_function(db, "in_network", 3, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                            in_network, NULL, NULL);
}

static struct selection_value *add_value(struct selection_sql *sql)
{
    sql->values = memory_resize(sql->values, (sql->count + 1) * sizeof *sql->values);
    sql->values[sql->count] = (struct selection_value){0};
    return &sql->values[sql->count++];
}

static void add_number(struct selection_sql *sql, int64_t number)
{
    add_value(sql)->number = number;
}

/* `before`, the text with what LIKE would read in it escaped and * for any characters, `after`; in
 * these * is meant so too. */
static void add_pattern(struct selection_sql *sql, const char *before, const char *text,
                        const char *after)
{
    const char *const parts[] = {before, text, after};
    char *out = memory_get(2 * (strlen(before) + strlen(text) + strlen(after)) + 1);
    add_value(sql)->text = out;
    for (size_t i = 0; i < 3; i++)
        for (const char *c = parts[i]; *c; c++) {
            if (*c == '%' || *c == '_' || *c == '\\')
                *out++ = '\\';
            *out++ = *c;
            if (*c == '*')
                out[-1] = '%';
        }
}

/* "column LIKE ?". LIKE takes ASCII letters as equal whatever their case. */
static void add_like(struct selection_sql *sql, const char *column, const char *before,
                     const char *text, const char *after)
{
    sqlite3_str_appendf(sql->text, "%s LIKE ? ESCAPE '\\'", column);
    add_pattern(sql, before, text, after);
}

static void bind_value(sqlite3_stmt *statement, int number, const struct selection_value *value)
{
    if (value->text)
        sqlite3_bind_text(statement, number, value->text, -1, SQLITE_TRANSIENT);
    else if (value->octets)
        sqlite3_bind_blob(statement, number, value->octets, value->length, SQLITE_TRANSIENT);
    else
        sqlite3_bind_int64(statement, number, value->number);
}

sqlite3_stmt *selection_sql_prepare(struct selection_sql *sql, struct history *history,
                                    const char *head, const char *tail, struct failure *why)
{
    char *condition = sqlite3_str_finish(sql->text);
    char *whole = condition ? sqlite3_mprintf("%s%s%s", head, condition, tail) : NULL;
    sqlite3_stmt *statement = reader_prepare(history, whole, why);
    for (size_t i = 0; i < sql->count; i++) {
        if (statement)
            bind_value(statement, (int)i + 1, &sql->values[i]);
        free(sql->values[i].text);
    }
    free(sql->values);
    sqlite3_free(whole);
    sqlite3_free(condition);
    return statement;
}

/* ----------------------------------------------------------------------------------------- terms
 */

static void add_network(struct selection_sql *sql, const char *column,
                        const struct selection_term *term)
{
    sqlite3_str_appendf(sql->text, "in_network(%s, ?, ?)", column);
    struct selection_value *octets = add_value(sql);
    octets->octets = term->address;
    octets->length = term->address_length;
    add_number(sql, term->bits);
}

/* The name itself, or one in that domain. */
static void add_name(struct selection_sql *sql, const char *column, const char *name)
{
    add_like(sql, column, "", name, "");
    sqlite3_str_appendall(sql->text, " OR ");
    add_like(sql, column, "*.", name, "");
}

/* What a client or a server is known by. */
struct party {
    const char *addresses[2], *names[2], *ports[2]; /* the second may be NULL */
};

static const struct party client = {
    {"s.client_addr", "s.proxied_addr"}, {"s.helo", NULL}, {"s.client_port", "s.proxied_port"}};
static const struct party server = {
    {"s.server_addr", NULL}, {"s.server_name", "s.tls_sni"}, {"s.server_port", NULL}};

static void add_party(struct selection_sql *sql, const struct party *party,
                      const struct selection_term *term)
{
    const char *const *columns = term->address_length ? party->addresses : party->names;
    sqlite3_str_appendall(sql->text, term->text || term->address_length ? "(" : "(1");
    for (int i = 0; i < 2 && columns[i] && (term->text || term->address_length); i++) {
        sqlite3_str_appendall(sql->text, i ? " OR " : "");
        if (term->address_length)
            add_network(sql, columns[i], term);
        else
            add_name(sql, columns[i], term->text);
    }
    sqlite3_str_appendall(sql->text, ")");
    for (int i = 0; i < 2 && party->ports[i] && term->port; i++) {
        sqlite3_str_appendf(sql->text, "%s%s = ?", i ? " OR " : " AND (", party->ports[i]);
        add_number(sql, term->port);
    }
    sqlite3_str_appendall(sql->text, term->port ? ")" : "");
}

/* A mailbox, or with "@domain" and "domain" all of them there. `<>` is the null sender. */
static void add_mailbox(struct selection_sql *sql, const char *column, const char *text)
{
    const size_t length = strlen(text);
    const bool bracketed = length >= 2 && text[0] == '<' && text[length - 1] == '>';
    char *bare = memory_get(length + 1);
    memcpy(bare, text + bracketed, length - (bracketed ? 2 : 0));
    add_like(sql, column, bare[0] == '@' ? "*" : "", bare, "");
    if (*bare && !strchr(bare, '@')) {
        sqlite3_str_appendall(sql->text, " OR ");
        add_like(sql, column, "*@", bare, "");
    }
    free(bare);
}

static void add_message_id(struct selection_sql *sql, const char *text)
{
    add_like(sql, "message_id", "", text, "");
    sqlite3_str_appendall(sql->text, " OR ");
    add_like(sql, "message_id", "<", text, ">");
}

static void add_range(struct selection_sql *sql, const char *column,
                      const struct selection_term *term)
{
    sqlite3_str_appendf(sql->text, "%s BETWEEN ? AND ?", column);
    add_number(sql, term->low);
    add_number(sql, term->high);
}

static void add_equal(struct selection_sql *sql, const char *column, const char *text)
{
    sqlite3_str_appendf(sql->text, "%s = ?", column);
    struct selection_value *value = add_value(sql);
    value->text = memory_get(strlen(text) + 1);
    strcpy(value->text, text);
}

static void add_term(struct selection_sql *sql, const struct selection_term *term)
{
    switch (term->field) {
    case SELECTION_CLIENT:
        add_party(sql, &client, term);
        break;
    case SELECTION_SERVER:
        add_party(sql, &server, term);
        break;
    case SELECTION_SENDER:
        add_mailbox(sql, "mail_from", term->text);
        break;
    case SELECTION_RECIPIENT:
        add_mailbox(sql, "address", term->text);
        break;
    case SELECTION_QUEUE_ID:
        add_equal(sql, "queue_id", term->text);
        break;
    case SELECTION_MESSAGE_ID:
        add_message_id(sql, term->text);
        break;
    case SELECTION_CAUSE:
        add_equal(sql, "d.cause", term->text);
        break;
    case SELECTION_FAULT:
        add_equal(sql, "d.fault", term->text);
        break;
    case SELECTION_CERTAINTY:
        add_equal(sql, "d.certainty", term->text);
        break;
    case SELECTION_CODE:
        add_range(sql, "d.code", term);
        break;
    case SELECTION_SOFTWARE:
        add_like(sql, "s.client_software", "*", term->text, "*");
        sqlite3_str_appendall(sql->text, " OR ");
        add_like(sql, "s.server_software", "*", term->text, "*");
        break;
    case SELECTION_SOURCE:
        add_like(sql, "s.source", "", term->text, "");
        sqlite3_str_appendall(sql->text, " OR ");
        add_like(sql, "s.source", "*/", term->text, "");
        break;
    case SELECTION_ID:
        add_range(sql, "s.session_id", term);
        break;
    case SELECTION_UID:
        add_equal(sql, "s.uid", term->text);
        break;
    case SELECTION_COMMUNITY_ID:
        add_equal(sql, "s.community_id", term->text);
        break;
    case SELECTION_FIELDS:
        break;
    }
}

/* ---------------------------------------------------------------------------------------- groups
 */

#define FIELD(field) (1u << SELECTION_##field)
#define OF_FINDINGS  (FIELD(CAUSE) | FIELD(FAULT) | FIELD(CERTAINTY) | FIELD(CODE))

/* The fields whose terms are alternatives, and the question that they stand in. */
static const struct group {
    unsigned fields;
    const char *before, *after;
} session_groups[] = {
    {FIELD(ID) | FIELD(UID) | FIELD(COMMUNITY_ID), "(", ")"},
    {FIELD(CLIENT), "(", ")"},
    {FIELD(SERVER), "(", ")"},
    {FIELD(SOFTWARE), "(", ")"},
    {FIELD(SOURCE), "(", ")"},
    {FIELD(SENDER), "s.session_id IN (SELECT session_id FROM transactions WHERE ", ")"},
    {FIELD(RECIPIENT), "s.session_id IN (SELECT session_id FROM recipients WHERE ", ")"},
    {FIELD(QUEUE_ID), "s.session_id IN (SELECT session_id FROM transactions WHERE ", ")"},
    {FIELD(MESSAGE_ID), "s.session_id IN (SELECT session_id FROM transactions WHERE ", ")"},
};

static const struct group finding_groups[] = {
    {FIELD(CAUSE), "(", ")"},
    {FIELD(FAULT), "(", ")"},
    {FIELD(CERTAINTY), "(", ")"},
    {FIELD(CODE), "(", ")"},
};

static bool has(const struct selection *selection, unsigned fields)
{
    for (size_t i = 0; i < selection->term_count; i++)
        if (fields & 1u << selection->terms[i].field)
            return true;
    return false;
}

static void add_groups(struct selection_sql *sql, const struct selection *selection,
                       const struct group *groups, size_t count)
{
    for (const struct group *group = groups; group < groups + count; group++) {
        if (!has(selection, group->fields))
            continue;
        sqlite3_str_appendf(sql->text, " AND %s", group->before);
        bool first = true;
        for (size_t i = 0; i < selection->term_count; i++) {
            if (!(group->fields & 1u << selection->terms[i].field))
                continue;
            sqlite3_str_appendall(sql->text, first ? "(" : " OR (");
            add_term(sql, &selection->terms[i]);
            sqlite3_str_appendall(sql->text, ")");
            first = false;
        }
        sqlite3_str_appendall(sql->text, group->after);
    }
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

void selection_sql_sessions(struct selection_sql *sql, const struct selection *selection)
{
    sqlite3_str_appendall(sql->text, "1");
    if (selection->from_us) {
        sqlite3_str_appendall(sql->text, " AND s.started_us >= ?");
        add_number(sql, selection->from_us);
    }
    if (selection->to_us) {
        sqlite3_str_appendall(sql->text, " AND s.started_us < ?");
        add_number(sql, selection->to_us);
    }
    add_groups(sql, selection, session_groups, COUNT_OF(session_groups));
    if (has(selection, OF_FINDINGS)) {
        sqlite3_str_appendall(sql->text, " AND s.session_id IN (SELECT d.session_id FROM "
                                         "diagnoses d WHERE 1");
        add_groups(sql, selection, finding_groups, COUNT_OF(finding_groups));
        sqlite3_str_appendall(sql->text, ")");
    }
    if (selection->errors_only)
        sqlite3_str_appendall(sql->text, " AND (s.errors_503 > 0 OR EXISTS (SELECT 1 FROM "
                                         "diagnoses d WHERE d.session_id = s.session_id))");
}

void selection_sql_findings(struct selection_sql *sql, const struct selection *selection)
{
    sqlite3_str_appendall(sql->text, "1");
    add_groups(sql, selection, finding_groups, COUNT_OF(finding_groups));
}

bool selection_is_all(const struct selection *selection)
{
    return !selection->from_us && !selection->to_us && !selection->last &&
           !selection->errors_only && !selection->term_count;
}
