#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed corpus of fuzz_engine beside this file: corpus/engine.

The seeds are committed; run this again after changing them here. Format: see the comments on top of
fuzz_engine.c and in engine_settings.h. Each seed is a conversation that ends well, for the fuzzer to break.
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


OFF, FULL, ALWAYS, ADAPTIVE, MONITOR = range(5)
SILENT, LINUX, LEGACY = range(3)
# indices into the lists of more_settings() in engine_settings.c
S0, S1, S2, S3, S5, S8, S20, S63 = range(8)
SINGLE, EXACT, YOUNG, DEFER_COOKIES, SYN_AUTO, SYN_ONE, SYN_FIVE, SHARED, RTO_3S = 1, 2, 4, 8, 16, 32, 48, 64, 128


def queues(cookies=FULL, mode=SILENT, wait=S0, flags=0, limits=0x0C, rest=0x0F, manner=OFFLOAD, a=128, b=0x0F,
           fastopen=0):
    """settings() with the queues' rules: rest is max_syn_backlog - 1, synack_retries, percents"""
    with_more = settings(manner, a, b, fastopen)
    return bytes([with_more[0] | 128]) + with_more[1:] + bytes([wait << 5 | mode << 3 | cookies, flags, limits, rest])


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


def options(a=0, b=0, conn=0):
    """Keep-alive in a (bit 0, count, idle, interval), the rest in b (timeout, window, hops, DSCP)."""
    return worker(OPTIONS, conn) + bytes([a, b])


def frame(data):
    return bytes([(len(data) >> 8) << 3 | 3, len(data) & 255]) + data


