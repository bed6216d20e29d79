# SPDX-License-Identifier: ISC
"""heloscope report --html: one file that needs nothing else, in which texts from the wire are data and
never markup. tests/browser looks at it in a browser (make check-page)."""

import base64
import hashlib
import json
import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, rows, samples  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()
PCAPS = [os.path.join(SAMPLES, name) for name in samples() if name.endswith(".pcap")]
HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & \" ' \\ \u202e\u2066 \x01\x7f ]]>"


def analyzed(scratch, *pcaps):
    database = scratch.path("h.db")
    heloscope("analyze", "-q", "--db", database, *pcaps).expect(0)
    return database


def page_of(database, scratch, *words):
    path = scratch.path("page.html")
    heloscope("report", "--db", database, "--html", path, *words).expect(0)
    check(not os.path.exists(path + ".part"), "a part is left")
    with open(path, encoding="utf-8") as file:
        return file.read()


def data_of(page):
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    equal(len(found), 1, "places with data")
    return json.loads(found[0])


def digest(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def is_sound(page):
    """Its policy allows just the style and the script that are in it, and nothing is fetched."""
    equal(len(re.findall(r"<script\b", page)), 2, "scripts")
    equal(len(re.findall(r"</script\b", page)), 2, "ends of scripts")
    style, = re.findall(r"<style>(.*?)</style>", page, re.S)
    script, = re.findall(r"<script>(.*?)</script>", page, re.S)
    policy, = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    contains(policy, "default-src 'none'", "style-src " + digest(style), "script-src " + digest(script), "base-uri 'none'")
    check("unsafe" not in policy, "a policy that allows too much", policy)
    for outside in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "@import", "url("):
        check(outside not in style + script, f"{outside} in the page's own text")
    equal(set(re.findall(r"https?://[^\s\"']+", style + script)), {"http://www.w3.org/2000/svg"}, "addresses in it")
    check(not re.search(r"<(link|img|iframe|object|embed|base)\b", page), "something to be fetched")


@test("the page of all samples: sound, and its figures are those of the history")
def figures():
    with Scratch() as scratch:
        database = analyzed(scratch, *PCAPS)
        page = page_of(database, scratch)
        is_sound(page)
        data = data_of(page)
        totals = data["totals"]
        equal([tuple(totals[name] for name in ("sessions", "messages", "errors_503", "octets_missing"))],
              rows(database, "SELECT count(*), sum(messages), sum(errors_503), sum(bytes_missing) FROM sessions"))
        equal([(totals["troubled"], totals["errors_503"] + totals["errors_other"])],
              rows(database, "SELECT count(DISTINCT session_id), count(*) FROM diagnoses"))
        equal([sum(bucket[i] for bucket in data["buckets"]) for i in (1, 2, 3, 4)],
              [totals[name] for name in ("sessions", "troubled", "errors_503", "errors_other")], "over time")
        said = lambda n: data["texts"][n - 1] if n else None  # noqa: E731
        equal(sorted((s[0], d[0], d[2] or None, said(d[4]), said(d[9])) for s in data["sessions"] for d in s[22]),
              sorted(rows(database, "SELECT session_id, reply_seq, origin_seq, cause, explanation FROM diagnoses"),
                     key=lambda row: row[:2]), "findings")
        equal(sorted((s[0], e[0], said(e[7])) for s in data["sessions"] for e in s[21]),
              sorted(rows(database, "SELECT session_id, seq, text FROM events WHERE session_id IN "
                                    "(SELECT session_id FROM diagnoses)"), key=lambda row: row[:2]), "events")


@test("only the sessions that are asked for; no more findings than --limit; an empty page says so")
def chosen():
    with Scratch() as scratch:
        database = analyzed(scratch, *PCAPS)
        data = data_of(page_of(database, scratch, "--cause", "nested_mail"))
        equal([(data["totals"]["sessions"],)],
              rows(database, "SELECT count(DISTINCT session_id) FROM diagnoses WHERE cause = 'nested_mail'"))
        data = data_of(page_of(database, scratch, "--limit", "7"))
        equal((data["totals"]["shown"], sum(len(s[22]) for s in data["sessions"])), (7, 7), "findings")
        data = data_of(page_of(database, scratch, "--client", "192.0.2.99"))
        equal((data["totals"]["sessions"], data["sessions"], data["buckets"]), (0, [], []), "an empty page")


@test("hostile texts in every column stay data")
def hostile():
    with Scratch() as scratch:
        database = analyzed(scratch, os.path.join(SAMPLES, "postfix-mail-refused-pipelined.pcap"))
        connection = sqlite3.connect(database)
        changed = 0
        for table in ("sessions", "single_events", "diagnoses", "related_events"):
            for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                if kind == "TEXT" and (table, name) not in {("sessions", "uid"), ("single_events", "side")}:
                    connection.execute(f"UPDATE {table} SET {name} = ?", (HOSTILE,))
                    changed += 1
        connection.commit()
        connection.close()
        check(changed > 20, "too few columns", changed)
        page = page_of(database, scratch)
        is_sound(page)
        check("onerror=alert" not in page.replace(r"\u003cimg src=x onerror=alert", ""), "markup")
        contains("".join(data_of(page)["texts"]), HOSTILE)


@test("a very long session is shown around its findings")
def long_session():
    with Scratch() as scratch:
        database = analyzed(scratch, os.path.join(SAMPLES, "postfix-no-ehlo.pcap"))
        connection = sqlite3.connect(database)
        connection.executemany("INSERT INTO single_events (id, ts_us, packet, side, kind, text) VALUES (?, 1, 1, 'C', 'command', 'NOOP')",
                               [(1 << 24 | n,) for n in range(100, 50_100)])
        connection.commit()
        connection.close()
        session, = data_of(page_of(database, scratch))["sessions"]
        seqs = {event[0] for event in session[21]}
        check(len(seqs) < 100, "too many events", len(seqs))
        check({d[0] for d in session[22]} | {d[2] for d in session[22]} <= seqs, "an event of a finding is not shown")


@test("what cannot be written, and what makes no sense: one line, and no file")
def refused():
    with Scratch() as scratch:
        database = analyzed(scratch, PCAPS[0])
        done = heloscope("report", "--db", database, "--html", scratch.path("no", "page.html")).expect(1)
        done.complains_once("cannot be written", "page.html")
        heloscope("report", "--db", database, "--html", "x", "--by", "day", cwd=scratch.root).expect(2)
        check(not os.path.exists(scratch.path("x")), "a file")
        page = heloscope("report", "--db", database, "--html", "-").expect(0).out
        is_sound(page)


if __name__ == "__main__":
    tap.run()
