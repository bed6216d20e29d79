#!/bin/bash
# SPDX-License-Identifier: ISC
# Twisted 22.4.0's twisted.mail.smtp.sendmail() (Debian 12, python3-twisted 22.4.0-4+deb12u1): a server whose
# greeting is "554 No SMTP service here" is connected to six times within seconds before the failure is
# reported. RFC 5321 section 3.1 has a 554 greeting for hosts that will not take mail; one would expect one
# connection, as for any other permanent reply, and as this function makes for a refused MAIL.
#
# Seen: 6 connections for a 554 greeting, 1 for "550" to MAIL.
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -q download python3-twisted=22.4.0-4+deb12u1 python3-zope.interface python3-constantly python3-incremental \
    python3-hyperlink python3-automat python3-attr python3-idna python3-typing-extensions python3-bcrypt \
    python3-service-identity python3-openssl python3-pyasn1 python3-pyasn1-modules >/dev/null 2>&1 || exit 2
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >send.py <<'END'
import sys
from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.mail.smtp import sendmail
from twisted.protocols.basic import LineReceiver

greeting, mail = sys.argv[1:]
count = 0

class Server(LineReceiver):
    def connectionMade(self):
        global count
        count += 1
        self.sendLine(greeting.encode())
        if greeting[0] == "5":
            self.transport.loseConnection()

    def lineReceived(self, line):
        self.sendLine(mail.encode() if line.upper().startswith(b"MAIL") else b"250 ok")

def done(_):
    print(count)
    reactor.stop()

port = reactor.listenTCP(0, Factory.forProtocol(Server), interface="127.0.0.1")
sending = sendmail("127.0.0.1", "sender@example.com", ["rcpt@example.net"], b"Subject: hello\r\n\r\nhello\r\n",
                   port=port.getHost().port)
sending.addBoth(done)
reactor.callLater(60, reactor.stop)
reactor.run()
END
try() { PYTHONPATH=$work/root/usr/lib/python3/dist-packages timeout 90 /usr/bin/python3 send.py "$@"; }
greeting=$(try "554 No SMTP service here" "250 ok") || exit 2
mail=$(try "220 mx.example.com ESMTP" "550 no") || exit 2
echo "554 greeting: $greeting connections; 550 to MAIL: $mail"
[ "$greeting" = 6 ] && [ "$mail" = 1 ]
