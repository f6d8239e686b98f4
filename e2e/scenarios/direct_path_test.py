#!/usr/bin/python3
"""Where the NATs allow it, the direct path is found and said."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import check, eventually, is_direct, main, reaches
from lab.wire import Wire


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    carol = tailnet.add_node("carol", "symmetric")
    dave = tailnet.add_node("dave", "fullcone")
    erin = tailnet.add_node("erin", "symmetric")
    for node in (alice, bob, carol, dave, erin):
        node.up(key)
    # Easy with easy, and hard with open.
    for one, other in ((alice, bob), (carol, dave)):
        reaches(one, other.address())
        eventually(lambda: one.cli(
            "ping", "--until-direct", "-c", "10", other.name, seconds=20
        ).returncode == 0 and is_direct(one, other.name),
                   f"{one.name} reaches {other.name} directly")
        said = one.cli("ping", "-c", "1", other.name).stdout
        check("direct" in said and other.site.outside in said,
              f"ping says the way: {said!r}")
        # The wire says so, too.
        wire = Wire(one.site.router)
        reaches(one, other.address())
        eventually(lambda: wire.first("data", one.site.outside,
                                      other.site.outside), "data on the wire")
        wire.stop()
    # Where both are hard, it goes by the relay.
    reaches(carol, erin.address())
    check("relay" in carol.cli("ping", "-c", "1", "erin").stdout,
          "ping says that carol reaches erin through the relay")


main(run)
