# SPDX-License-Identifier: MIT
"""Two network namespaces joined by a veth pair, and what runs in them.

Linux's side (`peer`) has an address and the kernel's TCP. aksu's side has an interface with none: the
raw socket is all that listens there.
"""
import hashlib
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LINUX, AKSU, PREFIX = "192.0.2.1", "192.0.2.2", 24


def sh(*command, check: bool = True, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(c) for c in command], check=check, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def digest(path: pathlib.Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Link:
    """The namespaces; a context that removes them, and what still runs in them, at its end."""

    links = itertools.count()

    def __init__(self, host: pathlib.Path, mtu: int = 1500, out: pathlib.Path = None) -> None:
        self.host, self.mtu, self.out = host, mtu, out
        name = f"aksu-{os.getpid()}-{next(self.links)}"
        self.peer, self.ours = f"{name}-p", f"{name}-a"
        self.running = []

    def __enter__(self) -> "Link":
        for namespace in (self.peer, self.ours):
            sh("ip", "netns", "add", namespace)
            self.inside(namespace, "ip", "link", "set", "lo", "up")
        sh("ip", "link", "add", "veth0", "netns", self.peer, "type", "veth", "peer", "name", "veth0",
           "netns", self.ours)
        for namespace in (self.peer, self.ours):
            self.inside(namespace, "ip", "link", "set", "veth0", "mtu", str(self.mtu))
            self.inside(namespace, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", check=False)
            self.inside(namespace, "ip", "link", "set", "veth0", "up")
        # The link has no hardware to cut super-frames into segments or to fill in checksums.
        self.inside(self.peer, "ethtool", "-K", "veth0", "tso", "off", "gso", "off", "gro", "off",
                    "tx", "off", check=False)
        self.inside(self.peer, "ip", "addr", "add", f"{LINUX}/{PREFIX}", "dev", "veth0")
        return self

    def __exit__(self, *_) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
        for namespace in (self.peer, self.ours):
            sh("ip", "netns", "del", namespace, check=False)

    @staticmethod
    def inside(namespace: str, *command, **options) -> subprocess.CompletedProcess:
        return sh("ip", "netns", "exec", namespace, *command, **options)

    def on_linux(self, *command, **options) -> subprocess.CompletedProcess:
        return self.inside(self.peer, *command, **options)

    def start(self, namespace: str, *command, log: pathlib.Path = None) -> subprocess.Popen:
        """Starts a command in a namespace; it ends with the context at the latest."""
        sink = open(log, "w", encoding="utf-8") if log else subprocess.DEVNULL
        process = subprocess.Popen(["ip", "netns", "exec", namespace, *map(str, command)],
                                   stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                                   text=True)
        self.running.append(process)
        return process

    def start_linux(self, *command, log: pathlib.Path = None) -> subprocess.Popen:
        return self.start(self.peer, *command, log=log)

    def serve_linux(self, port: int, *command) -> subprocess.Popen:
        """Starts a server on Linux's side and waits until it listens."""
        process = self.start_linux(*command)
        for _ in range(200):
            if self.on_linux("ss", "-Hltn", f"sport = :{port}").stdout.strip():
                return process
            time.sleep(0.05)
        raise RuntimeError(f"nothing listens on port {port}: {' '.join(map(str, command))}")

    def host_command(self, *app, pcap: pathlib.Path = None, rows: int = 64, options=()) -> list:
        return [self.host, "--packet", "veth0", "--addr", f"{AKSU}/{PREFIX}", "--mtu", self.mtu,
                "--rows", rows, *(["--pcap", pcap] if pcap else []), *options, *app]

    def serve(self, *app, **options) -> subprocess.Popen:
        """Starts an aksu server and waits until it answers ping."""
        process = self.start(self.ours, *self.host_command(*app, **options))
        self.wait_for_aksu()
        return process

    def wait_for_aksu(self, address: str = AKSU) -> None:
        for _ in range(100):
            if self.on_linux("ping", "-c", "1", "-W", "1", address, check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("aksu does not answer ping")

    def run_aksu(self, *app, timeout: int = 300, **options) -> subprocess.CompletedProcess:
        """Runs an aksu client to its end."""
        return self.inside(self.ours, *self.host_command(*app, **options), check=False,
                           timeout=timeout)

    @staticmethod
    def stop(process: subprocess.Popen) -> int:
        """Ends a program as Ctrl-C would; returns its exit status."""
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            return -9


def start_nginx(link: Link, folder: pathlib.Path, *also: str) -> None:
    """Starts nginx on Linux's side with the folder as its root, and waits until it answers.

    also: addresses besides Linux's that it listens on."""
    config = folder / "nginx.conf"
    places = " ".join(f"{what}_temp_path {folder};"
                      for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    listens = " ".join(f"listen {address}:80;" for address in (LINUX, *also))
    config.write_text(
        f"daemon off; worker_processes 1; user root; pid {folder}/pid; "
        f"error_log {folder}/error.log; events {{ worker_connections 64; }} "
        f"http {{ access_log off; sendfile on; {places} "
        f"server {{ {listens} root {folder}; }} }}", encoding="ascii")
    link.start_linux("nginx", "-p", folder, "-c", config)
    for _ in range(100):
        if link.on_linux("curl", "-s", "-o", "/dev/null", f"http://{LINUX}/",
                         check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError("nginx does not start: " + (folder / "error.log").read_text())


def main(tools, begin) -> None:
    """Calls begin(folder of the programs, folder for files, words of the command line), if this is
    root and has the tools."""
    if os.geteuid() != 0:
        print("SKIPPED: not root, so no network namespaces and no raw sockets\n"
              "0 passed, 0 failed, 1 skipped")
        return
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        print(f"missing: {' '.join(missing)} (scripts/setup net installs them)\n0 passed, 1 failed")
        sys.exit(1)
    with tempfile.TemporaryDirectory() as out:
        begin(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(out), sys.argv[2:])
