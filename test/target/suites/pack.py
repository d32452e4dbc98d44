#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Packs scripts into one file, for images that have no files: of each its name and its text, both
ended by a zero, and a zero at the end.

usage: pack.py PACKED SCRIPT...
"""
import pathlib
import sys

packed = b"".join(b"%s\0%s\0" % (path.parent.name.encode() + b"/" + path.name.encode(),
                                 path.read_bytes()) for path in map(pathlib.Path, sys.argv[2:]))
pathlib.Path(sys.argv[1]).write_bytes(packed + b"\0")
