# SPDX-License-Identifier: ISC
"""Sessions inside TLS, of Python's own library, are read with their key log; without it nothing of
them is."""

import contextlib
import os
import ssl
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import HELOSCOPE, Scratch, heloscope, need_program, rows  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.tls_session import INSIDE, PASSWORD, PLAIN, Session, capture, need_tls  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()
need_tls()

SEEN = ["****" if text == PASSWORD else text for _, text in INSIDE]

SUITES = [("TLSv1", "ECDHE-RSA-AES128-SHA"), ("TLSv1", "AES256-SHA"),
          ("TLSv1_1", "ECDHE-RSA-AES256-SHA"),
          ("TLSv1_2", "ECDHE-RSA-AES128-GCM-SHA256"), ("TLSv1_2", "AES256-GCM-SHA384"),
          ("TLSv1_2", "ECDHE-RSA-AES128-SHA256"), ("TLSv1_2", "ECDHE-RSA-AES256-SHA384"),
          ("TLSv1_2", "AES128-CCM"), ("TLSv1_2", "AES128-CCM8"), ("TLSv1_2", "CAMELLIA256-SHA256"),
          ("TLSv1_2", "ARIA256-GCM-SHA384"), ("TLSv1_2", "ECDHE-RSA-CHACHA20-POLY1305"),
          ("TLSv1_2", "NULL-SHA256"), ("TLSv1_3", None)]
TLS12 = ("TLSv1_2", "ECDHE-RSA-AES128-GCM-SHA256")
TLS13 = ("TLSv1_3", None)


def texts(database, where="note LIKE '%in TLS%'"):
    out = []
    for (text,) in rows(database, f"SELECT text FROM events WHERE {where} AND text IS NOT NULL "
                                  "AND kind NOT IN ('gap', 'tls') ORDER BY seq"):
        out += text.split("\n")
    return out


def analyse(scratch, path, *options):
    database = scratch.path("h.db")
    if os.path.exists(database):
        os.unlink(database)
    done = heloscope("analyze", "--db", database, *options, path)
    equal(done.status, 0, f"status ({done})")
    return database, done


def secrets_of(keys):
    with open(keys, encoding="ascii") as file:
        return [line.split()[2] for line in file if len(line.split()) == 3]


def nothing_leaks(database, done, keys):
    with open(database, "rb") as file:
        everything = file.read() + done.out.encode() + done.err.encode()
    for secret in [PASSWORD] + secrets_of(keys):
        check(secret.encode() not in everything, "a secret is stored or printed")
        if secret != PASSWORD:
            check(bytes.fromhex(secret) not in everything, "a secret is stored or printed")


def is_read(version, ciphers):
    with Scratch() as scratch:
        keys = scratch.path("keys")
        try:
            session = Session(keys, version, ciphers).play(INSIDE)
        except ssl.SSLError as problem:
            tap.skip(f"this library does not offer it: {problem}")
        path = capture(scratch, session)
        database, done = analyse(scratch, path, "--keylog", keys)
        equal(texts(database), SEEN, "the text inside")
        equal(rows(database, "SELECT cause, (SELECT text FROM events e WHERE e.session_id = "
                             "d.session_id AND e.seq = d.origin_seq) FROM diagnoses d"),
              [("mail_rejected", "550 5.7.1 not you")], "the finding")
        nothing_leaks(database, done, keys)
        database, done = analyse(scratch, path)
        equal(texts(database), [], "the text inside, without keys")
        nothing_leaks(database, done, keys)


for suite in SUITES:
    tap.add("TLS of %s with %s is read" % (suite[0], suite[1] or "its own suites"),
            lambda suite=suite: is_read(*suite))


def facts(database, columns):
    return rows(database, f"SELECT {columns} FROM sessions")[0]


@test("the session's row names suite, group, ALPN, resumption and alerts, with keys and without")
def row_of_tls():
    with Scratch() as scratch:
        keys = scratch.path("keys")
        session = Session(keys, *TLS13, alpn="smtp").play(INSIDE)
        with contextlib.suppress(ssl.SSLWantReadError):
            session.ends["C"].unwrap()
        session.take("C")
        path = capture(scratch, session)
        open_to_all = "tls_version, tls_suite, tls_handshake, tls_sni, tls_group IS NOT NULL"
        for options, inside in ((("--keylog", keys), ("smtp", "not asked for", "C close notify", "client", None)),
                                ((), (None, None, None, None, "no key log"))):
            database, _ = analyse(scratch, path, *options)
            suite = session.ends["C"].cipher()[0]
            equal(facts(database, open_to_all), ("TLS 1.3", suite, "full", "mx.example.org", 1), "the handshake")
            equal(facts(database, "tls_alpn, tls_certificate, tls_alerts, tls_closed, tls_hidden"), inside,
                  "what is encrypted of it")
            client = sum(len(octets) for side, octets in session.flights if side == "C")
            equal(facts(database, "tls_octets_client + 5 * tls_records_client"), (client,), "the client's octets")
            equal(rows(database, "SELECT count(*) FROM events WHERE in_tls")[0][0] > 0, bool(options), "in_tls")


