#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Linux's side of the throughput figures, in the namespace of a board's TAP.

usage: meter.py raw-out TAP FRAMES WINDOW   frames to the image `raw`, at most WINDOW unanswered
       meter.py raw-in TAP FRAMES           frames from it, which it does not touch
       meter.py filled-in TAP FRAMES        the same, but it writes what they carry
       meter.py tcp-out MEGABYTES           a stream to the image `stream`
       meter.py tcp-in MEGABYTES            a stream from it
Prints octets a second: of whole frames, or of the stream.
"""
import socket
import struct
import sys
import time

BOARD, BOARD_MAC = "192.168.77.2", bytes.fromhex("02616b737502")
SINK, ASK, SOURCE, FILLED_SOURCE = range(4)  # as raw/raw.c has it
LONGEST, SHORTEST, PART = 1514, 60, 1 << 20
EXPERIMENTAL, SO_RCVBUFFORCE = 0x88b5, 33


def packet_socket(tap: str) -> socket.socket:
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EXPERIMENTAL))
    raw.bind((tap, EXPERIMENTAL))
    raw.settimeout(5)
    return raw


def frame(raw: socket.socket, what: int, number: int, octets: int) -> bytes:
    head = BOARD_MAC + raw.getsockname()[4] + struct.pack("!HBxI", EXPERIMENTAL, what, number)
    return head + bytes(octets - len(head))


def raw_out(tap: str, frames: int, window: int) -> float:
    """Every other frame is answered, as a stream's are."""
    raw = packet_socket(tap)
    pair = [frame(raw, what, 0, LONGEST) for what in (SINK, ASK)]
    sent = counted = 0
    begin = time.monotonic()
    while counted < frames:
        while sent < frames and sent + 2 <= counted + window:
            for one in pair:
                raw.send(one)
            sent += 2
        try:
            counted = struct.unpack_from("!I", raw.recv(LONGEST), 16)[0]
        except TimeoutError:
            sys.exit(f"of {sent} frames the board has counted {counted}: a smaller window")
    return counted * LONGEST / (time.monotonic() - begin)


def raw_in(tap: str, frames: int, what: int) -> float:
    """Received by a program, as a stream is; its queue holds them all."""
    raw = packet_socket(tap)
    raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, frames * 8192)
    begin = time.monotonic()
    raw.send(frame(raw, what, frames, SHORTEST))
    part = bytearray(LONGEST)
    octets = sum(raw.recv_into(part) for _ in range(frames))
    return octets / (time.monotonic() - begin)


def tcp_out(octets: int) -> float:
    part = bytes(PART)
    with socket.create_connection((BOARD, 9), timeout=60) as stream:
        begin = time.monotonic()
        for _ in range(octets // PART):
            stream.sendall(part)
        stream.shutdown(socket.SHUT_WR)
        if stream.recv(1):
            sys.exit("the sink sent something")
        return octets / (time.monotonic() - begin)


def tcp_in(octets: int) -> float:
    with socket.create_connection((BOARD, 19), timeout=60) as stream:
        begin, left = time.monotonic(), octets
        while left > 0:
            left -= len(stream.recv(PART))
        return (octets - left) / (time.monotonic() - begin)


def main() -> None:
    what, *words = sys.argv[1:]
    if what == "raw-out":
        rate = raw_out(words[0], int(words[1]), int(words[2]))
    elif what in ("raw-in", "filled-in"):
        rate = raw_in(words[0], int(words[1]), SOURCE if what == "raw-in" else FILLED_SOURCE)
    else:
        rate = {"tcp-out": tcp_out, "tcp-in": tcp_in}[what](int(words[0]) << 20)
    print(rate)


main()
