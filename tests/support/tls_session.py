# SPDX-License-Identifier: ISC
"""Sessions inside TLS, of which both ends are Python's own library, as captures with their key logs."""

import contextlib
import os
import shutil
import ssl
import subprocess
import tempfile
import warnings

from support import tap
from support.program import heloscope
from support.wire import Wire

warnings.simplefilter("ignore", DeprecationWarning)

PLAIN = [("S", "220 mx.example.org ESMTP"), ("C", "EHLO client.example.com"),
         ("S", "250-mx.example.org"), ("S", "250 STARTTLS"), ("C", "STARTTLS"), ("S", "220 go")]
PASSWORD = "Z2VoZWltLXdvcnQ="
# The 503 has its origin at the refused MAIL.
INSIDE = [("C", "EHLO client.example.com"), ("S", "250-mx.example.org"), ("S", "250 AUTH LOGIN"),
          ("C", "AUTH LOGIN"), ("S", "334 VXNlcm5hbWU6"), ("C", PASSWORD), ("S", "334 UGFzc3dvcmQ6"),
          ("C", PASSWORD), ("S", "235 2.7.0 fine"),
          ("C", "MAIL FROM:<a@example.com>"), ("S", "550 5.7.1 not you"),
          ("C", "RCPT TO:<b@example.org>"), ("S", "503 5.5.1 need MAIL"),
          ("C", "QUIT"), ("S", "221 bye")]
folder = tempfile.TemporaryDirectory(prefix="heloscope-test-")
CERTIFICATE = os.path.join(folder.name, "cert.pem")


def need_tls():
    """Skips all tests where there can be no TLS; else makes the server's certificate."""
    if "without TLS" in heloscope("analyze", "--keylog", os.devnull, "none").err:
        tap.skip_all("built with --without-tls")
    if not shutil.which("openssl"):
        tap.skip_all("openssl is needed to make a certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj",
                    "/CN=mx.example.org", "-keyout", CERTIFICATE + ".key", "-out", CERTIFICATE],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Session:
    """A TLS session of which both ends lie here; what goes over the wire is in `flights`."""

    def __init__(self, keys, version, ciphers, resumes=None, alpn=None, lowest=None, trusts=False):
        client = resumes.context if resumes else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server = resumes.server_context if resumes else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if not resumes:
            for context in (client, server):
                context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
                context.set_ciphers((ciphers or "ALL") + ":@SECLEVEL=0")
            client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
            if lowest:
                server.maximum_version = ssl.TLSVersion.TLSv1_3
                server.minimum_version = getattr(ssl.TLSVersion, lowest)
            if trusts:  # nobody
                client.verify_mode = ssl.CERT_REQUIRED
            for context in (client, server) if alpn else ():
                context.set_alpn_protocols([alpn])
            server.load_cert_chain(CERTIFICATE, CERTIFICATE + ".key")
            client.keylog_filename = keys
        self.context, self.server_context, self.flights = client, server, []
        self.sent = {"C": ssl.MemoryBIO(), "S": ssl.MemoryBIO()}
        self.received = {"C": ssl.MemoryBIO(), "S": ssl.MemoryBIO()}
        self.ends = {"C": client.wrap_bio(self.received["C"], self.sent["C"],
                                          server_hostname="mx.example.org",
                                          session=resumes.ends["C"].session if resumes else None),
                     "S": server.wrap_bio(self.received["S"], self.sent["S"], server_side=True)}
        self.shake()

    def take(self, side):
        """What `side` has sent goes over the wire."""
        octets = self.sent[side].read()
        if octets:
            self.flights.append((side, octets))
            self.received["S" if side == "C" else "C"].write(octets)

    def shake(self):
        done = set()
        while len(done) < 2:
            for side in "CS":
                try:
                    self.ends[side].do_handshake()
                    done.add(side)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:  # its alert is on the way
                    self.take(side)
                    return
                self.take(side)

    def say(self, side, text):
        self.ends[side].write(text.encode())
        self.take(side)
        got = b""
        while len(got) < len(text):
            got += self.ends["S" if side == "C" else "C"].read(65536)

    def play(self, lines):
        turns = []
        for side, text in lines:
            if turns and turns[-1][0] == side:
                turns[-1][1] += text + "\r\n"
            else:
                turns.append([side, text + "\r\n"])
        for side, text in turns:
            self.say(side, text)
        return self


def capture(scratch, session, name="tls", plain=PLAIN, drop=(), cut=None, port=25, closes=True,
            late=False):
    wire = Wire()
    c = wire.connection(server=("127.0.0.2", port), cut=cut)
    with c if closes and not late else contextlib.nullcontext():
        if not closes and not late:
            c.open()
        for side, text in plain:
            c.send(side, text + "\r\n")
        for number, (side, octets) in enumerate(session.flights):
            if number in drop:
                host, peer = c.hosts[side], c.hosts["S" if side == "C" else "C"]
                host.sequence += len(octets)
                peer.received = host.sequence
            else:
                c.send(side, octets)
    path = scratch.path(name + ".pcap")
    wire.write(path)
    return path
