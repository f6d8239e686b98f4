"""Proves a tailnet pair by pair: a ping, and a download through the tunnel."""

import concurrent.futures
import dataclasses
import hashlib
import os
import re
import time

from lab.programs import LabError, PLACE, Program, call, wait_until

_PORT = 8000
_NUM_BYTES = 1 << 20
# More at once only measures this machine's cores.
_WORKERS = 8


@dataclasses.dataclass
class Way:
    """How packets from one node to another go, and how long they take."""
    source: str
    target: str
    kind: str = "none"      # "direct", "relayed", "none"
    via: str = ""           # endpoint or relay code
    rtt_ms: float = 0.0     # of an ICMP echo through the tunnel; 0 = no answer
    num_bytes: int = 0      # downloaded over HTTP
    error: str = ""

    @property
    def ok(self):
        return not self.error


def for_each(function, items, workers=_WORKERS):
    """function over items, several at once, results in order."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


def ping(node, address, seconds=2):
    """Round-trip time in ms of one echo, or None."""
    done = node.run("ping", "-n", "-c", "1", "-W", str(seconds), address,
                    check=False, seconds=seconds + 5)
    found = re.search(r"time=([0-9.]+) ms", done.stdout)
    return float(found.group(1)) if found else None


def path_of(status, name):
    """(kind, via) of the path to peer `name` in a `warren status --json`."""
    for peer in status.get("peers", []):
        if peer["name"] == name:
            path = peer.get("path") or {}
            return path.get("kind", "none"), path.get("via", "")
    return "none", ""


class WebServers:
    """One web server on each node's tailnet address, with one random file."""

    def __init__(self, nodes):
        self._folder = f"{PLACE}/www"
        os.makedirs(self._folder, exist_ok=True)
        content = os.urandom(_NUM_BYTES)
        self._digest = hashlib.sha256(content).hexdigest()
        with open(f"{self._folder}/file", "wb") as file:
            file.write(content)
        self._programs = [
            Program(f"web-{node.name}", node.name, [
                "/usr/bin/python3", "-m", "http.server", str(_PORT), "--bind",
                node.address(), "--directory", self._folder]) for node in nodes]

    def download(self, node, address):
        """Number of bytes; LabError unless the right ones arrive."""
        target = f"{PLACE}/got-{node.name}-{address}"
        call(node.name, "curl", "-sSf", "--retry", "3", "--retry-connrefused",
             "--max-time", "40", "-o", target, f"http://{address}:{_PORT}/file",
             seconds=60)
        with open(target, "rb") as file:
            content = file.read()
        os.unlink(target)
        if hashlib.sha256(content).hexdigest() != self._digest:
            raise LabError(f"{node.name} downloaded {len(content)} bytes that "
                           "are not the ones served")
        return len(content)

    def stop(self):
        for program in self._programs:
            program.stop()


def reach_all(nodes):
    """A Way for each ordered pair, once its ping was answered or not."""
    addresses = {node.name: node.address() for node in nodes}
    by_name = {node.name: node for node in nodes}
    ways = [Way(a.name, b.name) for a in nodes for b in nodes if a is not b]

    def reach(way):
        try:
            way.rtt_ms = wait_until(
                lambda: ping(by_name[way.source], addresses[way.target]), 15,
                f"{way.target} answers {way.source}'s ping")
        except LabError as error:
            way.error = str(error)

    for_each(reach, ways)
    return ways


def prove(nodes, direct_seconds=6):
    """A Way for each ordered pair, with what was proved or what failed."""
    addresses = {node.name: node.address() for node in nodes}
    by_name = {node.name: node for node in nodes}
    ways = reach_all(nodes)
    _settle(nodes, ways, direct_seconds)
    web = WebServers(nodes)

    def fetch(way):
        if not way.ok:
            return
        try:
            way.num_bytes = web.download(by_name[way.source],
                                         addresses[way.target])
            way.rtt_ms = ping(by_name[way.source], addresses[way.target]) or 0
        except LabError as error:
            way.error = str(error)

    for_each(fetch, ways)
    read_paths(nodes, ways)
    web.stop()
    return ways


def read_paths(nodes, ways):
    """Fills in kind and via from what each node says itself."""
    statuses = dict(zip((n.name for n in nodes),
                        for_each(lambda node: node.status(), nodes)))
    for way in ways:
        way.kind, way.via = path_of(statuses[way.source], way.target)


def _settle(nodes, ways, seconds):
    """Pings on until the paths stop changing, at most `seconds`."""
    addresses = {node.name: node.address() for node in nodes}
    by_name = {node.name: node for node in nodes}
    end, before = time.monotonic() + seconds, None
    while time.monotonic() < end:
        read_paths(nodes, ways)
        now = [(way.kind, way.via) for way in ways]
        if now == before and all(way.kind == "direct" for way in ways):
            return
        before = now
        relayed = [way for way in ways if way.kind != "direct" and way.ok]
        for_each(lambda way: ping(by_name[way.source], addresses[way.target], 1),
                 relayed)
        time.sleep(0.3)
