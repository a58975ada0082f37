#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a man page, in scdoc's language, out of its template and what it is about.

    gen-man.py TEMPLATE keys FILE           @KEYS@: every key of a commented tidegate.yaml
    gen-man.py TEMPLATE usage PROGRAM       @USAGE@: what PROGRAM --help says; @COMMANDS@: what
                                            PROGRAM COMMAND --help says, for each command it lists
    gen-man.py TEMPLATE plain               nothing
    gen-man.py --check PAGE SCHEMA          whether PAGE has every key of schema.c; prints the others

So a page cannot say other things than the program or the example.
"""
import re
import subprocess
import sys

# The last lines of a block: keys with their values, as they are or commented out. A sentence such as
# "# engine: as the engine's." has more than one word behind its colon.
KEY = re.compile(r'^\s*(?:# ?)?(?:- )?([a-z_]+):(?: (\S+|"[^"]*"|\[.*\]|\{.*\}))?$')
SECTION = re.compile(r"^# --- (.*?) -+$")
COMMENT = re.compile(r"^\s*#(?: (.*))?$")
USAGE_COMMAND = re.compile(r"^  ([a-z]+) {2,}\S")


def escaped(text):
    """A line of text for scdoc."""
    text = re.sub(r"([\\*_`|<>\[\]~])", r"\\\1", text)
    return re.sub(r"^([-.#+!&:])", r"\\\1", text)


def literal(text):
    return "```\n" + text.rstrip("\n") + "\n```\n"


def blocks(lines):
    """Runs of lines without an empty one."""
    block = []
    for line in lines + [""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def split(block):
    """A block's comment and its keys."""
    n = len(block)
    while n > 0 and KEY.match(block[n - 1]):
        n -= 1
    return block[:n], block[n:]


def prose(comments):
    """Comment lines as paragraphs; indented ones as they stand."""
    out, code = [], []
    for line in comments:
        text = COMMENT.match(line)
        text = (text.group(1) or "") if text else line
        if text.startswith("    "):
            code.append(text[4:])
            continue
        if code:
            out.append(literal("\n".join(code)))
            code = []
        out.append(escaped(text))
    if code:
        out.append(literal("\n".join(code)))
    return "\n".join(out)


def opened(block):
    """Places of the block where a group of keys begins: "ports:", "# http:"."""
    for i, line in enumerate(block):
        m = KEY.match(line)
        if m and m.group(2) is None and not line.startswith(" "):
            yield i


def pieces(block):
    """The block, cut behind each line that begins a group."""
    start = 0
    for i in opened(block):
        yield block[start : i + 1]
        start = i + 1
    if start < len(block):
        yield block[start:]


def described(names, comments):
    out = ["++\n".join(names)]
    if comments:
        text = prose(comments)
        # scdoc indents with tabs; a literal block must not be
        out.append(text if "```" in text else "\n".join("\t" + t for t in text.split("\n")))
    return "\n".join(out) + "\n"


def keys(path):
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    # the header is the template's
    first = next(i for i, line in enumerate(lines) if SECTION.match(line))
    out, group, is_list = [], "", False
    for piece in (p for block in blocks(lines[first:]) for p in pieces(block)):
        title = SECTION.match(piece[0])
        if title:
            out.append("# " + title.group(1).upper() + "\n")
            continue
        comments, named = split(piece)
        if not named:
            # more entries of a list
            out.append(prose(piece) + "\n" if COMMENT.match(piece[0]) else literal("\n".join(piece)))
            continue
        names = []
        for line in named:
            name, value = KEY.match(line).groups()
            if not line.startswith(" "):
                group, is_list = (name, False) if value is None else ("", False)
                names.append("*" + escaped(name) + "*:" + (" " + escaped(value) if value else ""))
                continue
            is_list = is_list or bool(re.match(r"^\s*(# ?)?- ", line))
            path_of = group + ("[]." if is_list else ".")
            names.append("*" + escaped(path_of + name) + "*:" + (" " + escaped(value) if value else ""))
        out.append(described(names, comments))
    return "\n".join(out)


def help_of(*command):
    return subprocess.run([*command, "--help"], check=True, capture_output=True, text=True).stdout


def commands(program, usage):
    out = []
    for line in usage.split("\n"):
        m = USAGE_COMMAND.match(line)
        if m:
            out.append("## " + m.group(1) + "\n\n" + literal(help_of(program, m.group(1))))
    return "\n".join(out)


def check(page, schema):
    with open(page, encoding="utf-8") as f:
        have = f.read()
    with open(schema, encoding="utf-8") as f:
        named = re.findall(r'\b(?:UINT|BOOL|TIME|CHOICE|FLAG|TEXT)\("(\w+)"|\.name = "(\w+)"', f.read())
    missing = [k for k in (a or b for a, b in named) if not re.search(r"[*.]" + re.escape(escaped(k)) + r"\*:", have)]
    print("".join("%s is in %s and not in %s\n" % (k, schema, page) for k in missing), end="")
    return not missing and len(named) > 50


def main():
    if sys.argv[1] == "--check":
        sys.exit(not check(sys.argv[2], sys.argv[3]))
    with open(sys.argv[1], encoding="utf-8") as f:
        page = f.read()
    if sys.argv[2] == "keys":
        page = page.replace("@KEYS@", keys(sys.argv[3]))
    elif sys.argv[2] == "usage":
        usage = help_of(sys.argv[3])
        page = page.replace("@USAGE@", literal(usage)).replace("@COMMANDS@", commands(sys.argv[3], usage)
                                                               if "@COMMANDS@" in page else "")
    sys.stdout.write(page)


main()
