#!/usr/bin/python3
"""A NAT forgets its mappings, makes other ones, or gets another address."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.live import Live
from lab.scenario import check, main


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    for node in (alice, bob):
        node.up(key)
    live = Live(alice, bob, tcp_seconds=25)
    changes = {
        "alice's router restarts": alice.site.forget_mappings,
        "bob's router restarts": bob.site.forget_mappings,
        "alice's router maps to other ports": alice.site.rebind,
        "bob's router gets another address": bob.site.change_wan_address,
    }
    began = [(what, live.through(what, act, seconds=40))
             for what, act in changes.items()]
    record = live.stop()
    for (what, at), (_, until) in zip(began, began[1:] + [("", float("inf"))]):
        gap = record.longest_gap(at, until)
        print(f"longest gap: {what} {gap:.2f} s")
        check(gap < 10, f"{what}: the flow stood still for {gap:.1f} s")


main(run)
