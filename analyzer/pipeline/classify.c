/* SPDX-License-Identifier: ISC */
#include "classify.h"

#include <ndpi/ndpi_api.h>
#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "heloscope/network/packet.h"
#include "heloscope/application/proxy_protocol.h"
#include "heloscope/application/smtp_command.h"
#include "heloscope/application/smtp_reply.h"
#include "heloscope/timeline.h"
#include "heloscope/base/limits.h"

enum {
    FED_PAYLOAD = 1200, /* octets of a span that nDPI gets to see */
};

struct classifier {
    struct ndpi_detection_module_struct *ndpi;
};

struct classifier *classifier_new(struct failure *why)
{
    struct classifier *c = memory_get(sizeof *c);
    c->ndpi = ndpi_init_detection_module(ndpi_no_prefs);
    if (!c->ndpi) {
        free(c);
        failure_set(why, "nDPI cannot be set up: not enough memory");
        return NULL;
    }
    /* Only what SMTP could be taken for: deciding costs half as much as with all dissectors. */
    static const u_int16_t wanted[] = {NDPI_PROTOCOL_MAIL_SMTP,   NDPI_PROTOCOL_MAIL_SMTPS,
                                       NDPI_PROTOCOL_MAIL_POP,    NDPI_PROTOCOL_MAIL_IMAP,
                                       NDPI_PROTOCOL_FTP_CONTROL, NDPI_PROTOCOL_HTTP,
                                       NDPI_PROTOCOL_TLS};
    NDPI_PROTOCOL_BITMASK mask;
    NDPI_BITMASK_RESET(mask);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        NDPI_BITMASK_ADD(mask, wanted[i]);
    ndpi_set_protocol_detection_bitmask2(c->ndpi, &mask);
    ndpi_finalize_initialization(c->ndpi);
    return c;
}

void classifier_free(struct classifier *c)
{
    if (!c)
        return;
    ndpi_exit_detection_module(c->ndpi);
    free(c);
}

void candidate_free(struct candidate *candidate)
{
    if (!candidate)
        return;
    if (candidate->ndpi)
        ndpi_flow_free(candidate->ndpi);
    free(candidate);
}

/* --- what the octets say for themselves --- */

static struct bytes first_line(struct bytes data)
{
    const uint8_t *lf = data.len ? memchr(data.at, '\n', data.len) : NULL;
    if (!lf)
        return bytes_of(data.at, 0);
    data.len = (size_t)(lf - data.at);
    if (data.len && data.at[data.len - 1] == '\r')
        data.len--;
    return data;
}

static bool says_smtp(struct bytes line)
{
    return line.len > 4 &&
           (memmem(line.at, line.len, "SMTP", 4) || memmem(line.at, line.len, "LMTP", 4));
}

/* Whether the line is a command of SMTP: one that no other protocol of lines has or, behind a
 * greeting as FTP and NNTP have it too, one that these do not know. */
static bool certain_command(struct bytes line, bool greeted)
{
    struct smtp_command c;
    smtp_command_parse(line, &c);
    switch (c.verb) {
    case VERB_EHLO:
    case VERB_LHLO:
    case VERB_HELO:
    case VERB_MAIL:
    case VERB_RCPT:
    case VERB_BDAT:
        return c.well_formed || greeted;
    case VERB_VRFY:
    case VERB_EXPN:
    case VERB_RSET:
    case VERB_DATA:
    case VERB_STARTTLS:
    case VERB_ETRN:
        return greeted && c.well_formed;
    case VERB_AUTH: /* FTP has AUTH TLS, SSL, GSSAPI (RFC 2228) */
        return greeted && c.well_formed && !bytes_equal_nocase(c.mechanism, "TLS") &&
               !bytes_equal_nocase(c.mechanism, "SSL") &&
               !bytes_equal_nocase(c.mechanism, "GSSAPI");
    default:
        return false;
    }
}

