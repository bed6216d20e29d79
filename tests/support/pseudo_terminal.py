# SPDX-License-Identifier: ISC
"""Terminals for programs that want one. A root may lack them, when nobody has mounted /dev/pts."""

import os
import pty

from support import tap


def open_terminal():
    """Both ends of a terminal; skips the test when none can be made."""
    try:
        return pty.openpty()
    except OSError as error:
        tap.skip(f"no terminal can be made here: {error}")


def need_terminal():
    for end in open_terminal():
        os.close(end)
