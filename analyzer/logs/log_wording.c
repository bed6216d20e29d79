/* SPDX-License-Identifier: ISC */
#include "log_wording.h"

#include "heloscope/base/limits.h"
#include "heloscope/software/pattern.h"

/* What the servers wrote when they were tried: Postfix 3.7, Exim 4.96, Sendmail 8.17,
 * OpenSMTPD 6.8, Haraka 3.3; postscreen by its manual. The special stands before the general. */
static const struct log_wording rows[] = {
    {LOG_POSTFIX, LOG_CONNECT, "connect from <host>"},
    {LOG_POSTFIX, LOG_END, "disconnect from <host> <counts>"},
    {LOG_POSTFIX, LOG_END, "disconnect from <host>"},
    {LOG_POSTFIX, LOG_LOST, "lost connection after <verb> from <host>"},
    {LOG_POSTFIX, LOG_LOST, "timeout after <verb> from <host>"},
    {LOG_POSTFIX, LOG_ERRORS, "too many errors after <verb> from <host>"},
    {LOG_POSTFIX, LOG_DISORDER, "improper command pipelining after <verb> from <host>: <secret>"},
    {LOG_POSTFIX, LOG_DISORDER, "warning: non-SMTP command from <host>: <secret>"},
    {LOG_POSTFIX, LOG_DISORDER, "warning: <host>: SMTP command pipelining <rest>"},
    {LOG_POSTFIX, LOG_DISORDER, "disconnect: bare <octet> received from <host> after <verb>"},
    {LOG_POSTFIX, LOG_REFUSAL,
     "warning: Illegal address syntax from <host> in <verb> command: <rest>"},
    {LOG_POSTFIX, LOG_REFUSAL, "<by>reject: header <secret> from <host>; <rest>"},
    {LOG_POSTFIX, LOG_REFUSAL, "<by>reject: body <secret> from <host>; <rest>"},
    {LOG_POSTFIX, LOG_REFUSAL, "<by>reject: <verb> from <host>: <reply>"},
    {LOG_POSTFIX, LOG_AUTH, "warning: <host>: SASL <mechanism> authentication failed: <secret>"},
    {LOG_POSTFIX, LOG_TLS, "<who> TLS connection established from <host>: <rest>"},
    {LOG_POSTFIX, LOG_TLS, "SSL_accept error from <host>: <rest>"},
    {LOG_POSTFIX, LOG_MESSAGE, "client=<host>, sasl_method=<mechanism>, <secret>"},
    {LOG_POSTFIX, LOG_MESSAGE, "client=<host>"},
    {LOG_POSTFIX, LOG_DELIVERY, "message-id=<id>"},
    {LOG_POSTFIX, LOG_DELIVERY, "from=<sender>, size=<octets>"},
    {LOG_POSTFIX, LOG_DELIVERY, "to=<recipient>, <rest>status=<what>"},

    {LOG_POSTSCREEN, LOG_CONNECT, "CONNECT from <host> to <server>"},
    {LOG_POSTSCREEN, LOG_DISORDER, "PREGREET <octets> after <time> from <host>: <secret>"},
    {LOG_POSTSCREEN, LOG_DISORDER, "COMMAND PIPELINING from <host> after <verb>: <secret>"},
    {LOG_POSTSCREEN, LOG_DISORDER, "NON-SMTP COMMAND from <host> after <verb>: <secret>"},
    {LOG_POSTSCREEN, LOG_DISORDER, "BARE NEWLINE from <host> after <verb>"},
    {LOG_POSTSCREEN, LOG_ERRORS, "COMMAND <what> LIMIT from <host> after <verb>"},
    {LOG_POSTSCREEN, LOG_LOST, "HANGUP after <time> from <host> in <rest>"},
    {LOG_POSTSCREEN, LOG_REFUSAL, "reject: <verb> from <host>: <reply>"},
    {LOG_POSTSCREEN, LOG_END, "PASS <age> <host>"},
    {LOG_POSTSCREEN, LOG_END, "DISCONNECT <host>"},

    {LOG_EXIM, LOG_CONNECT, "SMTP connection from <host> (TCP/IP connection count = <digits>)"},
    {LOG_EXIM, LOG_END, "SMTP connection from <host> closed by <how>"},
    {LOG_EXIM, LOG_LOST, "SMTP connection from <host> lost<rest>"},
    {LOG_EXIM, LOG_LOST, "SMTP connection from <host> closed<rest>"},
    {LOG_EXIM, LOG_LOST, "unexpected disconnection while reading SMTP command from <host>"},
    {LOG_EXIM, LOG_LOST, "SMTP command timeout on <rest>connection from <host>"},
    {LOG_EXIM, LOG_LOST, "SMTP data timeout (<rest>) on connection from <host>"},
    {LOG_EXIM, LOG_DISORDER,
     "SMTP protocol synchronization error (<why>): rejected connection from <host> input=<secret>"},
    {LOG_EXIM, LOG_DISORDER,
     "SMTP protocol synchronization error (<why>): rejected \"<command>\" H=<host> next "
     "input=<secret>"},
    {LOG_EXIM, LOG_DISORDER, "SMTP protocol error in \"<command>\" H=<host>"},
    {LOG_EXIM, LOG_DISORDER, "SMTP syntax error in \"<command>\" H=<host>"},
    {LOG_EXIM, LOG_ERRORS,
     "SMTP call from <host> dropped: too many <what> (last command was \"<command>\"<rest>"},
    {LOG_EXIM, LOG_ERRORS, "SMTP call from <host> dropped: <rest>"},
    {LOG_EXIM, LOG_AUTH, "<name> authenticator failed for <host>: <secret>"},
    {LOG_EXIM, LOG_AUTH, "H=<host> rejected AUTH <secret>"},
    {LOG_EXIM, LOG_REFUSAL, "H=<host> temporarily rejected <verb> <rest>"},
    {LOG_EXIM, LOG_REFUSAL, "H=<host> rejected <verb> <rest>"},
    {LOG_EXIM, LOG_END, "H=<host> incomplete transaction (<how>) from <rest>"},
    {LOG_EXIM, LOG_END, "no MAIL in SMTP connection from <host>"},
    {LOG_EXIM, LOG_TLS, "TLS error on connection from <host> (<rest>"},
    {LOG_EXIM, LOG_MESSAGE, "\\<= <sender> H=<host> P=<rest> T=<secret>"},
    {LOG_EXIM, LOG_MESSAGE, "\\<= <sender> H=<host> P=<rest>"},
    {LOG_EXIM, LOG_MESSAGE, "\\<= <sender> H=<host>"},
    {LOG_EXIM, LOG_DELIVERY, "=> <rest>"},
    {LOG_EXIM, LOG_DELIVERY, "-> <rest>"},
    {LOG_EXIM, LOG_DELIVERY, "** <rest>"},
    {LOG_EXIM, LOG_DELIVERY, "== <rest>"},
    {LOG_EXIM, LOG_DELIVERY, "Completed<rest>"},

    {LOG_SENDMAIL, LOG_REFUSAL, "ruleset=<name>, <rest>relay=<host>, reject=<reply>"},
    {LOG_SENDMAIL, LOG_END,
     "<host> did not issue MAIL/EXPN/VRFY/ETRN during connection to <daemon>"},
    {LOG_SENDMAIL, LOG_LOST, "lost input channel from <host> to <daemon> after <verb>"},
    {LOG_SENDMAIL, LOG_LOST, "timeout waiting for input from <host> during <rest>"},
    {LOG_SENDMAIL, LOG_DISORDER, "rejecting <rest> from <host> due to <why>"},
    {LOG_SENDMAIL, LOG_DISORDER, "<host>: probable open proxy: command=<secret>"},
    {LOG_SENDMAIL, LOG_DISORDER, "<host>: possible SMTP attack: command=<verb>, count=<digits>"},
    {LOG_SENDMAIL, LOG_MESSAGE, "from=<sender>, size=<digits>, <rest>relay=<host>"},
    {LOG_SENDMAIL, LOG_TLS, "STARTTLS=server, relay=<host>, <rest>"},
    {LOG_SENDMAIL, LOG_AUTH, "AUTH=server, relay=<host>, authid=<secret>"},
    {LOG_SENDMAIL, LOG_AUTH, "AUTH failure (<mechanism>): <secret>, relay=<host>"},
    {LOG_SENDMAIL, LOG_REFUSAL, "--- 5<reply>"},
    {LOG_SENDMAIL, LOG_REFUSAL, "--- 4<reply>"},
    {LOG_SENDMAIL, LOG_DELIVERY, "to=<recipient>, <rest>stat=<what>"},

    {LOG_OPENSMTPD, LOG_CONNECT, "smtp connected address=<host> host=<name>"},
    {LOG_OPENSMTPD, LOG_REFUSAL,
     "smtp failed-command <rest>command=\"<command>\" result=\"<reply>\""},
    {LOG_OPENSMTPD, LOG_REFUSAL, "smtp failed-command command=\"<command>\" result=\"<reply>\""},
    {LOG_OPENSMTPD, LOG_DISORDER, "smtp bad-input <rest>result=\"<reply>\""},
    {LOG_OPENSMTPD, LOG_END, "smtp disconnected <rest>reason=quit"},
    {LOG_OPENSMTPD, LOG_LOST, "smtp disconnected <rest>reason=<why>"},
    {LOG_OPENSMTPD, LOG_MESSAGE, "smtp message <rest>msgid=<queue> <rest>"},
    {LOG_OPENSMTPD, LOG_MESSAGE, "smtp message msgid=<queue> <rest>"},
    {LOG_OPENSMTPD, LOG_TLS, "smtp tls <rest>"},
    {LOG_OPENSMTPD, LOG_AUTH, "smtp authentication user=<secret>"},

    {LOG_HARAKA, LOG_CONNECT, "connect ip=<host> port=<digits> local_ip=<rest>"},
    {LOG_HARAKA, LOG_END,
     "disconnect ip=<host> rdns=<name> helo=<helo> relay=<rest> lr=\"<reply>\" <time>"},
    {LOG_HARAKA, LOG_LOST, "client half closed connection ip=<host>"},
    {LOG_HARAKA, LOG_LOST, "client closed connection<rest>"},
    {LOG_HARAKA, LOG_REFUSAL, "recipient <address> code=DENY<rest>"},
    {LOG_HARAKA, LOG_REFUSAL, "sender <address> code=DENY<rest>"},
    {LOG_HARAKA, LOG_MESSAGE, "queue code=<rest>"},
    {LOG_HARAKA, LOG_TLS, "secured: <rest>"},
    {LOG_HARAKA, LOG_REFUSAL, "S: 4<reply>"},
    {LOG_HARAKA, LOG_REFUSAL, "S: 5<reply>"},
};

