#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks a running tidegate over DPDK's telemetry socket, as dpdk-telemetry.py does.

    telemetry.py PREFIX get COMMAND       the JSON answer on one line
    telemetry.py PREFIX change COMMAND    changes something: "ok: TEXT", or "CODE: TEXT" and status 1
    telemetry.py PREFIX info KEY...       values of /tidegate/info
    telemetry.py PREFIX counter NAME...   counters or dispositions, all shards together
    telemetry.py PREFIX shard N NAME...   the same of one shard
    telemetry.py PREFIX usage NAME...     how full the engines are
    telemetry.py PREFIX listeners         a table of all listeners
    telemetry.py PREFIX conns [PEER]      one JSON object a line; only those of PEER, an address:port
    telemetry.py PREFIX watch NAME SECS   the highest usage value seen in so many seconds

PREFIX is the EAL's --file-prefix. Numbers come on one line, separated by spaces.
"""
import json
import os
import socket
import sys
import time


class Telemetry:
    """A connection to the telemetry socket of one process."""

    def __init__(self, prefix):
        run = os.environ.get("RUNTIME_DIRECTORY") or (
            "/var/run" if os.getuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", "/tmp"))
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(10)
        self.sock.connect(os.path.join(run, "dpdk", prefix, "dpdk_telemetry.v2"))
        self.room = json.loads(self.sock.recv(1024))["max_output_len"]

    def ask(self, command):
        """Sends one command, returns what stands under it in the answer."""
        self.sock.send(os.fsencode(command))
        answer = json.loads(self.sock.recv(self.room))[command.split(",")[0]]
        if isinstance(answer, dict) and "error" in answer:
            sys.exit(f"telemetry: {command}: {answer['error']}")
        return answer

    def change(self, command):
        """Sends a command that changes something, prints what became of it."""
        self.sock.send(os.fsencode(command))
        answer = json.loads(self.sock.recv(self.room))[command.split(",")[0]]
        if "error" in answer:
            print(f"{answer['code']}: {whole(answer, 'error')}")
            sys.exit(1)
        if answer["ok"] != 1:
            sys.exit(f"telemetry: {command}: {answer}")
        print("ok:", whole(answer, "applied"))

    def rows(self, command, key):
        """Goes through the pages of a list."""
        page = self.ask(command)
        while True:
            yield from page[key].values()
            if "next" not in page:
                return
            page = self.ask(f"{command},{page['next']}")


def whole(answer, key):
    """A text that was too long for one value: it goes on under KEY_2, KEY_3, ..."""
    text, i = answer[key], 2
    while f"{key}_{i}" in answer:
        text += answer[f"{key}_{i}"]
        i += 1
    return text


def numbers(answer, names):
    """The named values on one line."""
    print(*(answer[n] for n in names))


def show_listeners(tele):
    """What `ss -lnt` would show, with the SYN queue beside the accept queue."""
    row = "{:<7} {:>6} {:>6}  {:<17} {:>8} {:>7}  {}"
    print(row.format("State", "Recv-Q", "Send-Q", "SYN-queue (bound)", "accepted", "cookies",
                     "Local Address:Port"))
    for l in tele.rows("/tidegate/listeners", "listeners"):
        print(row.format(l["state"], l["recv_q"], l["send_q"],
                         f"{l['syn_queue']} ({l['syn_bound']})", l["passive_opens"],
                         l["cookies_sent"], l["local"] + (" +IPv4" if l["dual_stack"] else "")))


def watch(tele, name, seconds):
    """The highest value in a while. Short peaks may be missed: counters tell, this only shows."""
    end, highest = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        highest = max(highest, tele.ask("/tidegate/usage")[name])
        time.sleep(0.002)
    print(highest)


def main():
    """Runs one command."""
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    tele, what, args = Telemetry(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if what == "get":
        print(json.dumps(tele.ask(args[0])))
    elif what == "change":
        tele.change(args[0])
    elif what == "info":
        answer = tele.ask("/tidegate/info")
        print(*(whole(answer, n) if isinstance(answer[n], str) else answer[n] for n in args))
    elif what == "counter":
        numbers(tele.ask("/tidegate/counters"), args)
    elif what == "shard":
        numbers(tele.ask(f"/tidegate/counters,{args[0]}"), args[1:])
    elif what == "usage":
        numbers(tele.ask("/tidegate/usage"), args)
    elif what == "listeners":
        show_listeners(tele)
    elif what == "conns":
        for conn in tele.rows("/tidegate/conns", "conns"):
            if not args or conn["peer"] == args[0]:
                print(json.dumps(conn))
    elif what == "watch":
        watch(tele, args[0], float(args[1]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
