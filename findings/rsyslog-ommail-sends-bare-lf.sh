#!/bin/bash
# SPDX-License-Identifier: ISC
# rsyslog 8.2302.0 (Debian 12, rsyslog 8.2302.0-1+deb12u1): ommail, as it comes, ends the text of each message with a
# bare LF before the CR LF of the end: its standard template ends with a line feed, and nothing turns that into
# CR LF. RFC 5321 section 2.3.8 forbids it, and mail servers since 2024 refuse such messages. One would
# expect a module that speaks SMTP to write the line ends of SMTP. Each command comes in several writes as
# well ("HELO ", the name, CR LF).
#
# Seen, the end of the message: "hello\n\r\n.\r\n".
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -q download rsyslog=8.2302.0-1+deb12u1 libestr0 libfastjson4 liblognorm5 >/dev/null 2>&1 || exit 2
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >server.py <<'END'
import socket
listener = socket.create_server(("127.0.0.1", 0))
open("port", "w").write(str(listener.getsockname()[1]))
listener.settimeout(20)
try:
    client, _ = listener.accept()
    client.settimeout(10)
    stream = client.makefile("rwb")

    def say(text):
        stream.write(text.encode() + b"\r\n")
        stream.flush()

    say("220 mx.example.com ESMTP")
    content = None
    while line := stream.readline():
        verb = line[:4].upper()
        if content is not None:
            content += line
            if content.endswith(b"\r\n.\r\n"):
                open("log", "w").write(repr(content[-14:]) + "\n")
                content = None
                say("250 ok")
        elif verb == b"DATA":
            content = b""
            say("354 go on")
        else:
            say("221 bye" if verb == b"QUIT" else "250 ok")
except OSError:
    pass
END
python3 server.py &
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
echo hello >events
cat >rsyslog.conf <<END
module(load="imfile" mode="polling" pollingInterval="1")
module(load="ommail")
global(workDirectory="$work")
input(type="imfile" file="$work/events" tag="event:" freshStartTail="off")
action(type="ommail" server="127.0.0.1" port="$(cat port)" mailfrom="sender@example.com" mailto="rcpt@example.net"
       subject.text="hello")
END
libraries=$(echo root/usr/lib/*-linux-gnu)
LD_LIBRARY_PATH=$libraries:$(echo root/lib/*-linux-gnu) timeout 10 root/usr/sbin/rsyslogd -n -f rsyslog.conf -i "$work/pid" \
    -M "$libraries/rsyslog" >/dev/null 2>&1 &
wait
[ -s log ] || exit 2
cat log
grep -q 'hello\\n\\r\\n\.\\r\\n' log
