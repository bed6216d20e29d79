#!/bin/bash
# SPDX-License-Identifier: ISC
# esmtp 1.2 with libesmtp 1.1.0 (Debian 12, esmtp 1.2-18+b1, libesmtp6 1.1.0-3.1~deb12u1): recipients are sent
# in the reverse of the order in which they were given, and the message in BDAT although it is seven bits
# wide and short: header and body each in a chunk, and a last one of length 0. One would expect the order of the command line.
#
# Seen, for "esmtp one@ two@ three@": RCPT three, RCPT two, RCPT one, BDAT, BDAT, BDAT 0 LAST.
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -q download esmtp=1.2-18+b1 libesmtp6=1.1.0-3.1~deb12u1 >/dev/null 2>&1 || exit 2
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >server.py <<'END'
import re, socket
listener = socket.create_server(("127.0.0.1", 0))
open("port", "w").write(str(listener.getsockname()[1]))
client, _ = listener.accept()
client.settimeout(10)
stream = client.makefile("rwb")
def say(text):
    stream.write(text.encode() + b"\r\n")
    stream.flush()
seen = []
say("220 mx.example.com ESMTP")
try:
    while line := stream.readline():
        word = line.split()[0].upper()
        if word == b"EHLO":
            say("250-mx.example.com\r\n250-PIPELINING\r\n250 CHUNKING")
            continue
        if word == b"BDAT":
            stream.read(int(line.split()[1]))
            seen.append("BDAT 0 LAST" if line.split()[1:] == [b"0", b"LAST"] else "BDAT")
        if word == b"RCPT":
            seen.append("RCPT " + re.search(rb"<(\w+)@", line)[1].decode())
        say("221 bye" if word == b"QUIT" else "250 ok")
except OSError:
    pass
open("log", "w").write(", ".join(seen) + "\n")
END
python3 server.py &
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
export HOME=$work
echo "hostname=127.0.0.1:$(cat port)" >.esmtprc && chmod 600 .esmtprc
printf 'Subject: hello\n\nhello\n' | LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu) timeout 20 root/usr/bin/esmtp \
    -f sender@example.com one@example.net two@example.net three@example.net 2>/dev/null
wait
cat log
grep -Eq '^RCPT three, RCPT two, RCPT one, (BDAT, )+BDAT 0 LAST$' log
