#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Says of each packet of a capture why it is there: how a host gets from nothing to a page.

usage: explain.py CAPTURE        of one that aksu-host --pcap wrote of http-get
       explain.py --run BIN      boots and fetches over both versions, and explains that (root)
"""
import pathlib
import re
import sys

from namespaces import sh

US = "02:61:00:00:00:00"  # of aksu-host without an address
FIELDS = """frame.number frame.time_relative eth.src eth.dst arp.opcode arp.isprobe arp.isannouncement
arp.src.proto_ipv4 arp.dst.proto_ipv4 ip.src ip.dst ipv6.src ipv6.dst icmp.type icmpv6.type
icmpv6.nd.ns.target_address icmpv6.nd.na.target_address icmpv6.opt.prefix
icmpv6.opt.rdnss dhcp.option.dhcp dhcp.ip.your dns.flags.response dns.flags.truncated
dhcpv6.msgtype dns.flags.rcode dns.qry.name dns.qry.type dns.a dns.aaaa tcp.flags tcp.len tcp.stream tcp.dstport
http.request.method http.response.code _ws.col.Protocol""".split()
WIDTH = 33  # of an address
TYPES = {"1": "IPv4", "28": "IPv6"}


class Packet(dict):
    """The first value of each field, "" if there is none."""

    @property
    def ours(self) -> bool:
        return self["eth.src"] == US

    def has(self, flag: int) -> bool:
        return bool(int(self["tcp.flags"] or "0", 16) & flag)

    def ends(self) -> tuple:
        if self["arp.opcode"]:
            return self["arp.src.proto_ipv4"], self["arp.dst.proto_ipv4"]
        return self["ip.src"] or self["ipv6.src"], self["ip.dst"] or self["ipv6.dst"]


def read(pcap: pathlib.Path) -> list:
    lines = sh("tshark", "-n", "-r", pcap, "-T", "fields", "-E", "separator=;", "-E", "occurrence=a",
               "-E", "aggregator=|", *(word for f in FIELDS for word in ("-e", f))).stdout.splitlines()
    rows = [line.split(";") for line in lines]
    return [Packet({f: v.split("|")[0] if f not in ("dns.a", "dns.aaaa") else v
                    for f, v in zip(FIELDS, row)})
            for row in rows if len(row) == len(FIELDS) and row[0].isdigit()]


def arp(p: Packet) -> str:
    asked = p["arp.dst.proto_ipv4"]
    if p["arp.isprobe"] in ("1", "True"):
        return f"does anybody have {asked} already? (RFC 5227)"
    if p["arp.isannouncement"] in ("1", "True"):
        return f"{asked} is ours now (RFC 5227)"
    if p["arp.opcode"] == "1":
        return f"which station has {asked}?"
    return f"{p['arp.src.proto_ipv4']} is at {p['eth.src']}"


class Explainer:
    """What a packet means follows from what came before it."""

    def __init__(self) -> None:
        self.requests = 0
        self.streams = {}

    def dhcp(self, p: Packet) -> str:
        kind, given = p["dhcp.option.dhcp"], p["dhcp.ip.your"]
        if kind == "3":
            self.requests += 1
            return ("we take the offer" if self.requests == 1
                    else "nobody has it: we take it, once more, and keep this answer")
        return {"1": "we have nothing: who gives an address?", "2": f"the server offers {given}",
                "5": f"{given} is ours for a time; with it netmask, router and DNS server",
                "7": "we give the address back"}.get(kind, "")

    def icmpv6(self, p: Packet) -> str:
        source, kind = p["ipv6.src"], p["icmpv6.type"]
        target = p["icmpv6.nd.ns.target_address"] or p["icmpv6.nd.na.target_address"]
        if kind == "135" and source == "::":
            who = "" if p.ours else "Linux asks, too: "
            return f"{who}does anybody have {target} already? (RFC 4862)"
        if kind == "134":
            return (f"the router: networks {p['icmpv6.opt.prefix'] or '-'}, "
                    f"DNS server {p['icmpv6.opt.rdnss'] or '-'}")
        return {"1": "that came to a port where nobody listens (any more)",
                "133": "which routers are there?" if p.ours else "Linux asks for routers, too",
                "135": f"which station has {target}?", "136": f"{target} is at {p['eth.src']}",
                "143": ("we listen to the group of our address (RFC 3810)" if p.ours
                        else "Linux tells its groups")}.get(kind, "")

    def dns(self, p: Packet) -> str:
        name, kind = p["dns.qry.name"], TYPES.get(p["dns.qry.type"], "?")
        if p["dns.flags.response"] not in ("1", "True"):
            return f"what is {name}'s address of {kind}?"
        if p["dns.flags.truncated"] in ("1", "True"):
            return f"more than fits here: ask for {name} over TCP"
        found = (p["dns.a"] if kind == "IPv4" else p["dns.aaaa"]).split("|")
        if not found[0]:
            return f"{name} has no address of {kind}"
        return f"{name} is {found[0]}" + (f" and {len(found) - 1} more" if found[1:] else "")

    def tcp(self, p: Packet) -> str:
        seen = self.streams.setdefault(p["tcp.stream"], {"syn": False, "fin": set()})
        who = "we" if p.ours else "the server"
        if p.has(4):
            return f"{who} refuse" + ("" if p.ours else "s")
        if p.has(2) and not p.has(16):
            first, seen["syn"] = not seen["syn"], True
            return "handshake 1: we want to talk" if first else "handshake 1 again: no answer came"
        if p.has(2):
            return "handshake 2: the server, too"
        if p.has(1):
            seen["fin"].add(p.ours)
            code = p["http.response.code"]
            data = f"the page, status {code}; and " if code else ""
            return f"{data}close: {who} " + ("have" if p.ours else "has") + " nothing more to say"
        if p["tcp.len"] == "0":
            if seen["fin"]:
                return "close: that was heard"
            done, seen["open"] = seen.get("open"), True
            return "what came is acknowledged" if done else "handshake 3: both hear each other"
        first, seen["open"] = not seen.get("open"), True
        if p["http.request.method"]:
            return ("handshake 3: both hear each other; and " if first else "") + "we ask for the page"
        if p["http.response.code"]:
            return f"the page: status {p['http.response.code']}"
        return f"{p['tcp.len']} octets of " + ("the question" if p.ours else "the answer")

    def why(self, p: Packet) -> str:
        if p["arp.opcode"]:
            return arp(p)
        if p["icmp.type"]:
            return {"8": "the server looks whether anybody has what it is about to offer",
                    "3": "that came to a port where nobody listens (any more)"}.get(p["icmp.type"], "")
        if p["dhcp.option.dhcp"]:
            return self.dhcp(p)
        if p["icmpv6.type"]:
            return self.icmpv6(p)
        if p["dhcpv6.msgtype"]:
            return {"11": "which name servers are there? (RFC 8415)",
                    "7": "DHCPv6 tells its name servers"}.get(p["dhcpv6.msgtype"], "")
        if p["dns.qry.name"]:
            said = self.dns(p)
            if p["tcp.flags"]:
                seen = self.streams.setdefault(p["tcp.stream"], {"syn": True, "fin": set()})
                seen["open"] = True
            return said
        return self.tcp(p) if p["tcp.flags"] else ""


def what(p: Packet) -> str:
    if p["tcp.flags"] and not p["icmp.type"] and not p["icmpv6.type"]:
        flags = [name for bit, name in ((2, "SYN"), (1, "FIN"), (4, "RST"), (16, "ACK")) if p.has(bit)]
        over = p["_ws.col.Protocol"] if p["_ws.col.Protocol"] != "TCP" else ""
        return " ".join(["TCP", ",".join(flags), over]).rstrip()
    return p["_ws.col.Protocol"]


def table(pcap: pathlib.Path) -> tuple:
    """(lines of text, packets that nothing explains)."""
    explainer, lines, unknown = Explainer(), [], []
    for p in read(pcap):
        why = explainer.why(p)
        source, target = p.ends()
        line = (f"{p['frame.number']:>3} {float(p['frame.time_relative']):6.3f}  {source:<{WIDTH}} "
                f"{target:<{WIDTH}} {what(p):<16} {why}")
        lines.append(line.rstrip())
        if not why:
            unknown.append(line)
    head = f"{'No.':>3} {'Time':>6}  {'From':<{WIDTH}} {'To':<{WIDTH}} {'What':<16} Why"
    return [head] + lines, unknown


ORDERED = ("DHCP", "DNS", "TCP")
# What depends on when Linux does what, and what we answer to it: its answer about IPv4 may come when
# the page is there, or not any more.
SOMETIMES = re.compile(r"Linux |the server looks |which station has fe80|fe80::\S+ is at |"
                       r"what came is acknowledged|which station has 192\.0\.2\.77|"
                       r"\S+ is 192\.0\.2\.1$|that came to a port")
VARIES = ((re.compile(r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b"), "a station"),
          (re.compile(r"\bfe80::\w+:\w+ff:fe\w+:\w+"), "Linux"),
          (re.compile(r"^\d+ octets"), "octets"))


def outline(lines: list) -> dict:
    """What is the same in each run, of the lines of a table: by protocol who says what to whom, and
    why, each but once; of some in the order of the first time."""
    found = {}
    for line in lines:
        at = line.index("  ", 4) + 2  # behind number and time
        source, target = line[at:at + WIDTH].strip(), line[at + WIDTH + 1:at + 2 * WIDTH + 1].strip()
        name, why = line[at + 2 * WIDTH + 2:at + 2 * WIDTH + 18].split(), line[at + 2 * WIDTH + 19:]
        for pattern, instead in VARIES:
            why = pattern.sub(instead, why)
        if name == ["What"] or SOMETIMES.match(why):
            continue
        key = (source, target, why) if name[0] in ORDERED else why
        rows = found.setdefault(name[0], [])
        if key not in rows:
            rows.append(key)
    return {name: rows if name in ORDERED else sorted(rows) for name, rows in found.items()}


def documented() -> list:
    """The lines of the table in docs/network.md."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "docs/network.md").read_text(encoding="utf-8")
    return re.findall(r"^    (No\. .*|[ \d]{3} +\d+\.\d{3}  .*)$", text, re.M)


def main() -> None:
    if sys.argv[1] == "--run":
        import boot  # pylint: disable=import-outside-toplevel
        boot.show(pathlib.Path(sys.argv[2]).resolve())
        return
    lines, unknown = table(pathlib.Path(sys.argv[1]))
    print("\n".join(lines))
    sys.exit(bool(unknown))


if __name__ == "__main__":
    main()
