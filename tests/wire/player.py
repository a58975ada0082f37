# SPDX-License-Identifier: BSD-3-Clause
"""Plays one script to both sides at the same time."""

import re
import select
import socket
import struct
import time

import packet
import sides
import trace
from packet import parse_time

SETTLE = 0.25  # after the last line
PATIENCE = 2.0  # for a SYN-ACK whose number the next packet needs


class Cannot(Exception):
    """The script needs something that a side has not sent."""


class End:
    """One wire: a side, the raw socket that talks to it, and what came back."""

    def __init__(self, side, tap):
        self.side, self.tap = side, tap
        self.trace = trace.Trace(side.name)
        self.conn = {}  # client: number of its connection


class Player:
    def __init__(self, script, family, program):
        self.script, self.family = script, family
        self.server = sides.SERVER_ADDRESS[family]
        self.clients = {"": (self.address("2"), 40000)}
        for name, (host, port) in script.clients.items():
            self.clients[name] = (self.address(host), port)
        self.by_peer = {peer: name for name, peer in self.clients.items()}
        self.last_step = 0.0
        wires = sides.Wires()
        kernel = sides.KernelSide(wires, script.config, script.listeners, family)
        tidegate = sides.TidegateSide(wires, program, script.config, script.listeners, family)
        self.ends = [End(kernel, wires.tap("kc")), End(tidegate, wires.tap("tc"))]
        self.kernel, self.tidegate = self.ends

    def address(self, host):
        """5 is a host of the server's network, 1.5 one beyond a router; others as they are."""
        dots = host.count(".")
        if ":" in host or dots > 1:
            return host
        if self.family == 4:
            return f"10.9.{host}" if dots else f"192.0.2.{host}"
        return f"2001:db8:9::{host.replace('.', ':')}" if dots else f"2001:db8::{host}"

    def play(self):
        """@return differences"""
        self.began = self.last_step = time.time()
        for step in self.script.steps:
            self.watch(self.last_step + step.gap)
            try:
                self.take(step)
            except Cannot as e:
                self.tidegate.trace.faults.append(f"line {step.number}: {e}")
                break
            except (ValueError, KeyError, IndexError) as e:
                raise SystemExit(f"{self.script.name}:{step.number}: {step.line}: {e!r}") from e
        self.watch(self.last_step + SETTLE)
        self.counts = [e.side.counters() for e in self.ends]
        out = trace.compare(self.kernel.trace, self.tidegate.trace, *self.counts,
                            self.script.ignore)
        self.kernel.side.end()
        complaint = self.tidegate.side.end()
        return out + ([complaint] if complaint else [])

    def watch(self, until):
        """Takes in what comes until then; always once."""
        while True:
            left = until - time.time()
            ready, _, _ = select.select([e.tap for e in self.ends], [], [], max(left, 0))
            for e in self.ends:
                if e.tap in ready:
                    self.read(e)
            if left <= 0 and not ready:
                return

    def read(self, end):
        try:
            frame, ancillary, _, _ = end.tap.recvmsg(4096, 64)
        except BlockingIOError:
            return
        try:
            seg = packet.Segment(frame)
        except (ValueError, IndexError, struct.error):
            return
        if len(frame) < 54:
            return
        when = time.time()
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == sides.SO_TIMESTAMPNS:
                s, ns = struct.unpack("ll", data[:16])
                when = s + ns * 1e-9
        client = self.by_peer.get((seg.dst, seg.dport), f"{seg.dst}:{seg.dport}")
        end.trace.answer(client, seg, when, min(self.last_step, when))

    def take(self, step):
        if step.verb == "wait":
            self.last_step = time.time()
            return
        if step.verb == ">":
            self.await_numbers(step)
            frames = [self.frame(e, step) for e in self.ends]
            self.last_step = time.time()
            for e, frame in zip(self.ends, frames):
                e.tap.send(frame)
            return
        self.last_step = time.time()
        for e in self.ends:
            self.call(e, step)

    def await_numbers(self, step):
        """A packet that names iss waits for the SYN-ACK, where the machine is slow."""
        need = [n for n in ("iss", "echo", "synecho", "cookie") if re.search(rf"\b{n}\b", step.line)]
        end = time.time() + PATIENCE
        while time.time() < end and any(self.lacks(e, step.client, n)
                                        for e in self.ends for n in need):
            self.watch(time.time() + 0.005)
        for e in self.ends:
            for n in need:
                if self.lacks(e, step.client, n):
                    raise Cannot(f"no {n} from {e.side.name}")

    @staticmethod
    def lacks(end, client, what):
        f = end.trace.flow(client)
        return {"iss": f.iss is None, "echo": f.tsval == 0,
                "synecho": f.syn_tsval == 0, "cookie": not f.cookie}[what]

    def number(self, end, client):
        """Reads numbers of a packet: 1000, iss+1, echo, echo-5; cookies: hex digits or `cookie`."""
        f = end.trace.flow(client)

        def read(text, cookie=False):
            m = re.fullmatch(r"(iss|synecho|echo|cookie|[0-9a-fx]+)([+-]\d+)?", text)
            if not m:
                raise ValueError(f"number {text}")
            if cookie:
                return f.cookie if m[1] == "cookie" else bytes.fromhex(m[1])
            base = {"iss": f.iss, "echo": f.tsval, "synecho": f.syn_tsval}.get(m[1])
            return (int(m[1], 0) if base is None else base) + int(m[2] or 0)
        return read

    def frame(self, end, step):
        number = self.number(end, step.client)
        src, sport = self.clients[step.client]
        if step.words[0] == "icmp":
            w = step.words
            return packet.build_icmp({
                "type": int(w[1]), "code": int(w[2]), "mtu": int(w[3]), "seq": number(w[4]),
                "len": int(w[6]) if w[5:6] == ["len"] else 0, "router": self.address("9"),
                "src": self.server, "dst": src, "sport": 80, "dport": sport})
        p = {"src": src, "dst": self.server, "sport": sport, "dport": 80, "win": 65535,
             "ack": 0, "data": b"", "options": b""}
        line = " ".join(step.words)
        m = re.search(r"<(.*?)>", line)
        if m:
            p["options"] = packet.option_bytes(m[1], number)
            line = line[:m.start()] + line[m.end():]
        m = re.search(r'"(.*?)"', line)
        if m:
            p["data"] = m[1].encode().decode("unicode_escape").encode("latin1")
            line = line[:m.start()] + line[m.end():]
        words = line.split()
        p["flags"], p["seq"] = words[0], number(words[1])
        words = words[2:]
        while words:
            key = words.pop(0)
            if key in ("badcsum", "badip", "mf"):
                p[key] = True
            elif key == "len":
                p["data"] = bytes(97 + i % 26 for i in range(int(words.pop(0))))
            elif key in ("src", "dst"):
                p[key] = self.address(words.pop(0))
            elif key in ("ack", "win", "sport", "dport", "tos", "ttl", "urg", "trunc", "doff",
                         "iplen", "ipver", "frag"):
                p[key] = number(words.pop(0))
            else:
                raise ValueError(f"word {key}")
        return packet.build(p)

    def call(self, end, step):
        words = step.words
        if step.verb == "accept":
            got = end.side.accept()
            if got is None:
                end.trace.call("", "accept: none")
                return
            client = self.by_peer.get((got[1], got[2]), "?")
            end.conn[client] = got[0]
            end.trace.call("", f"accept: {client or 'the client'}")
        elif step.verb in ("rotate", "unlisten", "relisten"):
            getattr(end.side, step.verb)(*words)
        else:
            idx = end.conn.get(step.client)
            size = int(words[0]) if words else 65536
            result = "no connection" if idx is None else end.side.call(step.verb, idx, size)
            end.trace.call(step.client, f"{step.verb}: {result}")
