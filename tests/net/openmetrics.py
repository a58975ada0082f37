#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads what /metrics says, strictly, and looks things up in it.

    openmetrics.py check FILE              whether it is OpenMetrics text 1.0.0
    openmetrics.py check-old FILE          whether it is Prometheus text 0.0.4
    openmetrics.py value FILE NAME [L=V]...  sum of the samples of that name with these labels
    openmetrics.py grown FILE FILE         whether no counter of the first is smaller in the second
    openmetrics.py dashboard FILE JSON     whether every metric and label a Grafana dashboard uses is there

NAME is that of samples (with _total). Prints what is wrong and ends with 1.
"""
import json
import re
import sys

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|(?=\}))')
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?$")
SUFFIX = {"counter": "_total", "info": "_info", "gauge": ""}


class Broken(Exception):
    """The text is not what it should be."""


def need(cond, *what):
    """Raises Broken."""
    if not cond:
        raise Broken(" ".join(str(w) for w in what))


def parse_labels(text):
    """'{a="b",c="d"}' -> dict."""
    labels, at = {}, 1
    while text[at] != "}":
        m = LABEL.match(text, at)
        need(m, "bad label in", text)
        need(m[1] not in labels, "label twice in", text)
        labels[m[1]] = m[2]
        at = m.end()
    need(at == len(text) - 1, "rubbish behind labels:", text)
    return labels


def parse(path, old=False):
    """Samples as {(name, labels): number}, and the families' types."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    need(text.endswith("\n"), "the last line does not end")
    lines = text[:-1].split("\n")
    if not old:
        need(lines.pop() == "# EOF", "no # EOF at the end")
    samples, types, family, seen = {}, {}, None, set()
    for line in lines:
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            need(NAME.fullmatch(name), "name:", line)
            if what == "TYPE":
                need(name not in types, "family twice:", name)
                need(rest in (("counter", "gauge") if old else SUFFIX), "type:", line)
                family, seen = name, set()
                types[name] = rest
            need(name == family and what in ("TYPE", "HELP") + (() if old else ("UNIT",)), line)
            need(what not in seen and "sample" not in seen, "out of place:", line)
            seen.add(what)
            if what == "UNIT":
                need(name.endswith("_" + rest), "unit is not in the name:", line)
            continue
        m = re.fullmatch(r"([^{ ]+)(\{.*\})? ([^ ]+)", line)
        need(m, "no sample:", line)
        need({"TYPE", "HELP"} <= seen, "no TYPE and HELP before:", line)
        seen.add("sample")
        need(m[1] == family + ("" if old else SUFFIX[types[family]]), "not of", family, ":", line)
        need(not old or types[family] != "counter" or m[1].endswith("_total"), "counter:", line)
        need(m[1].startswith("tidegate_"), "name:", line)
        need(NUMBER.match(m[3]), "number:", line)
        key = (m[1], tuple(sorted(parse_labels(m[2] or "{}").items())))
        need(key not in samples, "twice:", line)
        samples[key] = float(m[3])
        need(types[family] != "info" or samples[key] == 1, "info is not 1:", line)
    return samples, types


def value(samples, name, labels):
    """Sum of what matches; there must be something."""
    want = dict(l.split("=", 1) for l in labels)
    found = [v for (n, l), v in samples.items() if n == name and want.items() <= dict(l).items()]
    need(found, "no sample", name, want)
    total = sum(found)
    return int(total) if total == int(total) else total


def grown(first, second):
    """No counter goes back, none is gone."""
    for (name, labels), v in first.items():
        if name.endswith("_total"):
            need((name, labels) in second, name, labels, "is gone")
            need(second[name, labels] >= v, name, labels, "went back")


def expressions(node):
    """Every PromQL text of a dashboard, templating queries included."""
    if isinstance(node, dict):
        for key, v in node.items():
            if key in ("expr", "query", "definition") and isinstance(v, str):
                yield v
            else:
                yield from expressions(v)
    elif isinstance(node, list):
        for v in node:
            yield from expressions(v)


def dashboard(samples, path):
    """Every tidegate_* name with its label matchers is exported, and there are enough of them."""
    with open(path, encoding="utf-8") as f:
        board = json.load(f)
    used = 0
    for expr in expressions(board):
        for m in re.finditer(r"\b(tidegate_\w+)(\{[^}]*\})?", expr):
            used += 1
            mine = [dict(l) for (n, l) in samples if n == m[1]]
            need(mine, "the dashboard names", m[1], "which is not exported:", expr)
            for label, how, v in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', m[2] or ""):
                if label in ("job", "instance"):
                    continue
                need(all(label in l for l in mine), m[1], "has no label", label)
                if "$" not in v:
                    match = re.compile(v if "~" in how else re.escape(v)).fullmatch
                    need(any(match(l[label]) for l in mine), m[1], "has no", label, "like", v)
        for labels in re.findall(r"\b(?:by|without) *\(([^)]*)\)", expr):
            known = {k for (_, l) in samples for k, _ in l} | {"job", "instance"}
            for label in re.split(r", *", labels):
                need(label in known, "no label", label, "of", expr)
    need(used >= 20, "only", used, "metrics in the dashboard")


def main():
    """Runs one command."""
    what, path, args = sys.argv[1], sys.argv[2], sys.argv[3:]
    samples, types = parse(path, old=what == "check-old")
    if what in ("check", "check-old"):
        need(len(types) > 40, "only", len(types), "families")
    elif what == "value":
        print(value(samples, args[0], args[1:]))
    elif what == "grown":
        grown(samples, parse(args[0])[0])
    elif what == "dashboard":
        dashboard(samples, args[0])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except Broken as e:
        sys.exit(f"openmetrics: {e}")
