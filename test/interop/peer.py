#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Linux's side of the interoperability tests: clients and a server on the kernel's TCP.

usage: peer.py echo HOST PORT OCTETS COUNT PARALLEL   send, half-close, read it all back
       peer.py cycles HOST PORT COUNT                 open, one octet there and back, close
       peer.py hold HOST PORT COUNT                   fill the table, then see a late one served
       peer.py reset HOST PORT PATH OCTETS            read some of a file, then close with RST
       peer.py serve HOST PORT MODE                   echo; MODE: last, first or together closes
       peer.py told HOST PORT COUNT                   HTTP as lines of the input say: ask or read N OCTETS
       peer.py fast HOST PORT OCTETS COUNT            the same as echo, with TCP Fast Open
       peer.py serve_fast HOST PORT                   serve HOST PORT last, with TCP Fast Open
HOST is an address of IPv4 or IPv6. Prints one line of JSON.
"""
import concurrent.futures
import json
import os
import socket
import struct
import sys
import threading
import time

TIMEOUT = 60
TCPI_OPT_SYN_DATA = 32


def family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def connect(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port), timeout=TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def echo_once(host: str, port: int, octets: int) -> bool:
    data = os.urandom(octets)
    with connect(host, port) as connection:
        def send() -> None:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        back = read_all(connection)
        sender.join()
    return back == data


def echo(host: str, port: int, octets: int, count: int, parallel: int) -> dict:
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        results = list(pool.map(lambda _: echo_once(host, port, octets), range(count)))
    return {"good": sum(results), "bad": len(results) - sum(results)}


def cycles(host: str, port: int, count: int) -> dict:
    """A refusal (RST, or a SYN that had to be sent again) is retried; anything else is a failure."""
    good = refused = failed = 0
    while good < count and failed < 10:
        try:
            with connect(host, port) as connection:
                connection.sendall(b"x")
                if connection.recv(1) == b"x":
                    good += 1
                else:
                    failed += 1
        except ConnectionRefusedError:
            refused += 1
        except OSError:
            failed += 1
    return {"good": good, "refused": refused, "failed": failed}


def hold(host: str, port: int, count: int) -> dict:
    """Fills the table with connections that stay; a further one waits until one of them ends."""
    held = [connect(host, port) for _ in range(count)]
    for connection in held:
        connection.sendall(b"x")
        connection.recv(1)
    late = {}

    def come_late() -> None:
        try:
            with connect(host, port) as connection:
                connection.sendall(b"y")
                late["got"] = connection.recv(1).decode()
        except OSError as error:
            late["got"] = type(error).__name__
    comer = threading.Thread(target=come_late)
    comer.start()
    time.sleep(0.5)
    early = late.get("got", "nothing")
    held.pop().close()
    comer.join()
    for connection in held:  # those that were there are not disturbed
        connection.sendall(b"z")
        late["kept"] = late.get("kept", 0) + (connection.recv(1) == b"z")
        connection.close()
    return {"early": early, "late": late["got"], "kept": late["kept"]}


def reset(host: str, port: int, path: str, octets: int) -> dict:
    connection = connect(host, port)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    left = octets
    while left > 0:
        left -= len(connection.recv(min(left, 65536)))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return {"read": octets - left}


def fast(host: str, port: int, octets: int, count: int) -> dict:
    """taken: how often the server acknowledged data that came with the SYN (tcpi_options)."""
    good = taken = 0
    for _ in range(count):
        data = os.urandom(octets)
        with socket.socket(family(host)) as connection:
            sent = connection.sendto(data, socket.MSG_FASTOPEN, (host, port))
            connection.sendall(data[sent:])
            connection.shutdown(socket.SHUT_WR)
            good += read_all(connection) == data
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            taken += bool(info[5] & TCPI_OPT_SYN_DATA)
    return {"good": good, "taken": taken}


def told(host: str, port: int, count: int) -> dict:
    """Asks for files of the pattern, and reads them, in connections that stay: one line for each."""
    held = [connect(host, port) for _ in range(count)]
    for line in sys.stdin:
        what, number, octets = line.split()
        connection = held[int(number)]
        connection.settimeout(None)
        if what == "ask":
            connection.sendall(f"GET /{octets}.bin HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            verdict = "asked"
        else:
            verdict = read_answer(connection, int(octets))
        print(json.dumps(verdict), flush=True)
    return {}


def read_answer(connection: socket.socket, octets: int) -> str:
    try:
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 200 ") and len(body) < octets and (part := connection.recv(65536)):
            body += part
        return "good" if len(body) == octets else "bad"
    except OSError as error:
        return type(error).__name__


def serve_fast(host: str, port: int) -> None:
    with socket.create_server((host, port), family=family(host), backlog=128) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        while True:
            connection, _ = listener.accept()
            connection.settimeout(TIMEOUT)
            threading.Thread(target=answer, args=(connection, "last"), daemon=True).start()


def serve(host: str, port: int, mode: str) -> None:
    """last: echoes to the end. first: closes after the first part. together: when it has it all."""
    with socket.create_server((host, port), family=family(host), backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            connection.settimeout(TIMEOUT)
            threading.Thread(target=answer, args=(connection, mode), daemon=True).start()


def answer(connection: socket.socket, mode: str) -> None:
    with connection:
        try:
            if mode == "last":
                while part := connection.recv(65536):
                    connection.sendall(part)
            elif mode == "first":
                connection.sendall(connection.recv(65536))
                connection.shutdown(socket.SHUT_WR)
                read_all(connection)
            elif mode == "together":  # what comes back and our FIN leave in one segment
                connection.sendall(connection.recv(65536))
        except OSError:
            pass


def main() -> None:
    what, *args = sys.argv[1:]
    numbers = [int(a) if a.isdigit() else a for a in args]
    result = {"echo": echo, "cycles": cycles, "hold": hold, "reset": reset, "told": told,
              "serve": serve, "fast": fast, "serve_fast": serve_fast}[what](*numbers)
    print(json.dumps(result), flush=True)


main()
