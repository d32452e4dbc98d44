# SPDX-License-Identifier: MIT
"""Opens a connection, sends half of an HTTP request, and says as JSON what Linux's TCP knows of it:
its port, and the sequence numbers of both directions (tcp(7) has no other way than TCP_REPAIR). When
a line comes it sends the other half, and prints the answer's first line.

usage: client.py ADDRESS PORT
"""
import fcntl
import json
import socket
import struct
import sys
import termios
import time

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
RECEIVE, SEND, OFF = 1, 2, -1


def next_number(sock: socket.socket, queue: int) -> int:
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
    return sock.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ) % (1 << 32)


def unacknowledged(sock: socket.socket) -> int:
    return struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]


def main() -> None:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n")
        while unacknowledged(sock):
            time.sleep(0.01)
        sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        known = {"port": sock.getsockname()[1], "snd_nxt": next_number(sock, SEND),
                 "rcv_nxt": next_number(sock, RECEIVE)}
        sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, OFF)
        print(json.dumps(known), flush=True)
        sys.stdin.readline()
        sock.sendall(b"\r\n")
        print(sock.makefile().readline(), flush=True)


main()
