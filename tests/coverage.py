# SPDX-License-Identifier: ISC
"""Adds up what gcov says of the objects below the current folder: lines reached, by folder.

`make coverage` runs it in its build folder."""

import json
import os
import subprocess
import sys
from collections import defaultdict

FOLDERS = ("analyzer", "db", "dissectors")


def lines_of(notes):
    """(file, line, reached) of each line that the object's compiler saw."""
    done = subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "--stdout", notes],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for text in done.stdout.splitlines():
        for file in json.loads(text).get("files", []):
            for line in file["lines"]:
                yield file["file"], line["line_number"], line["count"] > 0


def main():
    reached = defaultdict(dict)
    for folder in FOLDERS:
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                if not name.endswith(".gcda"):
                    continue
                for path, line, hit in lines_of(os.path.join(place, name)):
                    parts = os.path.normpath(path).split(os.sep)
                    at = next((i for i, part in enumerate(parts) if part in FOLDERS), None)
                    if at is not None:
                        lines = reached["/".join(parts[at:-1])]
                        lines[parts[-1], line] = lines.get((parts[-1], line), False) or hit
    if not reached:
        sys.exit("coverage.py: no .gcda files here; were the tests run?")
    every = [hit for lines in reached.values() for hit in lines.values()]
    for folder, lines in sorted(reached.items()):
        print(f"{folder:28} {100 * sum(lines.values()) / len(lines):6.1f} %  of {len(lines)} lines")
    print(f"{'all':28} {100 * sum(every) / len(every):6.1f} %  of {len(every)} lines")


main()
