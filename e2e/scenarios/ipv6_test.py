#!/usr/bin/python3
"""IPv6 is used where there is some: between hard NATs it is the direct way, and
a site without IPv4 is in the tailnet all the same."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import nat64, net
from lab.live import Live
from lab.scenario import (answers, check, eventually, is_direct, main, peer,
                          reaches)

_CONTROL = f"http://[{net.CONTROL_ADDRESS6}]"


def way(node, name):
    return peer(node, name)["path"]["via"]


def run(tailnet):
    tailnet.start_dual_stack_servers()
    tailnet.start_nat64()
    key = tailnet.create_key("--reusable")
    # Two whose NATs for IPv4 are hopeless, and one who has no IPv4.
    for name, kind in (("alice", "symmetric"), ("bob", "symmetric"),
                       ("carol", "home")):
        tailnet.place_node(name, kind).site.add_ipv6()
    alice, bob, carol = tailnet.nodes.values()
    carol.site.drop_ipv4()
    carol.nameserver = nat64.NAMESERVER
    for node in (alice, bob, carol):
        node.start()
        node.up(key, server=_CONTROL)
    live = Live(alice, bob)
    check("2001:db8:" in way(alice, "bob"), "alice reaches bob by IPv6")
    reaches(carol, bob.address())
    eventually(lambda: answers(carol, bob.address()) and
               is_direct(carol, "bob"), "carol reaches bob directly")
    check("2001:db8:" in way(carol, "bob"), "by IPv6")

    # IPv6 vanishes at one end and comes back.
    live.through("IPv6 is gone", bob.site.drop_ipv6, direct=False)
    check(not live.is_direct(), "hard NATs leave no direct way")
    reaches(carol, bob.address())
    live.through("IPv6 is back", bob.site.add_ipv6)
    live.stop()

    # dave has IPv4 alone, carol IPv6 alone.
    dave = tailnet.add_node("dave", "home")
    dave.up(key)
    reaches(carol, dave.address())
    reaches(dave, carol.address())


main(run, servers=False)
