#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Names of the tests in a directory: its .c files without their ending, and the directories in it that hold a `cmd`."""
import pathlib
import sys

TOP = pathlib.Path(sys.argv[1])
for name in sorted([path.stem for path in TOP.glob("*.c")] + [path.parent.name for path in TOP.glob("*/cmd")]):
    print(name)
