#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A service manager for one test.

    manager.py listen SOCKET   prints what is sent to it, a line each, until it is ended
    manager.py hold THREAD     stops that thread alone, as a debugger does, until it is ended
    manager.py can_hold        whether that is allowed here: status 0
"""
import ctypes
import os
import signal
import socket
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000


def listen(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        while True:
            print(s.recv(4096).decode(), flush=True)


def ptrace(request, tid):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def hold(tid):
    """The kernel lets the thread go on when this process ends."""
    ptrace(PTRACE_SEIZE, tid)
    ptrace(PTRACE_INTERRUPT, tid)
    os.waitpid(tid, WALL)
    print("held", flush=True)
    while True:
        signal.pause()


def can_hold():
    """A child that waits, held for a moment."""
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    try:
        ptrace(PTRACE_SEIZE, child)
    except OSError:
        return 1
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "listen":
        listen(sys.argv[2])
    elif sys.argv[1] == "hold":
        hold(int(sys.argv[2]))
    else:
        sys.exit(can_hold())
