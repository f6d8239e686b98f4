#!/usr/bin/python3
"""Two devices join with a key and reach each other, by both families."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import check, main, peer, reaches


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "restricted")
    alice.up(key)
    bob.up(key)
    for family in (4, 6):
        reaches(alice, bob.address(family))
        reaches(bob, alice.address(family))
    check(peer(alice, "bob")["addresses"] == [bob.address(4), bob.address(6)],
          "alice's status has bob's addresses")

    # Down: no traffic, still logged in. Up again needs no key, and nothing
    # that people remember has changed.
    before = bob.address(4)
    bob.cli("down")
    check(not bob.run("ip", "-4", "-o", "addr", "show", "dev", "warren0"
                      ).stdout.strip(), "down takes the address away")
    bob.cli("up")
    check(bob.address(4) == before, "bob keeps its address")
    reaches(alice, before)

    # A crash leaves nothing in the way of the next start.
    bob.daemon.stop(9)
    bob.start()
    reaches(alice, before)
    bob.daemon.stop()
    check("warren0" not in bob.run("ip", "link").stdout,
          "the interface goes with the daemon")
    bob.start()


main(run)
