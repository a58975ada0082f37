#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds up one thread of a process, as a debugger would, until input ends.

    halt_thread.py PID PATTERN      a thread whose name matches; prints "halted"

Ends with 77 when that is not allowed here.
"""
import ctypes
import os
import re
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000


def main():
    """Finds the thread, stops it, waits, lets it go."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    task = f"/proc/{sys.argv[1]}/task"
    for tid in sorted(map(int, os.listdir(task))):
        with open(f"{task}/{tid}/comm", encoding="ascii") as f:
            if re.fullmatch(sys.argv[2], f.read().strip()):
                break
    else:
        sys.exit("no such thread")
    if libc.ptrace(PTRACE_SEIZE, tid, None, None) != 0:
        print(os.strerror(ctypes.get_errno()))
        sys.exit(77)
    libc.ptrace(PTRACE_INTERRUPT, tid, None, None)
    os.waitpid(tid, WALL)
    print("halted", flush=True)
    sys.stdin.read()
    libc.ptrace(PTRACE_DETACH, tid, None, None)


if __name__ == "__main__":
    main()
