/* SPDX-License-Identifier: ISC */
/* Puts the sessions of a capture inside TLS: each segment with data becomes one record, half of the
 * sessions in TLS 1.3 and half in 1.2, both with AES-128-GCM.
 *
 *     inside_tls IN.pcap KEYLOG >OUT.pcap
 *
 * IN is one that `generate` has made without losses. What libcrypto by itself takes to decrypt the
 * same records is said at the end, in seconds of CPU. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "analyzer/tls/key_schedule.h"
#include "chance.h"
#include "wire.h"

enum {
    SIDES = 2,
    KEY = 16,
    NONCE = 12,
    TAG = 16,
    HEAD = 5,
    RANDOM = 32,
    SECRET = 32,
    MASTER = 48,
    CERTIFICATE = 900,
    PORT = 465,
    EDGES = 32,
    TABLE = 1 << 22,
    HANDSHAKE = 22,
    DATA = 23,
    SUITE_13 = 0x1301, /* TLS_AES_128_GCM_SHA256 */
    SUITE_12 = 0xC02F, /* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 */
};

/* What an acknowledgement of the capture is here. */
struct edge {
    uint32_t before, now;
};

/* One direction. */
struct sender {
    uint8_t secret[SECRET], key[KEY], iv[NONCE];
    uint64_t records;
    uint32_t next; /* its next sequence number */
    struct edge edges[EDGES];
    unsigned edge_count;
};

struct connection {
    struct endpoint client, server;
    bool ip6, tls13, shaken;
    uint8_t client_random[RANDOM], server_random[RANDOM];
    struct sender sender[SIDES];
};

struct packet {
    struct wire_segment segment;
    bool from_server;
};

static struct connection **table;
static EVP_CIPHER *cipher;
static EVP_CIPHER_CTX *seals, *opens;
static FILE *keylog;
static double library_s;
static uint64_t numbers;

/* ---------------------------------------------------------------------------------------- records
 */

static void put(uint8_t *out, uint64_t number, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        out[i] = (uint8_t)(number >> 8 * (octets - 1 - i));
}

