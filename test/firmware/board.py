# SPDX-License-Identifier: MIT
"""The emulated boards, and a board that runs: an image in QEMU, in a network namespace of its own.

QEMU is told to end through its monitor, and then must: one that has to be killed is a failure, and so
is an image that ends with another status than 0.
"""
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(HERE.parent / "checks"))
from common import output, run  # noqa: E402
from suite import Failure, expect  # noqa: E402

BOARD, LINUX, TAP = "192.168.77.2", "192.168.77.1", "tap0"  # as examples/boards/firmware.h has it
BOARD_MAC = "02:61:6b:73:75:02"
LIMIT_S = 20  # to come up, or to end, even on a busy machine
ARM, RISCV = ("qemu-system-arm", "arm-none-eabi-gcc"), ("qemu-system-riscv64",
                                                        "riscv64-unknown-elf-gcc")


@dataclasses.dataclass(frozen=True)
class Machine:
    """How QEMU emulates a board, and what its MAC does when more comes than it holds.

    drops: it loses frames then, as on a chip. Where it does not, QEMU holds them back until the MAC
    has room, so nothing can be lost, and a test can only see that the board goes on.
    counts: the MAC tells the driver so. shows_link: its PHY tells when the cable is pulled.
    """
    tools: tuple
    mac: str
    holds: str
    drops: bool
    counts: bool = True
    shows_link: bool = True
    options: tuple = ()


LAN9118 = Machine(ARM, "LAN9118", "a FIFO of 10.5 KB", drops=True, counts=False)
MACHINES = {
    "mps2-an385": LAN9118,
    "mps2-an386": LAN9118,
    "mps2-an500": LAN9118,
    "lm3s6965evb": Machine(ARM, "Stellaris ENET", "31 frames", drops=False, shows_link=False),
    "emcraft-sf2": Machine(ARM, "SmartFusion2 EMAC", "8 descriptors", drops=True),
    "sifive_u": Machine(RISCV, "Cadence GEM", "32 descriptors", drops=False,
                        options=("-bios", "none")),
}
NETWORK_TOOLS = ("ip", "ping", "curl")


def missing_tools(board: str, *more: str) -> list:
    return [tool for tool in ("cmake", "ninja", *MACHINES[board].tools, *NETWORK_TOOLS, *more)
            if not shutil.which(tool)]


def build(board: str, folder: pathlib.Path, source: pathlib.Path = ROOT, options: tuple = (),
          targets: tuple = ()) -> pathlib.Path:
    """Builds a board's images there. Returns the folder where they are."""
    preset = ["--preset", board]
    if source != ROOT:  # a project of its own that takes the preset's settings from the root's
        preset = ["-G", "Ninja", *settings(board)]
    output(["cmake", "-S", source, "-B", folder, *preset,
            "-DCMAKE_C_FLAGS_MINSIZEREL=-Os -DNDEBUG -g", *options])
    output(["cmake", "--build", folder, "-j", "2", *(w for t in targets for w in ("-t", t))])
    return folder / "bin"


def settings(board: str) -> list:
    """CMake's options for what the presets of a board say, its parents' included."""
    presets = {p["name"]: p for p in json.loads(
        (ROOT / "CMakePresets.json").read_text(encoding="utf-8"))["configurePresets"]}
    found, toolchain = {}, None
    while board:
        found = presets[board].get("cacheVariables", {}) | found
        toolchain = toolchain or presets[board].get("toolchainFile")
        board = presets[board].get("inherits")
    toolchain = toolchain.replace("${sourceDir}", str(ROOT))
    return [f"-DCMAKE_TOOLCHAIN_FILE={toolchain}",
            *(f"-D{name}={value}" for name, value in found.items() if value is not None)]


