# SPDX-License-Identifier: MIT
"""Commands for gdb that print the tables of an aksu stack, in a live target or a core file.

    (gdb) source ports/gdb/aksu.py
    (gdb) aksu connections [EXPRESSION]

See docs/gdb.md. Nothing is called or written in the target. Members are read by their names, from the
program's own debug information, so the order of a struct does not matter here.
"""
import gdb  # pylint: disable=import-error

# What the program's debug information may lack, if it uses none of an enum: the headers' values.
STATES = ("CLOSED LISTEN SYN_SENT SYN_RECEIVED ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING "
          "LAST_ACK TIME_WAIT").split()
TIMERS = {"ACK": 0x02, "RTX": 0x04, "MISC": 0x08, "USER": 0x10}  # in the order of deadlines
OWED = {"ACK": 0x01, "RST": 0x02, "REXMIT": 0x04, "PROBE": 0x08, "KEEPALIVE": 0x10}
FLAGS = {"PASSIVE": 0x0001, "SYN_UNACKED": 0x0002, "FIN": 0x0004, "RCV_CLOSED": 0x0008,
         "FIN_HELD": 0x0010, "TIMESTAMPS": 0x0020, "SACK": 0x0040, "WSCALE": 0x0080,
         "SYN_RETRIED": 0x0100, "RECOVERY": 0x0200, "DSACK": 0x0400, "NODELAY": 0x0800,
         "TIMING": 0x1000, "QUICKACK": 0x2000, "PARTIAL": 0x4000, "KEEPALIVE": 0x8000}
ROW_BITS = {"RESOLVED": 0x01, "HAD_MAC": 0x02, "ANNOUNCED": 0x04, "FAST": 0x08, "CLOSED": 0x10,
            "SILENT": 0x20, "HALF_OPEN": 0x40, "USED": 0x80}
ROWS_MAX = 1 << 19  # lib/src/stack.h: AKSU_INDEX_BITS
SEQ = 1 << 32
UNSCHEDULED = SEQ - 1    # row.place: not in the heap of deadlines
SSTHRESH_NONE = 1 << 30  # what it begins with


def constant(name: str, otherwise: int) -> int:
    """An enumerator's value in the program."""
    try:
        return int(gdb.parse_and_eval(name))
    except gdb.error:
        return otherwise


def names_of(bits: int, prefix: str, known: dict) -> str:
    """The names of the bits that are set."""
    return " ".join(name for name, value in known.items() if bits & constant(prefix + name, value))


def enumerator(kind: str, prefix: str, value: int, otherwise: list) -> str:
    """The name of an enum's value, without its prefix."""
    try:
        names = {f.enumval: f.name[len(prefix):] for f in gdb.lookup_type(f"enum {kind}").fields()}
    except gdb.error:
        names = dict(enumerate(otherwise))
    return names.get(value, f"{value}?")


def number(value: gdb.Value, member: str) -> int:
    return int(value[member])


def address(value: int) -> str:
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def station(octets: gdb.Value) -> str:
    return ":".join(f"{int(octets[i]):02x}" for i in range(6))


def until(deadline: int, now: int) -> str:
    """Time left until a deadline; the clock wraps."""
    left = (deadline - now) % SEQ
    return f"in {left} ms" if left < SEQ // 2 else f"{SEQ - left} ms ago"


def ahead(seq: int, base: int) -> str:
    """A sequence number relative to another, with its sign."""
    return f"{(seq - base + SEQ // 2) % SEQ - SEQ // 2:+d}"


# Finding the stack ###


def place(name: str) -> object:
    """Where a variable lies, or its name if nobody knows."""
    try:
        return int(gdb.parse_and_eval(f"&{name}"))
    except gdb.error:
        return name


def candidates() -> list:
    """Names of the program's variables of type struct aksu, as expressions. A program optimized at link
    time may name one twice, by other files too."""
    found = []
    file = ""
    for line in gdb.execute("info variables -q -t ^struct.aksu$", to_string=True).splitlines():
        if line.startswith("File "):
            file = line[5:].rstrip(":")
        elif ";" in line:
            name = line.rstrip("; ").split()[-1]
            found.append(f"'{file}'::{name}" if "static " in line else name)
    places = {}
    for name in found:
        places.setdefault(place(name), name)
    return list(places.values())


