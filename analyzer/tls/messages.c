/* SPDX-License-Identifier: ISC */
/* What the messages of a handshake change. */
#include <stdlib.h>

#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"
#include "state.h"

static void copy_text(char *out, size_t size, struct bytes text)
{
    text = bytes_first(text, size - 1);
    if (text.len)
        memcpy(out, text.at, text.len);
    out[text.len] = '\0';
}

static void take_client_hello(struct tls *tls, struct bytes body, const struct tls_news *record)
{
    struct tls_hello_details hello;
    if (!tls_hello_details(body, false, &hello))
        return;
    const bool second = tls->facts.retried && tls->client_hello && !tls->server_hello &&
                        memcmp(tls->client_random, hello.random.at, TLS_RANDOM) == 0;
    memcpy(tls->client_random, hello.random.at, TLS_RANDOM);
    tls->client_hello = tls->facts.greeted = true;
    tls->server_hello = tls->suite_known = tls->master_known = false;
    tls->certificate_seen = tls->premaster_id_known = false;
    tls->session_offered = hello.session.len || hello.ticket;
    tls->early_offered = hello.early_data && !second;
    if (record->sealed) /* a renegotiation: who asks whom for what may have changed */
        tls->facts.resumed = false;
    else if (!second)
        tls->facts.version = tls->facts.offered = hello.version;
    copy_text(tls->facts.name, sizeof tls->facts.name, hello.name);
    if (!second)
        tls_tell_about(tls, TLS_NEWS_CLIENT_HELLO, record, bytes_of(NULL, 0));
}

/* Early data is read as such only once the server has taken it. */
static void begin_13(struct tls *tls)
{
    struct half *client = &tls->half[SIDE_CLIENT], *server = &tls->half[SIDE_SERVER];
    half_enter(server, PHASE_HANDSHAKE);
    half_enter(client, tls->early_offered && tls->facts.resumed ? PHASE_EARLY : PHASE_HANDSHAKE);
}

static void take_server_hello(struct tls *tls, struct bytes body, const struct tls_news *record)
{
    struct tls_hello_details hello;
    if (!tls_hello_details(body, true, &hello))
        return;
    tls->facts.version = hello.version;
    tls->facts.suite = hello.suite;
    tls->facts.group = hello.group;
    if (hello.retry) {
        tls->facts.retried = true;
        return;
    }
    memcpy(tls->server_random, hello.random.at, TLS_RANDOM);
    tls->server_hello = tls->facts.agreed = true;
    tls->suite_known = tls_suite_read(hello.suite, &tls->suite);
    tls->encrypt_then_mac = hello.encrypt_then_mac;
    tls->extended_master_secret = hello.extended_master_secret;
    copy_text(tls->facts.protocol, sizeof tls->facts.protocol, hello.protocol);
    tls->facts.resumed = hello.psk;
    if (hello.version >= VERSION_13)
        begin_13(tls);
    tls_tell_about(tls, TLS_NEWS_SERVER_HELLO, record, bytes_of(NULL, 0));
}

static void take_encrypted_extensions(struct tls *tls, struct bytes body)
{
    struct tls_hello_details extensions;
    if (!tls_encrypted_extensions(body, &extensions))
        return;
    copy_text(tls->facts.protocol, sizeof tls->facts.protocol, extensions.protocol);
    tls->extensions_seen = tls->facts.extensions_seen = true;
    tls->facts.early_data = extensions.early_data;
    tls->early_refused = !extensions.early_data;
}

static void take_message(struct tls *tls, enum side side, uint8_t type, struct bytes body,
                         const struct tls_news *record)
{
    struct half *half = &tls->half[side];
    const bool tls13 = tls->facts.version >= VERSION_13;
    const bool server = side == SIDE_SERVER;
    if (type == TLS_CLIENT_HELLO && !server) {
        take_client_hello(tls, body, record);
    } else if (type == TLS_SERVER_HELLO && server) {
        take_server_hello(tls, body, record);
    } else if (type == TLS_ENCRYPTED_EXTENSIONS && server && tls13) {
        take_encrypted_extensions(tls, body);
    } else if (type == TLS_CERTIFICATE) {
        if (server)
            tls->certificate_seen = true;
        else if (tls_certificate_is_given(body, tls13))
            tls->facts.certificate_given = true;
    } else if (type == TLS_SERVER_KEY_EXCHANGE && server) {
        tls->certificate_seen = true;
        tls->facts.group = tls_key_exchange_group(body);
    } else if (type == TLS_CERTIFICATE_REQUEST && server) {
        tls->facts.certificate_asked = true;
    } else if (type == TLS_CLIENT_KEY_EXCHANGE && !server) {
        const struct bytes premaster = tls_encrypted_premaster(body);
        tls->transcript_over = true;
        tls->premaster_id_known = premaster.len >= sizeof tls->premaster_id;
        if (tls->premaster_id_known)
            memcpy(tls->premaster_id, premaster.at, sizeof tls->premaster_id);
    } else if (type == TLS_FINISHED) {
        half->finished = true;
    } else if (type == TLS_END_OF_EARLY_DATA && !server && half->phase == PHASE_EARLY) {
        half->finished = true;
    } else if (type == TLS_KEY_UPDATE && tls13 && half->phase == PHASE_APPLICATION) {
        half->updated = true;
    }
}

