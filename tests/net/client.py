#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients that bash and nc are clumsy at. Each ends with status 0 when all was as it should be.

    client.py echo HOST PORT BYTES       sends so many bytes while reading them back, compares, half
                                         closes, wants the end of the stream after the last byte
    client.py discard HOST PORT BYTES    sends so many bytes, wants nothing back but the end
    client.py many HOST PORT N           N connections open at the same time, one exchange on each;
                                         says "open N", waits for a line of input, closes them
    client.py hold HOST PORT             one connection after an exchange; says its own port, then
                                         waits for a line of input
    client.py chat HOST PORT N           N connections, one exchange on each, says "up"; an exchange on all
                                         for each line of input, says "again"; closes at its end
    client.py linger HOST PORT           one connection that the other side ends: says "up", then "eof"
                                         and "reset", each with the seconds since its "go" on stdin
    client.py closed HOST PORT           wants the connection refused, at once
    client.py reset HOST PORT            one exchange, then RST instead of FIN
    client.py until_eof HOST PORT        one exchange, says "up", then closes when the other side does
    client.py stall HOST PORT BYTES SECS sends as long as it can without reading, waits, reads it all
"""
import errno
import random
import select
import socket
import struct
import sys
import threading
import time

PATIENCE = 60  # seconds without any progress
CHUNK = 65536


def connect(host, port, patience=PATIENCE):
    """A connected socket, or an exception."""
    return socket.create_connection((host, int(port)), patience)


def pattern(total):
    """The same random bytes every time, in chunks; no two chunks are alike."""
    rng = random.Random(total)
    block = rng.randbytes(1 << 20) if total > 1 << 20 else rng.randbytes(total)
    at = 0
    while at < total:
        off = at % len(block)
        chunk = bytearray(block[off:off + min(CHUNK, total - at)])
        if len(chunk) >= 8:
            struct.pack_into("!Q", chunk, 0, at)
        yield bytes(chunk)
        at += len(chunk)


def read_exactly(sock, n):
    """n bytes, or as many as there are before the end of the stream."""
    data = bytearray()
    while len(data) < n:
        part = sock.recv(n - len(data))
        if not part:
            break
        data += part
    return bytes(data)


def exchange(sock, data):
    """Sends a little, wants it back."""
    sock.sendall(data)
    back = read_exactly(sock, len(data))
    if back != data:
        sys.exit(f"echo: sent {data!r}, got {back!r}")


def send_all(sock, total, failure):
    """The sending half of a large transfer, in a thread of its own."""
    try:
        for chunk in pattern(total):
            sock.sendall(chunk)
        sock.shutdown(socket.SHUT_WR)
    except OSError as err:
        failure.append(err)


def echo(host, port, total):
    """Both directions at once: neither side can wait for the other."""
    total, got, failure = int(total), 0, []
    start = time.monotonic()
    with connect(host, port) as sock:
        sender = threading.Thread(target=send_all, args=(sock, total, failure), daemon=True)
        sender.start()
        for chunk in pattern(total):
            back = read_exactly(sock, len(chunk))
            if back != chunk:
                sys.exit(f"echo: differs in the {len(chunk)} bytes from {got} on "
                         f"(got {len(back)}; sending: {failure or 'no error'})")
            got += len(chunk)
        sender.join()
        if failure:
            sys.exit(f"echo: sending: {failure[0]}")
        if sock.recv(1):
            sys.exit("echo: more came back than was sent")
    print(f"{total} bytes both ways in {time.monotonic() - start:.1f} s, equal")


def discard(host, port, total):
    """One direction only."""
    failure = []
    with connect(host, port) as sock:
        send_all(sock, int(total), failure)
        if failure:
            sys.exit(f"discard: sending: {failure[0]}")
        if sock.recv(1):
            sys.exit("discard: something came back")
    print(f"{total} bytes discarded")


def many(host, port, n):
    """Concurrency that is certain: all are open before any is closed."""
    socks = [connect(host, port) for _ in range(int(n))]
    for i, sock in enumerate(socks):
        sock.sendall(b"hello %d\n" % i)
    for i, sock in enumerate(socks):
        want = b"hello %d\n" % i
        back = read_exactly(sock, len(want))
        if back != want:
            sys.exit(f"many: connection {i}: sent {want!r}, got {back!r}")
    print("open", len(socks), flush=True)
    sys.stdin.readline()
    for sock in socks:
        sock.close()


def hold(host, port):
    """For a look at a live connection from both sides."""
    with connect(host, port) as sock:
        exchange(sock, b"hello\n" * 100)
        print(sock.getsockname()[1], flush=True)
        sys.stdin.readline()


def chat(host, port, n):
    """Connections that live through what happens between two lines."""
    socks = [connect(host, port) for _ in range(int(n))]
    for sock in socks:
        exchange(sock, b"hello\n")
    print("up", flush=True)
    rounds = 0
    for line in sys.stdin:
        if line == "end\n":
            break
        rounds += 1
        for sock in socks:
            exchange(sock, b"still here %d\n" % rounds)
        print("again", rounds, flush=True)
    for sock in socks:
        sock.shutdown(socket.SHUT_WR)
        if sock.recv(1):
            sys.exit("chat: data instead of the end of the stream")


def linger(host, port):
    """Keeps its side open, to see how the other side goes on."""
    sock = connect(host, port)
    exchange(sock, b"hello\n")
    print("up", flush=True)
    sys.stdin.readline()
    start = time.monotonic()
    if sock.recv(1):
        sys.exit("linger: data instead of the end of the stream")
    print(f"eof {time.monotonic() - start:.2f}", flush=True)
    poll = select.poll()
    poll.register(sock, 0)  # POLLERR and POLLHUP are always reported
    while True:
        events = poll.poll(PATIENCE * 1000)
        if not events:
            sys.exit("linger: no reset")
        if events[0][1] & select.POLLERR:
            break
        time.sleep(0.01)
    err = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    # EPIPE is what Linux says to a RST after a FIN
    if err not in (errno.ECONNRESET, errno.EPIPE):
        sys.exit(f"linger: error {err}")
    print(f"reset {time.monotonic() - start:.2f}", flush=True)


def closed(host, port):
    """A port nobody listens on."""
    start = time.monotonic()
    try:
        connect(host, port, 10).close()
    except ConnectionRefusedError:
        took = time.monotonic() - start
        if took > 0.5:
            sys.exit(f"closed: refused only after {took:.2f} s")
        print(f"refused after {took * 1000:.1f} ms")
        return
    sys.exit("closed: connected")


def reset(host, port):
    """SO_LINGER with 0 seconds turns close() into a RST."""
    sock = connect(host, port)
    exchange(sock, b"hello\n")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def until_eof(host, port):
    """What any well-behaved client does."""
    with connect(host, port) as sock:
        exchange(sock, b"hello\n")
        print("up", flush=True)
        if sock.recv(1):
            sys.exit("until_eof: data instead of the end of the stream")


def stall(host, port, total, seconds):
    """Fills all buffers both ways, so that both windows close, before it reads anything."""
    total, got, failure = int(total), 0, []
    with connect(host, port) as sock:
        sender = threading.Thread(target=send_all, args=(sock, total, failure), daemon=True)
        sender.start()
        sender.join(float(seconds))
        if not sender.is_alive():
            sys.exit("stall: everything was sent and nothing read: no window ever closed")
        for chunk in pattern(total):
            if read_exactly(sock, len(chunk)) != chunk:
                sys.exit(f"stall: differs in the {len(chunk)} bytes from {got} on")
            got += len(chunk)
        sender.join()
        if failure:
            sys.exit(f"stall: sending: {failure[0]}")
        if sock.recv(1):
            sys.exit("stall: more came back than was sent")
    print(f"{total} bytes both ways after {seconds} s of not reading, equal")


def main():
    """Runs one client."""
    clients = {f.__name__: f for f in (echo, discard, many, hold, chat, linger, closed, reset,
                                       until_eof, stall)}
    if len(sys.argv) < 4 or sys.argv[1] not in clients:
        sys.exit(__doc__)
    try:
        clients[sys.argv[1]](*sys.argv[2:])
    except OSError as err:
        sys.exit(f"{' '.join(sys.argv[1:])}: {err}")


if __name__ == "__main__":
    main()