const struct log_wording *log_wording_find(enum log_server server, struct bytes text)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].server == server && pattern_fits(rows[i].pattern, text, LETTERS_EXACT))
            return &rows[i];
    return NULL;
}

/* --- what may be kept --- */

/* A quoted line is a command only when it begins with a verb; what begins otherwise may be a line
 * of a message, or an answer to AUTH. */
static const char *const verbs[] = {"HELO", "EHLO", "LHLO",    "MAIL",     "RCPT", "DATA", "BDAT",
                                    "RSET", "QUIT", "NOOP",    "STARTTLS", "VRFY", "EXPN", "HELP",
                                    "ETRN", "AUTH", "XCLIENT", "XFORWARD", "BURL"};

struct bytes log_wording_command(struct bytes quoted)
{
    size_t length = 0;
    while (length < quoted.len && quoted.at[length] != ' ' && quoted.at[length] != ':')
        length++;
    const struct bytes word = bytes_first(quoted, length);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (bytes_equal_nocase(word, verbs[i]))
            return strcmp(verbs[i], "AUTH") == 0 ? word : quoted;
    return bytes_first(quoted, 0);
}

/* Fields whose values are names of users, wherever they stand. */
static const char *const user_fields[] = {"sasl_username=", "sasl_sender=", "set_id=", "authid=",
                                          " user=",         "auth_user=",   " A=",     " id=auth"};

