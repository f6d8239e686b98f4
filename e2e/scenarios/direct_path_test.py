#!/usr/bin/python3
"""Where the NATs allow it, the direct path is found and said."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import check, eventually, is_direct, main, reaches


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    carol = tailnet.add_node("carol", "symmetric")
    dave = tailnet.add_node("dave", "fullcone")
    for node in (alice, bob, carol, dave):
        node.up(key)
    # Easy with easy, and hard with open.
    for one, other in ((alice, bob), (carol, dave)):
        reaches(one, other.address())
        eventually(lambda: one.cli(
            "ping", "--until-direct", "-c", "10", other.name, seconds=20
        ).returncode == 0 and is_direct(one, other.name),
                   f"{one.name} reaches {other.name} directly")
        said = one.cli("ping", "-c", "1", other.name).stdout
        check("direct" in said and "203.0.113." in said,
              f"ping says the way: {said!r}")
    # Hard with easy, which needs more than one socket, goes by the relay.
    reaches(carol, alice.address())
    check("relay" in carol.cli("ping", "-c", "1", "alice").stdout,
          "ping says that carol reaches alice through the relay")


main(run)