/* The hash over the handshake up to here makes the extended master secret (RFC 7627 section 3). */
static void note_transcript(struct tls *tls, struct bytes message)
{
    const uint8_t type = message.at[0];
    if (!tls->keylog ||
        (!keylog_has(tls->keylog, KEYLOG_RSA) && !keylog_has(tls->keylog, KEYLOG_PMS)))
        return;
    if (type == TLS_CLIENT_HELLO) {
        tls->transcript_length = 0;
        tls->transcript_over = false;
    }
    if (tls->transcript_over || type == TLS_HELLO_REQUEST)
        return;
    if (tls->transcript_length + message.len > TLS_TRANSCRIPT_LIMIT)
        return;
    if (tls->transcript_length + message.len > tls->transcript_size) {
        tls->transcript_size = 2 * (tls->transcript_length + (uint32_t)message.len);
        tls->transcript = memory_resize(tls->transcript, tls->transcript_size);
    }
    memcpy(tls->transcript + tls->transcript_length, message.at, message.len);
    tls->transcript_length += (uint32_t)message.len;
}

static void hold(struct half *half, struct bytes data)
{
    if (half->message_length + data.len > half->message_size) {
        half->message_size = half->message_length + (uint32_t)data.len;
        half->message = memory_resize(half->message, half->message_size);
    }
    memcpy(half->message + half->message_length, data.at, data.len);
    half->message_length += (uint32_t)data.len;
}

static size_t whole_length(struct bytes message)
{
    struct cursor c = cursor_over(message);
    cursor_skip(&c, 1);
    return TLS_MESSAGE_HEAD + cursor_u24(&c);
}

static void release(struct half *half)
{
    free(half->message);
    half->message = NULL;
    half->message_length = half->message_size = 0;
}

static void take_whole(struct tls *tls, enum side side, struct bytes message,
                       const struct tls_news *record)
{
    note_transcript(tls, message);
    take_message(tls, side, message.at[0], bytes_from(message, TLS_MESSAGE_HEAD), record);
}

/* Takes up to the end of one message; returns how many octets. */
static size_t take_part(struct tls *tls, enum side side, struct bytes data,
                        const struct tls_news *record)
{
    struct half *half = &tls->half[side];
    if (half->message_length < TLS_MESSAGE_HEAD) {
        if (!half->message_length && data.len >= TLS_MESSAGE_HEAD &&
            whole_length(data) <= data.len) {
            const struct bytes message = bytes_first(data, whole_length(data));
            take_whole(tls, side, message, record);
            return message.len;
        }
        const struct bytes part = bytes_first(data, TLS_MESSAGE_HEAD - half->message_length);
        hold(half, part);
        if (half->message_length == TLS_MESSAGE_HEAD &&
            whole_length(bytes_of(half->message, TLS_MESSAGE_HEAD)) == TLS_MESSAGE_HEAD) {
            take_whole(tls, side, bytes_of(half->message, TLS_MESSAGE_HEAD), record);
            release(half);
        }
        return part.len;
    }
    const size_t whole = whole_length(bytes_of(half->message, half->message_length));
    const struct bytes part = bytes_first(data, whole - half->message_length);
    if (whole > TLS_MESSAGE_LIMIT) { /* a certificate of such a size; nothing else is needed */
        half->message_skip = (uint32_t)(whole - half->message_length);
        release(half);
        return 0;
    }
    hold(half, part);
    if (half->message_length == whole) {
        take_whole(tls, side, bytes_of(half->message, whole), record);
        release(half);
    }
    return part.len;
}

void messages_take(struct tls *tls, enum side side, struct bytes data,
                   const struct tls_news *record)
{
    struct half *half = &tls->half[side];
    while (data.len) {
        size_t n = half->message_skip < data.len ? half->message_skip : data.len;
        half->message_skip -= (uint32_t)n;
        if (!n)
            n = take_part(tls, side, data, record);
        data = bytes_from(data, n);
    }
}