@test("a session of which a hello was not captured is read where the key log can tell what it said")
def unseen_hello():
    with Scratch() as scratch:
        keys = scratch.path("keys")
        for _ in range(3):  # entries of others
            Session(keys, *TLS13).play(INSIDE[:2])
        commands = [text for _, text in INSIDE if text.startswith(("MAIL", "RCPT", "503"))]
        tls10 = ("TLSv1", "AES128-SHA")
        # Of TLS 1.2 and before, the server's random makes the keys, and no key log has it.
        for suite, lost, is_read in ((TLS13, "C", True), (TLS13, "S", True), (TLS12, "C", True),
                                     (TLS12, "S", False), (tls10, "C", True), (tls10, "S", False)):
            session = Session(keys, *suite)
            first = next(n for n, (side, _) in enumerate(session.flights) if side == lost)
            path = capture(scratch, session.play(INSIDE), drop=(first,))
            database, done = analyse(scratch, path, "--keylog", keys)
            found = [text for text in texts(database) if text in commands]
            equal(found, commands if is_read else [], f"read of {suite[0]} without the first flight of {lost}")
            equal(rows(database, "SELECT cause FROM diagnoses"), [("mail_rejected",)] if is_read else [],
                  "the finding")
            nothing_leaks(database, done, keys)


@test("a capture that begins inside TLS 1.3 is read from there on")
def begun_inside():
    with Scratch() as scratch:
        keys = scratch.path("keys")
        Session(keys, *TLS13).play(INSIDE[:2])
        session = Session(keys, *TLS13)
        before = len(session.flights)
        path = capture(scratch, session.play(INSIDE), plain=[], drop=range(before + 2), late=True)
        database, done = analyse(scratch, path, "--keylog", keys)
        equal(texts(database), SEEN[3:], "the text inside")
        equal(facts(database, "tls_version, tls_handshake, tls_hidden"), ("TLS 1.3", None, None), "the row")
        nothing_leaks(database, done, keys)
        database, _ = analyse(scratch, path)
        equal(texts(database), [], "without keys")


@test("commands in clear text behind STARTTLS that the server executes inside TLS are paired and told")
def injected():
    with Scratch() as scratch:
        keys = scratch.path("keys")
        behind = PLAIN[:-1] + [("C", "RSET"), ("C", "MAIL FROM:<evil@example.com>"), PLAIN[-1]]
        session = Session(keys, *TLS13).play(
            [("S", "250 flushed"), ("S", "503 5.5.1 say hello first"), ("C", "EHLO client.example.com"),
             ("S", "250 mx.example.org"), ("C", "QUIT"), ("S", "221 bye")])
        path = capture(scratch, session, plain=behind)
        database, _ = analyse(scratch, path, "--keylog", keys)
        equal(rows(database, "SELECT c.text, r.code FROM events r JOIN events c ON c.session_id = r.session_id "
                             "AND c.seq = r.answers WHERE r.in_tls ORDER BY r.seq"),
              [("RSET", 250), ("MAIL FROM:<evil@example.com>", 503), ("EHLO client.example.com", 250),
               ("QUIT", 221)], "what the replies answer")
        equal(rows(database, "SELECT d.cause, d.fault, e.text FROM diagnoses d JOIN events e ON "
                             "e.session_id = d.session_id AND e.seq = d.origin_seq"),
              [("pipelining_violation", "server", "STARTTLS")], "the finding")
        contains(rows(database, "SELECT explanation FROM diagnoses")[0][0], "CVE-2011-0411")
        # A server that throws them away answers what was sent inside.
        session = Session(keys, *TLS13).play(INSIDE)
        database, _ = analyse(scratch, capture(scratch, session, plain=behind), "--keylog", keys)
        equal(rows(database, "SELECT cause FROM diagnoses"), [("mail_rejected",)], "thrown away")


