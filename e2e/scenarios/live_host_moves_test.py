#!/usr/bin/python3
"""A host gets another address, or another way out, and its flows go on."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.live import Live
from lab.scenario import check, main


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    # Another way out, such as a telephone's.
    office = tailnet.place_node("office", "restricted").site
    del tailnet.nodes["office"]
    for node in (alice, bob):
        node.up(key)
    live = Live(alice, bob, tcp_seconds=25)
    moves = {
        "a new lease": lambda: alice.site.renumber("alice"),
        "a second way out": lambda: office.plug("alice", "eth1"),
        "the default route moves": lambda: office.use_route("alice", "eth1"),
        "the first cable goes": lambda: alice.site.unplug("alice"),
        "bob gets a new lease": lambda: bob.site.renumber("bob"),
    }
    began = [(what, live.through(what, act)) for what, act in moves.items()]
    record = live.stop()
    for (what, at), (_, until) in zip(began, began[1:] + [("", float("inf"))]):
        gap = record.longest_gap(at, until)
        print(f"longest gap: {what} {gap:.2f} s")
        check(gap < 5, f"{what}: the flow stood still for {gap:.1f} s")


main(run)
