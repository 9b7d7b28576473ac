"""What is measured: a line of work is one entry of LINES."""

import dataclasses

CPU = "server_cpu_s_per_million_deliveries"

# A baseline: the pages that the disk takes a second.
DISK = "disk"

# The yardstick remembers nothing.
FORGETFUL = "--retain-messages 0"


@dataclasses.dataclass(frozen=True)
class Goal:
    """A bound for one measured number: for its ratio to the baseline or, with `absolute`, for its value."""

    metric: str  # a key of fanout's --json
    unit: str
    most: float | None = None
    least: float | None = None
    absolute: bool = False

    @property
    def target(self):
        return self.most if self.least is None else self.least

    def is_met_by(self, value):
        return value <= self.most if self.least is None else value >= self.least

    def is_worse(self, value, recorded, tolerance):
        if self.least is None:
            return value > recorded * (1 + tolerance)
        return value < recorded / (1 + tolerance)


def cpu(most):
    return (Goal(CPU, "CPU s/M", most=most),)


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of work. The baseline is rawlimit with the same arguments, unless the line says otherwise."""

    name: str
    what: str
    arguments: str  # fanout's; or, after the word load, those of roomcast load
    goals: tuple[Goal, ...]
    baseline: str | None = None  # such arguments, when roomcast itself is the baseline; or DISK
    options: str = FORGETFUL  # roomcast's further options; where it is the baseline, it runs with FORGETFUL
    peers: bool = True  # whether the other servers are measured, too


CROWD = "--conns 1000 --senders 10"
# Both members of a room talk, so a room has up to two windows in flight.
LOAD_CROWD = "--connections 1000 --senders 10 --bytes 64 --window 4"
STORED_CROWD = "--connections 10 --senders 10 --bytes 64 --json-members"
PAIRS = "--rooms 500 --conns 1000 --senders 1000 --bytes 64"

LINES = (
    Line("a1", "1,000 members, 64 B, window 1", f"{CROWD} --bytes 64 --window 1", cpu(1.1)),
    Line("a4", "1,000 members, 64 B, window 4", f"{CROWD} --bytes 64 --window 4", cpu(1.1)),
    Line("a16", "1,000 members, 64 B, window 16", f"{CROWD} --bytes 64 --window 16", cpu(1.1)),
    Line("b1", "1,000 members, 1 KiB, window 1", f"{CROWD} --bytes 1024 --window 1", cpu(1.1)),
    Line("b4", "1,000 members, 1 KiB, window 4", f"{CROWD} --bytes 1024 --window 4", cpu(1.1)),
    # Nothing waits for the members that do not send: the generator reads some of them many windows late.
    Line("b16", "1,000 members, 1 KiB, window 16", f"{CROWD} --bytes 1024 --window 16", cpu(1.1), options=f"{FORGETFUL} --max-lag 64MiB"),
    Line("c1", "500 rooms of two, window 1", f"{PAIRS} --window 1", cpu(1.3)),
    Line("c16", "500 rooms of two, window 16", f"{PAIRS} --window 16", cpu(1.3)),
    Line("d", "one member, window 64", "--conns 1 --senders 1 --bytes 64 --window 64", cpu(2.5)),
    Line(
        "e",
        "1,000 members, 50 messages/s",
        f"{CROWD} --bytes 64 --rate 50 --spin",
        (Goal("p99_us", "p99 us", most=1.1),),
    ),
    Line(
        "f",
        "10,000 idle members",
        "--conns 10000 --idle --duration 3",
        (
            Goal("rss_per_conn_bytes", "bytes each", most=3072, absolute=True),
            Goal("handshakes_per_s", "handshakes/s", least=0.8),
        ),
    ),
    Line(
        "g",
        "100 of 1,100 stalled, to none of 1,000",
        # What the kernel takes for the stalled is over by the end of the warm-up.
        "--conns 1100 --stalled 100 --senders 10 --bytes 64 --window 4 --warmup 4",
        cpu(1.1),
        baseline=f"{CROWD} --bytes 64 --window 4 --warmup 4",
        peers=False,  # their queues for the stalled grow without end
    ),
    Line(
        "j4",
        "JSON members to plain text: 1,000, 64 B, window 4",
        f"load {LOAD_CROWD} --json-members",
        cpu(1.15),
        baseline=f"load {LOAD_CROWD}",
        peers=False,
    ),
    # What is remembered goes through the processor's caches.
    Line(
        "m16",
        "rooms that remember to some that do not: 500 of two, window 16",
        f"{PAIRS} --window 16",
        cpu(1.3),
        baseline=f"{PAIRS} --window 16",
        options="",
        peers=False,
    ),
    # One message of each of ten senders is under way, and then sixteen: what comes together is one commit.
    Line(
        "s1",
        "stored messages to pages the disk takes: 10 senders, window 1",
        f"load {STORED_CROWD} --window 1",
        (Goal("messages_per_s", "a second", least=1),),
        baseline=DISK,
        options="--data {data}",
        peers=False,
    ),
    Line(
        "s16",
        "stored messages to pages the disk takes: 10 senders, window 16",
        f"load {STORED_CROWD} --window 16",
        (Goal("messages_per_s", "a second", least=10),),
        baseline=DISK,
        options="--data {data}",
        peers=False,
    ),
    # On one core, as everything else: what counts is the work, not how far it is spread.
    Line(
        "t4",
        "two threads to one: 1,000 members, 64 B, window 4",
        f"{CROWD} --bytes 64 --window 4",
        cpu(1.15),
        baseline=f"{CROWD} --bytes 64 --window 4",
        options=f"{FORGETFUL} --threads 2",
        peers=False,
    ),
)
