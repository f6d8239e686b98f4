#!/usr/bin/python3
"""A host that only the relay reaches changes networks, and its flow goes on."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.flow import Echo, Flow
from lab.programs import wait_until
from lab.scenario import check, main


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "noudp")
    bob = tailnet.add_node("bob", "home")
    # Another way out, where nothing but TCP passes either.
    office = tailnet.place_node("office", "noudp").site
    del tailnet.nodes["office"]
    for node in (alice, bob):
        node.up(key)
    echo = Echo([bob])
    flow = Flow(alice, bob.address())

    def flows(what):
        at = time.monotonic()
        wait_until(lambda: flow.answered_since(at) >= 50, 20,
                   f"packets flow {what}")

    flows("to begin with")
    moves = {
        "a new lease": lambda: alice.site.renumber("alice"),
        "a second way out": lambda: office.plug("alice", "eth1"),
        "the default route moves": lambda: office.use_route("alice", "eth1"),
        "the first cable goes": lambda: alice.site.unplug("alice"),
    }
    began = []
    for what, move in moves.items():
        began.append((what, time.monotonic()))
        move()
        flows(f"after {what}")
    record = flow.stop()
    echo.stop()
    for (what, at), (_, until) in zip(began, began[1:] + [("", float("inf"))]):
        gap = record.longest_gap(at, until)
        print(f"longest gap by the relay: {what} {gap:.2f} s")
        check(gap < 2, f"{what}: the flow stood still for {gap:.1f} s")


main(run)
