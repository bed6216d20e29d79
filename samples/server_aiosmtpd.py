"""An aiosmtpd server for record.py: server_aiosmtpd.py PORT smtp|lmtp"""

import asyncio
import sys

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult

ACCEPTED = {"alice@example.org", "bob@example.org", "carol@example.org"}


class Handler:
    """The policy that all servers here share: who may send, and who has a mailbox."""

    def __init__(self, lmtp):
        self.lmtp = lmtp

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.endswith("@blocked.example"):
            return "550 5.7.1 Sender refused"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address not in ACCEPTED:
            return f"550 5.1.1 <{address}> no such user"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(self, server, session, envelope):
        if not self.lmtp:
            return "250 2.0.0 Message accepted"
        # RFC 2033 section 4.2: one reply for each accepted recipient. Bob's mailbox is full.
        return "\r\n".join(
            f"552 5.2.2 <{name}> mailbox full" if name.startswith("bob@")
            else f"250 2.1.5 <{name}> delivered" for name in envelope.rcpt_tos)


def authenticate(server, session, envelope, mechanism, credentials):
    """Takes any credentials: no secret is needed to make a sample."""
    return AuthResult(success=True)


async def serve(port, lmtp):
    loop = asyncio.get_running_loop()

    def session():
        kind = LMTP if lmtp else SMTP
        return kind(Handler(lmtp), hostname="mx.example.org", loop=loop, auth_require_tls=False,
                    authenticator=authenticate)

    server = await loop.create_server(session, ["127.0.0.1", "::1"], port)
    await server.serve_forever()


asyncio.run(serve(int(sys.argv[1]), sys.argv[2] == "lmtp"))
