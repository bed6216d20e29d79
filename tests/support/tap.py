# SPDX-License-Identifier: ISC
"""Tests that report in TAP, the format that `make check` counts.

A test is a function decorated with @test("what must hold"). It fails by an exception, is skipped by
skip("reason"), and is run by run() in the order of the file."""

import sys
import traceback

_tests = []


class Skip(Exception):
    pass


def skip(reason):
    raise Skip(reason)


def test(title):
    def register(function):
        _tests.append((title, function))
        return function

    return register


def add(title, function):
    """A test made at run time, say one per sample."""
    _tests.append((title, function))


def check(condition, message, *evidence):
    if not condition:
        raise AssertionError("\n".join([message] + [str(e) for e in evidence]))


def equal(got, wanted, what="value"):
    check(got == wanted, f"{what}: got {got!r}", f"wanted {wanted!r}")


def contains(text, *parts):
    for part in parts:
        check(part in text, f"{part!r} is missing in", text)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def run():
    print(f"1..{len(_tests)}", flush=True)
    failed = 0
    for number, (title, function) in enumerate(_tests, 1):
        title = title.replace("#", "no.")  # in TAP a # begins a directive
        try:
            function()
        except Skip as reason:
            print(f"ok {number} - {title} # SKIP {reason}", flush=True)
        except Exception as error:
            failed += 1
            print(f"not ok {number} - {title}")
            story = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            for line in story.splitlines():
                print(f"# {line}")
            sys.stdout.flush()
        else:
            print(f"ok {number} - {title}", flush=True)
    sys.exit(1 if failed else 0)
