#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A VLAN for kernels without 802.1Q: a tap device whose frames are tagged on their way to the wire.

    vlan_shim.py TAP WIRE VID...

Makes the tap device TAP. A frame from it goes out of interface WIRE with the tags VID..., outermost
first; a frame from WIRE reaches TAP only when it carries exactly these tags. Says "ready", runs until it
is killed. Frames from WIRE with other tags, or none, are counted on standard error.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
ETH_P_ALL, ETH_P_8021Q = 0x0003, 0x8100
SOL_PACKET, PACKET_AUXDATA = 263, 8
TP_STATUS_VLAN_VALID = 1 << 4
MACS = 12  # bytes of addresses before the EtherType
FRAME_MAX = 65535


def open_tap(name):
    """A tap device without any header before the frames."""
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def open_wire(name):
    """A raw socket that also tells the tag the kernel has taken off."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.bind((name, 0))
    return sock


def receive(sock):
    """A frame as it was on the wire, or None for one of our own side."""
    frame, control, _, addr = sock.recvmsg(FRAME_MAX, 256)
    if addr[2] == socket.PACKET_OUTGOING:
        return None
    for level, kind, data in control:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, _ = struct.unpack("=IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                tag = struct.pack("!HH", ETH_P_8021Q, tci)
                frame = frame[:MACS] + tag + frame[MACS:]
    return frame


def main():
    """Copies frames both ways."""
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    tap, wire = open_tap(sys.argv[1]), open_wire(sys.argv[2])
    tags = b"".join(struct.pack("!HH", ETH_P_8021Q, int(vid)) for vid in sys.argv[3:])
    untagged_type = MACS + len(tags)
    print("ready", flush=True)
    while True:
        for fd in select.select([tap, wire], [], [])[0]:
            if fd is tap:
                frame = os.read(tap, FRAME_MAX)
                wire.send(frame[:MACS] + tags + frame[MACS:])
                continue
            frame = receive(wire)
            if frame is None:
                continue
            ethertype = frame[untagged_type:untagged_type + 2]
            if frame[MACS:untagged_type] == tags and ethertype != b"\x81\x00":
                os.write(tap, frame[:MACS] + frame[untagged_type:])
            else:
                print("other tags:", frame[MACS:MACS + 12].hex(), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