def icmp(client, kind, code, mtu=0, seq=0, quote=28):
    return bytes([8 << 3 | 3, client, kind, code, min(mtu // 8, 255), seq & 255, quote])


def around(which, *more):
    return bytes([which << 3 | 4, *more])


ACCEPT, RECV, PEEK, SEND, SHUTDOWN, CLOSE, ABORT, NODELAY, INFO, EVENTS, OPTIONS = 0, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12
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
    # deferral: nothing, data, FIN; a full queue then room; given up; by SYN-ACK timeouts; cookies
    "defer_silent": queues(wait=S2) + hello(opt=SYN_ALL, after=TS) + packet(0, A, opt=TS) + time(14) + time(13)
    + TAKE + worker(SEND, 0, 9),
    "defer_silent_data": queues(wait=S20) + hello() + time(12) + packet(0, A | P, data=4) + TAKE + worker(RECV, 0, 9),
    "defer_silent_fin": queues(wait=S20) + hello() + packet(0, A | F) + TAKE + worker(RECV, 0, 9),
    "defer_silent_late": queues(wait=S3) + packet(0, S) + time(14) + packet(0, A) + packet(0, S) + time(15) + TAKE,
    "defer_silent_never": queues(wait=S2) + packet(0, S) + time(20),
    "defer_silent_rst": queues(wait=S8) + hello() + packet(0, S, seq=-100) + time(13) + packet(0, R, seq=5)
    + packet(0, R) + hello(1) + packet(1, S, seq=3),
    "defer_silent_wrap": queues(wait=S3, manner=LATE) + hello() + packet(0, S) + time(15) + packet(0, S) + TAKE,
    "defer_full_room": queues(wait=S1, flags=EXACT | SYN_FIVE, b=0) + b"".join(hello(c) for c in (0, 1, 2, 4))
    + time(14) + TAKE + time(12) + packet(2, A | P, data=1) + TAKE + packet(4, S) + TAKE,
    "defer_full_give_up": queues(wait=S1, flags=EXACT | SYN_FIVE, b=0) + b"".join(hello(c) for c in (0, 1, 2))
    + time(14) + time(17) + around(1) + time(15) + packet(1, A) + packet(2, S, seq=-9) + around(0) + TAKE,
    "defer_full_unlisten": queues(wait=S1, flags=EXACT | SYN_FIVE, b=0) + b"".join(hello(c) for c in (0, 1, 2, 6))
    + time(14) + packet(4, S) + around(2) + around(4) + hello(4) + time(14) + TAKE + around(6),
    "defer_no_tcb": queues(wait=S2, flags=SYN_FIVE, b=0x1F) + hello(0) + hello(1) + time(15) + hello(2) + TAKE
    + worker(ABORT) + time(12) + TAKE,
    "defer_no_buffers": queues(wait=S3, rest=0x3F) + packet(0, S) + around(1) + time(14) + packet(0, A) + around(0)
    + time(15) + TAKE,
    "defer_linux": queues(mode=LINUX, wait=S5, rest=0x3F) + hello() + time(15) + packet(0, A) + time(15)
    + packet(0, A) + time(16) + packet(0, A) + TAKE,
    "defer_linux_data": queues(mode=LINUX, wait=S5) + hello() + time(15) + packet(0, A | P, data=3) + TAKE,
    "defer_linux_fin": queues(mode=LINUX, wait=S20) + hello() + packet(0, A | F) + TAKE + worker(RECV),
    "defer_linux_full": queues(mode=LINUX, wait=S3, flags=EXACT | SYN_FIVE, b=0) + b"".join(hello(c) for c in (0, 1))
    + time(15) + packet(0, A) + packet(1, A) + time(12) + TAKE + packet(1, A | P, data=2) + TAKE,
    "defer_linux_give_up": queues(mode=LINUX, wait=S8, flags=RTO_3S, rest=0x1F) + hello() + time(20) + time(20),
    "defer_legacy": queues(mode=LEGACY, wait=S3, flags=RTO_3S) + hello() + packet(0, A) + time(15) + time(12)
    + packet(0, A) + TAKE,
    "defer_legacy_data": queues(mode=LEGACY, wait=S20) + hello() + time(14) + packet(0, A | P, data=3) + TAKE,
    "defer_legacy_full": queues(mode=LEGACY, wait=S20, flags=EXACT | SYN_FIVE, b=0)
    + b"".join(hello(c) + packet(c, A | P, data=2) for c in (0, 1)) + packet(1, A) + time(20),
    "defer_cookie_ignored": queues(ALWAYS, wait=S8) + hello() + packet(0, A | P, data=4) + TAKE,
    "defer_cookie_taken": queues(ALWAYS, wait=S8, flags=DEFER_COOKIES) + hello() + TAKE,
    # who is let in
    "adaptive": queues(ADAPTIVE, flags=SYN_FIVE) + b"".join(packet(c, S) for c in (0, 1, 2, 4, 5))
    + b"".join(packet(c, A) for c in (0, 1, 2, 4, 5)) + packet(0, R) + packet(0, S) + TAKE,
    "adaptive_half": queues(ADAPTIVE, rest=0xCF, b=8) + b"".join(packet(c, S) for c in (0, 1, 2, 4))
    + packet(0, R) + packet(1, R) + packet(5, S) + packet(5, A) + TAKE,
    "monitor": queues(MONITOR, b=0) + b"".join(packet(c, S) for c in (0, 1, 2)) + packet(0, A) + hello(1) + hello(2),
    "single": queues(flags=SINGLE, b=4) + hello(0) + hello(1) + hello(2) + TAKE + hello(2) + packet(4, S) + time(20),
    "single_cookies": queues(ALWAYS, flags=SINGLE, b=0) + hello(0) + hello(1) + TAKE + packet(1, A),
    "young": queues(flags=YOUNG | EXACT | SYN_FIVE, b=0) + hello(0) + packet(1, S) + packet(2, S) + packet(4, S)
    + time(14) + packet(5, S),
    "prefix_limit": queues(limits=0x01) + packet(0, S) + packet(1, S) + time(14) + packet(2, S) + packet(6, S)
    + packet(3, S) + time(16),
    "prefix_limit_outage": queues(limits=0x05, rest=0x3F) + packet(0, S) + packet(1, S) + around(1) + time(14)
    + around(0) + time(16),
    "proven": queues(OFF, limits=0x3C, rest=0x04) + hello(0) + TAKE + worker(ABORT) + packet(0, R)
    + b"".join(packet(c, S) for c in (1, 2, 4, 5, 0)) + time(17) + packet(1, S),
    "proven_none": queues(OFF, limits=0x0C, rest=0x03) + b"".join(packet(c, S) for c in (0, 1, 2, 4)),
    "check_rate": queues(ALWAYS, limits=0x4C) + packet(0, S) + packet(0, A, ack=9) + packet(0, A) + time(14)
    + packet(0, A) + TAKE,
    "shared": queues(OFF, flags=SHARED) + packet(0, A) + packet(0, S) + packet(0, A, ack=1) + packet(0, A),
    "cookie_beside": queues(FULL, wait=S3, b=0) + packet(0, S) + packet(1, S) + packet(0, R) + packet(1, S, seq=7)
    + packet(1, A, seq=7, ack=1) + packet(1, A | P, data=1),
    # Fast Open beside the other rules: it is not deferred, counts in the one queue, passes a flood
    "fastopen_defer": queues(wait=S8, fastopen=NO_COOKIE) + packet(0, S, data=2) + packet(0, A) + TAKE
    + packet(1, S) + packet(1, A) + packet(1, A | P, data=1) + TAKE,
    "fastopen_defer_late": queues(wait=S2, flags=EXACT, b=0, fastopen=NO_COOKIE | LATER) + packet(0, S, data=2)
    + packet(1, S, data=2) + packet(0, A) + packet(1, A) + time(15) + TAKE + packet(1, A),
    "fastopen_single": queues(flags=SINGLE, b=4, fastopen=NO_COOKIE) + packet(0, S, data=1) + packet(1, S)
    + packet(2, S, data=1) + packet(0, A) + TAKE + packet(2, S, data=1),
    "fastopen_always": queues(ALWAYS, fastopen=COOKIE | FLOOD) + packet(0, S, opt=FO) + packet(0, A) + packet(0, R)
    + packet(0, S, opt=FO, data=2) + packet(0, A) + TAKE,
    "fastopen_prefix": queues(limits=0x05, fastopen=NO_COOKIE) + packet(0, S, data=1) + packet(1, S, data=1)
    + packet(2, S, data=1) + time(14) + packet(2, S, data=1),
    "fastopen_accept_full": queues(flags=EXACT | YOUNG, b=0, fastopen=NO_COOKIE) + packet(0, S, data=1)
    + packet(1, S, data=1) + packet(1, A | P, data=1) + TAKE + packet(1, A | P, data=1) + packet(2, S, data=1),
    "icmp": settings() + packet(0, S, opt=SYN_MSS) + icmp(0, 3, 1, seq=-1) + icmp(0, 3, 4, 600, -1)
    + packet(0, A) + TAKE + worker(SEND, 0, 200) + icmp(0, 3, 4, 1400, -100) + icmp(0, 3, 4, 0, -1)
    + icmp(0, 3, 3, seq=-100) + packet(0, A, ack=-100) + icmp(0, 4, 0) + icmp(0, 3, 4, 1000, 9, 27)
    + packet(1, S) + icmp(1, 3, 3, seq=-1) + packet(0, A) + icmp(0, 11, 0, seq=-128),
    "icmp_v6": settings(a=130) + hello(6) + TAKE + worker(SEND, 0, 90) + icmp(6, 2, 0, 1280, -9, 60)
    + icmp(6, 1, 4, 0, -9, 60) + packet(6, A),
    "icmp_fastopen": settings(fastopen=NO_COOKIE) + packet(0, S, data=2) + icmp(0, 3, 3, seq=-1) + TAKE
    + packet(1, S, data=2) + TAKE + worker(SEND, 1, 90) + icmp(1, 3, 4, 1000, -5) + icmp(1, 3, 3, seq=-5),
    # keep-alive: answered, then not; a user timeout with data out; a small window; wrong values
    "keep_alive": settings() + hello() + TAKE + options(0b0101101) + time(18) + packet(0, A) + time(20) + time(20),
    "user_timeout": settings() + hello() + TAKE + options(b=0b10001011) + worker(SEND, 0, 90) + time(14) + time(16),
    "options_wrong": settings() + hello() + TAKE + options(0xFF, 0xFF) + options(b=0x10) + worker(ABORT) + options(1),
    "hosts": settings(PLAIN) + frame(ARP) + frame(ECHO),
    # other settings with entries, cookies, deferrals and connections about; another secret; closed and opened again
    "change": queues() + packet(0, S, opt=SYN_MSS) + packet(1, S, opt=SYN_ALL) + packet(2, S) + packet(2, A)
    + around(13) + queues(ALWAYS, flags=SINGLE | EXACT, b=0) + packet(0, A) + packet(1, A) + TAKE + packet(4, S)
    + packet(4, A) + TAKE + around(13) + queues(fastopen=COOKIE, a=0) + packet(0, A | P, data=9) + packet(5, S) + time(18),
    "change_defer": queues(wait=S2) + packet(0, S) + packet(0, A) + packet(1, S) + around(13) + queues(mode=LINUX, wait=S0)
    + packet(1, A) + time(18) + around(13) + queues(wait=S2) + packet(2, S) + packet(2, A) + time(18) + TAKE + TAKE,
    "rotate": queues(ALWAYS) + packet(0, S) + packet(1, S, opt=SYN_ALL) + around(12, 7) + packet(2, S) + packet(0, A)
    + packet(1, A, opt=SYN_ALL) + packet(2, A) + TAKE + around(12, 8) + packet(6, S) + packet(6, A) + time(20) + TAKE,
    "reopen": queues() + packet(0, S) + packet(1, S) + packet(1, A) + packet(2, S) + around(2) + around(4) + packet(0, A)
    + packet(2, S) + packet(2, A) + TAKE + time(16) + around(3) + around(2) + time(20),
}


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    for name, data in SEEDS.items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
