"""Two hosts with a wire between them, and a WireGuard daemon on each.

      a: va 10.9.0.1, fd09::1  ======  b: vb 10.9.0.2, fd09::2
      a: wga 10.8.0.1, fd08::1 - - - - b: wgb 10.8.0.2, fd08::2   the tunnel

Only for a process inside lab.private.enter(). The daemons are warren-wg and
Debian's wireguard-go, told what to do by wg(8) and ip(8) alike.
"""

import os
import signal
import subprocess
import sys
import time
import traceback

from lab import net, private
from lab.programs import LabError, Program, wait_until

WARREN = "warren-wg"
GO = "wireguard-go"
PORT = 51820
MTU = 1420


def warren_wg():
    """The path of the program under test."""
    if "WARREN_WG" in os.environ:
        return os.environ["WARREN_WG"]
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    if "TEST_SRCDIR" in os.environ:
        root = os.path.join(os.environ["TEST_SRCDIR"],
                            os.environ["TEST_WORKSPACE"])
    else:
        root = os.path.join(root, "bazel-bin")
    return os.path.abspath(os.path.join(root, "client/wg/warren-wg"))


class Failure(Exception):
    """What the test asserts does not hold."""


def check(condition, what):
    if not condition:
        raise Failure(what)


class Host:
    """One end: a namespace, its address on the wire, its tunnel interface."""

    def __init__(self, name, number):
        self.name = name
        self.number = number
        self.wire = f"v{name}"
        self.device = f"wg{name}"
        self.daemon = None
        self.kind = None
        self.private_key = net.run("wg", "genkey").strip()
        self.public_key = net.run("wg", "pubkey", stdin=self.private_key).strip()

    def underlay(self, family):
        return f"10.9.0.{self.number}" if family == 4 else f"fd09::{self.number}"

    def inner(self, family):
        return f"10.8.0.{self.number}" if family == 4 else f"fd08::{self.number}"

    def endpoint(self, family):
        address = self.underlay(family)
        return f"{address}:{PORT}" if family == 4 else f"[{address}]:{PORT}"

    def run(self, *argv, check_it=True, seconds=60):
        done = subprocess.run(net.inside(self.name, *argv), text=True,
                              capture_output=True, timeout=seconds)
        if check_it and done.returncode:
            raise LabError(f"{self.name}: {' '.join(argv)}: "
                           f"{done.stderr.strip() or done.stdout.strip()}")
        return done

    def ip(self, *argv):
        net.run("ip", "-n", self.name, *argv)

    def set_wire_address(self, family, number):
        """Moves the host: its old address on the wire is gone."""
        old = self.wire_address(family)
        new = f"10.9.0.{number}" if family == 4 else f"fd09::{number}"
        bits = 24 if family == 4 else 64
        if old:
            self.ip("addr", "del", f"{old}/{bits}", "dev", self.wire)
        extra = [] if family == 4 else ["nodad"]
        self.ip("addr", "add", f"{new}/{bits}", "dev", self.wire, *extra)
        return new

    def wire_address(self, family):
        text = net.run("ip", "-n", self.name, f"-{family}", "-o", "addr", "show",
                       "dev", self.wire, "scope", "global").split()
        return text[3].split("/")[0] if text else None

    def start(self, kind, *options):
        """Starts a daemon and brings its interface up, without peers."""
        self.kind = kind
        program = warren_wg() if kind == WARREN else GO
        os.makedirs("/run/wireguard", mode=0o700, exist_ok=True)
        self.daemon = Program(f"{self.device}-{time.monotonic_ns()}", self.name,
                              [program, "-f", *options, self.device])
        wait_until(lambda: not self.daemon.running() or subprocess.run(
            ["wg", "show", self.device], capture_output=True).returncode == 0,
                   10, f"{kind} serves {self.device}")
        check(self.daemon.running(), f"{kind} ended: {self.daemon.log()}")
        self.wg("listen-port", str(PORT), "private-key", "/dev/stdin",
                stdin=self.private_key)
        self.ip("addr", "add", f"{self.inner(4)}/24", "dev", self.device)
        self.ip("addr", "add", f"{self.inner(6)}/64", "dev", self.device, "nodad")
        self.ip("link", "set", self.device, "up", "mtu", str(MTU))

    @property
    def socket(self):
        return f"/run/wireguard/{self.device}.sock"

    def wg(self, *argv, stdin=None):
        return net.run("wg", "set", self.device, *argv, stdin=stdin)

    def add_peer(self, peer, endpoint=None, psk=None, keepalive=0):
        argv = ["peer", peer.public_key, "allowed-ips",
                f"{peer.inner(4)}/32,{peer.inner(6)}/128"]
        if endpoint:
            argv += ["endpoint", endpoint]
        if psk:
            argv += ["preshared-key", "/dev/stdin"]
        if keepalive:
            argv += ["persistent-keepalive", str(keepalive)]
        self.wg(*argv, stdin=psk)

    def show(self, what):
        """The value of `wg show DEVICE WHAT` for the only peer."""
        return net.run("wg", "show", self.device, what).split()[1]

    def handshake_age(self):
        """Seconds since the latest handshake, by wg(8); None if there is none."""
        at = int(self.show("latest-handshakes"))
        return time.time() - at if at else None

    def counters(self):
        """warren-wg's counters."""
        before = self.daemon.log().count("tun_reads=")
        os.kill(self.daemon.pid, signal.SIGUSR1)
        wait_until(lambda: self.daemon.log().count("tun_reads=") > before, 5,
                   "counters are printed")
        line = [x for x in self.daemon.log().splitlines() if "tun_reads=" in x][-1]
        return {k: int(v) for k, v in (p.split("=") for p in line.split())}

    def ping(self, address, count=1, interval=0.05, seconds=10):
        """All of `count` pings are answered; the first may wait for a handshake."""
        done = self.run("ping", "-n", "-c", str(count), "-i", str(interval), "-W",
                        str(seconds), address, check_it=False,
                        seconds=seconds + count * interval + 20)
        return done.returncode == 0 and " 0% packet loss" in done.stdout

    def reaches(self, address, seconds=15):
        wait_until(lambda: self.ping(address, seconds=1), seconds,
                   f"{self.name} gets an answer from {address}")

    def stop(self):
        if self.daemon:
            code = self.daemon.stop()
            self.daemon = None
            return code
        return None