@test("why a handshake failed is said: no version in common, a certificate refused")
def failures():
    for version, lowest, trusts, said in (
            ("TLSv1_2", "TLSv1_3", False, "alert of the server: protocol version (no TLS version in common: "
                                          "the client offers up to TLS 1.2)"),
            ("TLSv1_2", "TLSv1_2", True, "alert of the client: unknown CA (it does not know or trust who signed "
                                         "the certificate)"),
            # OpenSSL's client sends this alert in the open, before it has changed its keys.
            ("TLSv1_3", "TLSv1_3", True, "alert of the client: unknown CA (it does not know or trust who signed "
                                         "the certificate)")):
        with Scratch() as scratch:
            session = Session(scratch.path("keys"), version, None, lowest=lowest, trusts=trusts)
            database, _ = analyse(scratch, capture(scratch, session))
            equal(facts(database, "tls_failure"), (said,), version)


@test("a client's encrypted alert in the place of its Finished is told by its length")
def failure_encrypted():
    for length, failed in ((2 + 1 + 16, True), (36 + 1 + 16, False)):
        with Scratch() as scratch:
            session = Session(scratch.path("keys"), *TLS13)
            session.flights = session.flights[:2]  # the hello, and all that the server answers
            session.flights.append(("C", b"\x17\x03\x03" + struct.pack(">H", length) + os.urandom(length)))
            database, _ = analyse(scratch, capture(scratch, session))
            said, alerts = facts(database, "tls_failure, tls_alerts")
            equal((said or "").startswith("the client ended the handshake with an encrypted alert"), failed)
            equal(alerts, "C encrypted" if failed else None)


@test("STARTTLS inside TLS is a repeated one, whatever the text of the refusal says")
def repeated():
    lines = INSIDE[:2] + [("S", "250 PIPELINING"), ("C", "STARTTLS"),
                          ("S", "503 STARTTLS command used when not advertised"),
                          ("C", "QUIT"), ("S", "221 bye")]
    with Scratch() as scratch:
        keys = scratch.path("keys")
        # STARTTLS before the capture, and TLS from the start (RFC 8314 section 3.3).
        for plain, port in (PLAIN, 25), ([], 465):
            path = capture(scratch, Session(keys, *TLS13).play([PLAIN[0]] * (not plain) + lines),
                           plain=plain, port=port)
            database, _ = analyse(scratch, path, "--keylog", keys)
            equal(rows(database, "SELECT cause FROM diagnoses"), [("starttls_repeated",)])
            equal(rows(database, "SELECT rule FROM violations"), [("no second STARTTLS",)])


@test("cut --secrets puts the session's own secrets into the file, which then opens without a key log")
def handed_on():
    for suite in TLS12, TLS13:
        with Scratch() as scratch:
            keys, out = scratch.path("keys"), scratch.path("cut.pcapng")
            path = capture(scratch, Session(keys, *suite).play(INSIDE))
            Session(keys, *suite).play(INSIDE)  # another one, whose secrets stay here
            database, _ = analyse(scratch, path, "--keylog", keys)
            heloscope("cut", "--db", database, "1", "-w", out).expect(0)
            with open(out, "rb") as file:
                plain = file.read()
            check(not any(secret.encode() in plain for secret in secrets_of(keys)), "secrets, unasked")
            heloscope("cut", "--db", database, "1", "-w", out, "--secrets", "--keylog", keys).expect(0)
            with open(out, "rb") as file:
                given = file.read()
            randoms = {line.split()[1] for line in open(keys, encoding="ascii") if len(line.split()) == 3}
            equal(sum(random.encode() in given for random in randoms), 1, "sessions with secrets in it")
            database, _ = analyse(scratch, out)
            equal(texts(database), SEEN, "the text inside, of the file alone")


@test("one octet a segment makes no difference")
def octets():
    for suite in TLS12, TLS13:
        with Scratch() as scratch:
            keys = scratch.path("keys")
            path = capture(scratch, Session(keys, *suite).play(INSIDE), cut=1)
            database, _ = analyse(scratch, path, "--keylog", keys)
            equal(texts(database), SEEN, "the text inside")


@test("TLS from the first octet on is read too")
def from_the_start():
    for suite in TLS12, TLS13:
        with Scratch() as scratch:
            keys = scratch.path("keys")
            path = capture(scratch, Session(keys, *suite).play([PLAIN[0]] + INSIDE), plain=[],
                           port=465)
            database, _ = analyse(scratch, path, "--keylog", keys)
            equal(texts(database), [PLAIN[0][1]] + SEEN, "the text inside")
            equal(rows(database, "SELECT protocol FROM sessions"), [("SMTPS",)])


