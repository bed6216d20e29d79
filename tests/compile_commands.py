# SPDX-License-Identifier: ISC
"""Prints a compilation database: compile_commands.py SOURCE "FILE ..." COMPILER FLAG..."""

import json
import os
import sys

source, files, *command = sys.argv[1:]
json.dump([{"directory": os.getcwd(), "file": path, "arguments": [*command, "-c", path]}
           for path in (os.path.abspath(os.path.join(source, name)) for name in files.split())],
          sys.stdout, indent=1)
