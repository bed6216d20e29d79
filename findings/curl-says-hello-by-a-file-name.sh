#!/bin/bash
# SPDX-License-Identifier: ISC
# curl 7.88.1 (Debian 12, curl 7.88.1-10+deb12u15): with --upload-file and a URL without a path it introduces
# itself to the mail server by the name of the uploaded file: "EHLO invoice-4711.eml". The
# same mail from standard input ("--upload-file -") makes it say the host's name. One would expect the name of
# the file to stay here: a mail server has no files. Servers that check the hello refuse it.
#
# Seen: EHLO invoice-4711.eml for the file, EHLO and the host's name for the same mail from standard input.
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -q download curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 libnghttp2-14 libidn2-0 librtmp1 libssh2-1 libpsl5 \
    libssl3 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libkeyutils1 libcom-err2 libldap-2.5-0 libsasl2-2 \
    libzstd1 libbrotli1 libunistring2 libgnutls30 libhogweed6 libnettle8 libgmp10 libp11-kit0 libtasn1-6 libffi8 >/dev/null 2>&1 || exit 2
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >server.py <<'END'
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open("port", "w").write(str(listener.getsockname()[1]))
listener.settimeout(20)
log, content = [], False
replies = {"EHLO": "250 mx.example.com", "DATA": "354 go on", "QUIT": "221 bye"}
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
printf 'Subject: hello\r\n\r\nhello\r\n' >invoice-4711.eml
mail() {
    LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu):$(echo root/lib/*-linux-gnu) timeout 20 root/usr/bin/curl -q -s \
        --url "smtp://127.0.0.1:$(cat port)" --mail-from sender@example.com --mail-rcpt rcpt@example.net --upload-file "$1"
}
mail invoice-4711.eml
mail - <invoice-4711.eml
kill $server 2>/dev/null
wait $server 2>/dev/null
[ -s log ] || exit 2
seen=$(grep '^EHLO' log | paste -sd,)
echo "$seen"
[ "$seen" = "EHLO invoice-4711.eml,EHLO $(hostname)" ]
