#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads a pcapng file, strictly: one JSON object a line for each packet.

    pcapng.py FILE

Keys: interface (its name), ns (time since 1970), len (on the wire), comment, data (hex). What the format
(draft-ietf-opsawg-pcapng) does not allow ends it with status 1 and a reason.
"""
import json
import struct
import sys

SHB, IDB, EPB = 0x0A0D0D0A, 1, 6


def options(data):
    """Code and value of each option of a block."""
    at = 0
    while at < len(data):
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            if length != 0 or at + 4 != len(data):
                raise ValueError("opt_endofopt is not the end")
            return
        value = data[at + 4:at + 4 + length]
        if len(value) != length:
            raise ValueError("an option ends behind its block")
        yield code, value
        at += 4 + (length + 3 & ~3)


def blocks(data):
    """Type and body of each block."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if length % 4 or length < 12 or at + length > len(data):
            raise ValueError(f"a block of {length} bytes at {at} of {len(data)}")
        if struct.unpack_from("<I", data, at + length - 4)[0] != length:
            raise ValueError(f"the block at {at} has two lengths")
        yield kind, data[at + 8:at + length - 4]
        at += length


def packets(data):
    """A dictionary for each packet."""
    interfaces = []
    for i, (kind, body) in enumerate(blocks(data)):
        if (kind == SHB) != (i == 0):
            raise ValueError("there must be one section header, at the start")
        if kind == SHB:
            magic, major, minor, _ = struct.unpack_from("<IHHq", body)
            if (magic, major, minor) != (0x1A2B3C4D, 1, 0):
                raise ValueError("not little-endian pcapng 1.0")
            list(options(body[16:]))
        elif kind == IDB:
            link, _, snaplen = struct.unpack_from("<HHI", body)
            own = dict(options(body[8:]))
            if link != 1:
                raise ValueError(f"link type {link}")
            interfaces.append((own.get(2, b"").decode(), own.get(9, b"\x06")[0], snaplen))
        elif kind == EPB:
            number, high, low, captured, length = struct.unpack_from("<IIIII", body)
            name, digits, snaplen = interfaces[number]
            bytes_ = body[20:20 + captured]
            if len(bytes_) != captured or (snaplen and captured > snaplen) or captured > length:
                raise ValueError(f"{captured} bytes of {length}, snaplen {snaplen}")
            own = dict(options(body[20 + (captured + 3 & ~3):]))
            yield {"interface": name, "ns": (high << 32 | low) * 10 ** (9 - digits), "len": length,
                   "comment": own.get(1, b"").decode(), "data": bytes_.hex()}


def main():
    """Prints them."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    try:
        for packet in packets(data):
            print(json.dumps(packet))
    except (ValueError, struct.error, IndexError) as wrong:
        sys.exit(f"{sys.argv[1]}: {wrong}")


if __name__ == "__main__":
    main()
