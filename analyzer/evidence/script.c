/* SPDX-License-Identifier: ISC */
#include "heloscope/evidence/script.h"

#include <inttypes.h>

#include "heloscope/base/text.h"

struct script {
    FILE *out;
    bool open;     /* a printf whose quotes are open */
    bool tls;      /* the session had TLS, and ... */
    bool from_tls; /* ... what stood in front of it is openssl's to say */
    int64_t session_id;
};

void script_quote(FILE *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.at[i];
        if (c == '%')
            fputs("%%", out);
        else if (c == '\\')
            fputs("\\\\", out);
        else if (c < ' ' || c > '~' || c == '\'' || (c == '-' && !i)) /* no option either */
            fprintf(out, "\\%03o", c);
        else
            putc(c, out);
    }
}

/* Ends what is sent in one piece, and waits for the server. */
static void end_group(struct script *script)
{
    if (script->open)
        fputs("'\n    wait_for_reply\n", script->out);
    script->open = false;
}

static void begin_group(struct script *script)
{
    if (!script->open)
        fputs("    printf '", script->out);
    script->open = true;
}

static bool is_pipelined(const struct history_event *event)
{
    return event->note && strstr(event->note, "pipelined");
}

static void put_command(struct script *script, const struct history_event *event)
{
    const char *end = event->note && strstr(event->note, "bare LF") ? "\\n" : "\\r\\n";
    if (!is_pipelined(event))
        end_group(script);
    begin_group(script);
    script_quote(script->out, bytes_of_string(text_or(event->text, "")));
    fputs(end, script->out);
}

static void put_message(struct script *script)
{
    end_group(script);
    fputs(
        "    printf 'Subject: test\\r\\n\\r\\nA test message.\\r\\n.\\r\\n'\n    wait_for_reply\n",
        script->out);
}

static void put_chunk(struct script *script, const struct history_event *event)
{
    if (script->open)
        fputs("'\n", script->out);
    script->open = false;
    fprintf(script->out, "    head -c %" PRId64 " /dev/zero | tr '\\000' x\n    wait_for_reply\n",
            event->bytes > 0 ? event->bytes : 0);
}

/* A line of a SASL exchange. */
static void put_secret(struct script *script)
{
    end_group(script);
    fputs("    printf '%s\\r\\n' \"$secret\"\n    wait_for_reply\n", script->out);
}

static bool put_event(void *context, const struct history_event *event)
{
    struct script *script = context;
    const char *kind = text_or(event->kind, "");
    if (strcmp(kind, "tls") == 0) {
        script->from_tls = false;
        return true;
    }
    if (event->side != 'C' || script->from_tls)
        return true;
    if (strcmp(kind, "command") == 0)
        put_command(script, event);
    else if (strcmp(kind, "data") == 0)
        put_message(script);
    else if (strcmp(kind, "chunk") == 0)
        put_chunk(script, event);
    else if (strcmp(kind, "auth") == 0)
        put_secret(script);
    return true;
}

static bool note_tls(void *context, const struct history_event *event)
{
    struct script *script = context;
    script->tls = script->tls || strcmp(text_or(event->kind, ""), "tls") == 0;
    return !script->tls;
}

/* Server replies that this script is meant to provoke. */
static bool put_refusal(void *context, const struct history_diagnosis *row)
{
    struct script *script = context;
    char code[TEXT_CODE];
    fprintf(script->out, "#   %s at #%" PRIu32 ", ", text_code(row->code, code), row->reply);
    text_print(script->out, bytes_of_string(text_or(row->cause, "unknown")));
    putc('\n', script->out);
    return true;
}

static bool put_head(void *context, const struct history_session *row)
{
    struct script *script = context;
    const bool smtps = script->tls && row->protocol && strcmp(row->protocol, "SMTPS") == 0;
    fputs("#!/bin/sh\n", script->out);
    fprintf(script->out,
            "# Says what the client of session %" PRId64 " said. For a test server: "
            "it delivers what it sends.\n",
            row->session_id);
    fputs("# Usage: sh FILE [HOST [PORT]]\n", script->out);
    fprintf(script->out, "host=${1:-localhost}\nport=${2:-%d}\npause=${pause:-1} # seconds\n",
            row->server_port);
    fputs("secret=${secret:-} # of AUTH, in base64: the history has none\n"
          "wait_for_reply() { sleep \"$pause\"; }\n",
          script->out);
    if (script->tls)
        fprintf(script->out, "connect() { openssl s_client -quiet%s -connect \"$host:$port\"; }\n",
                smtps ? "" : " -starttls smtp");
    else
        fputs("connect() { nc \"$host\" \"$port\"; }\n", script->out);
    return true;
}

bool script_print(FILE *out, struct history *history, int64_t session_id, struct failure *why)
{
    struct script script = {.out = out, .session_id = session_id};
    if (!history_events(history, session_id, 1, UINT32_MAX, note_tls, &script, why))
        return false;
    script.from_tls = script.tls;
    if (!history_session(history, session_id, put_head, &script, why))
        return false;
    fputs("# What was refused then:\n", out);
    if (!history_session_diagnoses(history, session_id, put_refusal, &script, why))
        return false;
    fputs("{\n    wait_for_reply\n", out);
    if (!history_events(history, session_id, 1, UINT32_MAX, put_event, &script, why))
        return false;
    end_group(&script);
    fputs("} | connect\n", out);
    return true;
}
