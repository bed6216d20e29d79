// A server made with nodemailer's smtp-server for record.py: node server_node.js PORT
'use strict';

const { SMTPServer } = require('smtp-server');

const ACCEPTED = new Set(['alice@example.org', 'bob@example.org', 'carol@example.org']);

function refusal(code, text) {
    const error = new Error(text);
    error.responseCode = code;
    return error;
}

const server = new SMTPServer({
    name: 'mx.example.org',
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    logger: false,
    onAuth(auth, session, done) {
        done(null, { user: auth.username });
    },
    onMailFrom(address, session, done) {
        const blocked = address.address.endsWith('@blocked.example');
        done(blocked ? refusal(550, 'Sender refused') : null);
    },
    onRcptTo(address, session, done) {
        const known = ACCEPTED.has(address.address);
        done(known ? null : refusal(550, `No such user ${address.address}`));
    },
    onData(stream, session, done) {
        stream.on('end', () => done());
        stream.resume();
    },
});

server.on('error', () => {});
server.listen(Number(process.argv[2]), '127.0.0.1');
