#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A service manager for one test: manager.py SOCKET prints what is sent to it, a line each, until it is ended."""
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.bind(sys.argv[1])
    while True:
        print(s.recv(4096).decode(), flush=True)
