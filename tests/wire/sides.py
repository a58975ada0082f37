# SPDX-License-Identifier: BSD-3-Clause
"""The two listeners: the kernel's in one network namespace, tidegate's in another. Same calls."""

import ctypes
import errno
import os
import socket
import struct
import subprocess

from packet import SERVER_MAC

CLONE_NEWNET = 0x40000000
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
SO_TIMESTAMPNS = 35
TCP_DEFER_ACCEPT, TCP_FASTOPEN = 9, 23
# What a listener and its connections may be told: the kernel's option, and the field of struct
# tg_conn_options, by the same name.
OPTIONS = {
    "keepalive": (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    "keep_idle_s": (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    "keep_interval_s": (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
    "keep_count": (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
    "user_timeout_ms": (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
    "hop_limit": (socket.IPPROTO_IP, socket.IP_TTL),
    "dscp": (socket.IPPROTO_IP, socket.IP_TOS),
}
IPV6_OPTIONS = {socket.IP_TTL: socket.IPV6_UNICAST_HOPS, socket.IP_TOS: socket.IPV6_TCLASS}
LIBC = ctypes.CDLL(None, use_errno=True)

# What both sides are told for one key of a script. None: the other side has nothing to set.
# kernel: the file below /proc/sys/net; tidegate: the field of struct tg_engine_config.
CONFIG = {
    "syncookies": ("ipv4/tcp_syncookies", "syncookies"),
    "abort_on_overflow": ("ipv4/tcp_abort_on_overflow", "abort_on_overflow"),
    "synack_retries": ("ipv4/tcp_synack_retries", "synack_retries"),
    "max_syn_backlog": ("ipv4/tcp_max_syn_backlog", "max_syn_backlog"),
    "somaxconn": ("core/somaxconn", "somaxconn"),
    "timestamps": ("ipv4/tcp_timestamps", "timestamps"),
    "sack": ("ipv4/tcp_sack", "sack"),
    "window_scaling": ("ipv4/tcp_window_scaling", "window_scaling"),
    "retries": ("ipv4/tcp_retries2", "retries"),
    "orphan_retries": ("ipv4/tcp_orphan_retries", "orphan_retries"),
    "rfc1337": ("ipv4/tcp_rfc1337", None),
    "fin_timeout": ("ipv4/tcp_fin_timeout", None),
    "no_metrics_save": ("ipv4/tcp_no_metrics_save", None),
    "fastopen": ("ipv4/tcp_fastopen", None),
    "ecn": ("ipv4/tcp_ecn", None),
}
SERVER_ADDRESS = {4: "192.0.2.1", 6: "2001:db8::1"}
TFO_SERVER, TFO_NO_COOKIE = 2, 0x200
# Alike on both sides in every script that says nothing else.
KERNEL_DEFAULTS = {
    "ipv4/tcp_rfc1337": "1",  # tidegate has RFC 1337's first fix, always
    "ipv4/tcp_syncookies": "1",
    "ipv4/tcp_synack_retries": "5",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/icmp_ratelimit": "0",
    "ipv4/tcp_early_retrans": "0",  # no tail loss probes: RFC 8985 is not there
}


def unshare_net():
    """A new network namespace for this process; it is gone when no process and no fd is left."""
    if LIBC.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def enter_net(fd):
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def write_sysctl(key, value):
    with open(f"/proc/sys/net/{key}", "w", encoding="ascii") as f:
        f.write(str(value))


def ip_batch(lines):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


class Wires:
    """Three namespaces and two veth pairs: k0-kc to the kernel, t0-tc to tidegate."""

    def __init__(self):
        self.client = unshare_net()
        write_sysctl("ipv6/conf/default/disable_ipv6", 1)
        self.tidegate = unshare_net()
        write_sysctl("ipv6/conf/default/disable_ipv6", 1)
        self.kernel = unshare_net()
        write_sysctl("ipv6/conf/default/accept_dad", 0)
        write_sysctl("ipv6/conf/default/accept_ra", 0)
        write_sysctl("ipv6/conf/default/router_solicitations", 0)
        write_sysctl("ipv4/ip_forward", 0)
        me = os.getpid()
        mac = SERVER_MAC.hex(":")
        # In the kernel's namespace. NOARP: what it sends needs no neighbour, and the player sees
        # every frame, whatever address is on it.
        ip_batch([
            f"link add k0 address {mac} arp off type veth peer name kc arp off "
            f"netns /proc/{me}/fd/{self.client}",
            "link set k0 up", f"addr add {SERVER_ADDRESS[4]}/24 brd + dev k0",
            f"addr add {SERVER_ADDRESS[6]}/64 dev k0 nodad",
            "route add default dev k0", "route add ::/0 dev k0",
        ])
        # A veth sender leaves checksums and segmentation to a wire that never comes.
        subprocess.run(["ethtool", "-K", "k0", "tx", "off", "tso", "off", "gso", "off"],
                       check=True, stdout=subprocess.DEVNULL)
        enter_net(self.tidegate)
        ip_batch([
            f"link add t0 address {mac} arp off type veth peer name tc arp off "
            f"netns /proc/{me}/fd/{self.client}", "link set t0 up"])
        enter_net(self.client)
        ip_batch(["link set kc up", "link set tc up"])

    def tap(self, ifname):
        """A raw socket on the client's end."""
        enter_net(self.client)
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind((ifname, 3))
        s.setblocking(False)
        return s


def errno_name(e):
    return errno.errorcode.get(e, str(e))


def listener_settings(words, config):
    """A script's listen line: (address or None, port, dict)"""
    port, settings = 80, {"backlog": "128"}
    for w in words:
        key, value = w.split("=", 1)
        if key == "port":
            port = int(value)
        else:
            settings[key] = value
    settings["fastopen_mode"] = fastopen_mode(config)
    return port, settings


def listener_address(settings, family):
    if settings.get("addr") == "own":
        return SERVER_ADDRESS[family]
    return "::" if family == 6 or "dual" in settings else "0.0.0.0"


def fastopen_mode(config):
    bits = int(config.get("fastopen", "1"), 0)
    if not bits & TFO_SERVER:
        return 0
    return 2 if bits & TFO_NO_COOKIE else 1


def kernel_key(hex_digits):
    """How the sysctl spells the 16 bytes of a Fast Open key: four little-endian words"""
    return "-".join(f"{w:08x}" for w in struct.unpack("<4I", bytes.fromhex(hex_digits)))


class KernelSide:
    """A real listener."""

    name = "kernel"

    def __init__(self, wires, config, listeners, family):
        self.wires, self.family = wires, family
        self.conns = []
        enter_net(wires.kernel)
        for key, value in KERNEL_DEFAULTS.items():
            write_sysctl(key, value)
        for key, value in config.items():
            if key == "fastopen_key":
                write_sysctl("ipv4/tcp_fastopen_key",
                             ",".join(kernel_key(k) for k in value.split(",")))
            else:
                write_sysctl(CONFIG[key][0], value)
        self.key = config.get("fastopen_key", "")
        self.proc = [open(f"/proc/thread-self/net/{f}", encoding="ascii")
                     for f in ("netstat", "snmp")]
        self.settings = [listener_settings(w, config) for w in listeners]
        self.listeners = []
        self.relisten()
        self.before = self.read_counters()

    def listen(self, port, settings):
        address = listener_address(settings, self.family)
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # two at one port: section 2
        if ":" in address:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int("dual" not in settings))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.bind((address, port))
        if "defer" in settings:
            s.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, int(settings["defer"]))
        if "fastopen" in settings:
            s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, int(settings["fastopen"]))
        for name, (level, option) in OPTIONS.items():
            if name not in settings:
                continue
            if level == socket.IPPROTO_IP and ":" in address:
                level, option = socket.IPPROTO_IPV6, IPV6_OPTIONS[option]
            s.setsockopt(level, option, int(settings[name]) << (2 if name == "dscp" else 0))
        s.listen(int(settings["backlog"]))
        s.setblocking(False)
        return s

    def relisten(self):
        enter_net(self.wires.kernel)
        self.listeners = [self.listen(*s) for s in self.settings]

    def unlisten(self):
        for s in self.listeners:
            s.close()
        self.listeners = []

    def rotate(self, key):
        old = self.key.split(",")[0]
        self.key = f"{key},{old}"
        enter_net(self.wires.kernel)
        write_sysctl("ipv4/tcp_fastopen_key", ",".join(kernel_key(k) for k in self.key.split(",")))
        return "ok"

    def accept(self):
        for s in self.listeners:
            try:
                c, peer = s.accept()
            except BlockingIOError:
                continue
            c.setblocking(False)
            self.conns.append(c)
            return len(self.conns) - 1, peer[0].removeprefix("::ffff:"), peer[1]
        return None

    def call(self, what, idx, size):
        c = self.conns[idx]
        try:
            if what == "recv":
                data = c.recv(size)
                return f"data {data.hex()}" if data else "eof"
            if what == "send":
                return f"sent {c.send(bytes(97 + i % 26 for i in range(size)))}"
            if what == "shutdown":
                c.shutdown(socket.SHUT_WR)
            elif what == "abort":
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                c.close()
            else:
                c.close()
        except OSError as e:
            return errno_name(e.errno)
        return "ok"

    def read_counters(self):
        out = {}
        for f in self.proc:
            f.seek(0)
            lines = f.read().split("\n")
            for names, values in zip(lines[::2], lines[1::2]):
                group, names = names.split(":", 1)
                if group in ("Tcp", "TcpExt"):
                    out.update(zip(names.split(), map(int, values.split(":", 1)[1].split())))
        return out

    def counters(self):
        now = self.read_counters()
        return {k: v - self.before.get(k, 0) for k, v in now.items()}

    def end(self):
        for s in self.listeners + self.conns:
            s.close()


class TidegateSide:
    """An engine in a process of its own, told by lines (tidegate_server.c)."""

    name = "tidegate"

    def __init__(self, wires, program, config, listeners, family):
        enter_net(wires.tidegate)
        self.errors = os.memfd_create("stderr")
        self.proc = subprocess.Popen(
            [program, "t0", SERVER_ADDRESS[4] + "/24", SERVER_ADDRESS[6] + "/64"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors, text=True, bufsize=1)
        enter_net(wires.client)
        self.ask("set rcvbuf 65536")  # the kernel's first window is about that
        for key, value in config.items():
            self.set(key, value)
        self.ask("start")
        self.family, self.config, self.listeners = family, config, listeners
        self.relisten()

    def relisten(self):
        family, config = self.family, self.config
        for words in self.listeners:
            port, s = listener_settings(words, config)
            line = f"listen {listener_address(s, family)} {port} backlog={s['backlog']}"
            line += f" dual_stack={int('dual' in s)}"
            line += " defer_cookies=1"
            if s.get("synq") != "default":
                # the kernel is full above its bound, the contract's `linux` at it
                bound = min(int(s["backlog"]), int(config.get("somaxconn", 4096)))
                line += f" syn_backlog={bound + 1}"
            if "defer" in s:
                line += f" defer_accept_s={s['defer']} defer_mode=1"
            if "fastopen" in s and s["fastopen_mode"]:
                line += f" fastopen={s['fastopen_mode']} fastopen_qlen={s['fastopen']}"
            line += "".join(f" {name}={s[name]}" for name in OPTIONS if name in s)
            self.ask(line)

    def unlisten(self):
        self.ask("unlisten")

    def set(self, key, value):
        if key == "fastopen_key":
            keys = value.split(",")
            self.ask(f"set fastopen_keys {len(keys)}")
            for i, k in enumerate(keys):
                self.ask(f"set fastopen_key{i} {k}")
        elif key == "ecn":
            self.ask(f"set ecn {int(int(value) > 0)}")
        elif key == "fin_timeout":
            self.ask(f"set fin_timeout_ms {int(value) * 1000}")
        elif CONFIG[key][1]:
            self.ask(f"set {CONFIG[key][1]} {value}")

    def ask(self, line):
        try:
            self.proc.stdin.write(line + "\n")
            self.proc.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.proc.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"tidegate_server, at '{line}': {self.said()}")
        return answer

    def said(self):
        return os.pread(self.errors, 100000, 0).decode(errors="replace").strip()

    def rotate(self, key):
        return self.ask(f"rotate {key}")

    def accept(self):
        words = self.ask("accept").split()
        return None if words[0] == "none" else (int(words[1]), words[2], int(words[3]))

    def call(self, what, idx, size):
        return self.ask(f"{what} {idx} {size}")

    def counters(self):
        pairs = (w.split("=") for w in self.ask("count").split())
        return {k: int(v) for k, v in pairs}

    def end(self):
        """What it has to complain of, or nothing"""
        self.proc.stdin.close()
        status = self.proc.wait(timeout=10)
        said = self.said()
        return f"tidegate_server ended with {status}: {said}" if status or said else ""