/* Whether one of the lines of the client's head is such a command. */
static bool commands(struct bytes head, bool greeted)
{
    const uint8_t *lf;
    while (head.len && (lf = memchr(head.at, '\n', head.len))) {
        if (certain_command(first_line(head), greeted))
            return true;
        head = bytes_from(head, (size_t)(lf - head.at) + 1);
    }
    return false;
}

enum speaker speaker_of(struct bytes data)
{
    struct bytes line = first_line(data);
    struct smtp_reply_line reply;
    smtp_reply_line_parse(line, &reply);
    if (reply.well_formed)
        return SPEAKER_SERVER;
    struct smtp_command c;
    smtp_command_parse(line, &c);
    return c.verb != VERB_UNKNOWN ? SPEAKER_CLIENT : SPEAKER_UNKNOWN;
}

/* Octets that cannot begin a side of SMTP: not text, or the first word of a well-known other
 * protocol. */
static bool other_protocol(struct bytes data)
{
    static const char *const words[] = {"GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "HTTP/",
                                        "SSH-", "USER ", "* OK", "+OK ",  "RFB ",     "CONNECT "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bytes_start_nocase(data, words[i]))
            return true;
    for (size_t i = 0; i < data.len && i < 16; i++)
        if (data.at[i] < 0x20 && data.at[i] != '\r' && data.at[i] != '\n' && data.at[i] != '\t')
            return true;
    return false;
}

/* A greeting of SMTP by its form: a code, then the host's name (RFC 5321 section 4.3.1). FTP greets
 * with the same codes, but says so. */
static bool greeting(struct bytes head)
{
    struct bytes line = first_line(head);
    struct smtp_reply_line reply;
    smtp_reply_line_parse(line, &reply);
    if (!reply.well_formed ||
        (reply.code != 220 && reply.code != 421 && reply.code != 521 && reply.code != 554))
        return false;
    return !memmem(line.at, line.len, "FTP", 3) || says_smtp(line);
}

/* What stands behind a load balancer's binary header; nothing as long as that is not whole. Its
 * line of text is a line like others. */
static struct bytes behind_header(struct bytes head)
{
    if (!proxy_protocol_begins(head))
        return head;
    size_t length = proxy_protocol_length(head);
    return bytes_from(head, length ? length : head.len);
}

static enum classification by_octets(const struct candidate *candidate)
{
    struct bytes server = {candidate->side[SIDE_SERVER].head, candidate->side[SIDE_SERVER].length};
    bool greeted = greeting(server);
    for (int side = 0; side < 2; side++) {
        struct bytes head =
            behind_header(bytes_of(candidate->side[side].head, candidate->side[side].length));
        struct bytes line = first_line(head);
        struct smtp_reply_line reply;
        if (!head.len)
            continue;
        smtp_reply_line_parse(line, &reply);
        if (other_protocol(head))
            return CLASS_OTHER;
        if (commands(head, greeted) || (reply.well_formed && says_smtp(line)))
            return CLASS_SMTP;
    }
    return CLASS_UNDECIDED;
}

/* --- nDPI --- */

/* nDPI reads IP packets; it gets the reassembled octets behind headers made for it. */
static size_t make_packet(uint8_t *out, enum side side, struct bytes data, const uint16_t port[2])
{
    uint16_t total = (uint16_t)(40 + data.len);
    uint16_t from = port[side], to = port[!side];
    memset(out, 0, 40);
    out[0] = 0x45;
    out[2] = (uint8_t)(total >> 8);
    out[3] = (uint8_t)total;
    out[8] = 64;
    out[9] = 6;
    out[12] = out[16] = 10;
    out[15] = side ? 2 : 1;
    out[19] = side ? 1 : 2;
    out[20] = (uint8_t)(from >> 8);
    out[21] = (uint8_t)from;
    out[22] = (uint8_t)(to >> 8);
    out[23] = (uint8_t)to;
    out[32] = 0x50;
    out[33] = TCP_ACK | TCP_PSH;
    memcpy(out + 40, data.at, data.len);
    return total;
}

