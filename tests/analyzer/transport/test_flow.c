/* SPDX-License-Identifier: ISC */
/* The table of connections and their order by age. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/transport/flow.h"

static struct segment segment_between(uint8_t from, uint16_t from_port, uint8_t to,
                                      uint16_t to_port)
{
    return (struct segment){.src = {.family = 4, .octets = {127, 0, 0, from}},
                            .dst = {.family = 4, .octets = {127, 0, 0, to}},
                            .src_port = from_port,
                            .dst_port = to_port};
}

static bool same(const struct flow_key *a, const struct flow_key *b)
{
    return memcmp(a->address, b->address, sizeof a->address) == 0 && a->port[0] == b->port[0] &&
           a->port[1] == b->port[1] && a->family == b->family;
}

Test(flow, both_directions_have_one_key)
{
    static const struct {
        uint8_t from, to;
        uint16_t from_port, to_port;
    } rows[] = {{1, 2, 40000, 25}, {2, 1, 40000, 25}, {1, 1, 40000, 25}, {1, 2, 25, 25}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int sender, receiver;
        struct segment there =
            segment_between(rows[i].from, rows[i].from_port, rows[i].to, rows[i].to_port);
        struct segment back =
            segment_between(rows[i].to, rows[i].to_port, rows[i].from, rows[i].from_port);
        struct flow_key a, b;
        sender = flow_key_of(&there, &a);
        receiver = flow_key_of(&back, &b);
        cr_expect(same(&a, &b), "row %zu", i);
        cr_expect_eq(sender, !receiver, "row %zu", i);
        cr_expect_eq(a.port[sender], rows[i].from_port, "row %zu", i);
        cr_expect_eq(a.port[receiver], rows[i].to_port, "row %zu", i);
        const struct address from = flow_address(&a, sender);
        cr_expect_eq(from.family, 4, "row %zu", i);
        cr_expect_eq(from.octets[3], rows[i].from, "row %zu", i);
    }
}

Test(flow, what_differs_has_another_key)
{
    struct segment one = segment_between(1, 40000, 2, 25), other = segment_between(1, 25, 2, 40000);
    struct flow_key a, b;
    flow_key_of(&one, &a);
    flow_key_of(&other, &b);
    cr_expect_not(same(&a, &b), "the ports belong to their addresses");
    other = one;
    other.src.family = other.dst.family = 6;
    flow_key_of(&other, &b);
    cr_expect_not(same(&a, &b));
}

enum {
    MANY = 20000
};

static struct flow *flow_number(struct flow *flows, uint32_t i)
{
    struct segment s = segment_between(1, (uint16_t)(i % 60000), (uint8_t)(2 + i / 60000), 25);
    flow_key_of(&s, &flows[i].key);
    flow_add_path(&flows[i], 0);
    return &flows[i];
}

/* The same endpoints in other networks. */
Test(flow, ways_tell_flows_of_one_key_apart)
{
    struct flow_table table;
    struct flow flows[3] = {0}, other = {0};
    flow_table_init(&table);
    for (uint32_t i = 0; i < 3; i++) {
        flow_number(&flows[i], 0);
        flows[i].path_count = flows[i].path_next = 0;
        flow_add_path(&flows[i], 10 * i);
        cr_expect_null(flow_find(&table, &flows[i].key, 10 * i));
        flow_insert(&table, &flows[i]);
    }
    struct segment elsewhere = segment_between(1, 1, 2, 25);
    flow_key_of(&elsewhere, &other.key);
    flow_add_path(&other, 10);
    flow_insert(&table, &other);

    for (uint32_t i = 0; i < 3; i++)
        cr_expect_eq(flow_find(&table, &flows[0].key, 10 * i), &flows[i]);
    cr_expect_null(flow_find(&table, &flows[0].key, 30));
    cr_expect_null(flow_find(&table, &other.key, 20));
    flow_add_path(&flows[1], 30);
    cr_expect_eq(flow_find(&table, &flows[0].key, 30), &flows[1]);

    size_t seen = 0;
    for (struct flow *f = NULL; (f = flow_next(&table, &flows[0].key, f)); seen++)
        cr_expect(f >= flows && f < flows + 3);
    cr_expect_eq(seen, 3);
    flow_remove(&table, &flows[1]);
    cr_expect_null(flow_find(&table, &flows[0].key, 10));
    cr_expect_eq(flow_find(&table, &flows[0].key, 20), &flows[2]);
    flow_table_free(&table);
}

Test(flow, few_ways_are_remembered)
{
    struct flow flow = {0};
    for (uint32_t path = 1; path <= 10; path++) {
        flow_add_path(&flow, path);
        flow_add_path(&flow, path);
    }
    cr_expect_eq(flow.path_count, FLOW_PATHS);
    uint32_t sum = 0;
    for (int i = 0; i < FLOW_PATHS; i++)
        sum += flow.paths[i];
    cr_expect_eq(sum, 7 + 8 + 9 + 10);
}

