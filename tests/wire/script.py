# SPDX-License-Identifier: BSD-3-Clause
"""Reads a script (README.md has the notation)."""

import re

from packet import parse_time

GAP = 0.04  # between two lines, when nothing else is said: both sides have answered by then
CALLS = ("accept", "recv", "send", "shutdown", "close", "abort", "wait", "rotate", "unlisten",
         "relisten")


class ScriptError(Exception):
    pass


class Step:
    """One line: what happens, and how long after the line before."""

    def __init__(self, line, number, gap, client, verb, words):
        self.line, self.number, self.gap = line, number, gap
        self.client, self.verb, self.words = client, verb, words


class Script:
    def __init__(self, name, text):
        self.name = name
        self.families = [4]
        self.config = {}
        self.listeners = []  # lists of "key=value" words
        self.clients = {}  # name: (address or host number, port)
        self.steps = []
        self.ignore = set()  # counters that say nothing here
        self.about = text.split("\n", 1)[0].lstrip("# ")
        for number, line in expand(text):
            try:
                self.take(number, line)
            except (ValueError, IndexError, KeyError) as e:
                raise ScriptError(f"{name}:{number}: {line}: {e}") from None

    def take(self, number, line):
        words = line.split()
        if words[0] == "families":
            self.families = [int(w) for w in words[1:]]
        elif words[0] == "config":
            self.config.update(w.split("=", 1) for w in words[1:])
        elif words[0] == "listen":
            self.listeners.append(words[1:])
        elif words[0] == "client":
            host, port = words[2].rsplit(":", 1)
            self.clients[words[1]] = (host, int(port))
        elif words[0] == "ignore":
            self.ignore.update(words[1:])
        else:
            gap = GAP
            if words[0].startswith("+"):
                gap = parse_time(words.pop(0)[1:])
            client = ""
            if words[0] in self.clients:
                client = words.pop(0)
            if words[0] not in CALLS and words[0] != ">":
                raise ValueError("what is this?")
            if words[0] == "wait":
                gap = parse_time(words[1])
            self.steps.append(Step(line, number, gap, client, words[0], words[1:]))


def expand(text):
    """(number, line) without comments, loops unrolled"""
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line:
            lines.append((number, line))
    return unroll(lines)


def unroll(lines):
    out = []
    i = 0
    while i < len(lines):
        number, line = lines[i]
        if line.startswith("repeat "):
            first, last = (int(x) for x in line.split()[1].split(".."))
            depth, end = 1, i + 1
            while depth:
                depth += lines[end][1].startswith("repeat ") - (lines[end][1] == "end")
                end += 1
            body = lines[i + 1:end - 1]
            for k in range(first, last + 1):
                out += unroll([(n, fill(t, k)) for n, t in body])
            i = end
        else:
            out.append((number, line))
            i += 1
    return out


def fill(text, k):
    """{i}, {i+3}, {i*7}, {i*7+3}"""
    return re.sub(r"\{i(?:\*(\d+))?(?:\+(\d+))?\}",
                  lambda m: str(k * int(m[1] or 1) + int(m[2] or 0)), text)