static void fill(uint8_t *out, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        out[i] = (uint8_t)chance_mix(++numbers);
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What a reader has to do at least with the record. */
static void open_again(const struct sender *s, const uint8_t *nonce, const uint8_t *beside,
                       int beside_length, const uint8_t *sealed, int length)
{
    static uint8_t text[WIRE_PAYLOAD];
    int n;
    const double from = cpu_s();
    EVP_DecryptInit_ex(opens, s->records ? NULL : cipher, NULL, s->key, nonce);
    EVP_DecryptUpdate(opens, NULL, &n, beside, beside_length);
    EVP_DecryptUpdate(opens, text, &n, sealed, length);
    EVP_CIPHER_CTX_ctrl(opens, EVP_CTRL_AEAD_SET_TAG, TAG, (void *)(sealed + length));
    if (EVP_DecryptFinal_ex(opens, text + length, &n) != 1)
        abort();
    library_s += cpu_s() - from;
}

/* Appends a record with `length` octets of text to `out`; returns its length. */
static uint32_t seal(struct sender *s, bool tls13, uint8_t type, const uint8_t *text,
                     uint32_t length, uint8_t *out)
{
    uint8_t nonce[NONCE], beside[13], inner[WIRE_PAYLOAD];
    const uint32_t explicit_length = tls13 ? 0 : 8, inner_length = length + tls13;
    int n;
    memcpy(inner, text, length);
    inner[length] = type;
    put(out, tls13 ? DATA : type, 1);
    put(out + 1, 0x0303, 2);
    put(out + 3, explicit_length + inner_length + TAG, 2);
    memcpy(nonce, s->iv, NONCE);
    if (tls13) {
        for (int i = 0; i < 8; i++)
            nonce[NONCE - 1 - i] ^= (uint8_t)(s->records >> 8 * i);
        memcpy(beside, out, HEAD);
    } else {
        put(nonce + 4, s->records, 8);
        put(out + HEAD, s->records, 8);
        put(beside, s->records, 8);
        memcpy(beside + 8, out, 3);
        put(beside + 11, length, 2);
    }
    uint8_t *sealed = out + HEAD + explicit_length;
    const int beside_length = tls13 ? HEAD : (int)sizeof beside;
    EVP_EncryptInit_ex(seals, cipher, NULL, s->key, nonce);
    EVP_EncryptUpdate(seals, NULL, &n, beside, beside_length);
    EVP_EncryptUpdate(seals, sealed, &n, inner, (int)inner_length);
    EVP_EncryptFinal_ex(seals, sealed + inner_length, &n);
    EVP_CIPHER_CTX_ctrl(seals, EVP_CTRL_AEAD_GET_TAG, TAG, sealed + inner_length);
    open_again(s, nonce, beside, beside_length, sealed, (int)inner_length);
    s->records++;
    return HEAD + explicit_length + inner_length + TAG;
}

/* --------------------------------------------------------------------------------------- handshake
 */

static void log_secret(const char *label, const uint8_t *random, const uint8_t *secret, size_t size)
{
    fprintf(keylog, "%s ", label);
    for (size_t i = 0; i < RANDOM; i++)
        fprintf(keylog, "%02x", random[i]);
    fputc(' ', keylog);
    for (size_t i = 0; i < size; i++)
        fprintf(keylog, "%02x", secret[i]);
    fputc('\n', keylog);
}

static void use_secret(struct sender *s)
{
    const struct bytes secret = bytes_of(s->secret, SECRET);
    tls_expand_label(TLS_HASH_SHA256, secret, "key", s->key, KEY);
    tls_expand_label(TLS_HASH_SHA256, secret, "iv", s->iv, NONCE);
    s->records = 0;
}

static void new_secrets(struct connection *c, const char *const labels[SIDES])
{
    for (int side = 0; side < SIDES; side++) {
        fill(c->sender[side].secret, SECRET);
        log_secret(labels[side], c->client_random, c->sender[side].secret, SECRET);
        use_secret(&c->sender[side]);
    }
}

/* RFC 5246 section 6.3. */
static void use_master(struct connection *c)
{
    uint8_t master[MASTER], seed[2 * RANDOM], block[2 * KEY + 2 * 4];
    fill(master, MASTER);
    log_secret("CLIENT_RANDOM", c->client_random, master, MASTER);
    memcpy(seed, c->server_random, RANDOM);
    memcpy(seed + RANDOM, c->client_random, RANDOM);
    tls_prf(TLS_HASH_SHA256, bytes_of(master, MASTER), "key expansion", bytes_of(seed, sizeof seed),
            block, sizeof block);
    for (int side = 0; side < SIDES; side++) {
        memcpy(c->sender[side].key, block + side * KEY, KEY);
        memcpy(c->sender[side].iv, block + SIDES * KEY + side * 4, 4);
    }
}

static uint32_t put_message(uint8_t *out, uint8_t type, const uint8_t *body, uint32_t length)
{
    out[0] = type;
    put(out + 1, length, 3);
    memcpy(out + 4, body, length);
    return 4 + length;
}

static uint32_t put_plain(uint8_t *out, uint8_t type, const uint8_t *body, uint32_t length)
{
    out[0] = type;
    put(out + 1, 0x0303, 2);
    put(out + 3, length, 2);
    memcpy(out + HEAD, body, length);
    return HEAD + length;
}

/* A hello with no more in it than the other side needs (RFC 8446 sections 4.1.2 and 4.1.3). */
static uint32_t put_hello(const struct connection *c, bool server, uint8_t *out)
{
    uint8_t body[256] = {3, 3};
    uint32_t n = 2;
    const uint8_t version_client[] = {0, 43, 0, 3, 2, 3, 4}, version_server[] = {0, 43, 0, 2, 3, 4};
    memcpy(body + n, server ? c->server_random : c->client_random, RANDOM);
    n += RANDOM;
    body[n++] = 0; /* no session id */
    if (!server) {
        put(body + n, 2, 2);
        n += 2;
    }
    put(body + n, c->tls13 ? SUITE_13 : SUITE_12, 2);
    n += 2;
    if (!server)
        body[n++] = 1;
    body[n++] = 0; /* no compression */
    const size_t length = !c->tls13 ? 0 : server ? sizeof version_server : sizeof version_client;
    put(body + n, length, 2);
    n += 2;
    memcpy(body + n, server ? version_server : version_client, length);
    n += (uint32_t)length;
    return put_message(out, server ? 2 : 1, body, n);
}

static uint32_t put_flight(struct connection *c, bool server, uint8_t *out)
{
    uint8_t text[2048], body[CERTIFICATE] = {0};
    struct sender *s = &c->sender[server];
    uint32_t n = 0, size = 0;
    if (server)
        n = put_plain(out, HANDSHAKE, text, put_hello(c, true, text));
    if (c->tls13) {
        if (server) {
            size = put_message(text, 8, body, 2);
            size += put_message(text + size, 11, body, CERTIFICATE);
        }
        size += put_message(text + size, 20, body, SECRET);
        return n + seal(s, true, HANDSHAKE, text, size, out + n);
    }
    if (server) {
        size = put_message(text, 11, body, CERTIFICATE);
        size += put_message(text + size, 14, body, 0);
    } else {
        size = put_message(text, 16, body, 33);
    }
    n += put_plain(out + n, HANDSHAKE, text, size);
    n += put_plain(out + n, 20, (const uint8_t[]){1}, 1);
    return n + seal(s, false, HANDSHAKE, text, put_message(text, 20, body, 12), out + n);
}

/* --------------------------------------------------------------------------------------- segments
 */

static void send_octets(struct wire *wire, struct connection *c, const struct packet *at,
                        bool server, const uint8_t *octets, uint32_t length)
{
    struct sender *s = &c->sender[server];
    struct wire_segment out = {.time_us = at->segment.time_us,
                               .from = server ? c->server : c->client,
                               .to = server ? c->client : c->server,
                               .ip6 = c->ip6,
                               .seq = s->next,
                               .ack = c->sender[!server].next,
                               .flags = FLAG_ACK | FLAG_PSH,
                               .payload = octets,
                               .length = length};
    wire_put(wire, &out);
    s->next += length;
}

static void shake(struct wire *wire, struct connection *c, const struct packet *at)
{
    static const char *const handshake[] = {"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                                            "SERVER_HANDSHAKE_TRAFFIC_SECRET"};
    static const char *const traffic[] = {"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"};
    uint8_t text[1024], octets[4096];
    c->tls13 = chance_mix(++numbers) & 1;
    fill(c->client_random, RANDOM);
    fill(c->server_random, RANDOM);
    if (c->tls13)
        new_secrets(c, handshake);
    else
        use_master(c);
    send_octets(wire, c, at, false, octets,
                put_plain(octets, HANDSHAKE, text, put_hello(c, false, text)));
    send_octets(wire, c, at, true, octets, put_flight(c, true, octets));
    send_octets(wire, c, at, false, octets, put_flight(c, false, octets));
    if (c->tls13)
        new_secrets(c, traffic);
    c->shaken = true;
}

static struct connection **place_of(const struct packet *p)
{
    const struct endpoint *client = p->from_server ? &p->segment.to : &p->segment.from;
    const struct endpoint *server = p->from_server ? &p->segment.from : &p->segment.to;
    uint64_t i =
        chance_mix((uint64_t)client->address << 32 | server->address) ^ chance_mix(client->port);
    for (;; i++) {
        struct connection **c = &table[i % TABLE];
        if (!*c || ((*c)->client.address == client->address && (*c)->client.port == client->port &&
                    (*c)->server.address == server->address))
            return c;
    }
}

/* The number that stands here for one of the capture. */
static uint32_t acknowledged(const struct sender *s, uint32_t ack)
{
    const unsigned kept = s->edge_count < EDGES ? s->edge_count : EDGES;
    for (unsigned i = 1; i <= kept; i++) {
        const struct edge *e = &s->edges[(s->edge_count - i) % EDGES];
        if ((int32_t)(ack - e->before) >= 0)
            return e->now + (ack - e->before);
    }
    return ack;
}

static void note_edge(struct sender *s, uint32_t before)
{
    s->edges[s->edge_count++ % EDGES] = (struct edge){before, s->next};
}

static void take(struct wire *wire, struct packet *p)
{
    uint8_t octets[WIRE_PAYLOAD];
    struct connection **place = place_of(p);
    if (p->segment.flags & FLAG_SYN && !p->from_server) {
        free(*place);
        *place = calloc(1, sizeof **place);
        (*place)->client = p->segment.from;
        (*place)->server = p->segment.to;
        (*place)->server.port = PORT;
        (*place)->ip6 = p->segment.ip6;
    }
    struct connection *c = *place;
    if (!c)
        return;
    struct sender *s = &c->sender[p->from_server];
    if (p->segment.flags & FLAG_SYN)
        s->next = p->segment.seq;
    if (p->segment.length && !c->shaken)
        shake(wire, c, p);
    struct wire_segment out = p->segment;
    *(p->from_server ? &out.from : &out.to) = c->server;
    out.seq = s->next;
    out.ack = acknowledged(&c->sender[!p->from_server], p->segment.ack);
    if (out.length) {
        out.length = seal(s, c->tls13, DATA, p->segment.payload, p->segment.length, octets);
        out.payload = octets;
    }
    wire_put(wire, &out);
    const uint32_t marks = !!(out.flags & FLAG_SYN) + !!(out.flags & FLAG_FIN);
    s->next += out.length + marks;
    note_edge(s, p->segment.seq + p->segment.length + marks);
}

/* ----------------------------------------------------------------------------------------- reading
 */

static uint32_t number_at(const uint8_t *at, int octets)
{
    uint32_t number = 0;
    for (int i = 0; i < octets; i++)
        number = number << 8 | at[i];
    return number;
}

/* A frame as wire.c makes them: Ethernet without tags, IPv4 or IPv6, TCP. */
static bool read_frame(const uint8_t *frame, uint32_t length, struct packet *out)
{
    const bool ip6 = number_at(frame + 12, 2) == 0x86DD;
    const uint8_t *ip = frame + 14, *tcp = ip + (ip6 ? 40 : 20);
    struct wire_segment *s = &out->segment;
    if (length < WIRE_HEADERS - 40 || (ip6 ? ip[6] : ip[9]) != 6)
        return false;
    s->ip6 = ip6;
    s->from = (struct endpoint){number_at(ip + (ip6 ? 20 : 12), 4), (uint16_t)number_at(tcp, 2)};
    s->to = (struct endpoint){number_at(ip + (ip6 ? 36 : 16), 4), (uint16_t)number_at(tcp + 2, 2)};
    s->seq = number_at(tcp + 4, 4);
    s->ack = number_at(tcp + 8, 4);
    s->flags = tcp[13];
    s->payload = tcp + 4 * (tcp[12] >> 4);
    s->length = (uint32_t)(frame + length - s->payload);
    out->from_server = s->from.port < 1024 || s->from.port == 2525;
    return true;
}

int main(int count, char **words)
{
    static struct wire wire;
    static uint8_t frame[WIRE_HEADERS + WIRE_PAYLOAD];
    uint32_t head[6];
    FILE *in = count == 3 ? fopen(words[1], "rb") : NULL;
    keylog = in ? fopen(words[2], "w") : NULL;
    table = calloc(TABLE, sizeof *table);
    cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    seals = EVP_CIPHER_CTX_new();
    opens = EVP_CIPHER_CTX_new();
    if (!keylog || !table || !cipher || fread(head, sizeof head, 1, in) != 1) {
        fputs("inside_tls IN.pcap KEYLOG >OUT.pcap\n", stderr);
        return 2;
    }
    wire_begin(&wire, stdout);
    while (fread(head, 16, 1, in) == 1 && head[2] <= sizeof frame &&
           fread(frame, head[2], 1, in) == 1) {
        struct packet p = {.segment.time_us = (int64_t)head[0] * 1000000 + head[1]};
        if (read_frame(frame, head[2], &p))
            take(&wire, &p);
    }
    const bool written = wire_end(&wire) && fclose(keylog) == 0;
    fprintf(stderr, "%llu packets, libcrypto alone %.3f s\n", (unsigned long long)wire.packets,
            library_s);
    return written ? 0 : 1;
}
