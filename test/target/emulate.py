# SPDX-License-Identifier: MIT
"""Runs an image to its own end, which a bare machine in QEMU tells through semihosting."""
import dataclasses
import pathlib
import subprocess

LIMIT_S = 400  # far beyond what any of these images takes, even on a busy machine


@dataclasses.dataclass
class Ended:
    """How an image ended. killed: it did not, and QEMU had to be stopped."""
    status: int
    text: str
    killed: bool = False


def run(command: list, limit_s: float = LIMIT_S) -> Ended:
    """Runs a command and waits for its end."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        try:
            text, _ = process.communicate(timeout=limit_s)
            return Ended(process.returncode, text)
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
            return Ended(process.returncode, text, killed=True)


def emulate(machine: list, image: pathlib.Path, limit_s: float = LIMIT_S) -> Ended:
    """Starts `machine` (QEMU's program and its options) with an image and waits for its end."""
    return run([*machine, "-display", "none", "-monitor", "none", "-serial", "none", "-nic", "none",
                "-chardev", "stdio,id=text", "-semihosting-config",
                "enable=on,target=native,chardev=text", "-kernel", str(image)], limit_s)
