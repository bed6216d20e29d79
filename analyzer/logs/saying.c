/* SPDX-License-Identifier: ISC */
#include "saying.h"

#include <arpa/inet.h>

#include "heloscope/software/pattern.h"
#include "log_wording.h"

static const char *const server_names[] = {"unknown",  "Postfix",   "Postfix", "Exim",
                                           "Sendmail", "OpenSMTPD", "Haraka"};
static const char *const kind_names[] = {"connect", "end",  "lost",    "message",  "delivery",
                                         "tls",     "auth", "refusal", "disorder", "errors"};

const char *log_server_name(enum log_server server)
{
    return server_names[server];
}

const char *log_kind_name(enum log_kind kind)
{
    return kind_names[kind];
}

bool log_kind_is_trouble(enum log_kind kind)
{
    return kind >= LOG_REFUSAL;
}

/* --- whose line it is --- */

static bool ends_with(struct bytes text, const char *end)
{
    const size_t length = strlen(end);
    return text.len >= length && memcmp(text.at + text.len - length, end, length) == 0;
}

/* Where the line does not name its program it is of Exim's or Haraka's own file. */
static enum log_server server_of(const struct log_record *record)
{
    const struct bytes program = record->program;
    if (!program.len)
        return record->text.len && record->text.at[0] == '[' &&
                       bytes_find(record->text, bytes_of_string("] [")) != SIZE_MAX
                   ? LOG_HARAKA
                   : LOG_EXIM;
    if (memchr(program.at, '/', program.len))
        return ends_with(program, "/postscreen") ? LOG_POSTSCREEN : LOG_POSTFIX;
    if (bytes_start_nocase(program, "exim"))
        return LOG_EXIM;
    if (bytes_equal_nocase(program, "smtpd"))
        return LOG_OPENSMTPD;
    if (bytes_equal_nocase(program, "sendmail") || bytes_equal_nocase(program, "sm-mta") ||
        bytes_equal_nocase(program, "sm-msp-queue") || bytes_equal_nocase(program, "sendmail-mta"))
        return LOG_SENDMAIL;
    return bytes_start_nocase(program, "haraka") ? LOG_HARAKA : LOG_NO_SERVER;
}

/* --- what stands in front of the wording --- */

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A word such as "warning" is none. */
static bool is_queue_id(struct bytes word)
{
    bool small = false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] >= '0' && word.at[i] <= '9')
            return true;
        small |= word.at[i] >= 'a' && word.at[i] <= 'z';
    }
    return !small;
}

/* "A900B1F3: " of Postfix and Sendmail; "NOQUEUE: " is passed over. */
static void take_queue(struct bytes *text, struct bytes *queue)
{
    size_t length = 0;
    while (length < text->len && is_alnum(text->at[length]))
        length++;
    if (length < 6 || length > 40 || length + 2 > text->len || text->at[length] != ':' ||
        text->at[length + 1] != ' ' || !is_queue_id(bytes_first(*text, length)))
        return;
    *queue = bytes_first(*text, length);
    if (bytes_equal(*queue, bytes_of_string("NOQUEUE")))
        *queue = bytes_first(*queue, 0);
    *text = bytes_from(*text, length + 2);
}

/* "[43] " of Exim with +pid, the time that its lines have in syslog too, and "1xX7SZ-00000h-1g "
 * (6, 6 and 2 octets; 6, 11 and 4 since 4.97). */
static void take_exim(struct log_record *record, struct bytes *queue)
{
    struct log_time time;
    static const struct log_calendar any = {.utc = true};
    log_time_take(&record->text, &any, &time);
    struct bytes text = record->text, pid;
    if (pattern_part("[<pid>] <rest>", text, "pid", &pid) && pid.len && pid.len < 9) {
        long number = 0;
        for (size_t i = 0; i < pid.len; i++)
            number = pid.at[i] >= '0' && pid.at[i] <= '9' ? number * 10 + (pid.at[i] - '0') : -1;
        if (number > 0) {
            record->pid = number;
            text = bytes_from(text, pid.len + 3);
        }
    }
    const uint8_t *blank = text.len ? memchr(text.at, ' ', text.len) : NULL;
    const struct bytes word = bytes_first(text, blank ? (size_t)(blank - text.at) : 0);
    if ((word.len == 16 || word.len == 23) && word.at[6] == '-' &&
        word.at[word.len == 16 ? 13 : 18] == '-') {
        *queue = word;
        text = bytes_from(text, word.len + 1);
    }
    record->text = text;
}

/* "[NOTICE] [04A749A7-B9AD-425B-BBFB-F2A1B116F15D.1] [core] ": the connection, and with the number
 * behind it the transaction. */
static bool take_haraka(struct log_record *record, struct saying *out)
{
    struct bytes id, plugin;
    static const char pattern[] = "[<level>] [<id>] [<plugin>] <rest>";
    if (!pattern_part(pattern, record->text, "id", &id) ||
        !pattern_part(pattern, record->text, "plugin", &plugin) || id.len < 32)
        return false;
    out->of = bytes_first(id, 36);
    if (id.len > 36)
        out->queue = id;
    record->text = bytes_from(record->text, (size_t)(plugin.at - record->text.at) + plugin.len + 2);
    if (record->text.len && record->text.at[0] == ' ')
        record->text = bytes_from(record->text, 1);
    return true;
}

