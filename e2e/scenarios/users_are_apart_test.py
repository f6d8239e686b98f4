#!/usr/bin/python3
"""Another user's devices do not exist: not seen, not reached."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import answers, check, main, peer, reaches


def run(tailnet):
    tailnet.create_user("eve")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "fullcone")
    eve = tailnet.add_node("eve", "home")
    demo = tailnet.create_key("--reusable")
    alice.up(demo)
    bob.up(demo)
    eve.up(tailnet.create_key(user="eve"))
    reaches(alice, bob.address())
    check(eve.status()["peers"] == [], "eve sees nobody")
    check(not peer(alice, "eve"), "alice does not see eve")
    check(not answers(eve, alice.address()), "eve does not reach alice")
    check(not answers(alice, eve.address()), "nor alice eve")


main(run)
