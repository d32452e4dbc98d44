#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aksu's name on the link and a real avahi-daemon, with a bus of its own; tshark judges.

usage: mdns.py BIN-FOLDER [NAME ...]    all tests, or those whose names contain one of the words
Needs root (network namespaces, raw sockets), iproute2, ethtool, avahi-daemon, avahi-utils,
dbus-daemon, tshark.
"""
import pathlib
import re
import socket
import sys
import time

from captures import judge, packets
from ipv6 import AKSU6, Link6
from namespaces import AKSU, LINUX, Link, main

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import expect, run  # noqa: E402  pylint: disable=wrong-import-position

TOOLS = ["ip", "ethtool", "avahi-daemon", "avahi-resolve", "dbus-daemon", "tshark"]

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
"""

AVAHI = """[server]
host-name={name}
allow-interfaces=veth0
use-ipv4={four}
use-ipv6={six}
check-response-ttl=yes
[publish]
publish-workstation=no
publish-hinfo=no
[wide-area]
enable-wide-area=no
"""

# A client of DNS that knows nothing of mDNS: a query from a port of its own, to the group.
LEGACY = """
import socket, sys
name = b"".join(bytes([len(l)]) + l for l in sys.argv[1].encode().split(b".")) + b"\\0"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[2], 0))
s.settimeout(2)
for left in range(4, -1, -1):  # as a resolver does: what it asks may be lost
    s.sendto(b"\\x12\\x34\\0\\0\\0\\1\\0\\0\\0\\0\\0\\0" + name + b"\\0\\1\\0\\1", ("224.0.0.251", 5353))
    try:
        answer, who = s.recvfrom(2000)
        break
    except TimeoutError:
        if not left:
            raise
print(who[0], who[1], answer.hex())
"""