/* Where the first of them stands, behind its name; SIZE_MAX = nowhere. */
static size_t find_user(struct bytes text)
{
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < sizeof user_fields / sizeof *user_fields; i++) {
        const size_t at = bytes_find(text, bytes_of_string(user_fields[i]));
        if (at != SIZE_MAX && at + strlen(user_fields[i]) < first)
            first = at + strlen(user_fields[i]);
    }
    return first;
}

static struct bytes without_users(struct bytes text, struct arena *arena)
{
    for (;;) {
        const size_t at = find_user(text);
        if (at == SIZE_MAX || (at < text.len && text.at[at] == '*'))
            return text;
        size_t end = at;
        while (end < text.len && !strchr(" ,;)", text.at[end]))
            end++;
        text = arena_print(arena, "%.*s***%.*s", (int)at, (const char *)text.at,
                           (int)(text.len - end), (const char *)text.at + end);
    }
}

/* `text` with `part`, which lies in it, replaced. */
static struct bytes without(struct bytes text, struct bytes part, const char *instead,
                            struct arena *arena)
{
    const size_t at = (size_t)(part.at - text.at);
    return arena_print(arena, "%.*s%s%.*s", (int)at, (const char *)text.at, instead,
                       (int)(text.len - at - part.len), (const char *)part.at + part.len);
}

struct bytes log_wording_kept(const struct log_wording *row, struct bytes text, struct arena *arena)
{
    struct bytes part;
    bool changed;
    struct bytes kept = bytes_first(text, TEXT_LIMIT);
    if (pattern_part(row->pattern, text, "secret", &part) && part.len)
        kept = without(text, part, "...", arena);
    if (pattern_part(row->pattern, kept, "command", &part) && part.len) {
        const struct bytes command = log_wording_command(part);
        if (!command.len)
            kept = without(kept, part, "...", arena);
        else if (command.len < part.len)
            kept = without(kept, bytes_from(part, command.len), " ...", arena);
    }
    kept = without_users(kept, arena);
    return arena_printable(arena, bytes_first(kept, TEXT_LIMIT), false, &changed);
}
