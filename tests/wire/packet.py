# SPDX-License-Identifier: BSD-3-Clause
"""TCP packets: bytes from words of a script, and values from bytes that came back."""

import re
import socket
import struct

SERVER_MAC = bytes.fromhex("020000000001")
CLIENT_MAC = bytes.fromhex("020000000002")
FLAG_BITS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128, "N": 256}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def addr_bytes(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def tcp_checksum(src, dst, segment):
    if len(src) == 4:
        pseudo = src + dst + struct.pack("!BBH", 0, 6, len(segment))
    else:
        pseudo = src + dst + struct.pack("!IHBB", len(segment), 0, 0, 6)
    return checksum(pseudo + segment)


def ip_header(p, src, dst, length):
    """p: the words a script may say of the IP header"""
    if len(src) == 16:
        head = struct.pack("!IHBB", 6 << 28 | p.get("tos", 0) << 20, length, 6, p.get("ttl", 64))
        return head + src + dst
    frag = p.get("frag", 0) // 8 | (0x2000 if "mf" in p else 0)
    total = p.get("iplen", 20 + length)
    head = struct.pack("!BBHHHBBH", p.get("ipver", 4) << 4 | 5, p.get("tos", 0), total, 0, frag,
                       p.get("ttl", 64), 6, 0) + src + dst
    csum = checksum(head)
    if "badip" in p:
        csum ^= 0x5555
    return head[:10] + struct.pack("!H", csum) + head[12:]


def build(p):
    """An Ethernet frame of a dict: src, dst, sport, dport, flags, seq, ack, win, options, data ..."""
    src, dst = addr_bytes(p["src"]), addr_bytes(p["dst"])
    flags = 0
    for letter in p["flags"].strip("-"):
        flags |= FLAG_BITS[letter]
    options = p["options"]
    if "doff" not in p:
        options += b"\x01" * (-len(options) % 4)
    doff = p.get("doff", 5 + len(options) // 4)
    head = struct.pack("!HHIIHHHH", p["sport"], p["dport"], p["seq"] & 0xFFFFFFFF,
                       p["ack"] & 0xFFFFFFFF, (doff & 15) << 12 | flags, p["win"], 0,
                       p.get("urg", 0))
    segment = head + options + p["data"]
    csum = tcp_checksum(src, dst, segment)
    if "badcsum" in p:
        csum ^= 0x5555
    segment = segment[:16] + struct.pack("!H", csum) + segment[18:]
    if "trunc" in p:
        segment = segment[:len(segment) - p["trunc"]]
    ether = SERVER_MAC + CLIENT_MAC + (b"\x86\xdd" if len(src) == 16 else b"\x08\x00")
    return ether + ip_header(p, src, dst, len(segment)) + segment


def build_icmp(p):
    """An ICMP error from p["router"] about the head of a segment the server sent: type, code, mtu, seq ..."""
    router, src, dst = (addr_bytes(p[x]) for x in ("router", "src", "dst"))
    v6 = len(src) == 16
    tcp = struct.pack("!HHIIHHHH", p["sport"], p["dport"], p["seq"] & 0xFFFFFFFF, 0, 0x5010, 65535, 0, 0)
    quoted = ip_header({"iplen": 20 + len(tcp) + p["len"]}, src, dst, len(tcp) + p["len"]) + tcp
    head = struct.pack("!BBHI", p["type"], p["code"], 0, p["mtu"])
    pseudo = router + src + struct.pack("!IHBB", 8 + len(quoted), 0, 0, 58) if v6 else b""
    csum = checksum(pseudo + head + quoted)
    body = head[:2] + struct.pack("!H", csum) + head[4:] + quoted
    ip = bytearray(ip_header({}, router, src, len(body)))
    if v6:
        ip[6] = 58
    else:
        ip[9] = 1
        ip[10:12] = bytes(2)
        ip[10:12] = struct.pack("!H", checksum(bytes(ip)))
    return SERVER_MAC + CLIENT_MAC + (b"\x86\xdd" if v6 else b"\x08\x00") + bytes(ip) + body


def option_bytes(text, number):
    """<mss 1460,sackOK,ts 100 echo,nop,wscale 7> without the brackets; number() reads a value"""
    out = b""
    for part in filter(None, (x.strip() for x in text.split(","))):
        w = part.split()
        if w[0] == "mss":
            out += struct.pack("!BBH", 2, 4, number(w[1]))
        elif w[0] == "wscale":
            out += struct.pack("!BBB", 3, 3, number(w[1]))
        elif w[0] == "sackOK":
            out += b"\x04\x02"
        elif w[0] == "sack":
            edges = [number(x) & 0xFFFFFFFF for x in w[1:]]
            out += struct.pack(f"!BB{len(edges)}I", 5, 2 + 4 * len(edges), *edges)
        elif w[0] == "ts":
            out += struct.pack("!BBII", 8, 10, number(w[1]) & 0xFFFFFFFF,
                               number(w[2]) & 0xFFFFFFFF)
        elif w[0] == "nop":
            out += b"\x01"
        elif w[0] == "eol":
            out += b"\x00"
        elif w[0] in ("fo", "foexp"):  # Fast Open: a request, or a cookie
            cookie = number(w[1], cookie=True) if len(w) > 1 else b""
            head = b"" if w[0] == "fo" else b"\xf9\x89"
            kind = 34 if w[0] == "fo" else 254
            out += bytes([kind, 2 + len(head) + len(cookie)]) + head + cookie
        elif w[0] == "opt":
            body = bytes.fromhex(w[2]) if len(w) > 2 else b""
            out += bytes([int(w[1]), 2 + len(body)]) + body
        elif w[0] == "hex":
            out += bytes.fromhex(w[1])
        else:
            raise ValueError(f"option {part}")
    return out


class Segment:
    """A TCP segment that came back."""

    def __init__(self, frame):
        kind = frame[12:14]
        if kind == b"\x08\x00":
            ihl = (frame[14] & 15) * 4
            total = struct.unpack("!H", frame[16:18])[0]
            self.proto, self.tos, self.ttl = frame[23], frame[15], frame[22]
            ip_src, ip_dst = frame[26:30], frame[30:34]
            body = frame[14 + ihl:14 + total]
            family = socket.AF_INET
            self.ip_good = checksum(frame[14:14 + ihl]) == 0
        elif kind == b"\x86\xdd":
            length = struct.unpack("!H", frame[18:20])[0]
            self.proto = frame[20]
            self.tos = (frame[14] & 15) << 4 | frame[15] >> 4
            self.ttl = frame[21]
            ip_src, ip_dst = frame[22:38], frame[38:54]
            body = frame[54:54 + length]
            family = socket.AF_INET6
            self.ip_good = True
        else:
            raise ValueError("not IP")
        if self.proto != 6:
            raise ValueError("not TCP")
        self.src = socket.inet_ntop(family, ip_src)
        self.dst = socket.inet_ntop(family, ip_dst)
        (self.sport, self.dport, self.seq, self.ack, bits, self.win, _,
         self.urg) = struct.unpack("!HHIIHHHH", body[:20])
        doff = (bits >> 12) * 4
        # PSH is no one's promise: it is left out
        self.flags = "".join(n for n in "FSRAUECN" if bits & FLAG_BITS[n]) or "-"
        self.options = list(walk_options(body[20:doff]))
        self.data = body[doff:]
        self.good = self.ip_good and tcp_checksum(ip_src, ip_dst, body) == 0

    def option(self, kind):
        for k, body in self.options:
            if k == kind:
                return body
        return None

    @property
    def ts(self):
        body = self.option(8)
        return struct.unpack("!II", body) if body else None

    @property
    def cookie(self):
        body = self.option(34)
        if body is None and (self.option(254) or b"")[:2] == b"\xf9\x89":
            body = self.option(254)[2:]
        return body


def walk_options(raw):
    """(kind, body) of each; NOP and EOL with an empty body"""
    i = 0
    while i < len(raw):
        if raw[i] in (0, 1):
            yield raw[i], b""
            if raw[i] == 0:
                return
            i += 1
        elif i + 1 >= len(raw) or raw[i + 1] < 2 or i + raw[i + 1] > len(raw):
            yield -1, raw[i:]
            return
        else:
            yield raw[i], raw[i + 2:i + raw[i + 1]]
            i += raw[i + 1]


def parse_time(text):
    m = re.fullmatch(r"([0-9.]+)(us|ms|s|min)", text)
    if not m:
        raise ValueError(f"time {text}")
    return float(m[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60}[m[2]]
