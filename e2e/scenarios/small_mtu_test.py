#!/usr/bin/python3
"""A link that takes only small packets: everything arrives all the same, also
when routers keep silent about what they drop (RFC 2923)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import proof
from lab.scenario import check, eventually, is_direct, main, reaches

# A full packet of ours is 1280 + 32 + 28 bytes of IPv4; IPv6's least MTU is
# 1280; the last is what some tunnels leave.
_MTUS = (1280, 1200)


def run(tailnet):
    key = tailnet.create_key("--reusable")
    bob = tailnet.add_node("bob", "home")
    bob.up(key)
    nodes = [bob]
    for mtu in _MTUS:
        for icmp in (True, False):
            node = tailnet.place_node(f"m{mtu}-{'icmp' if icmp else 'mute'}",
                                      "home")
            node.site.shrink_wan(mtu, icmp)
            node.start()
            node.up(key)
            nodes.append(node)
    web = proof.WebServers(nodes)
    for node in nodes[1:]:
        reaches(node, bob.address())
        # While the paths settle, and on the path that it settles on.
        for _ in range(2):
            for one, other in ((node, bob), (bob, node)):
                check(web.download(one, other.address()) == 1 << 20,
                      f"{one.name} downloads from {other.name}")
            eventually(lambda: proof.ping(node, bob.address(), 1) and
                       is_direct(node, "bob"), f"{node.name} is direct")
    web.stop()


main(run)
