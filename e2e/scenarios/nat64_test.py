#!/usr/bin/python3
"""A site with IPv6 alone, and everybody else with IPv4 alone: by NAT64 it
reaches control and relay, and directly those peers that can be reached so."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import nat64
from lab.scenario import answers, eventually, is_direct, main, reaches


def run(tailnet):
    tailnet.start_nat64()
    key = tailnet.create_key("--reusable")
    carol = tailnet.place_node("carol", "home")
    carol.site.add_ipv6()
    carol.site.drop_ipv4()
    carol.nameserver = nat64.NAMESERVER
    carol.start()
    dave = tailnet.add_node("dave", "home")
    erin = tailnet.add_node("erin", "open")
    for node in (dave, erin):
        node.up(key)
    carol.up(key, server=f"http://{nat64.CONTROL_NAME}")
    for node in (dave, erin):
        reaches(carol, node.address())
        reaches(node, carol.address())
        eventually(lambda: answers(carol, node.address()) and
                   is_direct(carol, node.name),
                   f"carol reaches {node.name} directly")


main(run)
