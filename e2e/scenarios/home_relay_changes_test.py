#!/usr/bin/python3
"""A node's home relay goes away: another takes its place, and pairs that need
a relay find each other there."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.live import Live
from lab.scenario import check, main, reaches


def home_of(tailnet, node):
    return [n["home_relay"] for n in tailnet.admin_json("node", "list")
            if n["name"] == node.name][0]


def run(tailnet):
    other = tailnet.start_other_relay()
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    carol = tailnet.add_node("carol", "noudp")
    for node in (alice, bob, carol):
        node.up(key)
    reaches(carol, alice.address())
    live = Live(alice, bob)
    home = tailnet.relay if home_of(tailnet, alice) == 900 else other
    at = live.through("its home relay is gone", lambda: home.stop(9))
    reaches(alice, carol.address(), 40)
    reaches(carol, bob.address(), 40)
    record = live.stop()
    check(not record.lost(at), "the direct path does not need the relay")


main(run)
