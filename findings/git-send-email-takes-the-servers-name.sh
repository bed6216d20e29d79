#!/bin/bash
# SPDX-License-Identifier: ISC
# git send-email 2.39.5 (Debian 12, git-email 1:2.39.5-0+deb12u3) on a host whose name has no dot: it connects to
# port 25 of "localhost", reads what the server there calls itself, says QUIT, and introduces itself by that
# name to the server that the mail is for, which here is the same: EHLO carries the server's own name. One
# would expect the host's name, or an address in brackets (RFC 5321 section 4.1.4), and one connection.
#
# Seen, of a server that is mx.example.com: EHLO localhost.localdomain, QUIT, then EHLO mx.example.com.
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -q download git=1:2.39.5-0+deb12u3 git-email=1:2.39.5-0+deb12u3 libpcre2-8-0 liberror-perl libmailtools-perl \
    libtimedate-perl libnet-smtp-ssl-perl >/dev/null 2>&1 || exit 2
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >apart.sh <<'APART' # with a port 25 and a host name of our own
ip link set lo up && hostname relay || exit 2
printf '127.0.0.1 localhost\n127.0.1.1 relay\n' >hosts && mount --bind hosts /etc/hosts || exit 2
cat >server.py <<'END'
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open("port", "w").write(str(listener.getsockname()[1]))
listener.settimeout(20)
log, content = [], False
replies = {"EHLO": "250-mx.example.com\r\n250 PIPELINING", "DATA": "354 go on", "QUIT": "221 bye"}
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
python3 server.py 25 &
server=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
printf 'From: sender@example.com\nSubject: hello\n\nhello\n' >message
export HOME=$PWD GIT_EXEC_PATH=$PWD/root/usr/lib/git-core PERL5LIB=$PWD/root/usr/share/perl5 LC_ALL=C
export LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu)
timeout 30 root/usr/bin/git send-email --quiet --confirm=never --suppress-cc=all --smtp-server=127.0.0.1 \
    --from=sender@example.com --to=rcpt@example.net message >/dev/null 2>&1
kill $server 2>/dev/null
wait $server 2>/dev/null
APART
unshare --user --map-root-user --net --uts --mount -- bash -u apart.sh
[ -s log ] || exit 2
seen=$(grep -E '^(EHLO|QUIT)' log | paste -sd,)
echo "$seen"
[ "$seen" = "EHLO localhost.localdomain,QUIT,EHLO mx.example.com,QUIT" ]
