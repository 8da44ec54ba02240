#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Names (without .c) of the test programs in a directory."""
import pathlib
import sys

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.c")):
    print(path.stem)
