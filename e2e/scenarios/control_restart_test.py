#!/usr/bin/python3
"""Traffic outlives the control server, and nothing acknowledged is lost."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import subprocess

from lab import net
from lab.scenario import check, eventually, main, peer, reaches


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    alice.up(key)
    bob.up(key)
    reaches(alice, bob.address())
    flow = subprocess.Popen(
        net.inside("alice", "ping", "-n", "-i", "0.05", "-c", "100", "-W", "1",
                   bob.address()), stdout=subprocess.PIPE, text=True)
    tailnet.control.stop(9)
    tailnet.control.start()
    tailnet.wait_for_control()
    said = flow.communicate()[0]
    check(" 0% packet loss" in said, f"no loss while control restarts: {said!r}")

    names = sorted(n["name"] for n in tailnet.admin_json("node", "list"))
    check(names == ["alice", "bob"], f"control remembers both: {names}")
    # The nodes find it again by themselves: they hear of a newcomer, whose
    # key was made before the crash.
    carol = tailnet.add_node("carol", "home")
    carol.up(key)
    eventually(lambda: peer(alice, "carol"), "alice hears of carol", 40)
    reaches(carol, bob.address(), 40)


main(run)
