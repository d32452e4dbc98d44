#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients of a board's HTTP server, on Linux's TCP.

usage: client.py sequence COUNT       connections one after the other, a file of the pattern each
       client.py until FILE COUNT     the same until the file is there, and at least COUNT
       client.py hold SECONDS         a connection that stays open, and is served again at its end
       client.py hold-until FILE      the same until the file is there
Prints one line of JSON.
"""
import json
import pathlib
import socket
import sys
import time

BOARD, TIMEOUT_S = ("192.168.77.2", 80), 60


def pattern(octets: int) -> bytes:
    """The examples' generated file (examples/examples.h): 4 octets from each offset / 4."""
    out = bytearray()
    for i in range((octets + 3) // 4):
        x = i * 0x9e3779b1 & 0xffffffff
        x ^= x >> 15
        x = x * 0x85ebca77 & 0xffffffff
        x ^= x >> 13
        out += x.to_bytes(4, "little")
    return bytes(out[:octets])


def request(octets: int, fields: str = "Connection: close") -> bytes:
    return f"GET /{octets}.bin HTTP/1.1\r\nHost: {BOARD[0]}\r\n{fields}\r\n\r\n".encode()


def get(octets: int, wanted: bytes) -> bool:
    with socket.create_connection(BOARD, timeout=TIMEOUT_S) as connection:
        connection.sendall(request(octets))
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 200 ") and body == wanted


def sequence(count: int, go_on: object = lambda: False) -> dict:
    sizes = [1, 700, 1460, 3000]
    wanted = {octets: pattern(octets) for octets in sizes}
    good, errors, number, slowest = 0, [], 0, 0.0
    while (number < count or go_on()) and len(errors) < 10:
        octets, begin = sizes[number % len(sizes)], time.monotonic()
        number += 1
        try:
            if get(octets, wanted[octets]):
                good += 1
            else:
                errors.append(f"connection {number}: wrong octets")
        except OSError as error:
            errors.append(f"connection {number}: {error}")
        slowest = max(slowest, time.monotonic() - begin)
    return {"good": good, "errors": errors, "slowest_s": round(slowest, 2)}


def hold(wait: object) -> dict:
    """Two requests in one connection; wait() between them."""
    with socket.create_connection(BOARD, timeout=TIMEOUT_S) as connection:
        stream = connection.makefile("rb")
        answers = []
        for then in (wait, lambda: None):
            connection.sendall(request(1, "Connection: keep-alive"))
            answers.append(stream.readline().decode().strip())
            while stream.readline() != b"\r\n":
                pass
            stream.read(1)
            print("served", flush=True)
            then()
    return {"answers": answers}


def wait_for(file: pathlib.Path) -> None:
    while not file.exists():
        time.sleep(0.05)


def main() -> None:
    what, *words = sys.argv[1:]
    if what == "hold":
        result = hold(lambda: time.sleep(float(words[0])))
    elif what == "hold-until":
        result = hold(lambda: wait_for(pathlib.Path(words[0])))
    elif what == "until":
        file = pathlib.Path(words[0])
        result = sequence(int(words[1]), lambda: not file.exists())
    else:
        result = sequence(int(words[0]))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
