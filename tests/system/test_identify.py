# SPDX-License-Identifier: ISC
"""Who is speaking in the samples: each is named after the server that it was recorded from, and that server
must be recognised, with the marks that it was recognised by."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, rows, samples  # noqa: E402
from support.tap import check, equal, test  # noqa: E402

need_program()

SOFTWARE = "SELECT server_software, server_evidence, client_software, client_evidence FROM sessions"


def analysed(sample, query):
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "--db", database, os.path.join(SAMPLES, sample)).expect(0)
        return rows(database, query)


def product_of(software):
    """Without the version: "aiosmtpd 1.4.3" is aiosmtpd."""
    words = software.split()
    return " ".join(words[:-1] if len(words) > 1 and words[-1][0].isdigit() else words)


def recognised(sample):
    found = analysed(sample, SOFTWARE)
    check(found, "no session")
    for software, evidence, _, _ in found:
        check(software, f"{sample}: the server is not recognised")
        name = product_of(software).lower().replace(" ", "-")
        check(sample.startswith(name + "-"), f"{sample}: {software}, by {evidence}")
        check(evidence, f"{sample}: {software} without evidence")


for name in samples():
    tap.add(f"samples/{name}", lambda name=name: recognised(name))


@test("a client is recognised by how it writes its commands")
def client():
    found = analysed("aiosmtpd-legal-smtplib.pcap", SOFTWARE)
    equal([row[2] for row in found], ["Python smtplib"], "client")
    check("mail FROM:" in found[0][3], found[0][3])


@test("scripted clients leave no mark, and no name is made up for them")
def nobody():
    found = analysed("postfix-nested-mail.pcap", SOFTWARE)
    equal([row[2:] for row in found], [(None, None)], "client")


@test("what a server says of a 503 is known")
def claims():
    # Exim's last 503 has three lines: the first is its own, the second quotes an earlier refusal.
    found = analysed("exim-no-ehlo.pcap",
                     "SELECT cause, server_says FROM diagnoses WHERE code = 503 ORDER BY reply_seq")
    equal(found, [("hello_missing", "hello_missing"), ("hello_missing", "mail_missing"),
                  ("hello_missing", "all_rcpt_rejected")], "cause and claim")
    found = analysed("postfix-mail-refused-pipelined.pcap",
                     "SELECT cause, server_says FROM diagnoses WHERE code = 503 ORDER BY reply_seq")
    equal(found, [("mail_rejected", "mail_missing"), ("mail_rejected", "rcpt_missing")],
          "cause and claim")


if __name__ == "__main__":
    tap.run()