static enum classification by_ndpi(struct classifier *c, struct candidate *candidate,
                                   enum side side, struct bytes data, const uint16_t port[2])
{
    uint8_t packet[40 + FED_PAYLOAD];
    if (!candidate->ndpi) {
        candidate->ndpi = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
        if (!candidate->ndpi)
            return CLASS_UNDECIDED;
        memset(candidate->ndpi, 0, SIZEOF_FLOW_STRUCT);
    }
    size_t length = make_packet(packet, side, bytes_first(data, FED_PAYLOAD), port);
    ndpi_protocol found =
        ndpi_detection_process_packet(c->ndpi, candidate->ndpi, packet, (unsigned short)length, 0);
    u_int16_t protocol =
        found.master_protocol != NDPI_PROTOCOL_UNKNOWN ? found.master_protocol : found.app_protocol;
    if (protocol == NDPI_PROTOCOL_UNKNOWN)
        return CLASS_UNDECIDED;
    return protocol == NDPI_PROTOCOL_MAIL_SMTP || protocol == NDPI_PROTOCOL_MAIL_SMTPS
               ? CLASS_SMTP
               : CLASS_OTHER;
}

/* Whether so many lines of `side` are there, or more than any first line needs. */
static bool spoken(const struct candidate *candidate, enum side side, int lines)
{
    struct bytes head = {candidate->side[side].head, candidate->side[side].length}, line;
    if (head.len == sizeof candidate->side[side].head)
        return true;
    while (lines && bytes_take_line(&head, &line))
        lines--;
    return !lines;
}

/* Whether the server has begun with what may become a greeting. */
static bool greets(const struct candidate *candidate)
{
    const struct bytes_copy *server = &candidate->side[SIDE_SERVER];
    for (uint8_t i = 0; i < server->length && i < 3; i++)
        if (server->head[i] < '0' || server->head[i] > '9')
            return false;
    return server->length > 0;
}

/* A side that fell silent after its greeting: "421 mx.example.org ..." */
enum classification classify_end(const struct candidate *candidate, int server)
{
    struct bytes head = {candidate->side[server].head, candidate->side[server].length};
    struct smtp_reply_line reply;
    smtp_reply_line_parse(first_line(head), &reply);
    struct bytes client = {candidate->side[!server].head, candidate->side[!server].length};
    bool quit = bytes_equal_nocase(first_line(client), "QUIT");
    if (!greeting(head) || (client.len && !quit))
        return CLASS_OTHER;
    const uint8_t *space = reply.text.len ? memchr(reply.text.at, ' ', reply.text.len) : NULL;
    size_t name = space ? (size_t)(space - reply.text.at) : reply.text.len;
    bool host = name > 3 && memchr(reply.text.at, '.', name) && reply.text.at[name - 1] != '.';
    return host ? CLASS_SMTP : CLASS_OTHER;
}

enum classification classify_span(struct classifier *c, struct candidate *candidate, enum side side,
                                  struct bytes data, const uint16_t port[2])
{
    struct bytes_copy *copy = &candidate->side[side];
    struct bytes part = bytes_first(data, sizeof copy->head - copy->length);
    memcpy(copy->head + copy->length, part.at, part.len);
    copy->length += (uint8_t)part.len;
    candidate->spans++;

    enum classification found = by_octets(candidate);
    if (found != CLASS_UNDECIDED)
        return found;
    if (candidate->opinion == CLASS_UNDECIDED)
        candidate->opinion = by_ndpi(c, candidate, side, data, port);
    if (candidate->opinion == CLASS_SMTP)
        return CLASS_SMTP;
    /* What may be a greeting waits for what both sides say, in however many pieces it comes: nDPI
     * cannot rule out what a line has not said yet, and a first NOOP says nothing. */
    const bool enough = spoken(candidate, SIDE_SERVER, 1) &&
                        spoken(candidate, SIDE_CLIENT, greets(candidate) ? 2 : 1);
    if (greets(candidate) && !enough && candidate->spans < SPANS_LIMIT)
        return CLASS_UNDECIDED;
    return candidate->opinion == CLASS_OTHER || enough || candidate->spans >= SPANS_LIMIT
               ? CLASS_OTHER
               : CLASS_UNDECIDED;
}
