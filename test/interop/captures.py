# SPDX-License-Identifier: MIT
"""What tshark finds in a capture."""
import pathlib
import sys

from namespaces import sh

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "checks"))
from suite import expect  # noqa: E402  pylint: disable=wrong-import-position

CHECKED = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
# Linux's address is the first of each network, and aksu's never is.
FROM_LINUX = "(ip.src[3] == 01 || ipv6.src[8:8] == 00:00:00:00:00:00:00:01)"
# Linux writes a sum of zero as 0xffff, which is the same number; tshark holds it to be wrong.
WRONG = ["_ws.malformed", "ip.checksum.status == 0", "udp.checksum.status == 0",
         "icmpv6.checksum.status == 0",
         f"(tcp.checksum.status == 0 && !(tcp.checksum == 0xffff && {FROM_LINUX}))",
         '(_ws.expert.severity == "Error" && !(tcp.checksum.status == 0))']


def packets(pcap: pathlib.Path, words: str, *options) -> list:
    """What a filter finds, a line each."""
    found = sh("tshark", "-n", "-r", pcap, *CHECKED, *options, "-Y", words, check=False)
    expect(found.returncode == 0, f"tshark cannot read {pcap}: {found.stdout}")
    return [line for line in found.stdout.splitlines()
            if not line.startswith(("Running as", " **", "**"))]


def fields(pcap: pathlib.Path, words: str, *names) -> list:
    """The fields of the packets that a filter finds."""
    lines = packets(pcap, words, "-T", "fields", "-E", "separator=;",
                    *(word for name in names for word in ("-e", name)))
    return [line.split(";") for line in lines]


def judge(pcap: pathlib.Path, *more: str) -> None:
    """Nothing is malformed, no sum is wrong, and no packet is one of which a filter of `more` tells."""
    # An ephemeral port may be that of a protocol that tshark knows.
    found = packets(pcap, " || ".join([*WRONG, *more]), "-d", "tcp.port==1024-65535,data")
    expect(not found, f"tshark on {pcap.name}:\n" + "\n".join(found[:10]))
