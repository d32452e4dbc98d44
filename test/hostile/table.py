#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns hostile.json into the C table of cases.

usage: table.py hostile.json cases.inc
"""
import json
import sys

VERDICTS = ["drop", "synack", "rst", "ack", "challenge_ack", "accept", "abort", "reply",
            "ignore_option", "icmp_error"]
STATES = ["any", "closed", "listen", "listen_flooded", "syn_sent", "syn_rcvd", "established",
          "established6", "established_inflight", "established_sack", "established_ts",
          "established_zero_rwnd", "time_wait"]
IPV6 = {"ipv6", "ipv6-ext", "ipv6-frag", "icmp6", "nd"}


def foreign(case: dict) -> str:
    """What aksu does not know of it, or nothing."""
    if case["class"] in IPV6 or (case["class"] == "control" and case["frame"][24:28] == "86dd"):
        return "IPv6 is not started here, see six.c"
    if case["class"] == "fragment":
        return "there is no reassembler"
    return ""


def octets(text: str) -> str:
    return ",".join(f"0x{b:02x}" for b in bytes.fromhex(text)) or "0"


def reply(case: dict) -> str:
    """The answer that is asked for: flags, and the numbers that count."""
    want = case.get("reply", {})
    if set(want) - {"flags", "seq", "ack"}:
        sys.exit(f"{case['name']}: unknown member of reply")
    return (f'"{want.get("flags", "")}", {want.get("seq", 0)}u, {want.get("ack", 0)}u')


def row(i: int, case: dict) -> str:
    allowed = sum(1 << VERDICTS.index(v) for v in {case["expected"], *case["also_allowed"]})
    if len(case["pre"]) > 1:
        sys.exit(f"{case['name']}: more than one frame goes before it")
    pre = case["pre"][0] if case["pre"] else ""
    detail = json.dumps(case["expected_detail"])
    why = foreign(case)
    return (f'    {{"{case["name"]}", {detail}, "{why}", state_{case["state"]}, '
            f'{VERDICTS.index(case["expected"])}, {allowed}, '
            f'"{case["checksums"]["l4"]}", frame_{i}, {len(case["frame"]) // 2}, '
            f'pre_{i}, {len(pre) // 2}, {reply(case)}}},')


def main() -> None:
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    with open(target, "w", encoding="utf-8") as out:
        print("// SPDX-License-Identifier: MIT\n// Made of hostile.json by table.py.", file=out)
        for i, case in enumerate(cases):
            if case["state"] not in STATES:
                sys.exit(f"{case['name']}: unknown state {case['state']}")
            print(f"static const uint8_t frame_{i}[] = {{{octets(case['frame'])}}};", file=out)
            print(f"static const uint8_t pre_{i}[] = {{{octets(''.join(case['pre'][:1]))}}};",
                  file=out)
        print("const struct hostile_case hostile_cases[] = {", file=out)
        print("\n".join(row(i, case) for i, case in enumerate(cases)), file=out)
        print(f"}};\nconst unsigned hostile_count = {len(cases)};", file=out)


if __name__ == "__main__":
    main()