def choose() -> str:
    """The only stack, or the only one that is named net."""
    found = candidates()
    named = [name for name in found if name.split("::")[-1] == "net"]
    if len(found) == 1 or len(named) == 1:
        return (named or found)[0]
    if found:
        raise gdb.GdbError("aksu: which one? " + ", ".join(found))
    raise gdb.GdbError("aksu: no variable of type struct aksu: give an expression, and compile "
                       "with -g")


def evaluate(expression: str) -> gdb.Value:
    """The struct aksu that an expression means, or points to."""
    value = gdb.parse_and_eval(expression)
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
        value = value.dereference()
    if value.type.strip_typedefs().unqualified().tag != "aksu":
        raise gdb.GdbError(f"aksu: {expression} is of type {value.type}, not struct aksu")
    if value.is_optimized_out:
        raise gdb.GdbError(f"aksu: {expression} is optimized out here: try a frame further up")
    return value


def find(argument: str) -> tuple:
    """The stack that an argument names, and its storage: both looked at before they are believed."""
    net = evaluate(argument.strip() or choose())
    if not number(net, "store"):
        raise gdb.GdbError("aksu: this stack is not initialised: aksu_init() was not called yet")
    store = net["store"].dereference()
    try:
        rows, size = number(store, "rows"), number(store, "row_size")
    except gdb.MemoryError as error:
        raise gdb.GdbError(f"aksu: no stack is there: its storage cannot be read ({error})")
    if not 0 < rows < ROWS_MAX or size != store["row"].type.target().sizeof:
        raise gdb.GdbError(f"aksu: no stack is there: its storage at {net['store']} says {rows} rows "
                           f"of {size} octets")
    return net, store


def head(net: gdb.Value) -> str:
    mask = number(net, "netmask")
    return (f"{address(number(net, 'addr'))}/{bin(mask).count('1')}"
            f"{'  ' + station(net['mac']) if number(net, 'link') else ''}"
            f"  clock {number(net, 'now_ms')} ms, as last told")


# Connections ###


def send_side(tcb: gdb.Value) -> list:
    una, nxt = number(tcb, "snd_una"), number(tcb, "snd_nxt")
    cwnd, threshold = number(tcb, "cwnd"), number(tcb, "ssthresh")
    return [f"send     una {una}  nxt {nxt} ({ahead(nxt, una)})"
            f"  max {ahead(number(tcb, 'snd_max'), una)}  wnd {number(tcb, 'snd_wnd')}"
            f"  mss {number(tcb, 'snd_mss')}  queued {number(tcb, 'snd_buf')}",
            f"path     cwnd {cwnd}  ssthresh {threshold if threshold < SSTHRESH_NONE else 'none'}"
            f"  srtt {number(tcb, 'srtt') / 8:g} ms  rttvar {number(tcb, 'rttvar') / 4:g} ms"
            f"  backoff {number(tcb, 'backoff')}  retries {number(tcb, 'retries')}"
            f"  dupacks {number(tcb, 'dupacks')}"]


def receive_side(tcb: gdb.Value) -> list:
    nxt, room, size = (number(tcb, name) for name in ("rcv_nxt", "rcv_room", "rcv_buf"))
    lines = [f"receive  nxt {nxt}  offered {ahead(number(tcb, 'rcv_adv'), nxt)}  room {room} of {size}"
             f"  unread {size - room}  mss {number(tcb, 'rcv_mss')}"]
    ranges = tcb["range"]
    count = min(number(tcb, "ranges"), ranges.type.range()[1] + 1)
    if count:
        lines.append("held     " + "  ".join(
            f"{ahead(number(ranges[i], 'start'), nxt)}..{ahead(number(ranges[i], 'end'), nxt)}"
            for i in range(count)))
    return lines


def timers(tcb: gdb.Value, now: int) -> str:
    running = names_of(number(tcb, "timers"), "AKSU_TIMER_", TIMERS).split()
    at = {name: int(tcb["deadline"][i]) for i, name in enumerate(TIMERS)}
    return ", ".join(f"{name.lower()} {until(at[name], now)}" for name in running) or "none"


def deadline(row: gdb.Value, now: int) -> str:
    waits = number(row, "place") != UNSCHEDULED
    return f"next look {until(number(row, 'deadline'), now)}" if waits else "nothing to do"


