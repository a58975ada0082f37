#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads meson's test results for tests/run.sh.

    meson_results.py results TESTLOG.json     a line for each test program: "ok*N NAME" for N tests that
                                              passed, "skip NAME: why", "FAIL NAME" for each that did
                                              not, and the end of what the program said
    meson_results.py strays BUILD RING...     the tests that belong to none of these suites; status 1
                                              when there is one

A program that speaks TAP or is made with cmocka counts as the tests it names, any other as one.
"""
import json
import re
import subprocess
import sys

GOOD = {"OK", "EXPECTEDFAIL"}
TAIL = 40  # lines
# "ok 3 - name # SKIP why" and cmocka's "[       OK ] name", "[  FAILED  ] name", "[  SKIPPED ] name"
TAP = re.compile(r"^(ok|not ok)\b[ \d]*(?:- )?(.*?)(?:\s+#\s*(SKIP\b.*))?$", re.I)
DULL = re.compile(r"^(ok\b|\[ RUN|\[       OK)")  # what went well, when something else did not
CMOCKA = re.compile(r"^\[\s+(OK|FAILED|SKIPPED)\s+\] (\w+)$")


def single_tests(said):
    """(passed, [names that failed], [names that were skipped]) as the program tells it."""
    good, bad, skipped = 0, [], []
    tap = any(re.match(r"^1\.\.\d+", line) for line in said)
    for line in said:
        match = TAP.match(line) if tap else CMOCKA.match(line)
        if not match:
            continue
        if tap and match[3]:
            skipped.append(f"{match[2]}: {match[3]}")
        elif match[1].lower() == "ok":
            good += 1
        elif match[1] == "SKIPPED":
            skipped.append(f"{match[2]}: skips itself")
        elif match[2] not in bad:  # cmocka names them again at the end
            bad.append(match[2])
    return good, bad, skipped


def show_result(test):
    """One test program."""
    name = test["name"].split(" / ")[-1]  # "project:suite / name"
    said = ((test.get("stdout") or "") + (test.get("stderr") or "")).strip().splitlines()
    good, bad, skipped = single_tests(said)
    if test["result"] == "SKIP" and not skipped:
        skipped = [said[-1] if said else "says no reason"]
    elif test["result"] in GOOD and good == 0:
        good = 1
    elif test["result"] not in GOOD | {"SKIP"} and not bad:
        bad = [f"{test['result']}, {test['duration']:.0f} s"]  # crashed, timed out, other output
    if good:
        print(f"ok*{good} {name}" + (f", {good} tests" if good > 1 else ""))
    for why in skipped:
        print(f"skip {name}: {why}")
    for which in bad:
        print(f"FAIL {name}: {which}")
    if bad:
        for line in [text for text in said if not DULL.match(text)][-TAIL:]:
            print("     |", line)


def results(path):
    """The log has one JSON object a line."""
    with open(path, encoding="utf-8") as log:
        for line in log:
            show_result(json.loads(line))


def strays(build, *rings):
    """A suite is listed as "project:suite"."""
    listing = subprocess.run(["meson", "introspect", "--tests", build], check=True,
                             stdout=subprocess.PIPE)
    lost = [t["name"] for t in json.loads(listing.stdout)
            if not {s.split(":")[-1] for s in t["suite"]} & set(rings)]
    for name in lost:
        print("in no ring:", name)
    return 1 if lost else 0


if __name__ == "__main__":
    commands = {"results": results, "strays": strays}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    sys.exit(commands[sys.argv[1]](*sys.argv[2:]))
