#!/bin/bash
# SPDX-License-Identifier: ISC
# GNU Mailutils 3.15 (Debian 12, mailutils 1:3.15-4): a server that answers EHLO with 502 and HELO with 250, as one
# without extensions does, is asked for EHLO and HELO four times in turn before MAIL comes. RFC 5321 section
# 3.2 has HELO as the way on after a refused EHLO; one would expect it once.
#
# Seen: EHLO HELO EHLO HELO EHLO HELO EHLO HELO MAIL RCPT DATA . QUIT
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -q download mailutils=1:3.15-4 libmailutils9=1:3.15-4 libldap-2.5-0 libmariadb3 libpq5 libsasl2-2 libreadline8 libncurses6 \
    libgsasl18 libidn12 libntlm0 libgssglue1 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libkeyutils1 \
    libcom-err2 libgnutls30 libp11-kit0 libidn2-0 libunistring2 libtasn1-6 libnettle8 libhogweed6 libgmp10 libffi8 libtinfo6 >/dev/null 2>&1 || exit 2
for package in *.deb; do dpkg -x "$package" root || exit 2; done
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu):$(echo root/lib/*-linux-gnu)
cat >server.py <<'END'
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open("port", "w").write(str(listener.getsockname()[1]))
listener.settimeout(20)
log, content = [], False
replies = {"EHLO": "502 5.5.1 no such command", "DATA": "354 go on", "QUIT": "221 bye"}
try:
    while True:
        client, _ = listener.accept()
        client.settimeout(10)
        stream = client.makefile("rwb")

        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        say("220 mx.example.com ESMTP")
        while line := stream.readline():
            text = line.decode().strip()
            if content and text != ".":
                continue
            verb = text.split()[0].upper() if text else ""
            content = verb == "DATA"
            log.append(text)
            open("log", "w").write("\n".join(log) + "\n")
            say(replies.get(verb, "250 ok"))
except OSError:
    pass
END
python3 server.py 0 &
server=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
echo hello | HOME=$work LC_ALL=C timeout 20 root/usr/bin/mail.mailutils \
    -E "set sendmail=smtp://127.0.0.1:$(cat port)" -r sender@example.com -s hello rcpt@example.net >/dev/null 2>&1
kill $server 2>/dev/null
wait $server 2>/dev/null
[ -s log ] || exit 2
seen=$(cut -d' ' -f1 log | paste -sd' ')
echo "$seen"
[ "$seen" = "EHLO HELO EHLO HELO EHLO HELO EHLO HELO MAIL RCPT DATA . QUIT" ]
