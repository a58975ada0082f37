#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A TCP client that sends everything in IP fragments, from an address no kernel has.

    fragments.py IFACE MAC SOURCE HOST PORT STEP...

IFACE is the interface, MAC the server's. Steps, in order:

    echo          a connection; the SYN and every segment with data in fragments, out of order; what was
                  sent must come back; closed by FIN from both sides
    overlap N     N segments of a connection, each with a fragment that overlaps: nothing comes back;
                  then the same without the overlap, which does
    incomplete N  N SYNs without their last fragment: nothing comes back
    first N       a flood of N first fragments of different datagrams
    silent N      N SYNs in two fragments each: nothing comes back
    wait SECS     lets time pass

Says after each step how many fragments it has sent: "STEP N". Ends with status 0 when all was as it
should be.
"""
import ipaddress
import random
import socket
import struct
import sys
import time

PATIENCE = 10  # seconds for an answer that must come
QUIET = 0.5    # seconds without an answer that must not
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Wire:
    """Frames from our address to the server's and back."""

    def __init__(self, iface, mac, source, host):
        self.source, self.host = ipaddress.ip_address(source), ipaddress.ip_address(host)
        self.v6 = self.host.version == 6
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.bind((iface, 0))
        me = bytes.fromhex("020000000077")
        self.ether = bytes.fromhex(mac.replace(":", "")) + me + (b"\x86\xdd" if self.v6 else b"\x08\x00")
        self.answer = me + bytes.fromhex(mac.replace(":", ""))
        self.ident = random.randrange(1 << 15)
        self.sent = 0

    def checked(self, tcp):
        """A segment with its checksum."""
        if self.v6:
            pseudo = self.source.packed + self.host.packed + struct.pack("!II", len(tcp), 6)
        else:
            pseudo = self.source.packed + self.host.packed + struct.pack("!HH", 6, len(tcp))
        return tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]

    def send_piece(self, ident, tcp, off, end):
        """One fragment: the bytes from off to end of a segment."""
        more = end < len(tcp)
        part = tcp[off:end]
        if self.v6:
            head = struct.pack("!IHBB", 6 << 28, 8 + len(part), 44, 64)
            head += self.source.packed + self.host.packed
            head += struct.pack("!BBHI", 6, 0, off | more, ident)
        else:
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), ident & 0xffff,
                               off // 8 | more << 13, 64, 6, 0)
            head += self.source.packed + self.host.packed
            head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        self.sock.send(self.ether + head + part)
        self.sent += 1

    def send(self, tcp, cuts, order=None):
        """A segment in the pieces (off, end) of cuts, in an order; the table is given time to read."""
        self.ident += 1
        for i in order or range(len(cuts)):
            self.send_piece(self.ident, tcp, *cuts[i])

    def receive(self, port, patience):
        """The next segment to our port: (seq, ack, flags, data), or None after so many seconds."""
        end = time.monotonic() + patience
        while True:
            self.sock.settimeout(max(end - time.monotonic(), 0.001))
            try:
                frame = self.sock.recv(65536)
            except (socket.timeout, BlockingIOError):
                return None
            if frame[:12] != self.answer or frame[12:14] != self.ether[12:14]:
                if time.monotonic() > end:
                    return None
                continue
            ip = frame[14:]
            size = 40 + struct.unpack_from("!H", ip, 4)[0] if self.v6 else struct.unpack_from("!H", ip, 2)[0]
            tcp = ip[40 if self.v6 else 20:size]
            if struct.unpack_from("!H", tcp, 2)[0] != port:
                continue
            seq, ack, off, flags = struct.unpack_from("!IIBB", tcp, 4)
            return seq, ack, flags, tcp[(off >> 4) * 4:]


def even_cuts(length, size):
    """Cuts of `size` bytes, a multiple of 8, the last one of what is left."""
    return [(off, min(off + size, length)) for off in range(0, length, size)]


