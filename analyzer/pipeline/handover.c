/* SPDX-License-Identifier: ISC */
#include "handover.h"

struct session *handover_begin(struct pipeline *p, const struct connection *c)
{
    const struct flow_key *key = &c->flow.key;
    struct session_begin begin = {
        .client = flow_address(key, c->client),
        .server = flow_address(key, !c->client),
        .client_port = key->port[c->client],
        .server_port = key->port[!c->client],
        .vlan = c->vlan,
        .tunnel = c->decoding->tunnel,
        .source = c->decoding->source->name,
        .capture_id = c->decoding->source->capture_id,
        .rough_clock = c->decoding->source->rough_clock,
        .midstream = !c->decoding->reassembly.from_start,
        .server_unknown = !c->decoding->reassembly.syn[SIDE_SERVER],
        .mark = c->first,
        .forward_proxy = c->decoding->forward_proxy,
        .handle = ++p->handles,
        .memo = p->memo,
        .keylog = p->keylog,
    };
    return session_new(&begin);
}

void handover_describe(struct session_row *row, const struct reassembly *reassembly)
{
    const struct stream *client = &reassembly->side[SIDE_CLIENT];
    const struct stream *server = &reassembly->side[SIDE_SERVER];
    for (enum side side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
        const struct stream *stream = &reassembly->side[side];
        const uint64_t begun = stream->provisional ? stream->begun : 0;
        row->numbering[side] = (struct numbering){stream->started, stream->base + (uint32_t)begun};
    }
    row->packets = reassembly->packets;
    row->bytes_client = client->next;
    row->bytes_server = server->next;
    row->retransmitted = client->repeated + server->repeated;
    row->one_sided = !reassembly->spoke[SIDE_CLIENT] || !reassembly->spoke[SIDE_SERVER];
}

void handover_captures(struct draft *draft, struct decoding *decoding)
{
    struct capture_passed **tail = &draft->chapter.captures;
    for (; decoding->passed_told < decoding->passed_count; decoding->passed_told++) {
        struct capture_passed *passed = arena_get(&draft->arena, sizeof *passed);
        passed->capture_id = decoding->passed[decoding->passed_told];
        *tail = passed;
        tail = &passed->next;
    }
}
