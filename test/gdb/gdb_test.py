#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ports/gdb/aksu.py, run by gdb: on a program of the host, on its core file, and on firmware in QEMU
that holds a connection to Linux.

usage: gdb_test.py NATIVE_PROGRAM BUILD_FOLDER
"""
import ast
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(HERE.parent / "checks"))
from common import Tally, output, run  # noqa: E402

SCRIPT = ROOT / "ports/gdb/aksu.py"
BOARD, LINUX = "192.168.77.2", "192.168.77.1"  # as examples/boards/firmware.h has it
PORT = 1234  # of QEMU's stub, in a namespace of its own
LIMIT_S = 300  # what hangs; gdb alone takes 15 s of a free processor

ERRORS = {
    "(struct aksu *)16": "aksu: memory cannot be read: Cannot access memory at address",
    "no_such": 'aksu: No symbol "no_such" in current context',
    "17": "aksu: 17 is of type int, not struct aksu",
    "broken": "aksu: no stack is there: its storage cannot be read",
    "odd": "aksu: no stack is there: its storage at",
    "blank": "aksu: this stack is not initialised: aksu_init() was not called yet",
    "lost": "aksu: lost is optimized out",
}


def gdb(program: str, *commands: str, prefix: tuple = ()) -> str:
    """What gdb prints; a command that fails does not keep it from the next."""
    setup = ("set pagination off", "set debuginfod enabled off", f"source {SCRIPT}")
    options = [word for command in (*setup, *commands) for word in ("-ex", command)]
    return run([*prefix, program, "-nx", "-q", "-batch", *options], timeout=LIMIT_S).stdout


def missing(text: str, wanted: list) -> list:
    """What of the wanted lines the text lacks, and then the text."""
    absent = [f"not there: {line}" for line in wanted if line not in text]
    return absent + text.splitlines() if absent else []


def differing(header: str, prefix: str, table: str) -> list:
    """What a header's enumerators and a table of the script's do not both say."""
    there = re.findall(rf"\b{prefix}(\w+) =\s+(0x\w+|\d+)", (ROOT / "lib" / header).read_text())
    tree = ast.parse(SCRIPT.read_text())
    mine = next(ast.literal_eval(n.value) for n in tree.body
                if isinstance(n, ast.Assign) and n.targets[0].id == table)
    return sorted({(k, int(v, 0)) for k, v in there} ^ set(mine.items()))


def check_tables(tally: Tally) -> None:
    for header, prefix, table in (("include/aksu/tcb.h", "AKSU_OWE_", "OWED"),
                                  ("include/aksu/tcb.h", "AKSU_F_", "FLAGS"),
                                  ("src/stack.h", "AKSU_ROW_", "ROW_BITS")):
        tally.check(f"the script's {table} are the header's", differing(header, prefix, table))


def check_native(tally: Tally, program: pathlib.Path, folder: pathlib.Path) -> None:
    core = folder / "core"
    wanted = run([program]).stdout.splitlines()[:-1]
    tables = ("aksu connections", "aksu listeners", "aksu counters", "aksu neighbours",
              "aksu connections &peer", "aksu")
    live = gdb("gdb", f"file {program}", "break stop", "run > /dev/null", *tables,
               f"generate-core-file {core}", *(f"aksu connections {e}" for e in ERRORS), "continue")
    tally.check("host: connections, as the program knows them", missing(live, wanted))
    tally.check("host: it knows some", len(wanted) == 10)
    tally.check("host: listeners", missing(live, ["*:7  half-open 0 of 2  handlers", "<listening>"]))
    tally.check("host: counters", missing(live, [f"{'frames_out':20}{5:10}", f"{'opened':20}{1:10}"]))
    tally.check("host: neighbours", missing(live, [
        "192.0.2.2  02:00:00:00:00:02  goes stale in 300000 ms",
        "192.0.2.99  asked for 1 times, next in 1000 ms"]))
    tally.check("host: another stack, by an expression", missing(live, ["192.0.2.2:80 - 192.0.2.1:4000  ESTABLISHED"]))
    tally.check("host: the program goes on and ends well", missing(live, ["exited normally"]))
    for expression, message in ERRORS.items():
        tally.check(f"host: {expression}: an error that says why", missing(live, [message]))
    tally.check("host: no error of Python's own", "Traceback" not in live)
    dead = gdb("gdb", f"file {program}", f"core-file {core}", "aksu connections", "aksu neighbours")
    tally.check("core file: connections", missing(dead, wanted))
    tally.check("core file: neighbours", missing(dead, ["192.0.2.99  asked for 1 times"]))
    core.unlink(missing_ok=True)
    alone = gdb("gdb", "aksu connections")
    tally.check("no program: says so", missing(alone, ["no variable of type struct aksu"]))


@contextlib.contextmanager
def board(image: pathlib.Path):
    """The image in QEMU with gdb's stub, and a namespace with a TAP to it. Yields what runs a command
    there."""
    name = f"aksu-gdb-{os.getpid()}"
    inside = ("ip", "netns", "exec", name)
    output(["ip", "netns", "add", name])
    qemu = None
    try:
        for command in ("ip link set lo up", "ip tuntap add dev tap0 mode tap",
                        f"ip addr add {LINUX}/24 dev tap0", "ip link set tap0 up"):
            output([*inside, *command.split()])
        qemu = subprocess.Popen(
            [*inside, "qemu-system-arm", "-M", "mps2-an385", "-display", "none", "-monitor", "none",
             "-serial", "none", "-semihosting-config", "enable=on,target=native", "-nic",
             "tap,ifname=tap0,script=no,downscript=no", "-gdb", f"tcp:127.0.0.1:{PORT}", "-kernel",
             str(image)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        yield inside, qemu
    finally:
        if qemu and qemu.poll() is None:
            qemu.kill()
            qemu.wait()
        run(["ip", "netns", "del", name])


def wait_for_ping(inside: tuple) -> bool:
    for _ in range(100):
        if run([*inside, "ping", "-c", "1", "-W", "1", BOARD]).returncode == 0:
            return True
        time.sleep(0.1)
    return False


def check_board(tally: Tally, inside: tuple, qemu: subprocess.Popen, image: pathlib.Path) -> None:
    client = subprocess.Popen([*inside, sys.executable, str(HERE / "client.py"), BOARD, "80"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = json.loads(client.stdout.readline())
    target = (f"file {image}", f"target remote 127.0.0.1:{PORT}")
    text = gdb("gdb-multiarch", *target, "aksu connections", "aksu listeners", "aksu counters",
               "aksu neighbours", "detach", prefix=inside)
    tally.check("firmware: the connection, as Linux's TCP knows it", missing(text, [
        f"{BOARD}:80 - {LINUX}:{said['port']}  ESTABLISHED",
        f"una {said['rcv_nxt']}  nxt {said['rcv_nxt']} (+0)", f"receive  nxt {said['snd_nxt']}",
        "1 of 4 rows in use, 0 half-open"]))
    tally.check("firmware: listeners", missing(text, ["*:80  half-open 0 of"]))
    tally.check("firmware: counters", missing(text, [f"{'opened':20}{1:10}"]))
    tally.check("firmware: no error", "aksu: " not in text or text)
    rest, _ = client.communicate("go on\n", timeout=LIMIT_S)
    tally.check("firmware: goes on when gdb has left", missing(rest, ["HTTP/1.1 200"]))
    gdb("gdb-multiarch", *target, "monitor quit", prefix=inside)
    try:
        tally.check("firmware: QEMU ends by itself", qemu.wait(timeout=LIMIT_S) == 0)
    except subprocess.TimeoutExpired:
        tally.check("firmware: QEMU ends by itself", False)


def check_firmware(tally: Tally, folder: pathlib.Path) -> int:
    """Returns how many tests were skipped."""
    tools = [tool for tool in ("arm-none-eabi-gcc", "qemu-system-arm", "gdb-multiarch", "ip", "ping")
             if not shutil.which(tool)]
    if tools or os.geteuid() != 0:
        print(f"firmware: skipped: {' '.join(tools) or 'a network namespace needs root'}")
        return 1
    output(["cmake", "-S", ROOT, "--preset", "mps2-an385", "-B", folder / "firmware",
            "-DCMAKE_C_FLAGS_MINSIZEREL=-Os -g"])
    output(["cmake", "--build", folder / "firmware", "-j", "2", "-t", "http_server"])
    image = folder / "firmware/bin/http_server.elf"
    with board(image) as (inside, qemu):
        if tally.check("firmware: answers ping", wait_for_ping(inside)):
            check_board(tally, inside, qemu, image)
    return 0


def main() -> None:
    tally = Tally()
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if not shutil.which("gdb"):
        print("not installed: gdb: scripts/setup target\n0 passed, 0 failed, 1 skipped")
        return
    check_tables(tally)
    check_native(tally, pathlib.Path(sys.argv[1]), folder)
    skipped = check_firmware(tally, folder)
    print(f"{tally.passed} passed, {tally.failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if tally.failed else 0)


main()
