#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed corpus of fuzz_engine beside this file: corpus/engine.

The seeds are committed; run this again after changing them here. Format: see the comment on top of
fuzz_engine.c. Each seed is a conversation that ends well, for the fuzzer to break.
"""
import pathlib

HERE = pathlib.Path(__file__).resolve().parent / "corpus" / "engine"

F, S, R, P, A = 1, 2, 4, 8, 16
SYN_ALL, SYN_MSS, TS = 0b1111, 0b0001, 0b0100
FO = SYN_ALL | 32

PLAIN, OFFLOAD, CHAIN, TIGHT, LATE = range(5)


COOKIE, NO_COOKIE, LATER, FLOOD, SHORT = 1, 2, 4, 8, 16


def settings(manner=OFFLOAD, a=128, b=0x0F, fastopen=0):
    return bytes([manner + 5 * fastopen, a, b])


def packet(client, flags, seq=0, ack=0, win=255, opt=0, data=0, damage=()):
    out = bytes([client << 3 | (64 if damage else 0), flags, seq & 255, ack & 255, win, opt, data])
    if damage:
        out += bytes([len(damage) - 1])
        for at, xor in damage:
            out += bytes([at, xor])
    return out


def time(a):
    return bytes([a << 3 | 1])


def worker(call, conn=0, length=0):
    return bytes([call << 3 | 2, conn, length])


def frame(data):
    return bytes([(len(data) >> 8) << 3 | 3, len(data) & 255]) + data


def around(which, *more):
    return bytes([which << 3 | 4, *more])


ACCEPT, RECV, PEEK, SEND, SHUTDOWN, CLOSE, ABORT, NODELAY, INFO, EVENTS = 0, 2, 3, 4, 6, 7, 8, 9, 10, 11
# one call looks at one listener, the IPv4 one first
TAKE = worker(ACCEPT)


def hello(client=0, opt=SYN_MSS, after=0):
    return packet(client, S, opt=opt) + packet(client, A, opt=after)


ARP = bytes.fromhex("ffffffffffff020000000100080600010800060400010200000001000a0000020000000000000a000001")
ECHO = bytes.fromhex("02000000000102000000010008004500001c00004000400126df0a0000020a0000010800f7ff00000000")

SEEDS = {
    "handshake": settings() + hello() + TAKE + worker(INFO),
    "handshake_options": settings() + hello(opt=SYN_ALL, after=TS) + TAKE + worker(EVENTS),
    "handshake_v6": settings() + hello(6) + packet(6, A | P, data=2) + TAKE,
    "handshake_vlan": settings(PLAIN) + hello(4) + hello(5) + TAKE + TAKE,
    "synack_retransmit": settings() + packet(0, S, opt=SYN_ALL) + time(14) + time(16) + time(20),
    "syn_repeated": settings() + packet(0, S) + packet(0, S) + time(13) + packet(0, S, seq=1),
    "cookies": settings(a=130) + hello() + TAKE + packet(0, A | P, data=4) + worker(RECV, 0, 9),
    "cookies_ts": settings(a=130) + hello(opt=SYN_ALL, after=TS) + TAKE + worker(SEND, 0, 9),
    "cookies_v6": settings(a=130) + hello(7, opt=SYN_ALL, after=TS) + packet(7, A, opt=TS),
    "cookie_wrong": settings(a=130) + packet(0, S) + packet(0, A, ack=5),
    "syn_queue_full": settings(a=129, b=0) + b"".join(packet(c, S) for c in (0, 1, 2, 4)),
    "accept_queue_full": settings(b=0) + b"".join(hello(c) for c in (0, 1, 2, 4)) + time(14) + TAKE,
    "abort_on_overflow": settings(a=132, b=4) + b"".join(hello(c) for c in (0, 1, 2, 4, 5)),
    "echo": settings() + hello() + TAKE + packet(0, A | P, data=20) + worker(RECV, 0, 9)
    + worker(SEND, 0, 9) + packet(0, A) + packet(0, A | F) + worker(CLOSE) + packet(0, A),
    "close_first": settings() + hello() + TAKE + worker(CLOSE) + packet(0, A) + packet(0, A | F)
    + time(12) + packet(0, S, seq=100) + time(20),
    "close_both": settings() + hello() + TAKE + worker(CLOSE) + packet(0, A | F, ack=-1) + packet(0, A),
    "half_close": settings() + hello() + TAKE + worker(SHUTDOWN) + packet(0, A) + packet(0, A | P, data=9)
    + worker(PEEK, 0, 3) + packet(0, A | F),
    "close_unread": settings() + hello() + TAKE + packet(0, A | P, data=9) + worker(CLOSE),
    "data_after_close": settings() + hello() + TAKE + worker(CLOSE) + packet(0, A | P, data=9),
    "abort": settings() + hello() + TAKE + worker(SEND, 0, 9) + worker(ABORT) + worker(SEND, 0, 9),
    "reset": settings() + hello() + TAKE + packet(0, R, seq=1) + packet(0, R) + worker(RECV) + worker(CLOSE),
    "syn_inside": settings() + hello() + TAKE + packet(0, S, seq=9) + packet(0, S | A),
    "window_shut": settings(b=0) + hello() + TAKE + packet(0, A, opt=64) + worker(SEND, 0, 50) + time(12)
    + packet(0, A, opt=64) + time(13) + packet(0, A, ack=-1, opt=64) + packet(0, A, ack=-1),
    "window_fills": settings(b=0) + hello() + TAKE + packet(0, A, data=175) * 4 + worker(RECV, 0, 255),
    "retransmit": settings() + hello() + TAKE + worker(SEND, 0, 200) + time(12) + time(13) + packet(0, A),
    "dup_acks": settings(b=3) + hello() + TAKE + worker(SEND, 0, 255) + packet(0, A, ack=-100) * 5
    + packet(0, A),
    "give_up": settings() + hello() + TAKE + worker(SEND, 0, 20) + time(21) + worker(EVENTS) + worker(RECV),
    "out_of_order": settings() + hello() + TAKE + packet(0, A, seq=80, data=9) + packet(0, A, data=20),
    "chain": settings(CHAIN) + hello() + packet(0, A | P, data=100) + TAKE + worker(PEEK, 0, 40),
    "tight": settings(TIGHT) + hello() + packet(0, A, seq=-50, data=1) + packet(0, R, seq=5),
    "late": settings(LATE) + hello(opt=SYN_ALL, after=TS) + TAKE + worker(SEND, 0, 9) + time(16) + packet(0, A),
    "nagle": settings(a=0) + hello() + TAKE + worker(SEND, 0, 0) * 3 + packet(0, A) + worker(NODELAY, 0, 1),
    "idle": settings(b=0x8F) + hello() + TAKE + time(17),
    "small_pools": settings(b=0x70) + b"".join(hello(c) + TAKE for c in (0, 1, 2)) + worker(SEND, 0, 255),
    "no_buffers": settings() + hello() + TAKE + around(1) + worker(SEND, 0, 90) + time(12) + around(0) + time(10),
    "buffer_fails": settings() + hello() + TAKE + around(9, 1, 3) + worker(SEND, 0, 90) + packet(0, A),
    "unlisten": settings() + packet(0, S) + hello(1) + around(2) + around(4) + hello(2) + TAKE,
    "drain": settings() + hello() + TAKE + around(6) + worker(EVENTS) + around(7) + packet(0, A) + around(8),
    "burst": settings() + around(10) + packet(0, S) * 2 + packet(1, S) + packet(6, S) + around(10)
    + packet(0, A | P, data=9) * 2 + packet(1, A) + packet(1, A | F) + packet(0, R) + TAKE,
    "closed_port": settings() + packet(3, S) + packet(3, A) + packet(3, F) + packet(3, R),
    "damaged": settings() + hello() + TAKE + packet(0, A | P, data=4, damage=((14, 1), (46, 16)))
    + packet(0, S, opt=SYN_ALL, damage=((55, 255),)),
    "fastopen": settings(fastopen=COOKIE) + packet(0, S, opt=FO) + packet(0, R) + packet(0, S, opt=FO, data=2)
    + TAKE + worker(RECV, 0, 9) + worker(SEND, 0, 9) + packet(0, A, opt=TS) + packet(0, A | P, opt=TS, data=1),
    "fastopen_v6": settings(CHAIN, fastopen=COOKIE) + packet(6, S, opt=FO) + packet(6, R)
    + packet(6, S, opt=FO, data=99) + TAKE + packet(6, A | F, opt=TS, data=3) + worker(CLOSE),
    "fastopen_key": settings(fastopen=COOKIE) + packet(0, S, opt=FO) + packet(0, R) + around(11, 7)
    + packet(0, S, opt=FO, data=2) + packet(0, R) + packet(0, S, opt=FO) + around(11, 8) + around(11, 9),
    "fastopen_bad": settings(TIGHT, fastopen=COOKIE) + packet(0, S, opt=FO) + packet(0, R)
    + around(11, 1) + around(11, 2) + packet(0, S, opt=FO, data=2) + packet(0, A | P, data=2),
    "fastopen_segments": settings(fastopen=NO_COOKIE) + packet(0, S, data=2) + packet(0, S, data=2) + time(13)
    + packet(0, S, data=2) + packet(0, S, seq=20) + packet(0, A, ack=9) + packet(0, R, seq=9) + packet(0, A),
    "fastopen_timer": settings(fastopen=NO_COOKIE) + packet(0, S, data=2) + TAKE + worker(SEND, 0, 50) + time(14)
    + worker(SEND, 0, 1) + time(15) + packet(0, A, ack=-128) + packet(0, A) + time(18),
    "fastopen_gives_up": settings(fastopen=NO_COOKIE) + packet(0, S, data=2) + TAKE + time(19) + worker(RECV, 0, 9),
    "fastopen_close": settings(fastopen=NO_COOKIE) + packet(0, S, data=2) + TAKE + worker(RECV, 0, 9)
    + worker(CLOSE) + packet(0, A, ack=-1) + packet(0, A | F) + time(12),
    "fastopen_reset": settings(fastopen=NO_COOKIE | SHORT) + packet(0, S, data=2) + packet(0, R)
    + packet(1, S, data=2) + TAKE + time(19) + packet(1, S, data=2),
    "fastopen_late": settings(fastopen=NO_COOKIE | LATER, b=0x80) + packet(0, S, data=2) + packet(1, S, data=2)
    + packet(2, S, data=2) + packet(0, A) + packet(1, A) + packet(2, A) + time(14) + TAKE + packet(2, A | P, data=1),
    "fastopen_late_unlisten": settings(fastopen=NO_COOKIE | LATER) + packet(0, S, data=2) + around(2)
    + around(4) + packet(1, S, data=2) + packet(0, S, data=2),
    "fastopen_unlisten": settings(fastopen=NO_COOKIE) + packet(0, S, data=2) + TAKE + packet(1, S, data=2) + around(2)
    + around(4) + packet(2, S, data=2) + packet(0, A) + TAKE + packet(2, R),
    "fastopen_flood": settings(a=130, fastopen=COOKIE | FLOOD) + packet(0, S, opt=FO) + packet(0, S, opt=FO, data=2),
    "fastopen_time_wait": settings(fastopen=NO_COOKIE) + packet(0, S, data=1) + packet(0, A) + TAKE + worker(RECV, 0, 9)
    + worker(CLOSE) + packet(0, A | F) + time(12) + packet(0, S, seq=120, data=1) + TAKE,
    "fastopen_no_buffer": settings(fastopen=NO_COOKIE) + around(1) + packet(0, S, data=1) + TAKE + time(14) + around(0),
    "fastopen_small_pools": settings(b=0x70, fastopen=NO_COOKIE) + b"".join(packet(c, S, data=9) for c in (0, 1, 2, 4)),
    "hosts": settings(PLAIN) + frame(ARP) + frame(ECHO),
}


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    for name, data in SEEDS.items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
