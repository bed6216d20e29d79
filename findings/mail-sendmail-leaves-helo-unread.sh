#!/bin/bash
# SPDX-License-Identifier: ISC
# Perl's Mail::Sendmail 0.80 (Debian 12, libmail-sendmail-perl 0.80-3): when EHLO is refused it says HELO,
# as it should, and then never reads the reply to HELO. From there on it takes each reply for the one
# after it: MAIL is sent before HELO is answered, RCPT before MAIL, the message before the 354, and a
# refused recipient is noticed one command late. One would expect a client without PIPELINING to be in
# step with its server.
#
# Seen, with a server that answers each line 0.2 s late: HELO, MAIL, RCPT, DATA and the end of the message
# each "with the next already there".
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -q download libmail-sendmail-perl=0.80-3 libsys-hostname-long-perl >/dev/null 2>&1 || exit 2
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >server.py <<'END'
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
open("port", "w").write(str(listener.getsockname()[1]))
client, _ = listener.accept()
client.settimeout(10)
log, pending, content = [], b"", False
client.sendall(b"220 mx.example.com ESMTP\r\n")
try:
    while True:
        while b"\n" not in pending:
            octets = client.recv(65536)
            if not octets:
                raise EOFError
            pending += octets
        time.sleep(0.2)
        client.setblocking(False)
        try:
            pending += client.recv(65536)
        except BlockingIOError:
            pass
        client.settimeout(10)
        line, pending = pending.split(b"\n", 1)
        word = line.split()[0].decode() if line.split() else ""
        if content and line.strip() != b".":
            continue
        reply = {"EHLO": "502 no", "DATA": "354 go on", "QUIT": "221 bye"}.get(word, "250 ok")
        content = word == "DATA"
        log.append(f"> {word}" + (" with the next already there" if pending else ""))
        client.sendall(reply.encode() + b"\r\n")
except (EOFError, OSError):
    pass
open("log", "w").write("\n".join(log) + "\n")
END
python3 server.py &
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
perl -Iroot/usr/share/perl5 -e 'use Mail::Sendmail; $Mail::Sendmail::mailcfg{retries} = 1;
    sendmail(smtp => "127.0.0.1", port => $ARGV[0], From => "sender\@example.com", To => "rcpt\@example.net",
        Subject => "hello", Message => "hello");' "$(cat port)" 2>/dev/null
wait
cat log
# HELO is answered 0.2 s after it came: by then MAIL must have come too.
grep -q '^> HELO with the next already there$' log && grep -q '^> MAIL with the next already there$' log
