# SPDX-License-Identifier: ISC
"""What a capture lacks, doubles or reorders must not make a finding wrong inside TLS either: a few
sessions through test_perturb.py. `make check-tls EXAM=FOLDER` does so with the captures of a folder
(NAME.pcap with its key log NAME.keys)."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from support import tap  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, Scratch, need_program  # noqa: E402
from support.tap import check, test  # noqa: E402
from support.tls_session import INSIDE, PLAIN, Session, capture, need_tls  # noqa: E402

need_program()
need_tls()

# What was sent in clear behind STARTTLS is executed inside TLS, and STARTTLS comes again.
INJECTED = PLAIN[:4] + [("C", "STARTTLS\r\nRSET\r\nMAIL FROM:<x@example.com>"), ("S", "220 go")]
AGAIN = [("S", "250 reset"), ("S", "503 bad sequence"), ("C", "EHLO client.example.com"),
         ("S", "250 mx.example.org"), ("C", "STARTTLS"), ("S", "503 5.5.1 not advertised"),
         ("C", "MAIL FROM:<a@example.com>"), ("S", "250 ok"), ("C", "MAIL FROM:<b@example.com>"),
         ("S", "503 bad sequence"), ("C", "QUIT"), ("S", "221 bye")]
# A message may be lost whole; its reply answers it all the same, and the one behind what follows.
MESSAGE = [("C", "EHLO client.example.com"), ("S", "250 mx.example.org"), ("C", "MAIL FROM:<a@example.com>"),
           ("S", "250 ok"), ("C", "RCPT TO:<b@example.com>"), ("S", "250 ok"), ("C", "DATA"), ("S", "354 go on"),
           ("C", "Subject: a message\r\n\r\nof one line\r\n."), ("S", "250 taken"),
           ("C", "RCPT TO:<c@example.com>"), ("S", "503 5.5.1 need MAIL"), ("C", "QUIT"), ("S", "221 bye")]
SUITES = {"tls13": ("TLSv1_3", None), "tls12": ("TLSv1_2", "ECDHE-RSA-AES128-GCM-SHA256"),
          "tls10": ("TLSv1", "AES128-SHA")}


@test("sessions inside TLS, changed in every way")
def changed():
    with Scratch() as scratch:
        for name, suite in SUITES.items():
            session = Session(scratch.path(name + ".keys"), *suite)
            from_start = name == "tls13"
            session.play([PLAIN[0]] * from_start + INSIDE)
            capture(scratch, session, name, plain=[] if from_start else PLAIN,
                    port=465 if from_start else 25)
        session = Session(scratch.path("again.keys"), *SUITES["tls13"]).play(AGAIN)
        capture(scratch, session, "again", plain=INJECTED)
        session = Session(scratch.path("message.keys"), *SUITES["tls12"]).play(MESSAGE)
        capture(scratch, session, "message", plain=PLAIN)
        done = subprocess.run([sys.executable, os.path.join(HERE, "test_perturb.py"), scratch.root],
                              env=dict(ENVIRONMENT, HELOSCOPE=HELOSCOPE), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines = done.stdout.splitlines()
        check(done.returncode == 0 and f"# {len(SUITES) + 2} captures, perturbed" in done.stdout,
              "something is wrong", *lines[-60:])
        check(lines[0].endswith(", 0 mispaired"), "replies are paired wrongly, and said to be certain", lines[0])
        check("findings: 0 kept" not in lines[0], "nothing was found at all", lines[0])


if __name__ == "__main__":
    tap.run()