class Client:
    """One connection."""

    def __init__(self, wire, port):
        self.wire, self.port = wire, port
        self.source_port = random.randrange(20000, 60000)
        self.seq, self.ack = random.randrange(1 << 32), 0

    def segment(self, flags, data=b"", options=b""):
        """Bytes of a segment."""
        head = struct.pack("!HHIIBBHHH", self.source_port, self.port, self.seq, self.ack,
                           (20 + len(options)) << 2, flags, 65535, 0, 0)
        return self.wire.checked(head + options + data)

    def receive(self, patience=PATIENCE):
        """An answer, which must not be a RST."""
        got = self.wire.receive(self.source_port, patience)
        if got is not None and got[2] & RST:
            sys.exit("reset")
        return got

    def syn(self):
        """A SYN large enough to be cut: MSS 1400, and data that nobody needs to take."""
        return self.segment(SYN, b"\0" * 64, struct.pack("!BBH", 2, 4, 1400))

    def connect(self):
        """Handshake with a SYN in two fragments, the second one first."""
        syn = self.syn()
        self.wire.send(syn, even_cuts(len(syn), 40), [2, 0, 1])
        got = self.receive()
        if got is None or got[2] & (SYN | ACK) != SYN | ACK or got[1] != self.seq + 1 & 0xffffffff:
            sys.exit(f"no SYN-ACK for a SYN in fragments: {got}")
        self.seq, self.ack = got[1], got[0] + 1 & 0xffffffff
        self.wire.sock.send(self.whole(ACK))

    def whole(self, flags):
        """A frame without fragments: for what has no data."""
        tcp = self.segment(flags)
        if self.wire.v6:
            head = struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64)
            return self.wire.ether + head + self.wire.source.packed + self.wire.host.packed + tcp
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
        head += self.wire.source.packed + self.wire.host.packed
        return self.wire.ether + head[:10] + struct.pack("!H", checksum(head)) + head[12:] + tcp

    def wants_back(self, data):
        """Reads until data has come back, acknowledging."""
        back = b""
        while len(back) < len(data):
            got = self.receive()
            if got is None:
                sys.exit(f"{len(back)} of {len(data)} bytes came back")
            if got[0] != self.ack:
                continue
            back += got[3]
            self.ack = self.ack + len(got[3]) & 0xffffffff
            if got[3]:
                self.wire.sock.send(self.whole(ACK))
        if back != data:
            sys.exit("other bytes came back")

    def exchange(self, data, size, order):
        """A segment in fragments, and its echo."""
        tcp = self.segment(ACK | PSH, data)
        cuts = even_cuts(len(tcp), size)
        if order == "random":
            order = random.sample(range(len(cuts)), len(cuts))
        self.wire.send(tcp, cuts, order)
        self.seq = self.seq + len(data) & 0xffffffff
        self.wants_back(data)

    def close(self):
        """FIN, the server's FIN, and the last ACK."""
        self.wire.sock.send(self.whole(FIN | ACK))
        self.seq = self.seq + 1 & 0xffffffff
        while True:
            got = self.receive()
            if got is None:
                sys.exit("no FIN")
            if got[2] & FIN and got[0] == self.ack:
                break
        self.ack = self.ack + 1 & 0xffffffff
        self.wire.sock.send(self.whole(ACK))


def echo(wire, port):
    """Segments of many sizes, each in up to 8 fragments."""
    one = Client(wire, port)
    one.connect()
    for length, size in ((100, 40), (1400, 504), (4000, 1440), (7000, 1000), (11000, 1400)):
        one.exchange(random.randbytes(length), size, None)
        one.exchange(random.randbytes(length), size, "random")
    one.close()


def overlap(wire, port, count):
    """A fragment more than there should be, over the end of another."""
    one = Client(wire, port)
    one.connect()
    for _ in range(int(count)):
        data = random.randbytes(3000)
        tcp = one.segment(ACK | PSH, data)
        wire.send(tcp, [(0, 1200), (1192, 2400), (2400, len(tcp))])
        if one.receive(QUIET) is not None:
            sys.exit("an answer to overlapping fragments")
        one.exchange(data, 1200, [2, 1, 0])
    one.close()


def incomplete(wire, port, count):
    """All but the last fragment."""
    for _ in range(int(count)):
        one = Client(wire, port)
        syn = one.syn()
        wire.send(syn, even_cuts(len(syn), 40)[:-1])
        if one.receive(QUIET / 5) is not None:
            sys.exit("an answer to half a SYN")


def first(wire, port, count):
    """First fragments and no others."""
    one = Client(wire, port)
    syn = one.syn()
    for _ in range(int(count)):
        wire.send(syn, [(0, 40)])


def silent(wire, port, count):
    """What is answered with reassembly only."""
    for _ in range(int(count)):
        one = Client(wire, port)
        syn = one.syn()
        wire.send(syn, even_cuts(len(syn), 48))
        if one.receive(QUIET / 5) is not None:
            sys.exit("an answer to fragments")


def main():
    """Goes through the steps."""
    steps = {"echo": (echo, 0), "overlap": (overlap, 1), "incomplete": (incomplete, 1),
             "first": (first, 1), "silent": (silent, 1),
             "wait": (lambda wire, port, secs: time.sleep(float(secs)), 1)}
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    random.seed(7)
    wire, port, todo = Wire(*sys.argv[1:5]), int(sys.argv[5]), sys.argv[6:]
    while todo:
        name = todo.pop(0)
        step, args = steps[name]
        before = wire.sent
        step(wire, port, *todo[:args])
        todo = todo[args:]
        print(name, wire.sent - before, flush=True)


if __name__ == "__main__":
    main()
