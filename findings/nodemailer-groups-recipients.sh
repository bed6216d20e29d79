#!/bin/bash
# SPDX-License-Identifier: ISC
# Nodemailer 7.0.3 (npm): where PIPELINING is offered it sends all RCPT commands in one write, and nothing
# else: it waits for the reply to MAIL before the first of them, and for all of theirs before DATA. One
# would expect a client either to wait for each reply, or to send MAIL, RCPT and DATA together as RFC 2920
# section 3.1 allows. It also ends without QUIT when its transport is not closed.
#
# Seen, with two recipients and a server that answers each line 0.2 s late:
#     EHLO | MAIL | RCPT RCPT | DATA
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts nodemailer@7.0.3 >/dev/null 2>&1 || exit 2
cat >send.js <<'END'
const net = require('net')
const nodemailer = require('nodemailer')
const groups = []
const server = net.createServer(socket => {
  let content = false
  socket.on('error', () => {})
  socket.write('220 mx.example.com ESMTP\r\n')
  socket.on('data', octets => {
    const lines = octets.toString().split('\r\n').slice(0, -1)
    if (content) {
      if (lines.includes('.')) { content = false; setTimeout(() => socket.write('250 ok\r\n'), 200) }
      return
    }
    groups.push(lines.map(line => line.split(/[ :]/)[0]).join(' '))
    const replies = { EHLO: '250-mx.example.com\r\n250 PIPELINING', DATA: '354 go on', QUIT: '221 bye' }
    content = lines.some(line => line === 'DATA')
    setTimeout(() => socket.write(lines.map(line => (replies[line.split(' ')[0]] || '250 ok') + '\r\n').join('')), 200)
  })
})
server.listen(0, '127.0.0.1', async () => {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: server.address().port, ignoreTLS: true })
  await transport.sendMail({ from: 'sender@example.com', to: ['rcpt@example.net', 'other@example.net'], text: 'hello' })
  console.log(groups.join(' | '))
  process.exit(0)
})
END
seen=$(timeout 30 node send.js) || exit 2
echo "$seen"
[ "$seen" = "EHLO | MAIL | RCPT RCPT | DATA" ]