@test("a resumed session is read")
def resumed():
    for suite in TLS12, TLS13:
        with Scratch() as scratch:
            keys = scratch.path("keys")
            first = Session(keys, *suite).play(INSIDE)
            second = Session(keys, *suite, resumes=first).play(INSIDE)
            check(second.ends["C"].session_reused, "the library has not resumed")
            database, _ = analyse(scratch, capture(scratch, second), "--keylog", keys)
            equal(texts(database), SEEN, "the text inside")


@test("a resumed session of TLS 1.2 without a line of its own is read with that of the first")
def resumed_without_a_line():
    with Scratch() as scratch:
        keys = scratch.path("keys")
        first = Session(keys, *TLS12).play(INSIDE)
        with open(keys, encoding="ascii") as file:
            line = file.read()
        second = Session(keys, *TLS12, resumes=first).play(INSIDE)
        check(second.ends["C"].session_reused, "the library has not resumed")
        with open(scratch.path("first"), "w", encoding="ascii") as file:
            file.write(line)
        database, _ = analyse(scratch, capture(scratch, second), "--keylog", scratch.path("first"))
        equal(texts(database), SEEN, "the text inside")


@test("behind each lost flight reading goes on, nothing is made up, and the hole is told")
def holes():
    for suite in TLS12, TLS13, ("TLSv1_2", "ECDHE-RSA-AES128-SHA"), ("TLSv1", "AES128-SHA"):
        with Scratch() as scratch:
            keys = scratch.path("keys")
            session = Session(keys, *suite).play(INSIDE)
            first = len(session.flights) - len([1 for n, (side, _) in enumerate(INSIDE)
                                                if not n or INSIDE[n - 1][0] != side])
            for lost in range(first, len(session.flights) - 1):
                path = capture(scratch, session, drop={lost})
                database, _ = analyse(scratch, path, "--keylog", keys)
                got = texts(database)
                gone = [text for text in SEEN if text not in got]
                check(all(text in SEEN for text in got), "what nobody said", *got)
                most = 3 if suite[0] == "TLSv1" else 2  # of TLS 1.0 the next record proves nothing
                check(len(gone) <= most, f"flight {lost} of {suite}: more is gone than was lost",
                      *gone)
                equal(rows(database, "SELECT count(*) FROM events WHERE kind = 'gap'"), [(1,)],
                      f"holes with flight {lost} of {suite} lost")
                equal(rows(database, "SELECT count(*) FROM diagnoses WHERE certainty = 'certain' "
                                     "AND cause NOT IN ('mail_rejected')"), [(0,)], "made-up findings")


@test("what was lost before the first record that can be read is not held against anybody")
def hole_in_front():
    lines = [PLAIN[0]] + INSIDE[:2] + [("S", "250 PIPELINING"), ("C", "MAIL FROM:<a@example.com>"),
                                       ("S", "250 2.1.0 Ok"), ("C", "RCPT TO:<b@example.org>"),
                                       ("S", "550 5.1.1 no such user"), ("C", "DATA"),
                                       ("S", "554 5.5.1 no valid recipients"), ("C", "QUIT"), ("S", "221 bye")]
    for suite in TLS12, TLS13:
        with Scratch() as scratch:
            keys = scratch.path("keys")
            session = Session(keys, *suite)
            handshake = len(session.flights)
            session.play(lines)
            for first in range(1, handshake + 1):
                for last in range(handshake, len(session.flights) - 1):
                    path = capture(scratch, session, plain=[], port=465, drop=set(range(first, last)))
                    database, _ = analyse(scratch, path, "--keylog", keys)
                    wrong = rows(database, "SELECT cause FROM diagnoses WHERE certainty = 'certain' "
                                           "AND cause <> 'all_rcpt_rejected'")
                    wrong += rows(database, "SELECT rule FROM violations WHERE rule NOT LIKE 'DATA%'")
                    equal(wrong, [], f"made up with flights {first} to {last - 1} lost")