class Mdns:
    def __init__(self, bin_folder: pathlib.Path, out: pathlib.Path) -> None:
        self.host, self.out = bin_folder / "aksu-host", out

    @property
    def bus(self) -> str:
        return f"DBUS_SYSTEM_BUS_ADDRESS=unix:path={self.out}/bus"

    def wait_for_bus(self) -> None:
        for _ in range(250):
            with socket.socket(socket.AF_UNIX) as bus:
                if bus.connect_ex(f"{self.out}/bus") == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("there is no bus")

    def avahi(self, link: Link, name: str, over: str = "ipv4") -> None:
        """Starts it on Linux's side, with /run of its own, and waits until its own name is known."""
        speaks = {"four": "yes" if over == "ipv4" else "no", "six": "yes" if over == "ipv6" else "no"}
        (self.out / "bus.conf").write_text(BUS.format(folder=self.out), encoding="ascii")
        (self.out / "avahi.conf").write_text(AVAHI.format(name=name, **speaks), encoding="ascii")
        (self.out / "bus").unlink(missing_ok=True)
        link.start_linux("dbus-daemon", f"--config-file={self.out}/bus.conf", "--nofork")
        self.wait_for_bus()
        log = self.out / "avahi.log"
        link.start_linux(
            "env", self.bus, "unshare", "-m", "sh", "-c",
            f"mount -t tmpfs none /run && mkdir -p /run/avahi-daemon && exec avahi-daemon "
            f"-f {self.out}/avahi.conf --no-drop-root --no-chroot --no-rlimits", log=log)
        for _ in range(200):
            if "Server startup complete" in log.read_text():
                return
            time.sleep(0.05)
        raise RuntimeError("avahi does not start: " + log.read_text())

    def aksu(self, link: Link, name: str, pcap: pathlib.Path, options=()):
        """Starts aksu, and waits until it has a name."""
        log = self.out / "host.log"
        process = link.start(link.ours, *link.host_command("echo", pcap=pcap,
                                                           options=("--name", name, *options)), log=log)
        for _ in range(200):
            if "name " in log.read_text():
                return process
            time.sleep(0.05)
        raise RuntimeError("aksu has no name: " + log.read_text())

    def resolve(self, link: Link, *what: str) -> str:
        said = link.on_linux("env", self.bus, "timeout", "10", "avahi-resolve", *what,
                             check=False).stdout
        octets = re.sub(rb"\\(\d{3})", lambda m: bytes([int(m[1])]), said.encode())
        return octets.decode()  # avahi writes what is not ASCII as \ddd

    def test_a_name(self) -> None:
        """Both ways, for both families; also for a client of DNS; given back at the end."""
        pcap = self.out / "name.pcapng"
        with Link6(self.host) as link:
            self.avahi(link, "linux")
            process = self.aksu(link, "센서", pcap, ("--ipv6", f"{AKSU6}/64"))
            done = self.resolve(link, "-4", "-n", "센서.local")
            expect(done == f"센서.local\t{AKSU}\n", done)
            done = self.resolve(link, "-6", "-n", "센서.local")
            expect(AKSU6 in done or "fe80::" in done, done)
            done = self.resolve(link, "-a", AKSU)
            expect(done == f"{AKSU}\t센서.local\n", done)
            legacy = link.on_linux("python3", "-c", LEGACY, "센서.local", LINUX).stdout.split()
            expect(legacy[:2] == [AKSU, "5353"] and legacy[2].startswith("1234"), legacy)
            # TTL 10, class IN without the cache-flush bit, the address
            expect(legacy[2].endswith("00010001" "0000000a" "0004c0000202"), legacy)
            expect(link.stop(process) == 0, "aksu-host did not end well")
        judge(pcap)
        for words, count in (("igmp.type == 0x16 && igmp.maddr == 224.0.0.251", 1),
                             ("igmp.type == 0x17", 1),
                             (f"ip.src == {AKSU} && dns.resp.ttl == 0", 1),
                             (f"ip.src == {AKSU} && dns.flags.response == 0 && dns.count.auth_rr > 0", 3),
                             (f"ip.src == {AKSU} && mdns && ip.ttl == 255", 5)):
            found = packets(pcap, words)
            expect(len(found) >= count, f"{words}: {len(found)} packets, of {count}")
        expect(not packets(pcap, f"ip.src == {AKSU} && ip.dst == 224.0.0.251 && udp && ip.ttl < 255"),
               "TTL")

    def test_over_ipv6(self) -> None:
        """Linux speaks mDNS over IPv6 alone, and gets addresses of both kinds."""
        pcap = self.out / "six.pcapng"
        with Link6(self.host) as link:
            self.avahi(link, "linux", "ipv6")
            process = self.aksu(link, "sensor", pcap, ("--ipv6", f"{AKSU6}/64"))
            done = self.resolve(link, "-6", "-n", "sensor.local")
            expect(AKSU6 in done or "fe80::" in done, done)
            done = self.resolve(link, "-4", "-n", "sensor.local")
            expect(done == f"sensor.local\t{AKSU}\n", done)
            expect(link.stop(process) == 0, "aksu-host did not end well")
        judge(pcap)
        ours = "eth.src == 02:61:c0:00:02:02 && mdns && ipv6.dst == ff02::fb"
        for words, count in ((f"{ours} && ipv6.hlim == 255 && dns.flags.response == 0", 3),
                             (f"{ours} && dns.a && dns.aaaa", 1), (f"{ours} && dns.resp.ttl == 0", 1),
                             ("icmpv6.type == 143 && icmpv6.mldr.mar.multicast_address == ff02::fb "
                              "&& eth.src == 02:61:c0:00:02:02", 3)):
            found = packets(pcap, words)
            expect(len(found) >= count, f"{words}: {len(found)} packets, of {count}")

    def conflict(self, over: str, options=()) -> None:
        """Linux has the name: aksu takes the next one, and Linux finds it there."""
        pcap = self.out / "conflict.pcapng"
        with Link6(self.host) as link:
            self.avahi(link, "sensor", over)
            process = self.aksu(link, "sensor", pcap, options)
            log = self.out / "host.log"
            for _ in range(100):
                if "name sensor-2.local" in log.read_text():
                    break
                time.sleep(0.1)
            expect("name sensor-2.local" in log.read_text(), log.read_text())
            done = self.resolve(link, "-4", "-n", "sensor-2.local")
            expect(done == f"sensor-2.local\t{AKSU}\n", done)
            if over == "ipv4":
                done = self.resolve(link, "-4", "-n", "sensor.local")
                expect(done == f"sensor.local\t{LINUX}\n", done)
            expect(link.stop(process) == 0, "aksu-host did not end well")
        judge(pcap)

    def test_conflict(self) -> None:
        self.conflict("ipv4")

    def test_conflict_over_ipv6(self) -> None:
        self.conflict("ipv6", ("--ipv6", f"{AKSU6}/64"))


if __name__ == "__main__":
    main(TOOLS, lambda folder, out, words: run(Mdns(folder, out), words, at_once=4))
