#!/usr/bin/python3
"""An expired node is cut off at once, says so, and comes back with a key."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import answers, check, eventually, main, peer, reaches


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    alice.up(key)
    bob.up(key)
    address = bob.address()
    reaches(alice, address)
    tailnet.admin("node", "expire", "bob")
    eventually(lambda: not peer(alice, "bob"), "alice forgets bob", 5)
    eventually(lambda: not answers(alice, address), "bob is cut off", 5)
    eventually(lambda: bob.status()["state"] == "expired",
               "bob says that its key has expired", 5)
    bob.up(key)
    check(bob.address() == address, "bob keeps its address")
    check(bob.status()["self"]["name"] == "bob", "and its name")
    reaches(alice, address)
    # Deleted is more than expired: the device is not known any more.
    tailnet.admin("node", "delete", "bob", "--yes")
    eventually(lambda: not answers(alice, address), "bob is gone", 5)
    eventually(lambda: bob.status()["state"] == "needs-login",
               "bob says that it has to log in", 10)


main(run)