/* A model: a plain array of what is in. Removal closes the holes of open addressing, so each one
 * is followed by looks at what may have been moved. */
Test(flow, what_was_put_in_is_found_and_nothing_else)
{
    struct flow_table table;
    struct flow *flows = calloc(MANY, sizeof *flows);
    bool *in = calloc(MANY, sizeof *in);
    size_t count = 0;
    srandom(5);
    flow_table_init(&table);
    for (int step = 0; step < 10 * MANY; step++) {
        uint32_t i = (uint32_t)random() % MANY;
        struct flow *flow = flow_number(flows, i);
        cr_assert_eq(flow_find(&table, &flow->key, 0), in[i] ? flow : NULL, "step %d", step);
        /* It fills up, and empties again. */
        bool fill = random() % 4 ? step < 5 * MANY : step >= 5 * MANY;
        if (fill == in[i])
            continue;
        if (fill)
            flow_insert(&table, flow);
        else
            flow_remove(&table, flow);
        in[i] = fill;
        count += fill ? 1 : (size_t)-1;
        cr_assert_eq(table.count, count);
    }
    for (uint32_t i = 0; i < MANY; i++)
        cr_assert_eq(flow_find(&table, &flow_number(flows, i)->key, 0), in[i] ? &flows[i] : NULL);
    cr_assert_lt(table.count * 4, table.size * 3 + 4, "a quarter of the slots stays free");
    flow_table_free(&table);
    free(flows);
    free(in);
}

static uint32_t hash_in(const struct flow_table *table, const struct flow *flow)
{
    size_t i = 0;
    while (table->slots[i].flow != flow)
        i++;
    return table->slots[i].hash;
}

Test(flow, two_tables_hash_differently)
{
    struct flow_table a, b;
    struct flow flows[8] = {0};
    int differ = 0;
    flow_table_init(&a);
    flow_table_init(&b);
    for (uint32_t i = 0; i < 8; i++) {
        flow_insert(&a, flow_number(flows, i));
        flow_insert(&b, &flows[i]);
        differ += hash_in(&a, &flows[i]) != hash_in(&b, &flows[i]);
    }
    cr_expect_geq(differ, 7, "the seed is chosen at random");
    flow_table_free(&a);
    flow_table_free(&b);
}

/* The queue from the oldest on, as letters; links and counts are checked on the way. */
static const char *order_of(const struct flow_queue *queue, const struct flow *flows)
{
    static char out[16];
    size_t n = 0;
    const struct flow *older = NULL;
    for (const struct flow *f = queue->oldest; f; f = f->newer) {
        cr_assert_eq(f->older, older);
        cr_assert_eq(f->queue, queue);
        cr_assert_lt(n, sizeof out - 1);
        out[n++] = (char)('a' + (f - flows));
        older = f;
    }
    cr_assert_eq(queue->newest, older);
    cr_assert_eq(queue->count, n);
    out[n] = '\0';
    return out;
}

Test(flow, queues_are_in_the_order_of_the_last_packet)
{
    struct flow_queue one = {0}, two = {0};
    struct flow flows[4] = {0};
    cr_expect_str_eq(order_of(&one, flows), "");
    for (int i = 0; i < 4; i++)
        flow_touch(&flows[i], &one, i);
    cr_expect_str_eq(order_of(&one, flows), "abcd");
    flow_touch(&flows[0], &one, 10); /* the oldest */
    cr_expect_str_eq(order_of(&one, flows), "bcda");
    flow_touch(&flows[2], &one, 11); /* from the middle */
    cr_expect_str_eq(order_of(&one, flows), "bdac");
    flow_touch(&flows[2], &one, 12); /* the newest */
    cr_expect_str_eq(order_of(&one, flows), "bdac");
    cr_expect_eq(flows[2].last_us, 12);
    flow_touch(&flows[3], &two, 13);
    flow_touch(&flows[1], &two, 14);
    cr_expect_str_eq(order_of(&one, flows), "ac");
    cr_expect_str_eq(order_of(&two, flows), "db");
    flow_touch(&flows[0], NULL, 15);
    flow_touch(&flows[2], NULL, 15);
    cr_expect_str_eq(order_of(&one, flows), "");
    cr_expect_null(flows[0].queue);
}

Test(flow, what_is_removed_leaves_its_queue)
{
    struct flow_table table;
    struct flow_queue queue = {0};
    struct flow flows[2] = {0};
    flow_table_init(&table);
    for (uint32_t i = 0; i < 2; i++) {
        flow_insert(&table, flow_number(flows, i));
        flow_touch(&flows[i], &queue, 1);
    }
    flow_remove(&table, &flows[0]);
    cr_expect_str_eq(order_of(&queue, flows), "b");
    flow_table_free(&table);
}
