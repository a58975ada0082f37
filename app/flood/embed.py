#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""embed.py OBJECT NAME HEADER: a file's bytes as a C array, so that the program needs no file."""
import sys

with open(sys.argv[1], "rb") as f:
    data = f.read()
with open(sys.argv[3], "w", encoding="ascii") as f:
    # as aligned as libbpf's ELF reader wants it
    f.write("static const unsigned char %s[] __attribute__((aligned(8))) = {\n" % sys.argv[2])
    for i in range(0, len(data), 16):
        f.write("\t" + ", ".join("%d" % b for b in data[i:i + 16]) + ",\n")
    f.write("};\n")
