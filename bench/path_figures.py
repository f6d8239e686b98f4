"""What bench/paths.py measures, each in a lab of its own.

A figure is a function of a tailnet whose servers run and the number of runs;
it returns Rows.
"""

import dataclasses
import math
import re
import socket
import statistics
import subprocess
import time

from lab import net, proof
from lab.flow import Echo, Flow
from lab.programs import LabError, wait_until
from lab.scenario import is_direct, reaches
from lab.wire import Wire, socket_in

_CONTROL_URL = f"http://{net.CONTROL_ADDRESS}"
_PATIENCE = 15  # seconds; a run that takes longer counts as so long
_HARD_LIMIT = 5
_PORT = 9  # where nobody listens


@dataclasses.dataclass
class Row:
    """Samples of one figure. It holds if their median, or the statistic
    named by `by`, is below the goal; without a goal it is for information."""
    title: str
    unit: str
    samples: list
    goal: float = None
    by: str = "median"

    def value(self, name):
        if not self.samples:
            return float("nan")
        ordered = sorted(self.samples)
        return {"median": statistics.median(ordered),
                "p95": ordered[math.ceil(0.95 * len(ordered)) - 1],
                "worst": ordered[-1]}[name]

    @property
    def ok(self):
        return self.goal is None or self.value(self.by) < self.goal


# ---- From `warren up` to the first direct packet. ----

def up_to_direct(tailnet, runs, delay_ms):
    """Both say `warren up` at once, and one of them begins to send as soon as
    it knows the other's address. Direct is what the wire between them says."""
    key = tailnet.create_key("--reusable")
    first, again = [], []
    for run in range(runs):
        pair = [tailnet.add_node(f"{side}{run}", "home") for side in "ab"]
        first.append(_time_up(tailnet, pair, ["--auth-key", key]))
        for node in pair:
            node.cli("down")
            node.site.forget_mappings()
        again.append(_time_up(tailnet, pair, []))
        for node in pair:
            node.daemon.stop()
    goal, links = (600, f"{2 * delay_ms:.0f} ms links") if delay_ms else (
        300, "easy lab")
    return [Row(f"up to first direct packet, new devices, {links}", "ms",
                first, goal),
            Row(f"up to first direct packet, known devices, {links}", "ms",
                again, goal)]


def _time_up(tailnet, pair, options):
    """Milliseconds."""
    a, b = pair
    wire = Wire(a.site.router)
    sender = socket_in(a.name, socket.AF_INET, socket.SOCK_DGRAM)
    began = time.monotonic()
    ups = [subprocess.Popen(
        net.inside(node.name, tailnet.program("warren"), "--socket",
                   node.socket, "up", "--login-server", _CONTROL_URL,
                   "--hostname", node.name, *options),
        stdout=subprocess.PIPE, text=True) for node in pair]
    address = re.search(r"\((.*?)\)", ups[1].communicate()[0]).group(1)
    seen = None
    while not seen and time.monotonic() - began < _PATIENCE:
        try:
            sender.sendto(b"hello", (address, _PORT))
        except OSError:
            pass  # our tunnel is not up yet
        time.sleep(0.005)
        seen = wire.first("data", a.site.outside, b.site.outside)
    ups[0].communicate()
    wire.stop()
    sender.close()
    return ((seen.at if seen else time.monotonic()) - began) * 1000


# ---- Easy with hard. ----

def easy_with_hard(tailnet, runs):
    """A home router and a symmetric NAT; either side begins in turn."""
    key = tailnet.create_key("--reusable")
    seconds, probes = [], []
    for run in range(runs):
        pair = [tailnet.add_node(f"easy{run}", "home"),
                tailnet.add_node(f"hard{run}", "symmetric")]
        for node in pair:
            node.up(key)
        took, sent = _punch(*(pair if run % 2 else pair[::-1]))
        seconds.append(took)
        probes.append(sent)
        for node in pair:
            node.daemon.stop()
    missed = sum(took > _HARD_LIMIT for took in seconds)
    return [Row(f"easy-hard pairs not direct within {_HARD_LIMIT} s", "%",
                [100 * missed / runs], 5.01),
            Row("easy-hard: time to direct", "s", seconds, _HARD_LIMIT, "p95"),
            Row("easy-hard: probe packets of both sides", "", probes, 2000,
                "p95")]


def _punch(a, b):
    """Seconds until both say direct, and the disco packets on the wire."""
    address = b.address()
    wires = [Wire(node.site.router) for node in (a, b)]
    echo, flow = Echo([b]), Flow(a, address, per_second=20)
    began = time.monotonic()
    try:
        wait_until(lambda: is_direct(a, b.name) and is_direct(b, a.name),
                   _PATIENCE, "direct")
    except LabError:
        pass
    took = time.monotonic() - began
    flow.stop(patience=1)
    echo.stop()
    sent = 0
    for node, wire in zip((a, b), wires):
        sent += sum(s.kind == "disco" and s.source == node.site.outside
                    for s in wire.stop())
    return took, sent


# ---- Gaps. ----

def gaps(tailnet, runs):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    for node in (alice, bob):
        node.up(key)
    echo, flow = Echo([bob]), Flow(alice, bob.address())

    def settled():
        wait_until(lambda: is_direct(alice, "bob") and is_direct(bob, "alice"),
                   60, "both talk directly")
        time.sleep(1)  # of the flow on that path

    def event(act):
        settled()
        at = time.monotonic()
        act()
        wait_until(lambda: flow.answered_since(at) >= 200, 60, "the flow goes on")
        return at, time.monotonic()

    cut = []
    for _ in range(runs):
        cut.append(event(lambda: tailnet.internet.cut(alice.site.outside,
                                                      bob.site.outside)))
        tailnet.internet.mend()
    moved = [event(lambda: alice.site.renumber("alice")) for _ in range(runs)]
    rebound = [event(alice.site.forget_mappings) for _ in range(runs)]
    record = flow.stop()
    echo.stop()

    def longest(windows):
        return [record.longest_gap(*window) for window in windows]

    return [Row("longest gap, direct path cut", "s", longest(cut), 1, "p95"),
            Row("longest gap, client's address changes", "s", longest(moved),
                1.5, "p95"),
            Row("longest gap, NAT restarts", "s", longest(rebound))]


# ---- Silence. ----

def idle(tailnet, _runs):
    """A pair that has talked directly and says nothing, and one that never
    did; a minute of silence, after what the last packet keeps alive is over."""
    key = tailnet.create_key("--reusable")
    nodes = [tailnet.add_node(name, "home") for name in ("a", "b", "c")]
    a, b, c = nodes
    for node in nodes:
        node.up(key)
    reaches(a, b.address())
    wait_until(lambda: proof.ping(a, b.address(), 1) and is_direct(a, "b"), 20,
               "direct")
    time.sleep(60)  # what is measured is a time
    wire, began = Wire(a.site.router), time.monotonic()
    time.sleep(60)
    seen = wire.stop()
    minutes = (time.monotonic() - began) / 60

    def bytes_with(*addresses):
        return sum(s.size for s in seen
                   if {s.source, s.target} & set(addresses)) / minutes

    return [Row("idle pair with a direct path, UDP a minute", "B",
                [bytes_with(b.site.outside)], 1000),
            Row("pair that never talked, UDP a minute", "B",
                [bytes_with(c.site.outside)], 0.5),
            Row("idle node and its relay, TCP and STUN a minute", "B",
                [bytes_with(net.RELAY_ADDRESS)]),
            Row("idle node and control, TCP a minute", "B",
                [bytes_with(net.CONTROL_ADDRESS)])]
