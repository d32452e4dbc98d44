#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes what the RP2040's boot ROM wants.

boot2.py stage BINARY ASSEMBLY   the second stage, padded, with its checksum, as assembly
boot2.py uf2 ELF UF2             an image for the drive that the boot ROM shows
boot2.py check ELF               whether the boot ROM would start it
"""
import struct
import sys
from pathlib import Path

STAGE = 256
FLASH = 0x10000000
FLASH_END = FLASH + 0x1000000
RP2040_FAMILY = 0xE48BFF56
UF2_START, UF2_SECOND, UF2_END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
UF2_HAS_FAMILY = 0x2000


def checksum(data: bytes) -> int:
    """CRC-32 of the polynomial 0x04c11db7, not reflected, from all ones (datasheet 2.8.1.3.1)."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc ^= octet << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def stage(code: bytes) -> bytes:
    """The code, zeros up to 252 octets, and the checksum of these."""
    if len(code) > STAGE - 4:
        sys.exit(f"boot2: {len(code)} octets of code, but only {STAGE - 4} fit")
    padded = code.ljust(STAGE - 4, b"\0")
    return padded + struct.pack("<I", checksum(padded))


def assembly(octets: bytes) -> str:
    lines = [f"    .byte {', '.join(f'0x{o:02x}' for o in octets[i:i + 16])}"
             for i in range(0, len(octets), 16)]
    return "\n".join(["/* Made by boot2.py. */", '    .section .boot2, "a"', *lines, ""])


def loaded(elf: bytes) -> dict[int, bytes]:
    """What a 32-bit little-endian ELF loads, by its address in flash."""
    if elf[:6] != b"\x7fELF\x01\x01":
        sys.exit("boot2: not an ELF of 32 bits")
    table, = struct.unpack_from("<I", elf, 28)
    size, count = struct.unpack_from("<HH", elf, 42)
    parts = {}
    for i in range(count):
        kind, offset, _, address, length = struct.unpack_from("<5I", elf, table + i * size)
        if kind == 1 and length > 0 and FLASH <= address < FLASH_END:
            parts[address] = elf[offset:offset + length]
    return parts


def flash(elf: bytes) -> bytes:
    """The flash's contents from its start on, in whole pages of 256 octets."""
    parts = loaded(elf)
    if not parts:
        sys.exit("boot2: nothing of it is in flash")
    image = bytearray(max(at + len(part) for at, part in parts.items()) - FLASH)
    for at, part in parts.items():
        image[at - FLASH:at - FLASH + len(part)] = part
    return bytes(image) + bytes(-len(image) % 256)


def uf2(image: bytes) -> bytes:
    pages = [image[i:i + 256] for i in range(0, len(image), 256)]
    blocks = []
    for i, page in enumerate(pages):
        head = struct.pack("<8I", UF2_START, UF2_SECOND, UF2_HAS_FAMILY, FLASH + 256 * i, 256, i,
                           len(pages), RP2040_FAMILY)
        blocks.append(head + page.ljust(476, b"\0") + struct.pack("<I", UF2_END))
    return b"".join(blocks)


def problem(image: bytes) -> str:
    """Why the boot ROM would not start it; empty: it would."""
    sp, reset = struct.unpack_from("<II", image, STAGE)
    if image[:STAGE] != stage(image[:STAGE - 4]):
        return "the second stage's checksum is wrong"
    if not 0x20000000 < sp <= 0x20042000 or sp % 8:
        return f"the stack's top is no RAM: {sp:#x}"
    if not (reset & 1 and FLASH + STAGE <= reset < FLASH + len(image)):
        return f"the reset vector leads nowhere: {reset:#x}"
    return ""


def main(command: str, source: str, *target: str) -> None:
    data = Path(source).read_bytes()
    if command == "stage":
        Path(target[0]).write_text(assembly(stage(data)))
    elif command == "uf2":
        Path(target[0]).write_bytes(uf2(flash(data)))
    elif command == "check":
        sys.exit(problem(flash(data)) or 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 2 else sys.exit(__doc__)
