#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The RP2040's second stage and UF2, as examples/boards/pico-w5500/boot2.py makes them."""
import struct
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples/boards/pico-w5500"))
import boot2  # noqa: E402

STACK, RESET = 0x20000800, 0x10000201


def elf(parts: dict[int, bytes]) -> bytes:
    """An executable with these segments, and one in RAM that is not loaded from flash."""
    head = b"\x7fELF\x01\x01" + bytes(10)
    table = [(1, address, data) for address, data in parts.items()] + [(1, 0x20000000, b"ram")]
    offset = 52 + 32 * len(table)
    headers, body = b"", b""
    for kind, address, data in table:
        headers += struct.pack("<8I", kind, offset + len(body), address, address, len(data),
                               len(data), 7, 4)
        body += data
    rest = struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, RESET, 52, 0, 0, 52, 32, len(table), 0, 0, 0)
    return head + rest + headers + body


def image(stack: int = STACK, reset: int = RESET) -> bytes:
    vectors = struct.pack("<II", stack, reset)
    return boot2.flash(elf({boot2.FLASH: boot2.stage(b"code"),
                            boot2.FLASH + 256: vectors + bytes(600)}))


def checksum_is_that_of_the_boot_rom() -> bool:
    return boot2.checksum(b"123456789") == 0x0376E6E7  # CRC-32/MPEG-2's check value


def stage_is_padded_and_summed() -> bool:
    stage = boot2.stage(b"\x01\x02")
    return (len(stage) == 256 and stage[:252] == b"\x01\x02" + bytes(250)
            and stage[252:] == struct.pack("<I", boot2.checksum(stage[:252])))


def stage_too_long_is_refused() -> bool:
    boot2.stage(bytes(252))
    try:
        boot2.stage(bytes(253))
    except SystemExit:
        return True
    return False


def good_image_starts() -> bool:
    return boot2.problem(image()) == ""


def bad_images_are_found() -> bool:
    flipped = bytearray(image())
    flipped[3] ^= 1
    bad = [bytes(flipped), image(stack=0x20042008), image(stack=0x20000804), image(reset=RESET - 1),
           image(reset=0x00000201)]
    return all(boot2.problem(each) for each in bad)


def segments_go_to_their_place() -> bool:
    flash = boot2.flash(elf({boot2.FLASH + 300: b"there", boot2.FLASH: b"here"}))
    return len(flash) == 512 and flash[:4] == b"here" and flash[300:305] == b"there"


def uf2_holds_the_image() -> bool:
    flash = image()
    blocks = [boot2.uf2(flash)[i:i + 512] for i in range(0, len(flash) * 2, 512)]
    found = b""
    for i, block in enumerate(blocks):
        head = struct.unpack_from("<8I", block)
        found += block[32:32 + 256]
        if head != (0x0A324655, 0x9E5D5157, 0x2000, 0x10000000 + 256 * i, 256, i, len(blocks),
                    0xE48BFF56) or block[508:] != struct.pack("<I", 0x0AB16F30):
            return False
    return found == flash


TESTS: list[Callable[[], bool]] = [
    checksum_is_that_of_the_boot_rom, stage_is_padded_and_summed, stage_too_long_is_refused,
    good_image_starts, bad_images_are_found, segments_go_to_their_place, uf2_holds_the_image]

failed = [test.__name__ for test in TESTS if not test()]
for name in failed:
    print("FAILED", name)
print(f"{len(TESTS) - len(failed)} passed, {len(failed)} failed")
sys.exit(bool(failed))
