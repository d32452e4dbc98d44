#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A bad wire: carries frames between a TAP and QEMU's stream socket, loses some and doubles some.

usage: bridge.py TAP SOCKET PERCENT SEED

PERCENT of each direction's frames are lost, and as many are doubled. The seed fixes the fate of each
frame by its number in its direction; which frame that is depends on the two ends. Prints a line when
it is ready for QEMU, and at its end (SIGTERM) a line of JSON: for each direction the frames that came,
were lost and were doubled.
"""
import fcntl
import json
import os
import random
import select
import signal
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x0002, 0x1000
FRAME_MAX = 65536


class Direction:
    """Decides about the frames of one direction, and counts them."""

    def __init__(self, percent: int, seed: str) -> None:
        self.chance, self.random = percent / 100, random.Random(seed)
        self.frames = self.lost = self.doubled = 0

    def times(self) -> int:
        """How often the next frame arrives."""
        self.frames += 1
        fate = self.random.random()
        self.lost += fate < self.chance
        self.doubled += self.chance <= fate < 2 * self.chance
        return 0 if fate < self.chance else 1 + (fate < 2 * self.chance)

    def told(self) -> dict:
        return {"frames": self.frames, "lost": self.lost, "doubled": self.doubled}


def open_tap(name: str) -> int:
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def to_board(tap: int, qemu: socket.socket, way: Direction) -> None:
    """Frames of a stream have their length in front of them."""
    frame = os.read(tap, FRAME_MAX)
    qemu.sendall(way.times() * (len(frame).to_bytes(4, "big") + frame))


def to_linux(tap: int, buffer: bytearray, way: Direction) -> None:
    """Takes whole frames off the buffer."""
    at = 0
    while len(buffer) >= at + 4:
        end = at + 4 + int.from_bytes(buffer[at:at + 4], "big")
        if len(buffer) < end:
            break
        for _ in range(way.times()):
            os.write(tap, buffer[at + 4:end])
        at = end
    del buffer[:at]


def carry(tap: int, qemu: socket.socket, there: Direction, back: Direction) -> None:
    buffer = bytearray()
    while True:
        ready, _, _ = select.select([tap, qemu], [], [])
        if tap in ready:
            to_board(tap, qemu, there)
        if qemu in ready:
            part = qemu.recv(FRAME_MAX)
            if not part:
                return
            buffer += part
            to_linux(tap, buffer, back)


def main() -> None:
    tap_name, path, percent, seed = sys.argv[1:]
    there, back = (Direction(int(percent), f"{seed} {way}") for way in ("there", "back"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    tap = open_tap(tap_name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        print("ready", flush=True)
        try:
            qemu, _ = listener.accept()
            carry(tap, qemu, there, back)
        except OSError:
            pass  # QEMU has gone
        finally:
            print(json.dumps({"to_board": there.told(), "to_linux": back.told()}), flush=True)


main()