class Monitor:
    """QEMU's monitor, as its QMP has it."""

    def __init__(self, path: pathlib.Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.lines.readline()  # its greeting
        self.command("qmp_capabilities")

    def command(self, what: str, /, **arguments) -> object:
        self.socket.sendall(json.dumps({"execute": what, "arguments": arguments}).encode())
        while line := self.lines.readline():
            answer = json.loads(line)
            expect("error" not in answer, f"QEMU's monitor: {line}")
            if "return" in answer:
                return answer["return"]
        raise Failure(f"QEMU's monitor ended at {what}")


class Board:
    """A context: the namespace with Linux's end of the wire, and the board at the other one.

    loss: percent of the frames of each direction that are lost, and as many that are doubled.
    pcap: where QEMU writes the frames that pass. before, then: called with the board before its image
    starts, and when it has.
    """

    def __init__(self, board: str, image: pathlib.Path, loss: int = 0, seed: int = 1,
                 pcap: pathlib.Path = None, before: object = None, then: object = None) -> None:
        self.machine, self.name, self.image = MACHINES[board], board, image
        self.loss, self.seed, self.pcap = loss, seed, pcap
        self.before, self.then = before, then
        self.namespace = f"aksu-fw-{os.getpid()}"
        self.running = []
        self.qemu = self.bridge = self.monitor = None

    def __enter__(self) -> "Board":
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="aksu-fw-"))
        try:
            self.start_network()
            if self.before:
                self.before(self)
            self.start_qemu()
            if self.then:
                self.then(self)
        except BaseException:
            self.clean()
            raise
        return self

    def start_network(self) -> None:
        run(["ip", "netns", "del", self.namespace])
        output(["ip", "netns", "add", self.namespace])
        for command in ("ip link set lo up", f"ip tuntap add dev {TAP} mode tap",
                        f"ip link set {TAP} up", f"ip addr add {LINUX}/24 dev {TAP}"):
            output([*self.inside, *command.split()])
        # MLD and router solicitations are no part of a test.
        run([*self.inside, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"])

    @property
    def inside(self) -> tuple:
        return ("ip", "netns", "exec", self.namespace)

    def start_qemu(self) -> None:
        wire = f"tap,id=wire,ifname={TAP},script=no,downscript=no"
        if self.loss:
            path = self.folder / "wire"
            self.bridge = self.start(sys.executable, HERE / "bridge.py", TAP, path,
                                     self.loss, self.seed, stdout=subprocess.PIPE)
            self.bridge.stdout.readline()
            wire = f"stream,id=wire,server=off,addr.type=unix,addr.path={path}"
        socket_options = "server=on,wait=off"
        dump = ["-object", f"filter-dump,id=dump,netdev=wire,file={self.pcap}"]
        with open(self.folder / "text", "wb") as text:
            self.qemu = self.start(
                self.machine.tools[0], "-S", "-M", self.name, *self.machine.options, "-display", "none",
                "-serial", "none", "-qmp", f"unix:{self.folder}/qmp,{socket_options}",
                "-gdb", f"unix:{self.folder}/gdb,{socket_options}", "-chardev", "stdio,id=text",
                "-semihosting-config", "enable=on,target=native,chardev=text",
                "-netdev", wire, "-net", "nic,netdev=wire", *(dump if self.pcap else []),
                "-kernel", self.image, stdout=text)
        self.monitor = self.wait_for(self.connect_monitor, "QEMU's monitor")
        self.monitor.command("cont")  # an image may end at once

    def connect_monitor(self) -> object:
        try:
            return Monitor(self.folder / "qmp")
        except OSError:
            return None

    def wait_for(self, condition: object, what: str, limit_s: float = LIMIT_S) -> object:
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if found := condition():
                return found
            expect(self.qemu.poll() is None, f"QEMU ended: {self.text()}")
            time.sleep(0.05)
        raise Failure(f"{what}: not within {limit_s} s")

    def wait_for_ping(self) -> None:
        def answers() -> bool:
            self.linux("ping", "-c", "1", "-W", "1", BOARD, check=False)
            return self.last.returncode == 0
        self.wait_for(answers, "an answer to ping")

    def text(self) -> str:
        """What the image has printed."""
        return (self.folder / "text").read_text(errors="replace")

    def start(self, *command, **options) -> subprocess.Popen:
        """Starts a command on Linux's side. It ends with the context at the latest."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                   "stderr": subprocess.STDOUT, "text": True} | options
        process = subprocess.Popen([*self.inside, *map(str, command)], **options)
        self.running.append(process)
        return process

    def linux(self, *command, check: bool = True, timeout: float = 120) -> str:
        """Runs a command on Linux's side. Returns what it prints."""
        try:
            self.last = run([*self.inside, *command], timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{' '.join(map(str, command))}: not over within {timeout} s") from error
        expect(not check or self.last.returncode == 0,
               f"{' '.join(map(str, command))}: status {self.last.returncode}\n{self.last.stdout}")
        return self.last.stdout

    def start_nginx(self, content: bytes) -> None:
        """Starts nginx on Linux's side, with a file `pattern` in its root, and waits until it serves."""
        (self.folder / "pattern").write_bytes(content)
        config, places = self.folder / "nginx.conf", " ".join(
            f"{what}_temp_path {self.folder};"
            for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config.write_text(
            f"daemon off; worker_processes 1; user root; pid {self.folder}/pid; "
            f"error_log {self.folder}/error.log; events {{ worker_connections 16; }} "
            f"http {{ access_log off; {places} "
            f"server {{ listen {LINUX}:80; root {self.folder}; }} }}", encoding="ascii")
        self.start("nginx", "-p", self.folder, "-c", config)
        for _ in range(100):
            self.linux("curl", "-sfI", f"http://{LINUX}/pattern", check=False)
            if self.last.returncode == 0:
                return
            time.sleep(0.05)
        raise Failure("nginx does not start")

    def start_dnsmasq(self, address: str) -> subprocess.Popen:
        """A DHCP server that has one address to give, and says in the file dnsmasq what it does."""
        log = self.folder / "dnsmasq"
        log.write_text("")
        process = self.start("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
                             "--user=root", f"--interface={TAP}", "--no-ping", "--dhcp-authoritative",
                             f"--dhcp-range={address},{address},255.255.255.0,120",
                             f"--log-facility={log}", f"--dhcp-leasefile={self.folder}/leases",
                             f"--pid-file={self.folder}/dnsmasq.pid")
        for _ in range(100):
            if "started" in log.read_text():
                return process
            time.sleep(0.05)
        raise Failure("dnsmasq does not start: " + log.read_text())

    def read(self, *expressions: str) -> list:
        """The values of expressions in the image's C, read by gdb while the board stands still."""
        done = self.gdb(*(f'printf "%lu\\n", (unsigned long)({e})' for e in expressions))
        numbers = [int(line) for line in done.splitlines() if line.isdigit()]
        expect(len(numbers) == len(expressions), f"gdb: {done}")
        return numbers

    def gdb(self, *commands: str) -> str:
        words = ("set debuginfod enabled off", f"file {self.image}",
                 f"target remote {self.folder}/gdb", *commands, "detach")
        return run(["gdb-multiarch", "-nx", "-q", "-batch",
                    *(w for c in words for w in ("-ex", c))], timeout=60).stdout

    def stack_used(self) -> int:
        """Octets from the stack's top down to where its paint is whole."""
        file = self.folder / "stack"
        self.gdb(f"dump binary memory {file} aksu_stack_bottom aksu_stack_top")
        stack = file.read_bytes()
        paint = bytes.fromhex("5aa5c35a")  # STACK_PAINT, little endian
        whole = 0
        while stack[whole:whole + 4] == paint:
            whole += 4
        expect(0 < whole < len(stack), "the stack was not painted, or overflown")
        return len(stack) - whole

    def wait_for_end(self, limit_s: float) -> None:
        """For an image that ends by itself: waits for that, and checks its status."""
        try:
            status = self.qemu.wait(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"the image did not end within {limit_s} s: {self.text()}") from error
        expect(status == 0, f"the image ended with status {status}: {self.text()}")

    def bridged(self) -> dict:
        """What the bridge did so far; it ends with that."""
        self.bridge.terminate()
        return json.loads(self.bridge.communicate(timeout=LIMIT_S)[0].splitlines()[-1])

    def __exit__(self, kind, *_) -> None:
        try:
            if self.qemu.poll() is None:
                self.quit()
            elif kind is None:
                expect(self.qemu.returncode == 0,
                       f"QEMU ended with status {self.qemu.returncode}: {self.text()}")
        finally:
            self.clean()

    def quit(self) -> None:
        """Asks QEMU to end, which it must do well."""
        self.monitor.command("quit")
        try:
            status = self.qemu.wait(timeout=LIMIT_S)
        except subprocess.TimeoutExpired as error:
            raise Failure("QEMU had to be killed") from error
        expect(status == 0, f"QEMU ended with status {status}: {self.text()}")

    def clean(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()
        run(["ip", "netns", "del", self.namespace])
        shutil.rmtree(self.folder, ignore_errors=True)
