#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Plays packet scripts to a kernel listener and to tidegate, and compares what they answer.

    wire.py [--jobs N] [--show] SERVER DIFFERENCES SCRIPT...

A line for each script and family: "ok NAME", or "FAIL NAME" with the differences that are not
listed; "again NAME" with them when it is played once more, since a busy machine is late at times.
--show prints both traces. Each script is a process with three network namespaces of its
own, which vanish with it.
"""

import sys

sys.dont_write_bytecode = True  # the source tree stays clean

import argparse
import fnmatch
import os
import pickle
import selectors
import time
import traceback

from player import Player
from script import Script, ScriptError
from trace import show

LIMIT = 120  # seconds for one script
ATTEMPTS = 3  # a difference that is the listener's is there each time


class Allowed:
    """
    The file of differences. A line at the margin says why, in words, which clause allows those below
    it; an indented line is one, `SCRIPT: DIFFERENCE`, where both may have * and ?.
    """

    def __init__(self, path):
        self.rows = []  # [script, difference, line, needed]
        self.path = path
        why = False
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                if not line.strip() or line.startswith("#"):
                    continue
                if not line[0].isspace():
                    why = True
                    continue
                script, _, difference = line.strip().partition(": ")
                if not why or not difference:
                    raise SystemExit(f"{path}:{number}: SCRIPT: DIFFERENCE below a reason")
                self.rows.append([script, difference, number, False])

    def sort_out(self, name, differences):
        """@return those that are not allowed"""
        left = []
        for d in differences:
            hits = [r for r in self.rows if fnmatch.fnmatchcase(name, r[0])
                    and fnmatch.fnmatchcase(d, escape(r[1]))]
            for r in hits:
                r[3] = True
            if not hits:
                left.append(d)
        return left

    def stale(self, names):
        """Rows that are about the scripts that were played and were not needed"""
        return [r for r in self.rows if not r[3] and fnmatch.filter(names, r[0])]


def escape(pattern):
    return pattern.replace("[", "[[]")


def play_one(script, family, program, verbose):
    """In the child: @return (differences, lines to show)"""
    try:
        p = Player(script, family, program)
        differences = p.play()
        lines = []
        if verbose or differences:
            for e, counts in zip(p.ends, p.counts):
                lines.append(f"{e.side.name}:")
                lines += ["  " + x for x in show(e.trace, p.began)]
                moved = [f"{k}={v}" for k, v in counts.items() if v and k[0].isupper()]
                lines.append("    counters: " + " ".join(moved))
        return differences, lines
    except SystemExit as e:
        return [str(e)], []
    except Exception:  # the parent must hear of it, whatever it is
        return ["the harness broke"], traceback.format_exc().splitlines()


class Pool:
    """Children, N at a time."""

    def __init__(self, jobs, job_list, run):
        self.waiting, self.jobs, self.run = list(job_list), jobs, run
        self.sel = selectors.DefaultSelector()
        self.live = 0

    def start(self, job):
        r, w = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.close(r)
            with os.fdopen(w, "wb") as f:
                pickle.dump(self.run(job), f)
            os._exit(0)
        os.close(w)
        self.sel.register(r, selectors.EVENT_READ, [pid, job, b"", time.time()])
        self.live += 1

    def results(self):
        while self.waiting or self.live:
            while self.waiting and self.live < self.jobs:
                self.start(self.waiting.pop(0))
            for key, _ in self.sel.select(1):
                data = os.read(key.fd, 65536)
                key.data[2] += data
                if not data:
                    yield self.finish(key)
            for key in list(self.sel.get_map().values()):
                if time.time() - key.data[3] > LIMIT:
                    os.kill(key.data[0], 9)

    def finish(self, key):
        pid, job, data, began = key.data
        self.sel.unregister(key.fd)
        os.close(key.fd)
        os.waitpid(pid, 0)
        self.live -= 1
        took = time.time() - began
        if not data:
            return job, [f"ended without a result after {took:.0f} s"], [], took
        return job, *pickle.loads(data), took


def duration(script):
    return sum(s.gap for s in script.steps)


def report(name, attempt, left, listed, took):
    """What differs is never hidden, only an attempt that is not the last is not counted as failed."""
    word = "ok  " if not left else "FAIL" if attempt == ATTEMPTS else "again"
    notes = [f"{took:.0f} s"]
    if listed:
        notes.append(f"{listed} listed")
    if attempt > 1:
        notes.append(f"attempt {attempt}")
    print(f"{word} {name} ({'; '.join(notes)})")
    for line in left:
        print(f"     | {line}")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--jobs", type=int, default=16)
    ap.add_argument("--show", action="store_true")
    ap.add_argument("server")
    ap.add_argument("differences")
    ap.add_argument("scripts", nargs="+")
    args = ap.parse_args()
    allowed = Allowed(args.differences)
    jobs = []
    for path in args.scripts:
        name = os.path.basename(path).removesuffix(".tgw")
        with open(path, encoding="utf-8") as f:
            try:
                script = Script(name, f.read())
            except ScriptError as e:
                raise SystemExit(str(e)) from e
        for family in script.families:
            jobs.append((name + ("-6" if family == 6 else ""), script, family))
    jobs.sort(key=lambda j: -duration(j[1]))  # the long ones first
    program = os.path.abspath(args.server)
    failed = 0
    again = [(*j, 1) for j in jobs]
    while again:
        # Real time on a machine that others use too: what differed is played again in less company.
        attempt = again[0][3]
        pool = Pool(args.jobs if attempt == 1 else 2, again,
                    lambda j: play_one(j[1], j[2], program, args.show))
        again = []
        for (name, script, family, _), differences, lines, took in pool.results():
            left = allowed.sort_out(name, differences)
            report(name, attempt, left, len(differences) - len(left), took)
            if left or args.show:
                for line in lines:
                    print(f"     |   {line}")
            sys.stdout.flush()
            if left and attempt < ATTEMPTS:
                again.append((name, script, family, attempt + 1))
            failed += bool(left) and attempt == ATTEMPTS
    for row in allowed.stale([j[0] for j in jobs]):
        failed += 1
        print(f"FAIL differences:{row[2]}: does not happen any more: {row[0]}: {row[1]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