def connection(row: gdb.Value, now: int) -> list:
    """The lines that tell about a row."""
    tcb, pair = row["tcb"], row["pair"]
    state = enumerator("aksu_state", "AKSU_", number(tcb, "state"), STATES).replace("_", "-")
    handle = number(row, "handle")
    return [f"{handle:#x}  {address(number(pair, 'local'))}:{number(pair, 'local_port')} - "
            f"{address(number(pair, 'remote'))}:{number(pair, 'remote_port')}  {state}",
            *send_side(tcb), *receive_side(tcb),
            f"timers   {timers(tcb, now)}; {deadline(row, now)}",
            f"owed     {names_of(number(tcb, 'owed'), 'AKSU_OWE_', OWED) or 'nothing'}",
            f"flags    {names_of(number(tcb, 'flags'), 'AKSU_F_', FLAGS)}",
            f"row      {names_of(number(row, 'bits'), 'AKSU_ROW_', ROW_BITS)}"
            f"  hop {station(row['mac'])}  handlers {row['handlers']}  user {row['user']}"]


def used_rows(store: gdb.Value) -> list:
    used = constant("AKSU_ROW_USED", ROW_BITS["USED"])
    rows = ((i, store["row"][i]) for i in range(number(store, "rows")))
    return [(i, row) for i, row in rows if number(row, "bits") & used]


def print_connections(net: gdb.Value, store: gdb.Value) -> None:
    rows = used_rows(store)
    half = constant("AKSU_ROW_HALF_OPEN", ROW_BITS["HALF_OPEN"])
    waiting = sum(1 for _, row in rows if number(row, "bits") & half)
    print(f"{len(rows)} of {number(store, 'rows')} rows in use, {waiting} half-open")
    for index, row in rows:
        try:
            print("\n    ".join(connection(row, number(net, "now_ms"))))
        except gdb.MemoryError as error:
            print(f"row {index}: {error}")


# The other tables ###


def print_listeners(_net: gdb.Value, store: gdb.Value) -> None:
    for i in range(number(store, "listeners")):
        entry = store["listener"][i]
        if number(entry, "port"):
            local = number(entry, "local")
            print(f"{address(local) if local else '*'}:{number(entry, 'port')}"
                  f"  half-open {number(entry, 'half_open')} of {number(entry, 'backlog')}"
                  f"  handlers {entry['handlers']}  user {entry['user']}")


def print_counters(net: gdb.Value, _store: gdb.Value) -> None:
    counters = net["counters"]
    for field in counters.type.fields():
        value = counters[field.name]
        if field.type.strip_typedefs().code != gdb.TYPE_CODE_ARRAY:
            print(f"{field.name:20}{int(value):10}")
            continue
        for i in range(value.type.range()[1] + 1):
            if int(value[i]):
                reason = enumerator("aksu_drop", "AKSU_DROP_", i, [])
                print(f"{field.name + ' ' + reason.lower():36}{int(value[i]):10}")


def print_neighbours(net: gdb.Value, store: gdb.Value) -> None:
    now = number(net, "now_ms")
    for i in range(constant("AKSU_NEIGHBOURS", 4)):
        entry = store["neighbour"][i]
        if number(entry, "addr"):
            known = number(entry, "state")
            print(f"{address(number(entry, 'addr'))}  " + (
                f"{station(entry['mac'])}  goes stale {until(number(entry, 'at'), now)}" if known else
                f"asked for {number(entry, 'tries')} times, next {until(number(entry, 'at'), now)}"))


TABLES = {
    "connections": (print_connections, "Print the connection table."),
    "listeners": (print_listeners, "Print the ports that are listened on."),
    "counters": (print_counters, "Print the counters; of the drops those that are not 0."),
    "neighbours": (print_neighbours, "Print the stations found, or asked for, by ARP.")}


class Table(gdb.Command):
    """A subcommand of aksu."""

    def __init__(self, name: str) -> None:
        self.table, summary = TABLES[name]
        self.__doc__ = (f"{summary}\nusage: aksu {name} [EXPRESSION]\n\n"
                        "EXPRESSION: a struct aksu or a pointer to one; if it is not given, the "
                        "program's only one.")
        super().__init__(f"aksu {name}", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument: str, _from_tty: bool) -> None:
        try:
            net, store = find(argument)
            print(head(net))
            self.table(net, store)
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"aksu: memory cannot be read: {error}")
        except gdb.error as error:  # a symbol or a member that is not there
            raise gdb.GdbError(f"aksu: {error}")


class Aksu(gdb.Command):
    """Print the tables of an aksu TCP stack."""

    def __init__(self) -> None:
        super().__init__("aksu", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


Aksu()
for subcommand in TABLES:
    Table(subcommand)
