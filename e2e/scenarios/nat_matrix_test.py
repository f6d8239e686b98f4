#!/usr/bin/python3
"""Every kind of site reaches every other as well as physics allows.

Two nodes of each kind. In every ordered pair the first of its kind begins, and
the second says nothing to it before. A flow of packets runs from the first
moment until the way is settled: none of it may be lost, also not when it moves
from the relay to the direct path.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import nat, proof, verdict
from lab.flow import Echo, Flow
from lab.programs import wait_until
from lab.scenario import check, eventually, is_direct, main

KINDS = ("open", "hostfw", "home", "fullcone", "restricted", "newports",
         "addressmapped", "symmetric", "sequential", "cgnat", "cgnat-hard",
         "noudp")
# Seconds; a verdict that holds earlier is not waited for. Guessing the port of
# a hard NAT is a matter of luck: time for a third attempt.
_PATIENCE = 100
_RELAYED_FOR = 2
_PER_SECOND = 25
_AFTER_VERDICT = 1  # second of the flow on its final path


def node_name(kind, number):
    return f"{kind}-{number}"


def run(tailnet):
    # A NAT that maps by address shows itself to two servers only.
    tailnet.start_other_relay()
    key = tailnet.create_key("--reusable")
    for kind in KINDS:
        for number in (1, 2):
            tailnet.add_node(node_name(kind, number), kind)
    nodes = list(tailnet.nodes.values())
    proof.for_each(lambda node: node.up(key), nodes)
    for node in nodes:
        eventually(lambda: len(node.status()["peers"]) == len(nodes) - 1,
                   f"{node.name} sees all others", 30)
        node.known_address = node.address()
    echo = Echo(node for node in nodes if node.name.endswith("-2"))
    wrong = []
    # In one round every node is in one pair at most.
    for shift in range(len(KINDS)):
        pairs = [(one, KINDS[(i + shift) % len(KINDS)])
                 for i, one in enumerate(KINDS)]
        wrong += filter(None, proof.for_each(
            lambda pair: judge(tailnet, *pair), pairs, workers=len(pairs)))
    echo.stop()
    check(not wrong, "\n".join(["not as physics allows:", *wrong]))


def judge(tailnet, kind_a, kind_b):
    """None, or what is wrong between two nodes that never met."""
    a = tailnet.nodes[node_name(kind_a, 1)]
    b = tailnet.nodes[node_name(kind_b, 2)]
    wanted = verdict.between(nat.KINDS[kind_a], nat.KINDS[kind_b])
    began = time.monotonic()
    flow = Flow(a, b.known_address, _PER_SECOND)
    try:
        way = settle(a, b, wanted, flow)
        took = time.monotonic() - began
        time.sleep(_AFTER_VERDICT)
    finally:
        record = flow.stop(patience=5)
    print(f"{kind_a:13} -> {kind_b:13} {way:8} {took:5.1f} s, "
          f"{len(record.sent)} packets", flush=True)
    lost = record.lost()
    if lost:
        return (f"{kind_a} -> {kind_b}: {len(lost)} of {len(record.sent)} "
                f"packets lost, the first is {lost[0]}")
    if way != wanted:
        return f"{kind_a} -> {kind_b}: {way}, and {wanted} is possible"
    return None


def settle(a, b, wanted, flow):
    """The way that both ends say it is, when it is settled."""
    def both_direct():
        return is_direct(a, b.name) and is_direct(b, a.name)

    wait_until(lambda: flow.num_answered, 15, f"{b.name} answers {a.name}")
    end = time.monotonic() + (_RELAYED_FOR if wanted == verdict.RELAYED
                              else _PATIENCE)
    while time.monotonic() < end:
        if both_direct():
            return verdict.DIRECT
        time.sleep(0.4)
    return verdict.RELAYED


main(run)
