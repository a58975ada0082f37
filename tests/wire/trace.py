# SPDX-License-Identifier: BSD-3-Clause
"""What a side answered, in words that do not depend on its choices; and how two such traces differ."""

import difflib

IMMEDIATE = 0.15  # seconds: an answer, not a timer
SLACK = 0.2  # and a sixteenth: the kernel's timer wheel is up to so much late
SEQ_NEAR = 1 << 18  # a number so far from ours is the client's

# Counters that both count, and that say something of a listener or a connection on its way.
COUNTERS = """
InSegs OutSegs RetransSegs InErrs InCsumErrors OutRsts PassiveOpens AttemptFails EstabResets
ListenOverflows ListenDrops
TCPReqQFullDoCookies TCPReqQFullDrop SyncookiesSent SyncookiesRecv SyncookiesFailed
TCPDeferAcceptDrop TCPFastOpenPassive TCPFastOpenPassiveFail TCPFastOpenPassiveAltKey
TCPFastOpenListenOverflow TCPFastOpenCookieReqd TCPSynRetrans TCPTimeouts PAWSEstab
TCPChallengeACK TCPSYNChallenge TCPAbortOnData TCPAbortOnClose TCPAbortOnTimeout TCPKeepAlive
OutOfWindowIcmps
""".split()


class Flow:
    """What is known of one client on one side."""

    def __init__(self):
        self.iss = None
        self.tsval = 0  # the last one that came
        self.syn_tsval = 0  # the same, in a SYN-ACK
        self.cookie = b""
        self.answers = []  # (text, time, gap since the answer before, gap since the last step)
        self.calls = []
        self.last = None


class Trace:
    """All flows of one side."""

    def __init__(self, side):
        self.side = side
        self.flows = {}
        self.faults = []

    def flow(self, client):
        return self.flows.setdefault(client, Flow())

    def answer(self, client, seg, when, last_step):
        f = self.flow(client)
        if not seg.good:
            self.faults.append(f"a wrong checksum in {seg.flags}")
        text = describe(f, seg)
        since = when - (f.last if f.last is not None else last_step)
        f.answers.append((text, when, since, when - last_step))
        f.last = when

    def call(self, client, text):
        self.flow(client).calls.append(text)


def near(seq, iss):
    return iss is not None and (seq - iss + SEQ_NEAR) & 0xFFFFFFFF < 2 * SEQ_NEAR


def describe(f, seg):
    if "S" in seg.flags:
        where = "iss" if f.iss in (None, seg.seq) else "iss(another)"
        f.iss = seg.seq
    elif seg.seq and near(seg.seq, f.iss):
        where = f"iss{(seg.seq - f.iss + SEQ_NEAR & 0xFFFFFFFF) - SEQ_NEAR:+d}"
    else:
        where = str(seg.seq)
    text = f"{seg.flags} {where}"
    if "A" in seg.flags or seg.ack:
        text += f" ack {seg.ack}"
    if seg.win == 0 and "R" not in seg.flags:
        text += " win 0"
    if seg.data:
        text += f" len {len(seg.data)}"
    if seg.ttl != 64:
        text += f" ttl {seg.ttl}"
    if seg.tos >> 2:
        text += f" dscp {seg.tos >> 2}"
    if seg.tos & 3:
        text += f" ect {seg.tos & 3}"
    return text + describe_options(f, seg)


def describe_options(f, seg):
    words = []
    for kind, body in seg.options:
        if kind == 2:
            words.append(f"mss {int.from_bytes(body, 'big')}")
        elif kind == 3:
            words.append("wscale")
        elif kind == 4:
            words.append("sackOK")
        elif kind == 5:
            edges = [int.from_bytes(body[i:i + 4], "big") for i in range(0, len(body), 4)]
            words.append("sack " + " ".join(map(str, edges)))
        elif kind == 8:
            tsval, tsecr = seg.ts
            back = f.tsval and (tsval - f.tsval) & 0xFFFFFFFF >= 1 << 31
            words.append(f"ts{' BACKWARDS' if back else ''} echo {tsecr}")
            f.tsval = tsval
            if "S" in seg.flags:
                f.syn_tsval = tsval
        elif kind in (34, 254):
            f.cookie = seg.cookie or b""
            words.append(("fo " if kind == 34 else "foexp ") + f.cookie.hex())
        elif kind in (0, 1):
            words.append(("eol", "nop")[kind])
        else:
            words.append(f"opt {kind} {body.hex()}")
    return f" <{','.join(words)}>" if words else ""


def compare(kernel, tidegate, count_k, count_t, ignore):
    """A line for each difference, without figures of time."""
    out = list(tidegate.faults) + [f"the kernel: {x}" for x in kernel.faults]
    for client in sorted(kernel.flows.keys() | tidegate.flows.keys()):
        k, t = kernel.flow(client), tidegate.flow(client)
        who = client + " " if client else ""
        out += compare_lists(who, k.answers, t.answers)
        for i in range(max(len(k.calls), len(t.calls))):
            a, b = (x[i] if i < len(x) else "none" for x in (k.calls, t.calls))
            if a != b:
                out.append(f"{who}call: kernel {a}, tidegate {b}")
    for name in COUNTERS:
        if name not in ignore and count_k.get(name, 0) != count_t.get(name, 0):
            out.append(f"counter {name}: kernel {count_k.get(name, 0)}, "
                       f"tidegate {count_t.get(name, 0)}")
    if not count_t.get("accounted", 1):
        out.append("tidegate: not every packet has a disposition")
    return out


def compare_lists(who, a, b):
    out = []
    ops = difflib.SequenceMatcher(None, [x[0] for x in a], [x[0] for x in b], autojunk=False)
    for op, a0, a1, b0, b1 in ops.get_opcodes():
        if op == "equal":
            out += [x for i in range(a1 - a0) for x in compare_times(who, a[a0 + i], b[b0 + i])]
            continue
        out += [f"{who}kernel only: {x[0]}" for x in a[a0:a1]]
        out += [f"{who}tidegate only: {x[0]}" for x in b[b0:b1]]
    return out


def compare_times(who, x, y):
    at_once = [g[3] < IMMEDIATE for g in (x, y)]
    if all(at_once):
        return []
    if abs(x[1] - y[1]) <= SLACK + max(x[2], y[2]) / 16:
        return []
    return [f"{who}moment of {x[0]}"]


def show(trace, began):
    """For people: everything that came, in order."""
    lines = []
    for client, f in trace.flows.items():
        for text, when, _, _ in f.answers:
            lines.append((when - began, f"{when - began:8.3f} {client} < {text}"))
        if f.calls:
            lines.append((1e9, f"    calls {client}: {'; '.join(f.calls)}"))
    return [x[1] for x in sorted(lines, key=lambda x: x[0])]
