#!/usr/bin/python3
"""Two homes behind one carrier: direct if it hairpins, else by the relay."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import nat
from lab.live import Live
from lab.scenario import answers, check, eventually, is_direct, main, reaches


def two_homes(tailnet, key, kind):
    carrier = tailnet.internet.add_carrier(kind, nat.KINDS[kind])
    nodes = [tailnet.add_node(f"{kind}-{i}", "home", carrier=carrier)
             for i in (1, 2)]
    for node in nodes:
        node.up(key)
    return nodes


def run(tailnet):
    key = tailnet.create_key("--reusable")
    # Which neighbours they have outside makes no difference to outsiders.
    far = tailnet.add_node("far", "home")
    far.up(key)
    one, other = two_homes(tailnet, key, "hairpin")
    live = Live(one, other)
    live.stop()
    one, other = two_homes(tailnet, key, "home")
    reaches(one, other.address())
    for node in (one, other):
        eventually(lambda: answers(node, far.address()) and
                   is_direct(node, "far"), f"{node.name} reaches far directly")
        check(not is_direct(one, other.name),
              "without hairpin there is no direct way between them")


main(run)
