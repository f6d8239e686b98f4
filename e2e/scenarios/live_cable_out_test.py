#!/usr/bin/python3
"""An interface is down for some seconds; its flows go on when it is back."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.live import Live
from lab.scenario import check, main

_OUT = 3  # seconds


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    for node in (alice, bob):
        node.up(key)
    live = Live(alice, bob, tcp_seconds=15)

    def flap():
        alice.site.unplug("alice")
        time.sleep(_OUT)  # what is tested is a time
        alice.site.replug("alice")

    at = live.through("the cable is back", flap)
    record = live.stop()
    gap = record.longest_gap(at)
    print(f"longest gap {gap:.2f} s, {_OUT} of them without a cable")
    check(gap < _OUT + 5, f"the flow stood still for {gap:.1f} s")


main(run)
