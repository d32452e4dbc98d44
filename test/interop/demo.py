#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The real act of scripts/demo: an HTTP server and a client on aksu, curl and nginx on Linux.

usage: demo.py BIN-FOLDER OUT-FOLDER
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from namespaces import AKSU, LINUX, Link, digest, sh, start_nginx


def show(table: pathlib.Path, pcap: pathlib.Path, most: int) -> None:
    lines = sh(table, pcap).stdout.splitlines()
    print("\n".join(lines[:most]))
    if len(lines) > most:
        print(f"... {len(lines) - most} more lines")
    print(f"\ncapture: {os.path.relpath(pcap)}")


def serve(host: pathlib.Path, table: pathlib.Path, out: pathlib.Path) -> None:
    print("\naksu serves: a page to Linux's curl")
    with Link(host) as link:
        pcap = out / "server.pcapng"
        server = link.serve("http-server", 80, pcap=pcap)
        print(link.on_linux("curl", "-sS", "-m", "30", f"http://{AKSU}/").stdout.rstrip())
        link.stop(server)
        show(table, pcap, 30)
    print("\naksu serves: a file of 64 MB, generated as it is sent")
    with Link(host) as link, tempfile.TemporaryDirectory() as name:
        server = link.serve("http-server", 80)
        got = pathlib.Path(name) / "got"
        link.on_linux("curl", "-sS", "-m", "300", "-o", got, f"http://{AKSU}/64M.bin")
        link.stop(server)
        made = pathlib.Path(name) / "made"
        with open(made, "wb") as sink:
            subprocess.run([host.parent / "interop_pattern", str(64 << 20)], check=True,
                           stdout=sink)
        print(f"what curl has   {digest(got)}\nwhat was meant  {digest(made)}")
        if digest(got) != digest(made):
            sys.exit("they differ")


def fetch(host: pathlib.Path, table: pathlib.Path, out: pathlib.Path) -> None:
    print("\naksu fetches: a file of 100 kB from nginx")
    with Link(host) as link, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        file, got, pcap = folder / "file", folder / "got", out / "client.pcapng"
        file.write_bytes(os.urandom(100000))
        start_nginx(link, folder)
        done = link.run_aksu("http-get", f"http://{LINUX}/file", "-o", got, pcap=pcap)
        print(done.stdout.rstrip())
        if done.returncode != 0 or digest(got) != digest(file):
            sys.exit("the file did not come as it was")
        print(f"what nginx has  {digest(file)}\nwhat aksu has   {digest(got)}")
        show(table, pcap, 30)


def main() -> None:
    bin_folder, out = map(pathlib.Path, sys.argv[1:])
    host, table = bin_folder / "aksu-host", bin_folder / "aksu-table"
    serve(host, table, out)
    fetch(host, table, out)


main()