class Pair:
    def __init__(self):
        self.a, self.b = Host("a", 1), Host("b", 2)
        for host in (self.a, self.b):
            net.run("ip", "netns", "add", host.name)
            host.ip("link", "set", "lo", "up")
        net.run("ip", "link", "add", "va", "netns", "a", "type", "veth", "peer",
                "name", "vb", "netns", "b")
        for host in (self.a, self.b):
            host.ip("link", "set", host.wire, "up")
            for family in (4, 6):
                host.set_wire_address(family, host.number)

    def connect(self, family=4, psk=None):
        """Makes them peers; only `a` knows where the other is."""
        self.a.add_peer(self.b, self.b.endpoint(family), psk)
        self.b.add_peer(self.a, None, psk)

    def stop(self):
        for host in (self.a, self.b):
            if host.daemon and not host.daemon.running():
                raise LabError(f"{host.kind} of {host.name} ended by itself with "
                               f"{host.daemon.exit_code()}: {host.daemon.log()}")
            host.stop()


def transfer(sender, receiver, megabytes, family=4):
    """Moves data by TCP through the tunnel; returns bits a second."""
    import json
    server = Program(f"iperf3-{time.monotonic_ns()}", receiver.name,
                     ["iperf3", "--forceflush", "-s", "-1", "-B", receiver.inner(family)])
    wait_until(lambda: "listening" in server.log(), 10, "iperf3 listens")
    # What is under way when the sender ends is not counted, so the window
    # keeps that far below what is checked.
    done = sender.run("iperf3", "-J", "-c", receiver.inner(family), "-n",
                      f"{megabytes}M", "-w", "256K")
    server.stop()
    sent = json.loads(done.stdout)["end"]["sum_received"]
    check(sent["bytes"] >= megabytes * 2**20 * 0.3,
          f"only {sent['bytes']} bytes of {megabytes} MiB came")
    return sent["bits_per_second"]


def main(run):
    """Runs the test in private namespaces; exits 0 when it holds."""
    private.enter()
    began = time.monotonic()
    pair = Pair()
    try:
        run(pair)
        pair.stop()
    except (Failure, LabError, RuntimeError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = next(f for f in reversed(frames) if "_test" in os.path.basename(f.filename))
        print(f"FAILED at line {place.lineno}, `{place.line}`: {error}")
        for host in (pair.a, pair.b):
            if host.daemon:
                print(f"--- {host.kind} on {host.name}:\n{host.daemon.log()[-4000:]}")
        sys.exit(1)
    print(f"holds, {time.monotonic() - began:.1f} s")