/* "b974fcb45b3a77cf smtp connected ..." */
static bool take_opensmtpd(struct log_record *record, struct saying *out)
{
    if (!pattern_fits("<hex 16> smtp <rest>", record->text, LETTERS_EXACT))
        return false;
    out->of = bytes_first(record->text, 16);
    record->text = bytes_from(record->text, 17);
    return true;
}

/* --- what the wording says --- */

static bool read_address(struct bytes text, struct address *out)
{
    char room[64];
    if (bytes_start_nocase(text, "IPv6:"))
        text = bytes_from(text, 5);
    if (!text.len || text.len >= sizeof room)
        return false;
    memcpy(room, text.at, text.len);
    room[text.len] = '\0';
    *out = (struct address){0};
    out->family = strchr(room, ':') ? 6 : 4;
    if (inet_pton(out->family == 6 ? AF_INET6 : AF_INET, room, out->octets) == 1)
        return true;
    *out = (struct address){0};
    return false;
}

static int read_port(struct bytes text)
{
    int port = 0;
    size_t i = 0;
    for (; i < text.len && i < 5 && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        port = port * 10 + (text.at[i] - '0');
    return port <= 65535 ? port : 0;
}

/* "unknown[127.0.0.1]:4711", "(a.example) [127.0.0.1]:4711", "localhost [127.0.0.1]", "127.0.0.1".
 * A bracket behind a parenthesis is a client's name for itself. */
static void read_host(struct bytes host, struct saying *out)
{
    if (read_address(host, &out->client))
        return;
    for (size_t i = 0; i < host.len; i++) {
        if (host.at[i] != '[' || (i && host.at[i - 1] == '('))
            continue;
        const uint8_t *end = memchr(host.at + i, ']', host.len - i);
        if (!end ||
            !read_address(bytes_of(host.at + i + 1, (size_t)(end - host.at) - i - 1), &out->client))
            continue;
        const struct bytes behind = bytes_from(host, (size_t)(end - host.at) + 1);
        if (behind.len > 1 && behind.at[0] == ':')
            out->client_port = read_port(bytes_from(behind, 1));
        break;
    }
    struct bytes helo;
    if (out->server == LOG_EXIM && pattern_part("<name>(<helo>) [<rest>", host, "helo", &helo))
        out->helo = helo;
}

static int read_code(struct bytes reply)
{
    int code = 0;
    for (size_t i = 0; i < 3; i++) {
        if (i >= reply.len || reply.at[i] < '0' || reply.at[i] > '9')
            return 0;
        code = code * 10 + (reply.at[i] - '0');
    }
    return code >= 200 && code < 600 ? code : 0;
}

static struct bytes first_word(struct bytes text)
{
    size_t length = 0;
    while (length < text.len && is_alnum(text.at[length]))
        length++;
    return bytes_first(text, length);
}

/* What stands in the place of `name`; false when nothing does, or the wording has no such place. */
static bool has_part(const char *pattern, struct bytes text, const char *name, struct bytes *part)
{
    return pattern_part(pattern, text, name, part) && part->len;
}

static void read_names(const char *pattern, struct bytes text, struct saying *out)
{
    struct bytes part;
    if (has_part(pattern, text, "host", &part))
        read_host(part, out);
    if (has_part(pattern, text, "helo", &part) ||
        has_part("<before> helo=\\<<helo>><rest>", text, "helo", &part))
        if (!bytes_equal_nocase(part, "\"\""))
            out->helo = part;
    if (has_part(pattern, text, "queue", &part))
        out->queue = part;
    if (out->server == LOG_HARAKA &&
        has_part("connect ip=<ip> port=<port> local_ip=<rest>", text, "port", &part))
        out->client_port = read_port(part);
}

static void read_parts(const char *pattern, struct bytes text, struct saying *out)
{
    struct bytes part;
    read_names(pattern, text, out);
    if (has_part(pattern, text, "verb", &part))
        out->verb = first_word(part);
    if (has_part(pattern, text, "command", &part)) {
        out->command = log_wording_command(part);
        out->verb = first_word(out->command);
    }
    if (has_part(pattern, text, "counts", &part))
        out->counts = part;
    if (has_part(pattern, text, "reply", &part)) /* the wording may hold its first digit */
        out->code = read_code(part.at > text.at && part.at[-1] >= '2' && part.at[-1] <= '5'
                                  ? bytes_of(part.at - 1, part.len + 1)
                                  : part);
}

bool saying_read(const struct log_record *record, struct arena *arena, struct saying *out)
{
    struct log_record rest = *record;
    *out = (struct saying){.server = server_of(record)};
    switch (out->server) {
    case LOG_NO_SERVER:
        return false;
    case LOG_EXIM:
        take_exim(&rest, &out->queue);
        break;
    case LOG_HARAKA:
        if (!take_haraka(&rest, out))
            return false;
        break;
    case LOG_OPENSMTPD:
        if (!take_opensmtpd(&rest, out))
            return false;
        break;
    default:
        take_queue(&rest.text, &out->queue);
    }
    const struct log_wording *row = log_wording_find(out->server, rest.text);
    if (!row || (row->kind == LOG_DELIVERY && !out->queue.len))
        return false;
    out->kind = row->kind;
    read_parts(row->pattern, rest.text, out);
    out->text = log_wording_kept(row, rest.text, arena);
    if (!out->of.len && rest.pid && out->kind != LOG_DELIVERY &&
        !(out->server == LOG_EXIM && out->kind == LOG_CONNECT))
        out->of = arena_print(arena, "%ld", rest.pid);
    return true;
}