@test("a line of a key log that holds no secret is named by file and line, and the others serve")
def slips():
    with Scratch() as scratch:
        keys = scratch.path("keys")
        session = Session(keys, *TLS13).play(INSIDE)
        with open(keys, encoding="ascii") as file:
            good = file.read()
        bad = scratch.file("bad", "# a comment\n\nEXPORTER_SECRET 00 zz\nCLIENT_RANDOM 00zz 11\n" + good
                           + "SERVER_TRAFFIC_SECRET_0 00\nCLIENT_RANDOM 0011 00")
        path = capture(scratch, session)
        database, done = analyse(scratch, path, "--keylog", bad)
        equal(texts(database), SEEN, "the text inside")
        done.complains_once(bad + ":4: ", "2 such lines passed over")
        database, done = analyse(scratch, path, "--keylog", keys)
        equal(done.err, "", "of a whole key log nothing is said")


@test("an entry that does not fit is said once, and nothing is shown")
def wrong_secret():
    for suite in TLS12, TLS13:
        with Scratch() as scratch:
            keys = scratch.path("keys")
            session = Session(keys, *suite).play(INSIDE)
            with open(keys, encoding="ascii") as file:
                lines = [line.split() for line in file if not line.startswith("#")]
            with open(scratch.path("wrong"), "w", encoding="ascii") as file:
                for label, random, secret in lines:
                    file.write(f"{label} {random} {secret[::-1]}\n")
            path = capture(scratch, session)
            database, _ = analyse(scratch, path, "--keylog", scratch.path("wrong"))
            equal(texts(database), [], "the text inside")
            said = rows(database, "SELECT text FROM events WHERE text LIKE '%does not decrypt%'")
            equal(len(said), 1, "how often it is said")


def secrets_block(text, order="<", kind=0x544C534B, length=None):
    """A Decryption Secrets Block (section 4.7 of the pcapng format)."""
    body = struct.pack(order + "II", kind, len(text) if length is None else length) + text
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", 10) + size + body + size


def with_block(scratch, session, block, behind):
    """The capture as pcapng, the block in front of the packets or behind them."""
    path = capture(scratch, session)
    wire = Wire()
    with open(path, "rb") as file:
        data = file.read()[24:]
    while data:
        seconds, micro, size, _ = struct.unpack("<IIII", data[:16])
        wire.packets.append((seconds * 1_000_000 + micro, data[16 : 16 + size]))
        data = data[16 + size :]
    octets = wire.pcapng()
    head = 28 + 20  # the section's header and the interface
    octets = octets + block if behind else octets[:head] + block + octets[head:]
    with open(path + "ng", "wb") as file:
        file.write(octets)
    return path + "ng"


@test("secrets in a capture serve, in front of the packets and behind them; others do not")
def secrets_inside():
    with Scratch() as scratch:
        session = Session(scratch.path("keys"), *TLS13).play(INSIDE)
        with open(scratch.path("keys"), "rb") as file:
            text = file.read()
        for block, seen in ((secrets_block(text), SEEN), (secrets_block(text, kind=0x57474B4C), []),
                            (secrets_block(text, length=0x7FFFFFFF), [])):
            for behind in False, True:
                path = with_block(scratch, session, block, behind)
                database, done = analyse(scratch, path)
                equal(texts(database), seen, f"the text inside, block behind: {behind}")
                nothing_leaks(database, done, scratch.path("keys"))


@test("a key log that comes late, in pieces, serves octets that wait for it")
def late():
    for suite in TLS12, TLS13:
        with Scratch() as scratch:
            session = Session(scratch.path("keys"), *suite).play(INSIDE)
            path, late = capture(scratch, session, closes=False), scratch.path("late")
            with open(scratch.path("keys"), "rb") as file:
                text = file.read()
            database = scratch.path("h.db")
            running = subprocess.Popen([HELOSCOPE, "analyze", "--db", database, "--keylog", late,
                                        "--follow=2", path], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT)
            time.sleep(0.5)
            with open(late, "wb") as file:
                file.write(text[:-20])
                file.flush()
                time.sleep(0.3)
                file.write(text[-20:])
            running.communicate(timeout=30)
            equal(running.returncode, 0, "status")
            equal(texts(database), SEEN, "the text inside")


@test("a key log that cannot be read is named")
def no_such_file():
    with Scratch() as scratch:
        path = capture(scratch, Session(scratch.path("keys"), *TLS13).play(INSIDE))
        done = heloscope("analyze", "--db", scratch.path("h.db"), "--keylog", scratch.path("none"),
                         path)
        check(done.status != 0, "it fails")
        contains(done.err, scratch.path("none"))


if __name__ == "__main__":
    tap.run()
