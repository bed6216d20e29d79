#!/bin/bash
# SPDX-License-Identifier: ISC
# Mutt 2.2.12 (Debian 12, mutt 2.2.12-0.1~deb12u1), as it is configured from the start: it sends STARTTLS to a
# server whose EHLO reply does not offer it, and gives up when that is refused. RFC 3207 section 4 has the
# extension offered first; one would expect a client that insists on TLS ($ssl_force_tls is "yes") to say that
# the server has none, without a command that the server does not know.
#
# Seen, with a server that offers PIPELINING alone: EHLO, STARTTLS, and nothing more.
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -q download mutt=2.2.12-0.1~deb12u1 libassuan0 libgpg-error0 libgpgme11 libncursesw6 libtokyocabinet9 \
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
replies = {"EHLO": "250-mx.example.com\r\n250 PIPELINING", "STARTTLS": "502 5.5.1 no such command",
           "DATA": "354 go on", "QUIT": "221 bye"}
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
echo hello | HOME=$work LC_ALL=C timeout 20 root/usr/bin/mutt -n -F /dev/null \
    -e "set smtp_url=smtp://127.0.0.1:$(cat port)" -e 'set from=sender@example.com' -e 'unset record' \
    -s hello rcpt@example.net >/dev/null 2>&1
kill $server 2>/dev/null
wait $server 2>/dev/null
[ -s log ] || exit 2
seen=$(cut -d' ' -f1 log | paste -sd' ')
echo "$seen"
[ "$seen" = "EHLO STARTTLS" ]
