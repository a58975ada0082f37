#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed corpora of the wire fuzzers beside this file: corpus/tcpopt, corpus/frame.

The seeds are committed; run this again after changing them here. Formats: see the comment on top
of fuzz_tcpopt.c and fuzz_frame.c.
"""
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent / "corpus"
MAC = bytes.fromhex("020000000001020000000002")
A4, B4 = bytes([192, 0, 2, 7]), bytes([198, 51, 100, 9])
A6 = bytes.fromhex("20010db8000000000000000000000007")
B6 = bytes.fromhex("20010db8000000000000000000000009")
SOLICITED = bytes.fromhex("ff0200000000000000000001ff000009")

MSS, SACK_OK, NOP, EOL = b"\2\4\5\xb4", b"\4\2", b"\1", b"\0"
TS, WS = b"\x08\x0a\1\2\3\4\5\6\7\x08", b"\3\3\7"


def sack(n):
    return bytes([5, 2 + 8 * n]) + bytes(range(8 * n))


def tfo(n):
    return bytes([34, 2 + n]) + bytes(range(n))


def tfo_exp(n):
    return bytes([254, 4 + n, 0xF9, 0x89]) + bytes(range(n))


LINUX_SYN = MSS + SACK_OK + TS + NOP + WS

OPTIONS = {
    "empty": b"",
    "linux_syn": LINUX_SYN,
    "linux_syn_tfo_request": LINUX_SYN + tfo(0) + NOP * 2,
    "linux_syn_tfo8": LINUX_SYN + tfo(8) + NOP * 2,
    "linux_syn_tfo16": LINUX_SYN + tfo(16) + NOP * 2,
    "exp_tfo_request": LINUX_SYN + tfo_exp(0),
    "exp_tfo16": LINUX_SYN + tfo_exp(16),
    "exp_other_magic": b"\xfe\4\xf9\x88" + MSS,
    "tfo_odd": tfo(5) + NOP,
    "tfo_short": tfo(2),
    "tfo_long": tfo(18),
    "tfo_both_kinds": tfo(4) + tfo_exp(4),
    "bsd_syn": MSS + NOP + WS + SACK_OK + TS,
    "windows_syn": MSS + NOP + WS + NOP * 2 + SACK_OK,
    "mss_only": MSS,
    "mss_twice": MSS + b"\2\4\0\1",
    "nop_nop_ts": NOP * 2 + TS,
    "ts_nop_nop": TS + NOP * 2,
    "ts_wrong_length": b"\x08\x09" + bytes(7) + MSS,
    "ts_truncated": b"\x08\x0a\1\2\3",
    "ts_and_sack3": NOP * 2 + TS + NOP * 2 + sack(3),
    "syn_sack3_no_room": TS + NOP * 2 + sack(3) + tfo(0),
    "sack1": NOP * 2 + sack(1),
    "sack4": NOP * 2 + sack(4),
    "sack_empty": b"\5\2" + MSS,
    "sack_not_of_8": b"\5\x0b" + bytes(9),
    "sack_twice": sack(1) + sack(2),
    "wscale_15": b"\3\3\x0f\1",
    "wscale_255": b"\3\3\xff\1",
    "length_0": MSS + b"\x4d\0" + WS,
    "length_1": MSS + b"\x4d\1" + WS,
    "length_past_end": MSS + b"\x4d\xff",
    "kind_is_last_byte": MSS + b"\3",
    "eol_then_mss": EOL + MSS,
    "nops": NOP * 40,
    "md5": b"\x13\x12" + bytes(16) + MSS,
    "unknown_40": b"\x4d\x28" + bytes(38),
}


def csum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~total & 0xFFFF)


def put(data, at, what):
    return data[:at] + what + data[at + len(what):]


def eth(kind, body, tags=b""):
    return MAC + tags + struct.pack(">H", kind) + body


def ipv4(proto, body, opts=b"", frag=0x4000):
    head = struct.pack(">BBHHHBBH", 0x45 + len(opts) // 4, 0, 20 + len(opts) + len(body), 1,
                       frag, 64, proto, 0) + A4 + B4 + opts
    return put(head, 10, csum(head)) + body


def ipv6(proto, body, src=A6, dst=B6, hops=64):
    return struct.pack(">IHBB", 0x60000000, len(body), proto, hops) + src + dst + body


def pseudo(proto, body, src, dst):
    return src + dst + struct.pack(">II", len(body), proto)


def tcp(flags, opts=b"", data=b"", src=A4, dst=B4):
    t = struct.pack(">HHIIHHHH", 0x1234, 80, 1, 2, (5 + len(opts) // 4) << 12 | flags, 64240, 0,
                    0) + opts + data
    return put(t, 16, csum(pseudo(6, t, src, dst) + t))


def icmp(kind, rest, code=0):
    m = bytes([kind, code, 0, 0]) + rest
    return put(m, 2, csum(m))


def icmp6(kind, rest, src=A6, dst=B6, code=0):
    m = bytes([kind, code, 0, 0]) + rest
    return put(m, 2, csum(pseudo(58, m, src, dst) + m))


def solicit(options, src=A6, dst=SOLICITED, hops=255):
    return ipv6(58, icmp6(135, bytes(4) + B6 + options, src, dst), src, dst, hops)


def ext(following, units=0, rest=b""):
    return (bytes([following, units]) + rest).ljust(8 * (units + 1), b"\0")


V4, V6 = 0x0800, 0x86DD
Q, QINQ = bytes.fromhex("81000007"), bytes.fromhex("88a8200781000007")
SYN4, SYN6 = tcp(2, LINUX_SYN), tcp(2, LINUX_SYN, src=A6, dst=B6)
ARP = bytes.fromhex("0001080006040001") + MAC[6:] + A4 + bytes(6) + B4
SLLA, ECHO = b"\1\1" + MAC[6:], b"\xca\xfe\0\1payload"

FRAMES = {
    "v4_syn": eth(V4, ipv4(6, SYN4)),
    "v4_syn_vlan": eth(V4, ipv4(6, SYN4), Q),
    "v4_syn_qinq": eth(V4, ipv4(6, SYN4), QINQ),
    "v4_syn_three_tags": eth(V4, ipv4(6, SYN4), QINQ + Q),
    "v4_syn_padded": eth(V4, ipv4(6, tcp(2, MSS))) + bytes(6),
    "v4_syn_ip_options": eth(V4, ipv4(6, SYN4, NOP * 39 + EOL)),
    "v4_ack_data": eth(V4, ipv4(6, tcp(0x18, NOP * 2 + TS, b"GET / HTTP/1.1\r\n\r\n"))),
    "v4_ack_sack": eth(V4, ipv4(6, tcp(0x10, NOP * 2 + TS + NOP * 2 + sack(3)))),
    "v4_rst": eth(V4, ipv4(6, tcp(4))),
    "v4_accecn_syn": eth(V4, ipv4(6, tcp(0x1C2, LINUX_SYN))),
    "v4_bad_offset": eth(V4, ipv4(6, put(SYN4, 12, b"\xf0"))),
    "v4_fragment": eth(V4, ipv4(6, SYN4, frag=0x2000)),
    "v4_udp": eth(V4, ipv4(17, bytes(8))),
    "v4_echo": eth(V4, ipv4(1, icmp(8, ECHO))),
    "v4_echo_options": eth(V4, ipv4(1, icmp(8, ECHO), b"\x83\7\4" + A4 + EOL)),
    "v4_echo_zero": eth(V4, ipv4(1, icmp(8, bytes(4)))),
    "v4_unreachable": eth(V4, ipv4(1, icmp(3, bytes(4) + ipv4(6, SYN4)[:28], 4))),
    "arp_request": eth(0x0806, ARP),
    "arp_request_vlan": eth(0x0806, ARP + bytes(18), Q),
    "arp_reply": eth(0x0806, put(ARP, 7, b"\2")),
    "v6_syn": eth(V6, ipv6(6, SYN6)),
    "v6_syn_qinq": eth(V6, ipv6(6, SYN6), QINQ),
    "v6_syn_hop_by_hop": eth(V6, ipv6(0, ext(6, 0, b"\5\2") + SYN6)),
    "v6_syn_chain": eth(V6, ipv6(0, ext(43) + ext(60, 2) + ext(6, 1) + SYN6)),
    "v6_eight_headers": eth(V6, ipv6(60, ext(60) * 7 + ext(6) + SYN6)),
    "v6_nine_headers": eth(V6, ipv6(60, ext(60) * 8 + ext(6) + SYN6)),
    "v6_segments_left": eth(V6, ipv6(43, ext(6, 2, b"\4\1") + SYN6)),
    "v6_fragment": eth(V6, ipv6(44, ext(6) + SYN6)),
    "v6_jumbo": eth(V6, put(ipv6(0, ext(6, 0, b"\xc2\4\0\1") + SYN6), 4, b"\0\0")),
    "v6_none": eth(V6, ipv6(59, b"")),
    "v6_echo": eth(V6, ipv6(58, icmp6(128, ECHO))),
    "v6_echo_dest_options": eth(V6, ipv6(60, ext(58, 1) + icmp6(128, ECHO))),
    "nd_solicit": eth(V6, solicit(SLLA)),
    "nd_solicit_vlan": eth(V6, solicit(SLLA), Q),
    "nd_solicit_dad": eth(V6, solicit(b"", bytes(16))),
    "nd_solicit_nonce": eth(V6, solicit(b"\x0e\1" + bytes(6), bytes(16))),
    "nd_solicit_option_0": eth(V6, solicit(b"\1\0" + bytes(6))),
    "nd_solicit_routed": eth(V6, solicit(SLLA, hops=64)),
    "router_advert": eth(V6, ipv6(58, icmp6(134, bytes(12)), hops=255)),
    "lldp": eth(0x88CC, bytes(20)),
    "runt": MAC[:9],
}

# Control bytes: the port checked nothing; everything, with room behind; a chain cut at 68.
CONTROL = {"": b"\0\0", "_good": b"\x0b\0", "_chain": b"\4\x22"}


def main():
    for name in ("tcpopt", "frame"):
        (HERE / name).mkdir(parents=True, exist_ok=True)
    for name, opts in OPTIONS.items():
        syn = 0 if name.startswith(("nop_nop_ts", "ts_and", "sack")) else 1
        (HERE / "tcpopt" / name).write_bytes(bytes([syn]) + opts[:40])
    for name, frame in FRAMES.items():
        for suffix, control in CONTROL.items():
            if suffix == "_chain" and name not in ("v4_ack_data", "v4_echo_options", "v6_echo"):
                continue
            if suffix == "_good" and not name.startswith(("nd_", "v4_syn", "v6_syn", "v4_ack")):
                continue
            (HERE / "frame" / (name + suffix)).write_bytes(control + frame)


if __name__ == "__main__":
    main()
