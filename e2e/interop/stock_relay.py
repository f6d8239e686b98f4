#!/usr/bin/python3
"""A tailnet of ours whose relay is a stock derper.

  e2e/interop/stock_relay.py bazel-bin DERPER [--tls]
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import net, private, proof  # noqa: E402
from lab.programs import LabError, PLACE, Program, wait_until  # noqa: E402
from lab.scenario import (Failure, check, eventually,  # noqa: E402
                          is_direct, reaches)
from lab.tailnet import Tailnet  # noqa: E402

_ADDRESS = net.RELAY_ADDRESS


class StockTailnet(Tailnet):
    """A tailnet whose only relay is derper."""

    def __init__(self, bin_dir, derper, tls):
        super().__init__(bin_dir)
        self._derper = derper
        self._tls = tls

    def start_relay(self):
        folder = f"{PLACE}/derper"
        os.makedirs(folder, exist_ok=True)
        port = 443 if self._tls else 80
        argv = [self._derper, "-a", f"{_ADDRESS}:{port}", "-http-port", "-1",
                "-c", f"{folder}/derper.key", "-hostname", _ADDRESS]
        if self._tls:
            argv += ["-certmode", "manual", "-certdir", folder]
        self.relay = Program("relay", "relay", argv)
        wait_until(lambda: self._alive(self.relay) and
                   "serving on" in self.relay.log(), 15, "derper serves")

    def start_servers(self):
        self.start_control()
        self.start_relay()
        way = ["--derp-port", "80", "--plain-http"]
        if self._tls:
            pin = re.search("sha256-raw:[0-9a-f]{64}", self.relay.log())
            way = ["--cert-name", pin.group()]
        self.admin("relay", "create", "--code", "lab", "--hostname", _ADDRESS,
                   "--ipv4", _ADDRESS, "--ipv6", "none", *way)
        self.admin("user", "create", "demo")


def run(tailnet):
    tailnet.start_servers()
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    bob.site.set_udp_blocked(True)
    alice.up(key)
    bob.up(key)
    reaches(alice, bob.address())
    reaches(bob, alice.address())
    check(not is_direct(alice, "bob"), "no direct path without UDP")
    web = proof.WebServers([alice, bob])
    for one, other in ((alice, bob), (bob, alice)):
        check(web.download(one, other.address()) > 0, "a download by derper")
    # Both learn their public address of derper's STUN, and tell it by disco.
    bob.site.set_udp_blocked(False)
    eventually(lambda: proof.ping(alice, bob.address(), 1) and
               is_direct(alice, "bob"), "alice goes direct", 40)
    web.stop()
    # derper comes back, and so do its clients.
    tailnet.relay.stop()
    tailnet.start_relay()
    bob.site.set_udp_blocked(True)
    reaches(alice, bob.address(), 30)


def main():
    private.enter()
    bin_dir, derper = (os.path.realpath(path) for path in sys.argv[1:3])
    tailnet = StockTailnet(bin_dir, derper, tls="--tls" in sys.argv)
    try:
        run(tailnet)
        tailnet.stop()
    except (Failure, LabError, RuntimeError):
        print(tailnet.log_tails(40))
        raise
    print("holds")


main()
