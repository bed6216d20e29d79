#!/bin/bash
# SPDX-License-Identifier: ISC
# npm sendmail 1.6.1: behind its QUIT, when the server has said 221, it sends one more line, which is empty. RFC
# 5321 section 4.1.1.10 has the 221 as the last of the session; one would expect the connection to be closed. A
# server that still listens counts it as a bad command.
#
# Seen: EHLO MAIL RCPT DATA . QUIT, and an empty line.
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts sendmail@1.6.1 >/dev/null 2>&1 || exit 2
cat >server.py <<'END'
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open("port", "w").write(str(listener.getsockname()[1]))
listener.settimeout(20)
log, content = [], False
replies = {"EHLO": "250 mx.example.com", "DATA": "354 go on", "QUIT": "221 bye", "": "500 5.5.2 what?"}
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
cat >send.js <<'END'
const send = require('sendmail')({ silent: true, devHost: '127.0.0.1', devPort: Number(process.argv[2]) })
send({ from: 'sender@example.com', to: 'rcpt@example.net', subject: 'hello', text: 'hello' },
  () => setTimeout(() => process.exit(0), 1000))
END
timeout 30 node send.js "$(cat port)" >/dev/null 2>&1
kill $server 2>/dev/null
wait $server 2>/dev/null
[ -s log ] || exit 2
seen=$(sed 's/^$/(empty)/' log | cut -d' ' -f1 | paste -sd' ')
echo "$seen"
[ "$seen" = "EHLO MAIL RCPT DATA . QUIT (empty)" ]
