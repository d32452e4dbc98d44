#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Linux's end of an emulated link: the kernel's TCP, or frames as they are.

usage: ends.py receive PORT                    takes in one connection, says `ready` before
       ends.py send HOST PORT FILE CONTROL     sends a file by that congestion control
       ends.py frames-out INTERFACE COUNT LEN  sends numbered frames as fast as they go
       ends.py frames-in INTERFACE             receives them until SIGTERM, says `ready` before
Prints one line of JSON.
"""
import errno
import hashlib
import json
import pathlib
import signal
import socket
import struct
import sys
import time

IPV4 = 0x0800
PROTOCOL = 253  # for experiments: RFC 3692
SO_RCVBUFFORCE = 33
TIMEOUT = 600  # s; longer than anyone waits for an end
TOTAL_RETRANS = 100  # offset in struct tcp_info


def receive(port: int) -> dict:
    """Times the octets from the first to the last as the application sees them."""
    with socket.create_server(("", port)) as listener:
        listener.settimeout(TIMEOUT)
        print("ready", flush=True)
        connection, _ = listener.accept()
    parts, first, last = [], 0, 0
    with connection:
        connection.settimeout(TIMEOUT)
        while part := connection.recv(1 << 18):
            last = time.monotonic_ns()
            first = first or last
            parts.append(part)
    data = b"".join(parts)
    return {"octets": len(data), "us": (last - first) // 1000,
            "sha256": hashlib.sha256(data).hexdigest()}


def send(host: str, port: int, file: str, control: str) -> dict:
    data = pathlib.Path(file).read_bytes()
    with socket.socket() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, control.encode())
        connection.settimeout(TIMEOUT)
        connection.connect((host, port))
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        used = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
    return {"retransmitted": struct.unpack_from("I", info, TOTAL_RETRANS)[0],
            "control": used.rstrip(b"\0").decode()}


def frames_out(interface: str, count: int, length: int) -> dict:
    """IPv4 by their type, so that they can be lost; their protocol is none that a host knows."""
    macs = bytes.fromhex("020000000002 020000000001")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, IPV4))
        for number in range(count):
            packet = struct.pack("!HBBHHHBBHII", IPV4, 0x45, 0, length - 14, 0, 0, 64, PROTOCOL, 0, 0,
                                 number)
            wire.send((macs + packet).ljust(length, b"\0"))
    return {"sent": count}


def frames_in(interface: str) -> dict:
    numbers, ended = [], []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4)) as wire:
        wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        wire.bind((interface, IPV4))
        wire.settimeout(0.1)
        print("ready", flush=True)
        while True:
            try:
                frame = wire.recv(4096)
            except TimeoutError:
                if ended:  # and nothing waits any more
                    break
                continue
            except OSError as error:  # the link has ended; what had come before still waits
                if error.errno != errno.ENETDOWN:
                    raise
                continue
            if frame[23] == PROTOCOL:
                numbers.append(struct.unpack_from("!I", frame, 30)[0])
    return {"numbers": numbers}


def main() -> None:
    what, *args = sys.argv[1:]
    numbers = [int(a) if a.isdigit() else a for a in args]
    result = {"receive": receive, "send": send, "frames-out": frames_out,
              "frames-in": frames_in}[what](*numbers)
    print(json.dumps(result), flush=True)


main()
