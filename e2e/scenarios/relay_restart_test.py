#!/usr/bin/python3
"""A relay that dies and comes back costs relayed pairs moments only."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import check, eventually, is_direct, main, reaches


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    carol = tailnet.add_node("carol", "noudp")
    for node in (alice, bob, carol):
        node.up(key)
    reaches(alice, carol.address())
    reaches(alice, bob.address())
    eventually(lambda: alice.run("ping", "-c", "1", "-W", "1", bob.address(),
                                 check=False) and is_direct(alice, "bob"),
               "alice and bob talk directly")
    tailnet.relay.stop(9)
    # Who talks directly does not notice.
    done = alice.run("ping", "-n", "-i", "0.1", "-c", "30", "-W", "1",
                     bob.address(), check=False)
    check(" 0% packet loss" in done.stdout,
          f"no loss on the direct path: {done.stdout!r}")
    # Who needs the relay is told so.
    eventually(lambda: carol.status()["health"],
               "carol's status says that the relay is lost")
    began = time.monotonic()
    said = alice.cli("ping", "--timeout", "500ms", "carol", check=False)
    check(said.returncode != 0 and time.monotonic() - began < 3,
          f"ping gives up when it was told to: {said}")
    tailnet.relay.start()
    tailnet.wait_for_relay()
    reaches(alice, carol.address(), 30)
    reaches(carol, bob.address())


main(run)
