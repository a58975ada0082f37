#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Servers on the kernel's own sockets, beside tidegate. Each says "up" when it is.

    host_server.py http ADDRESS PORT DIRECTORY  GET sends a file; PUT answers with the SHA-256 of what came
    host_server.py udp ADDRESS PORT             sends datagrams back
    host_server.py ask ADDRESS PORT BYTES       the client of udp: prints how many bytes came back, the
                                                same ones; asks up to three times
"""
import hashlib
import http.server
import os
import socket
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    """GET of the standard library, and PUT."""

    def do_PUT(self):
        """Answers with the digest of the body."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left > 0:
            part = self.rfile.read(min(left, 65536))
            if not part:
                return
            digest.update(part)
            left -= len(part)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(digest.hexdigest().encode() + b"\n")

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Nothing is said."""


def family(address):
    """IPv6 has colons."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve_http(address, port, directory):
    """Until it is ended."""
    os.chdir(directory)
    http.server.ThreadingHTTPServer.address_family = family(address)
    with http.server.ThreadingHTTPServer((address, port), Handler) as server:
        print("up", flush=True)
        server.serve_forever()


def serve_udp(address, port):
    """Until it is ended."""
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.bind((address, port))
        print("up", flush=True)
        while True:
            data, peer = sock.recvfrom(65536)
            sock.sendto(data, peer)


def ask_udp(address, port, size):
    """One datagram there and back."""
    data = os.urandom(size)
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(3)
        sock.connect((address, port))
        for _ in range(3):
            sock.send(data)
            try:
                if sock.recv(65536) == data:
                    print(size)
                    return
            except socket.timeout:
                pass
    print(0)


def main():
    """Runs one of them."""
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    what, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if what == "http":
        serve_http(address, port, sys.argv[4])
    elif what == "udp":
        serve_udp(address, port)
    elif what == "ask":
        ask_udp(address, port, int(sys.argv[4]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
