# SPDX-License-Identifier: ISC
"""Histories for the test of the page, made of one of all samples: FOLDER/hostile.db, with markup and
characters that nobody sees in every column, and FOLDER/many.db, with 10,000 findings. What the page is
to show of all samples goes to FOLDER/expected.json.

    make_histories.py SAMPLES.db FOLDER"""

import json
import os
import shutil
import sqlite3
import sys

FINDINGS = 10_000
HOSTILE = ("</script><script>owned=1</script><img src=x onerror=owned=1><svg onload=owned=1>"
           "<a href=javascript:owned=1>x</a> & \" ' \u202eright\u2066 \u200b\x07\x1b[31m ]]> {{data}} ${owned=1}")


def copied(source, folder, name):
    path = os.path.join(folder, name)
    shutil.copy(source, path)
    return sqlite3.connect(path)


def hostile(db):
    for table in ("sessions", "single_events", "diagnoses", "related_events"):
        for _, name, kind, *_ in db.execute(f"PRAGMA table_info({table})").fetchall():
            if kind == "TEXT" and (table, name) not in {("sessions", "uid"), ("single_events", "side")}:
                db.execute(f"UPDATE {table} SET {name} = ?", (HOSTILE,))
    db.commit()


def copy_rows(db, table, session, number, changes):
    """Copies the rows of `session` to session `number`, columns as `changes` says."""
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    values = [changes.get(name, name) for name in names]
    where = f"id BETWEEN {session << 24} AND {session << 24 | 0xFFFFFF}" if table == "single_events" else f"session_id = {session}"
    db.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} WHERE {where}")


def many(db):
    sources = [row[0] for row in db.execute("SELECT DISTINCT session_id FROM diagnoses")]
    findings = "SELECT count(*) FROM (SELECT DISTINCT session_id, origin_seq, cause FROM diagnoses)"
    have, = db.execute(findings).fetchone()
    number, = db.execute("SELECT max(session_id) FROM sessions").fetchone()
    each = dict(db.execute("SELECT session_id, count(*) FROM (SELECT DISTINCT session_id, origin_seq, cause "
                           "FROM diagnoses) GROUP BY 1"))
    turn = 0
    while have < FINDINGS:
        session = sources[turn % len(sources)]
        turn, number, have = turn + 1, number + 1, have + each[session]
        later = f"{turn} * 41000000"
        copy_rows(db, "sessions", session, number, {
            "session_id": str(number), "uid": f"'{number:020d}'", "started_us": f"started_us + {later}",
            "ended_us": f"ended_us + {later}", "client_addr": f"'192.0.2.{turn % 251}'"})
        copy_rows(db, "single_events", session, number, {"id": f"{number} << 24 | (id & 16777215)", "ts_us": f"ts_us + {later}"})
        copy_rows(db, "diagnoses", session, number, {"id": "NULL", "session_id": str(number)})
        copy_rows(db, "related_events", session, number, {"session_id": str(number)})
    db.commit()
    return have


def main(source, folder):
    hostile(copied(source, folder, "hostile.db"))
    number = many(copied(source, folder, "many.db"))
    db = sqlite3.connect(source)
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as out:
        json.dump({
            "hostile": HOSTILE,
            "many": number,
            "findings": db.execute("SELECT count(*) FROM (SELECT DISTINCT session_id, origin_seq, cause FROM diagnoses)").fetchone()[0],
            "of_server": db.execute("SELECT count(*) FROM (SELECT DISTINCT session_id, origin_seq, cause FROM diagnoses WHERE fault = 'server')").fetchone()[0],
            "lines": db.execute("SELECT session_id, origin_seq, reply_seq FROM diagnoses WHERE origin_seq IS NOT NULL "
                                "AND origin_seq <> reply_seq ORDER BY 1, 2, 3").fetchall(),
        }, out)


main(*sys.argv[1:])
