/* SPDX-License-Identifier: ISC */
#include "explain_topics.h"

#include "heloscope/base/text.h"

static const char tls_hidden[] =
    "  What TLS encrypts cannot be judged: findings behind STARTTLS need the secrets of\n"
    "  the session. Without them a session still shows version, suite, group, server\n"
    "  name, the alerts of its handshake, records and octets of both sides and how long\n"
    "  they were idle (`heloscope show`, columns tls_... of the table sessions).\n"
    "\n"
    "  Client and server write the same secrets, so the key log of either will do:\n"
    "\n"
    "      heloscope analyze --keylog FILE capture.pcap\n"
    "      heloscope monitor --keylog FILE -i eth0 tcp port 25\n"
    "\n"
    "  A key log opens every session that is in it: keep it as you keep passwords, and\n"
    "  delete it when it has served.\n"
    "\n"
    "  Exim        keep_environment = SSLKEYLOGFILE\n"
    "              in its configuration, and SSLKEYLOGFILE in the environment that it\n"
    "              is started with; the file must lie below the spool directory. This\n"
    "              is for Exim with GnuTLS, as Debian builds it.\n"
    "  Postfix     import_environment = MAIL_CONFIG ... SSLKEYLOGFILE=FILE\n"
    "                  LD_PRELOAD=/usr/lib/sslkeylog.so\n"
    "              in main.cf (... stands for the list that is there), with a library\n"
    "              that sets OpenSSL's callback: samples/sslkeylog.c is one. The user\n"
    "              postfix must be able to write FILE, and smtpd must not be chrooted.\n"
    "  curl        SSLKEYLOGFILE=FILE curl ...\n"
    "  msmtp       SSLKEYLOGFILE=FILE msmtp ... (and other programs with GnuTLS)\n"
    "  Python      SSLKEYLOGFILE=FILE python3 ... (ssl.create_default_context())\n"
    "  Node.js     node --tls-keylog=FILE ...\n"
    "  openssl     openssl s_client -keylogfile FILE ...\n"
    "\n"
    "  What a session says of it:\n"
    "\n"
    "  no key log                   none was given, and the capture holds no secrets\n"
    "  no entry in the key log      the program that wrote it had no part in the session,\n"
    "                               or was not restarted since\n"
    "  the entry ... does not fit   it was written for another session, or is damaged\n"
    "  the handshake was not captured\n"
    "                               up to TLS 1.2 the server's hello is needed; else the\n"
    "                               newest 256 entries are tried, and none fits\n"
    "  the cipher suite cannot be decrypted\n"
    "                               this program does not know it\n";

static const struct topic topics[] = {
    {"tls_hidden", "what TLS hides, and how it is read with a key log", tls_hidden},
};

size_t topic_count(void)
{
    return sizeof topics / sizeof *topics;
}

const struct topic *topic_at(size_t i)
{
    return &topics[i];
}

const struct topic *topic_by_name(const char *name)
{
    for (size_t i = 0; i < topic_count(); i++)
        if (strcmp(topics[i].name, name) == 0)
            return &topics[i];
    return NULL;
}
