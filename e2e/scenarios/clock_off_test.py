#!/usr/bin/python3
"""A device whose clock is two years off still joins and talks."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import bin_dir, check, main, reaches


_TWO_YEARS = 2 * 365 * 24 * 3600


def run(tailnet):
    key = tailnet.create_key("--reusable")
    bob = tailnet.add_node("bob", "home")
    bob.up(key)
    for name, offset in (("early", -_TWO_YEARS), ("late", _TWO_YEARS)):
        node = tailnet.add_node(name, "home", environment={
            "LD_PRELOAD": os.path.join(bin_dir(), "e2e/libclock_off.so"),
            "WARREN_CLOCK_OFFSET": str(offset)})
        node.up(key)
        reaches(node, bob.address())
        reaches(bob, node.address())
        check(node.status()["state"] == "running",
              f"{name} does not take its key for expired")
        year = str(time.gmtime(time.time() + offset).tm_year)
        check(node.daemon.log().startswith(year), f"{name}'s clock is off")
    # The clock is set right, two years back: what peers remember of its
    # handshakes must not lock it out.
    late = tailnet.nodes["late"]
    late.daemon.stop()
    late.daemon.environment = {}
    late.start()
    reaches(late, bob.address())
    reaches(bob, late.address())


main(run)
